from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from cakap.accounts.models import OwnedManager
from cakap.programmes.models import Participant
from cakap.registry.models import Competency, Employee, Standard
from cakap.scoring.models import Run


class Result(models.Model):
    """What an assessment found of one person, against the standard of the person's post."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="results")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="results")
    employee = models.ForeignKey(Employee, models.PROTECT, related_name="results")
    standard = models.ForeignKey(Standard, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_until = models.DateField()
    jpm_ratio = models.FloatField()
    jpm_capped_mean = models.FloatField()
    category = models.CharField(max_length=5)
    recognised = models.BooleanField()
    potential = models.FloatField(null=True)
    interests = models.JSONField(default=dict)
    input_digest = models.CharField(max_length=64)
    policy_digest = models.CharField(max_length=64)
    engine_version = models.CharField(max_length=20)
    superseded_at = models.DateTimeField(null=True)

    owners: ClassVar = (
        "participant__programme__initiator",
        "participant__programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        ordering = ["-jpm_capped_mean"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(superseded_at__isnull=True),
                name="result_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="result_valid_for_a_time"
            ),
        ]


class ResultLevel(models.Model):
    """One competency of a result: the level found, how sure, and the level asked for."""

    result = models.ForeignKey(Result, models.CASCADE, related_name="levels")
    competency = models.ForeignKey(Competency, models.PROTECT, related_name="+")
    value = models.FloatField()
    se = models.FloatField()
    level = models.PositiveSmallIntegerField()
    probabilities = models.JSONField()
    required = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ["competency"]
        constraints = [
            models.UniqueConstraint(fields=["result", "competency"], name="result_level_once"),
            models.CheckConstraint(condition=Q(level__range=(0, 5)), name="result_level_0_to_5"),
        ]


class Report(models.Model):
    """The individual report as a file; its digest proves that it is the one we made."""

    result = models.OneToOneField(Result, models.PROTECT, related_name="report")
    path = models.CharField(max_length=300)
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
