from __future__ import annotations

from django.db import models


class Job(models.Model):
    """Long work that a person started and may leave: what, how far, how it ended."""

    class State(models.TextChoices):
        WAITING = "waiting", "menunggu"
        RUNNING = "running", "berjalan"
        DONE = "done", "selesai"
        FAILED = "failed", "gagal"

    kind = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    agency = models.CharField(max_length=50)
    actor = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done__lte=models.F("total")), name="job_done_within_total"
            )
        ]

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0
