from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency, OwnedManager
from cakap.itembank.models import Form
from cakap.registry.models import Employee


class Programme(models.Model):
    """An assessment of many people: who asked for it, who runs it, what for."""

    class Purpose(models.TextChoices):
        FILLING = "filling", _("Pengisian jabatan")
        MAPPING = "mapping", _("Pemetaan")

    class Method(models.TextChoices):
        CAT = "cat", _("Computer assisted test (CAT)")
        CENTRE = "centre", _("Assessment centre")

    class State(models.TextChoices):
        PLANNED = "planned", _("Direncanakan")
        RUNNING = "running", _("Berjalan")
        CLOSED = "closed", _("Selesai")

    initiator = models.ForeignKey(Agency, models.PROTECT, related_name="initiated")
    organiser = models.ForeignKey(Agency, models.PROTECT, related_name="organised")
    code = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    purpose = models.CharField(max_length=10, choices=Purpose)
    method = models.CharField(max_length=10, choices=Method)
    starts = models.DateField()
    ends = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    policy_digest = models.CharField(max_length=64, blank=True)
    # Taken in from a centre: who takes part, where and with what is changed there.
    from_centre = models.BooleanField(default=False)

    owners: ClassVar = (
        "initiator",
        "organiser",
    )

    objects = OwnedManager()

    class Meta:
        ordering = ["-starts", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gte=F("starts")), name="programme_ends_after_it_starts"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Participant(models.Model):
    """A person who is to be assessed in a programme."""

    class Source(models.TextChoices):
        RULE = "rule", _("aturan")
        FILE = "file", _("berkas")
        HAND = "hand", _("tangan")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="participants")
    employee = models.ForeignKey(Employee, models.PROTECT, related_name="participations")
    source = models.CharField(max_length=5, choices=Source)
    invited_at = models.DateTimeField(null=True, blank=True)

    owners: ClassVar = (
        "programme__initiator",
        "programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        ordering = ["employee__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "employee"], name="participant_once_a_programme"
            )
        ]


class Accommodation(models.Model):
    """What a participant is given because of a disability: recorded before the session, with its reason."""

    participant = models.OneToOneField(Participant, models.PROTECT, related_name="accommodation")
    extra_percent = models.PositiveSmallIntegerField(default=0)
    larger_type = models.BooleanField(default=False)
    reader = models.BooleanField(default=False)
    reason = models.CharField(max_length=500)

    owners: ClassVar = (
        "participant__programme__initiator",
        "participant__programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(extra_percent__lte=300), name="accommodation_at_most_four_times"
            )
        ]


class Room(models.Model):
    """A place with seats. With `networks` its exams are taken from these addresses alone."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=100)
    seats = models.PositiveSmallIntegerField()
    location = models.CharField(max_length=200, blank=True)
    networks = models.TextField(blank=True)
    workstations = models.TextField(blank=True)

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "name"], name="room_name_once_an_agency"),
            models.CheckConstraint(condition=Q(seats__gte=1), name="room_has_a_seat"),
        ]

    def __str__(self) -> str:
        return self.name


class Session(models.Model):
    """A room at a time with a form. `pin` is read aloud when the doors are shut.

    With a `quit_code` only Safe Exam Browser with our configuration is let in; the code leaves it,
    `open_code` opens the configuration's file, and with `exam_keys` (Browser Exam Keys, one a line)
    only those builds of the browser are let in. What is done in a rehearsal reaches no result.
    `closed_at` says since when it has been closed or cancelled; `postponed_at`, of one that was open, since
    when it waits to be opened again at another time.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Direncanakan")
        OPEN = "open", _("Dibuka")
        CLOSED = "closed", _("Ditutup")
        CANCELLED = "cancelled", _("Dibatalkan")

    LIVE: ClassVar = (State.PLANNED, State.OPEN)  # may yet be held or worked at

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="sessions")
    room = models.ForeignKey(Room, models.PROTECT, related_name="sessions")
    form = models.ForeignKey(Form, models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    pin = models.CharField(max_length=6)
    quit_code = models.CharField(max_length=32, blank=True)
    open_code = models.CharField(max_length=32, blank=True)
    exam_keys = models.TextField(blank=True)
    is_rehearsal = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)
    postponed_at = models.DateTimeField(null=True)

    owners: ClassVar = (
        "programme__initiator",
        "programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        ordering = ["starts_at", "room"]
        constraints = [
            models.UniqueConstraint(
                fields=["room", "starts_at"],
                condition=~Q(state="cancelled"),
                name="session_room_free",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.starts_at):%d-%m-%Y %H.%M} {self.room}"

    @property
    def day(self) -> date:
        """The day on which it is held, by the calendar here: whatever is in force is asked of this day."""
        return timezone.localdate(self.starts_at)

    @property
    def locked_browser(self) -> bool:
        """Whether it asks for Safe Exam Browser."""
        return bool(self.quit_code)


class SeatManager(OwnedManager):
    """Seats that are somebody's now: those that were taken away are hidden."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(removed_at__isnull=True)


class Seat(models.Model):
    """A participant's place in a session. A seat that was taken away stays, with what hangs on it.

    `objects` and `session.seats` show the seats held now; `every` also those that were taken away.
    Whoever joins through a seat (`seats__…`) must ask for `removed_at` too.
    """

    session = models.ForeignKey(Session, models.PROTECT, related_name="seats")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="seats")
    number = models.PositiveSmallIntegerField()
    removed_at = models.DateTimeField(null=True)

    owners: ClassVar = (
        "session__programme__initiator",
        "session__programme__organiser",
    )

    objects = SeatManager()
    every = OwnedManager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "number"],
                condition=Q(removed_at__isnull=True),
                name="seat_taken_once",
            ),
            models.UniqueConstraint(
                fields=["session", "participant"],
                condition=Q(removed_at__isnull=True),
                name="seat_one_a_person",
            ),
        ]


class Assessed(models.Model):
    """Until when a person counts as assessed: the last recognised result, or one told by a file.

    Written down by `results`, so that the three-year rule needs no look upward.
    """

    employee = models.OneToOneField(Employee, models.PROTECT, related_name="assessed")
    valid_from = models.DateField()
    valid_until = models.DateField()
    source = models.CharField(max_length=100)

    owners: ClassVar = ("employee__agency",)

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="assessed_valid_for_a_time"
            )
        ]
