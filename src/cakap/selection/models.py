from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency, OwnedManager
from cakap.registry.models import Employee, Position
from cakap.results.models import Result


class Bidding(models.Model):
    """An open bidding for a vacant post (seleksi terbuka)."""

    class State(models.TextChoices):
        ANNOUNCED = "announced", _("Diumumkan")
        ASSESSING = "assessing", _("Penilaian")
        PROPOSED = "proposed", _("Diajukan kepada PPK")
        DECIDED = "decided", _("Diputuskan")
        CANCELLED = "cancelled", _("Dibatalkan")

    position = models.ForeignKey(Position, models.PROTECT, related_name="biddings")
    state = models.CharField(max_length=10, choices=State, default=State.ANNOUNCED)
    announced_on = models.DateField()
    closes_on = models.DateField()
    text = models.TextField()
    policy_digest = models.CharField(max_length=64)
    reason = models.TextField(blank=True)

    owners: ClassVar = ("position__agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["-announced_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["position"],
                condition=Q(state__in=["announced", "assessing", "proposed"]),
                name="bidding_one_under_way",
            ),
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("announced_on")), name="bidding_closes_after"
            ),
        ]


class Application(models.Model):
    """A person who wants the post; admitted or not, with the reason."""

    class Standing(models.TextChoices):
        WAITING = "waiting", _("Menunggu pemeriksaan")
        ADMITTED = "admitted", _("Memenuhi syarat")
        REFUSED = "refused", _("Tidak memenuhi syarat")

    bidding = models.ForeignKey(Bidding, models.PROTECT, related_name="applications")
    employee = models.ForeignKey(Employee, models.PROTECT, related_name="applications")
    applied_at = models.DateTimeField()
    standing = models.CharField(max_length=10, choices=Standing, default=Standing.WAITING)
    reason = models.TextField(blank=True)

    owners: ClassVar = ("bidding__position__agency",)

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bidding", "employee"], name="application_once")
        ]


class StageScore(models.Model):
    """What an applicant reached in one stage, 0 to 100.

    `result` is the result of an assessment that the score was read from; typed scores have none.
    """

    application = models.ForeignKey(Application, models.PROTECT, related_name="scores")
    stage = models.CharField(max_length=30)
    score = models.FloatField()
    result = models.ForeignKey(Result, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "stage"], name="stage_score_once"),
            models.CheckConstraint(
                condition=Q(score__gte=0) & Q(score__lte=100), name="stage_score_0_to_100"
            ),
        ]


class Nomination(models.Model):
    """One of the names put before the decision maker, with the rank at that time."""

    bidding = models.ForeignKey(Bidding, models.PROTECT, related_name="nominations")
    application = models.OneToOneField(Application, models.PROTECT, related_name="nomination")
    rank = models.PositiveSmallIntegerField()
    total = models.FloatField()

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["bidding", "rank"], name="nomination_rank_once")
        ]


class Decision(models.Model):
    """The decision maker's choice among the nominated."""

    bidding = models.OneToOneField(Bidding, models.PROTECT, related_name="decision")
    nomination = models.OneToOneField(Nomination, models.PROTECT, related_name="+")
    reason = models.TextField()
    decree = models.CharField(max_length=100)
    decided_by = models.CharField(max_length=200)
    decided_at = models.DateTimeField()


class StageClosure(models.Model):
    """The decision maker declares a stage of filling posts closed; the next may open."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="stage_closures")
    stage = models.PositiveSmallIntegerField()
    closed_on = models.DateField()
    reason = models.TextField()

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["agency", "stage"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "stage"], name="stage_closed_once")
        ]
