from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do, agency by agency."""

    PARTICIPANT = "participant", _("Peserta")
    OPERATOR = "operator", _("Operator")
    PROCTOR = "proctor", _("Pengawas ujian")
    ASSESSOR = "assessor", _("Asesor")
    PSYCHOMETRICIAN = "psychometrician", _("Psikometris")
    TALENT_MANAGER = "talent_manager", _("Pengelola talenta")
    DECISION_MAKER = "decision_maker", _("Pejabat yang berwenang (PPK)")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class Agency(models.Model):
    """A government body: the tenant. `accreditation` covers its assessment unit."""

    code = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    accreditation = models.CharField(max_length=1, blank=True)
    accredited_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name

    def accredited_on(self, day: date) -> bool:
        """Whether its assessments are recognised on that day."""
        return bool(self.accreditation) and (
            self.accredited_until is None or day <= self.accredited_until
        )


class User(AbstractUser):
    """Someone who signs in, by NIP (the username) or by e-mail."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(max_length=200)
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email", "name"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the address in small letters: as such it is looked up, however it is typed."""
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def agencies(self, roles: Iterable[str]) -> models.QuerySet[Agency]:
        """The agencies in which this person holds any of the roles."""
        return Agency.objects.filter(
            memberships__user=self, memberships__role__in=tuple(roles)
        ).distinct()

    def roles(self) -> frozenset[str]:
        """Every role held, in whatever agency."""
        return frozenset(self.memberships.values_list("role", flat=True))


class Membership(models.Model):
    """One role of one person in one agency."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    agency = models.ForeignKey(Agency, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "agency", "role"], name="membership_once_an_agency"
            )
        ]


class WrongGuess(models.Model):
    """A sign-in with a wrong password or PIN, for the time that it counts. who: as typed."""

    source = models.CharField(max_length=60)
    scope = models.CharField(max_length=30)
    who = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["source", "at"], name="wrong_guess_source"),
            models.Index(fields=["scope", "who"], name="wrong_guess_scope"),
            models.Index(fields=["at"], name="wrong_guess_at"),
        ]


class Owned(models.QuerySet[Any]):
    """Rows that belong to agencies: `for_user` is the only way by which pages reach them.

    The model names the paths to its owning agencies in `owners`.
    """

    def for_user(self, user: Any, roles: Iterable[str]) -> Owned:
        """The rows of the agencies in which the user holds one of the roles."""
        if not user.is_authenticated:
            return self.none()
        agencies = list(user.agencies(roles).values_list("pk", flat=True))
        reach = Q()
        for path in self.model.owners:
            reach |= Q(**{f"{path}__in": agencies})
        return self.filter(reach) if agencies else self.none()


OwnedManager = models.Manager.from_queryset(Owned)
