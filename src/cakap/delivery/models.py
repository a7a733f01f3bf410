from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import OwnedManager
from cakap.itembank.models import ItemVersion, Section
from cakap.programmes.models import Seat


class Attempt(models.Model):
    """One sitting of one form by one participant. Its answers are the events; these are its bounds."""

    seat = models.OneToOneField(Seat, models.PROTECT, related_name="attempt")
    seed = models.BigIntegerField()
    device = models.CharField(max_length=32)
    signed_in_at = models.DateTimeField()
    consented_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    owners: ClassVar = (
        "seat__session__programme__initiator",
        "seat__session__programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(begun_at__isnull=True) | Q(consented_at__isnull=False),
                name="attempt_begins_after_consent",
            ),
            models.CheckConstraint(
                condition=Q(begun_at__isnull=True) | Q(closes_at__gt=F("begun_at")),
                name="attempt_closes_after_it_begins",
            ),
        ]


class Offer(models.Model):
    """An item that an adaptive section gave, why then: the ability and its error at that moment."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="offers")
    section = models.ForeignKey(Section, models.PROTECT, related_name="+")
    place = models.PositiveSmallIntegerField()
    version = models.ForeignKey(ItemVersion, models.PROTECT, related_name="+")
    theta = models.FloatField()
    se = models.FloatField()
    offered_at = models.DateTimeField()

    class Meta:
        ordering = ["section", "place"]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "section", "place"], name="offer_once_a_place"
            ),
            models.UniqueConstraint(fields=["attempt", "version"], name="offer_once_a_version"),
        ]


class Event(models.Model):
    """One line of the answer log: appended, never changed, never deleted."""

    class Kind(models.TextChoices):
        ANSWER = "answer", _("jawaban")
        FLAG = "flag", _("tanda ragu")

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=6, choices=Kind)
    item = models.ForeignKey(ItemVersion, models.PROTECT, related_name="+", db_index=False)
    response = models.CharField(max_length=200)
    client_at = models.DateTimeField()
    received_at = models.DateTimeField()
    late = models.BooleanField()
    device = models.CharField(max_length=32)
    address = models.CharField(max_length=45)

    class Meta:
        ordering = ["attempt", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "seq"], name="event_seq_once_an_attempt")
        ]
