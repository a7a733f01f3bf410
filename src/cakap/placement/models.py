from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency, OwnedManager
from cakap.registry.models import Employee, Position, Standard
from cakap.results.models import Result


class Plan(models.Model):
    """A rotation plan: nothing is final until the decision maker approves it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Rancangan")
        APPROVED = "approved", _("Disetujui")
        REJECTED = "rejected", _("Ditolak")

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="plans")
    name = models.CharField(max_length=200)
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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "employee"], name="plan_line_once")]


class OpenPost(models.Model):
    """A post that stays vacant under a plan, in the order in which it should be filled."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="open_posts")
    position = models.ForeignKey(Position, models.PROTECT, related_name="+")
    seats = models.PositiveSmallIntegerField()
    stage = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["stage", "position"]
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="open_post_once")]
