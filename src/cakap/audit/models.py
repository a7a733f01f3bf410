from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One act. Actor and subject are text, never foreign keys: the log outlives what it names."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=100)
    subject = models.CharField(max_length=300)
    agency = models.CharField(max_length=50, blank=True)
    detail = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["seq"]
        indexes = [models.Index(fields=["agency", "-seq"], name="audit_agency_seq")]


class Head(models.Model):
    """The end of the chain: a row to lock, and the proof that the tail was not cut off."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_there_is_one_head")
        ]
