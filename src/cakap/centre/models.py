from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from cakap.accounts.models import OwnedManager, User
from cakap.programmes.models import Participant, Programme
from cakap.registry.models import Competency


class Simulation(models.Model):
    """An exercise or interview in which behaviour is observed."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="simulations")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    competencies = models.ManyToManyField(Competency, through="Measure")

    owners: ClassVar = (
        "programme__initiator",
        "programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="simulation_code_once")
        ]

    def __str__(self) -> str:
        return self.name


class Measure(models.Model):
    """A cell of the matrix: this simulation shows this competency."""

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="measures")
    competency = models.ForeignKey(Competency, models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["simulation", "competency"], name="measure_once")
        ]


class Assignment(models.Model):
    """An assessor who observes a participant.

    An assignment withdrawn before the meeting counts nowhere; its ratings stay stored.
    """

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="assignments")
    assessor = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    submitted_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.TextField(blank=True)

    owners: ClassVar = (
        "participant__programme__initiator",
        "participant__programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "assessor"], name="assignment_once")
        ]


class Rating(models.Model):
    """An assessor's own judgement, with the behaviour that was seen.

    Corrected only before it is submitted; what stood before is kept in `RatingCorrection`.
    Other assessors' ratings are read through `centre.ratings_in_meeting` alone.
    """

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="ratings")
    simulation = models.ForeignKey(Simulation, models.PROTECT, related_name="ratings")
    competency = models.ForeignKey(Competency, models.PROTECT, related_name="+")
    level = models.DecimalField(max_digits=3, decimal_places=2)
    evidence = models.TextField()
    rated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment", "simulation", "competency"], name="rating_once"
            ),
            models.CheckConstraint(
                condition=Q(level__gte=0) & Q(level__lte=5), name="rating_0_to_5"
            ),
        ]


class RatingCorrection(models.Model):
    """What a rating said before its assessor corrected it, and why it was corrected."""

    rating = models.ForeignKey(Rating, models.PROTECT, related_name="corrections")
    level = models.DecimalField(max_digits=3, decimal_places=2)
    evidence = models.TextField()
    reason = models.TextField()
    corrected_at = models.DateTimeField()


class Meeting(models.Model):
    """The integration meeting on a participant was opened: from then on the assessors read all."""

    participant = models.OneToOneField(Participant, models.PROTECT, related_name="meeting")
    opened_by = models.CharField(max_length=200)
    opened_at = models.DateTimeField()


class Agreement(models.Model):
    """The level on which the assessors agreed in their meeting, and why.

    spread: the gap between the kindest and the strictest assessor's mean; ratings: how many
    ratings there were of this competency. Both as the meeting had them before it.
    """

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="agreements")
    competency = models.ForeignKey(Competency, models.PROTECT, related_name="+")
    level = models.DecimalField(max_digits=3, decimal_places=2)
    spread = models.FloatField()
    ratings = models.PositiveIntegerField()
    reason = models.TextField()
    agreed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "competency"], name="agreement_once"),
            models.CheckConstraint(
                condition=Q(level__gte=0) & Q(level__lte=5), name="agreement_0_to_5"
            ),
        ]
