from __future__ import annotations

from django.db import models


class Override(models.Model):
    """An agency's own value for one rule, dated and with its reason."""

    agency = models.CharField(max_length=50)
    key = models.CharField(max_length=100)
    value = models.JSONField()
    reason = models.TextField()
    since = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "key", "since"], name="policy_one_override_a_day"
            )
        ]


class Snapshot(models.Model):
    """The whole policy as it stood when a result was made, kept under its digest."""

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.JSONField()
