from __future__ import annotations

from typing import ClassVar

from django.db import models

from cakap.accounts.models import OwnedManager
from cakap.programmes.models import Participant, Programme


class Run(models.Model):
    """One scoring of a programme, with all that is needed to do it again."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="runs")
    made_at = models.DateTimeField()
    policy_digest = models.CharField(max_length=64)
    engine_version = models.CharField(max_length=20)

    owners: ClassVar = (
        "programme__initiator",
        "programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        ordering = ["-made_at", "-id"]


class Score(models.Model):
    """One participant's standing on one dimension: `value` in `scale`, with its standard error."""

    class Scale(models.TextChoices):
        THETA = "theta", "θ"
        LEVEL = "level", "tingkat 0–5"
        SUM = "sum", "jumlah"

    run = models.ForeignKey(Run, models.PROTECT, related_name="scores")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="scores")
    dimension = models.CharField(max_length=20)
    scale = models.CharField(max_length=5, choices=Scale)
    value = models.FloatField()
    se = models.FloatField()
    answered = models.PositiveSmallIntegerField()
    input_digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "participant", "dimension"], name="score_once_a_run"
            ),
            models.CheckConstraint(condition=models.Q(se__gte=0), name="score_se_not_negative"),
        ]
