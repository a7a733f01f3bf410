from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency, OwnedManager
from cakap.programmes.models import Programme
from cakap.registry.models import Employee, Position, Standard
from cakap.results.models import Result


class Plan(models.Model):
    """A rotation plan: nothing is final until the decision maker approves it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Rancangan")
        REVIEWED = "reviewed", _("Ditelaah")
        PROPOSED = "proposed", _("Diusulkan")
        APPROVED = "approved", _("Disetujui")
        REJECTED = "rejected", _("Ditolak")

    class Method(models.TextChoices):
        OPTIMUM = "optimum", _("Kecocokan tertinggi")
        STABLE = "stable", _("Stabil menurut minat")

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="plans")
    programmes = models.ManyToManyField(Programme, related_name="plans")
    name = models.CharField(max_length=200)
    method = models.CharField(max_length=10, choices=Method, default=Method.OPTIMUM)
    # What the plan had to keep to, by ids: see `services.Wanted`.
    terms = models.JSONField(default=dict)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="variants"
    )
    made_by = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    made_at = models.DateTimeField()
    on = models.DateField()
    total_before = models.FloatField()
    total_after = models.FloatField()
    bound = models.FloatField()
    optimal = models.BooleanField()
    input_digest = models.CharField(max_length=64)
    policy_digest = models.CharField(max_length=64)
    engine_version = models.CharField(max_length=20)
    # Pairs of a person and a post who would rather have each other, by the wishes stated.
    blocking = models.PositiveIntegerField(default=0)
    # Criterion -> share of people whose post stays when it is given weight; filled by a job.
    sensitivity = models.JSONField(default=dict)
    reviewed_by = models.CharField(max_length=200, blank=True)
    proposed_by = models.CharField(max_length=200, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    decree = models.CharField(max_length=100, blank=True)

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["-made_at", "-id"]


class Line(models.Model):
    """One person of a plan: from where to where, and why; with all that the fits were made from."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="lines")
    employee = models.ForeignKey(Employee, models.PROTECT, related_name="+")
    source = models.ForeignKey(Position, models.PROTECT, related_name="+")
    target = models.ForeignKey(Position, models.PROTECT, related_name="+")
    result = models.ForeignKey(Result, models.PROTECT, related_name="+")
    source_standard = models.ForeignKey(Standard, models.PROTECT, related_name="+")
    target_standard = models.ForeignKey(Standard, models.PROTECT, related_name="+")
    fit_before = models.FloatField()
    fit_after = models.FloatField()
    reason = models.TextField()
    # Every criterion of the source and of the target, from 0 to 100.
    criteria_before = models.JSONField(default=dict)
    criteria_after = models.JSONField(default=dict)
    # The move whose seat this one enters; none where the seat is free already.
    awaits = models.ForeignKey("self", models.SET_NULL, null=True, related_name="followers")
    # Share of draws from the uncertainty of levels in which the post is the same; filled by a job.
    standing = models.FloatField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "employee"], name="plan_line_once")]

    @property
    def standing_percent(self) -> int | None:
        """The share of draws in whole percent, None where it was not measured."""
        return None if self.standing is None else round(100 * self.standing)


class OpenPost(models.Model):
    """A post that stays vacant under a plan, in the order in which it should be filled."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="open_posts")
    position = models.ForeignKey(Position, models.PROTECT, related_name="+")
    seats = models.PositiveSmallIntegerField()
    stage = models.PositiveSmallIntegerField()
    # Who could act in it (Plt) meanwhile.
    acting = models.ForeignKey(Employee, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["stage", "position"]
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="open_post_once")]


class Comment(models.Model):
    """What somebody says about a plan before it is decided."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="comments")
    author = models.CharField(max_length=200)
    text = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["made_at"]


class Wish(models.Model):
    """A post that a person would like, in the person's own order; and what the unit says to it."""

    employee = models.ForeignKey(Employee, models.CASCADE, related_name="wishes")
    position = models.ForeignKey(Position, models.CASCADE, related_name="wishes")
    rank = models.PositiveSmallIntegerField()
    # The unit's order of its applicants, ties allowed; empty where it left it to fit.
    unit_rank = models.PositiveSmallIntegerField(null=True, blank=True)
    made_at = models.DateTimeField()

    owners: ClassVar = ("position__agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["employee", "position"], name="wish_once_a_post"),
            models.UniqueConstraint(fields=["employee", "rank"], name="wish_one_a_rank"),
            models.CheckConstraint(condition=models.Q(rank__gte=1), name="wish_rank_from_1"),
        ]


class Advice(models.Model):
    """A letter of recommendations from a regional office to an agency, signed as one document."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Rancangan")
        SENT = "sent", _("Terkirim")

    issuer = models.ForeignKey(Agency, models.PROTECT, related_name="advice_given")
    recipient = models.ForeignKey(Agency, models.PROTECT, related_name="advice_received")
    number = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    # The document as signed, byte for byte, the signature over it, and the card that checks it.
    document = models.TextField(blank=True)
    signature = models.CharField(max_length=200, blank=True)
    card = models.CharField(max_length=200, blank=True)
    signed_by = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)

    owners: ClassVar = ("issuer",)

    objects = OwnedManager()

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "number"], name="advice_number_once")
        ]


class LetterSigner(models.Model):
    """A key with which an office signs its letters, entered by hand here: only letters by it are believed.

    `card` is the card of the office's installation. One key of an office is valid at a time.
    """

    issuer = models.CharField(max_length=50)
    card = models.CharField(max_length=100)
    added_by = models.CharField(max_length=200)
    added_at = models.DateTimeField()
    withdrawn_by = models.CharField(max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["issuer", "added_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["issuer"], condition=models.Q(withdrawn_at__isnull=True),
                name="letter_signer_one_valid_key",
            )
        ]  # fmt: skip


class AdviceLine(models.Model):
    """One recommendation: this person in that post, why, and what the agency answers."""

    class Answer(models.TextChoices):
        OPEN = "", _("Belum dijawab")
        ACCEPTED = "accepted", _("Diterima")
        DECLINED = "declined", _("Tidak diterima")

    advice = models.ForeignKey(Advice, models.CASCADE, related_name="lines")
    employee = models.ForeignKey(Employee, models.PROTECT, related_name="+")
    position = models.ForeignKey(Position, models.PROTECT, related_name="+")
    fit = models.FloatField()
    reason = models.TextField()
    answer = models.CharField(max_length=10, choices=Answer, default=Answer.OPEN, blank=True)
    answer_note = models.CharField(max_length=300, blank=True)
    answered_by = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True)

    owners: ClassVar = ("advice__recipient",)

    objects = OwnedManager()

    class Meta:
        ordering = ["-fit"]
        constraints = [
            models.UniqueConstraint(
                fields=["advice", "employee", "position"], name="advice_line_once"
            )
        ]
