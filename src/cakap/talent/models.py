from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from cakap.accounts.models import Agency, OwnedManager
from cakap.registry.models import Employee
from cakap.results.models import Result


class TalentMap(models.Model):
    """A nine-box map of an agency's people as it was made on a day."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="talent_maps")
    made_at = models.DateTimeField()
    policy_digest = models.CharField(max_length=64)
    engine_version = models.CharField(max_length=20)

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["-made_at", "-id"]


class Placement(models.Model):
    """A person in a box, with both axes and what they are made of."""

    map = models.ForeignKey(TalentMap, models.PROTECT, related_name="placements")
    employee = models.ForeignKey(Employee, models.PROTECT, related_name="placements")
    result = models.ForeignKey(Result, models.PROTECT, related_name="+")
    performance = models.FloatField()
    potential = models.FloatField()
    box = models.PositiveSmallIntegerField()
    parts = models.JSONField()
    barred = models.CharField(max_length=200, blank=True)

    owners: ClassVar = ("map__agency",)

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["map", "employee"], name="placement_once_a_map"),
            models.CheckConstraint(condition=Q(box__range=(1, 9)), name="placement_box_1_to_9"),
        ]
