from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency, OwnedManager
from cakap.itembank.models import ItemVersion
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

    @property
    def day(self) -> date:
        """The day of the scoring, by the calendar here."""
        return timezone.localdate(self.made_at)


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


class Calibration(models.Model):
    """Item parameters worked out from answers, kept beside those in force until somebody adopts them."""

    class Source(models.TextChoices):
        ANSWERS = "answers", _("jawaban ujian yang terkumpul")
        FILE = "file", _("berkas CSV")

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="calibrations")
    source = models.CharField(max_length=10, choices=Source)
    title = models.CharField(max_length=200)
    dimension = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=10)
    group_by = models.CharField(max_length=100, blank=True)
    id_column = models.CharField(max_length=100, blank=True)
    upload = models.BinaryField(blank=True, default=b"")
    asked_by = models.CharField(max_length=200)
    answered_until = models.DateTimeField()
    engine_version = models.CharField(max_length=20)
    finished_at = models.DateTimeField(null=True, blank=True)
    input_digest = models.CharField(max_length=64, blank=True)
    in_force_before = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    adopted_at = models.DateTimeField(null=True, blank=True)
    adopted_by = models.CharField(max_length=200, blank=True)

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["-answered_until", "-id"]

    def __str__(self) -> str:
        return self.title


class CalibratedItem(models.Model):
    """One item of a calibration, on the bank's scale; `a` is null where it could not be calibrated."""

    calibration = models.ForeignKey(Calibration, models.CASCADE, related_name="items")
    place = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    version = models.ForeignKey(ItemVersion, models.PROTECT, null=True, related_name="+")
    a = models.FloatField(null=True)
    b = models.JSONField(default=list)
    c = models.FloatField(default=0)
    se = models.JSONField(default=dict)
    fit = models.JSONField(default=dict)
    classical = models.JSONField(default=dict)
    options = models.JSONField(default=list)
    dif = models.JSONField(default=dict)
    old = models.JSONField(default=dict)
    adopted = models.BooleanField(default=False)

    owners: ClassVar = ("calibration__agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(
                fields=["calibration", "place"], name="calibrated_item_once_a_place"
            )
        ]
