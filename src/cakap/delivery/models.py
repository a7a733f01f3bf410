from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency, OwnedManager
from cakap.delivery.clock import Bounds
from cakap.itembank.models import ItemVersion, Section
from cakap.programmes.models import Seat, Session


class CheckIn(models.Model):
    """A participant at the registration desk: who was compared with what, by whom, and the PIN given."""

    class Identity(models.TextChoices):
        PHOTO = "photo", _("foto dibandingkan")
        MANUAL = "manual", _("diperiksa tanpa foto")

    seat = models.OneToOneField(Seat, models.PROTECT, related_name="checkin")
    pin = models.CharField(max_length=6)
    identity = models.CharField(max_length=6, choices=Identity)
    reason = models.CharField(max_length=500, blank=True)
    picture = models.BinaryField(blank=True, default=b"")
    by = models.CharField(max_length=150)
    second = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    owners: ClassVar = (
        "seat__session__programme__initiator",
        "seat__session__programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(identity="manual")
                | (~Q(reason="") & ~Q(second="") & ~Q(second=F("by"))),
                name="checkin_by_hand_has_reason_and_two_people",
            )
        ]


class Attempt(models.Model):
    """One sitting of one form by one participant. Its answers are the events; these are its bounds.

    `closes_at` and `paused_at` follow from what delivery.clock makes of pauses and time given;
    an empty `device` means that a proctor freed the attempt for another machine; `uploads`, that it
    is worked at a site, whose log is told here; `set_aside_at`, that people decided that it does not
    count: it stays as evidence. `amended_at`: when answers, or what of them counts, last changed otherwise
    than by the exam itself (a site's log, a settled conflict, accepted evidence, corrected late marks,
    a reopening, a retest, time given when it was over); results from before are stale.
    """

    seat = models.OneToOneField(Seat, models.PROTECT, related_name="attempt")
    seed = models.BigIntegerField()
    device = models.CharField(max_length=32, blank=True)
    signed_in_at = models.DateTimeField()
    consented_at = models.DateTimeField(null=True)
    begun_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    uploads = models.BooleanField(default=False)
    # How many pages have opened it: each numbers its events in a block of its own (protocol.PAGE_SPAN).
    pages = models.PositiveIntegerField(default=0)
    # An attempt that was made before passages stayed together keeps the order it began with.
    passages_together = models.BooleanField(default=True)
    set_aside_at = models.DateTimeField(null=True)

    amended_at = models.DateTimeField(null=True)

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

    @property
    def bounds(self) -> Bounds | None:
        """When it is over and whether it stands still; None until it has begun."""
        return (
            Bounds(closes_at=self.closes_at, paused_at=self.paused_at) if self.closes_at else None
        )


class Device(models.Model):
    """A machine at which an attempt was opened: the key is in every event that came from it."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="devices")
    key = models.CharField(max_length=32, unique=True)
    workstation = models.CharField(max_length=100, blank=True)
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()
    freed_at = models.DateTimeField(null=True)
    freed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["since"]


class Interruption(models.Model):
    """Time that does not count: of one attempt, or of a whole room. Written, never taken back."""

    class Kind(models.TextChoices):
        PAUSE = "pause", _("jeda")
        CUT = "cut", _("gangguan")
        ENDED = "ended", _("berakhir sampai dibuka kembali")
        CLOCK = "clock", _("jam server diperiksa")

    session = models.ForeignKey(Session, models.PROTECT, related_name="interruptions")
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="interruptions")
    kind = models.CharField(max_length=5, choices=Kind)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="interruption_ends_after_it_starts",
            )
        ]


class Grant(models.Model):
    """Time given to one attempt on top, with its reason."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="grants")
    seconds = models.PositiveIntegerField()
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()


class Reopening(models.Model):
    """A session or one attempt that had ended and goes on, by decision of two officers."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="reopenings")
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="reopenings")
    ended_at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    second = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(second="") & ~Q(second=F("by")),
                name="reopening_has_reason_and_two_people",
            )
        ]


class Retest(models.Model):
    """A new sitting for a person whose sitting was spoilt, and which of the two counts."""

    class Counts(models.TextChoices):
        NEW = "new", _("ujian ulang")
        OLD = "old", _("ujian pertama")

    old = models.OneToOneField(Attempt, models.PROTECT, related_name="retest")
    seat = models.OneToOneField(Seat, models.PROTECT, related_name="retest_of")
    counts = models.CharField(max_length=3, choices=Counts, default=Counts.NEW)
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    second = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(second="") & ~Q(second=F("by")),
                name="retest_has_reason_and_two_people",
            )
        ]


class LateCorrection(models.Model):
    """A decision about answers received in a span of time: whether they count, whatever their mark.

    The rows of the log keep the mark that they were given; the newest decision about one counts.
    """

    session = models.ForeignKey(Session, models.PROTECT, related_name="late_corrections")
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="late_corrections")
    since = models.DateTimeField()
    until = models.DateTimeField()
    counts = models.BooleanField()
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    second = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gte=F("since")), name="late_correction_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(second="") & ~Q(second=F("by")),
                name="late_correction_has_reason_and_two_people",
            ),
        ]


class SectionTime(models.Model):
    """When an attempt entered a section that has a time of its own, and when that is over."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="section_times")
    section = models.ForeignKey(Section, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["begun_at"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "section"], name="section_entered_once")
        ]


class Incident(models.Model):
    """Something that happened in a room, for the minutes: written by hand or by the system itself."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="incidents")
    seat = models.ForeignKey(Seat, models.PROTECT, null=True, related_name="incidents")
    text = models.CharField(max_length=1000)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]


class Announcement(models.Model):
    """A sentence to everybody in a session."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="announcements")
    text = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]


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
        SHOWN = "shown", _("soal ditampilkan")
        FOCUS = "focus", _("halaman ditinggalkan atau kembali")
        COPY = "copy", _("salin, potong atau tempel")
        TYPED = "typed", _("teks seperti diketik")

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=6, choices=Kind)
    item = models.ForeignKey(ItemVersion, models.PROTECT, related_name="+", db_index=False)
    response = models.TextField()
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


class Stray(models.Model):
    """Evidence: an event that was not taken into the log. It counts only when two officers accept it.

    One that is no answer of this exam cannot count; kind and item say what they could be read as, and
    `response` what was sent.
    """

    class Cause(models.TextChoices):
        DEVICE = "device", _("dari komputer sebelumnya")
        TURN = "turn", _("soal adaptif sesudah soal berikutnya diminta")
        CONFLICT = "conflict", _("isi lain dengan nomor urut yang sama")
        REFUSED = "refused", _("tidak dikenali sebagai jawaban ujian ini")

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="strays")
    device = models.CharField(max_length=32)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=6, choices=Event.Kind, blank=True)
    item = models.ForeignKey(
        ItemVersion, models.PROTECT, null=True, related_name="+", db_index=False
    )
    response = models.TextField()
    client_at = models.DateTimeField()
    received_at = models.DateTimeField()
    address = models.CharField(max_length=45)
    cause = models.CharField(max_length=8, choices=Cause, default=Cause.DEVICE)
    digest = models.CharField(max_length=32, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "device", "seq", "digest"], name="stray_content_once"
            )
        ]


class EvidenceDecision(models.Model):
    """What two officers decided of a piece of evidence: taken into the log, or left out."""

    stray = models.OneToOneField(Stray, models.PROTECT, related_name="decision")
    accepted = models.BooleanField()
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    second = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(second="") & ~Q(second=F("by")),
                name="evidence_decided_by_two_people_with_reason",
            )
        ]


class Site(models.Model):
    """An exam place that runs this program on its own network; known by the card of its keys."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="sites")
    name = models.CharField(max_length=100)
    card = models.CharField(max_length=100, unique=True)
    added_at = models.DateTimeField()

    owners: ClassVar = ("agency",)

    objects = OwnedManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["agency", "name"], name="site_name_once_an_agency")
        ]

    def __str__(self) -> str:
        return self.name


class SitePackage(models.Model):
    """A session that is held at a site: what the site last said, and what came of it here.

    edition: how often it was packed, newest_head: the number of the head that counts, loaded: the edition
    that the site has. contents: what was packed, as digests by kind. clock_off: seconds by which
    the site's clock was ahead of ours at its last sending.
    """

    session = models.OneToOneField(Session, models.PROTECT, related_name="at_site")
    site = models.ForeignKey(Site, models.PROTECT, related_name="packages")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    edition = models.PositiveIntegerField(default=1)
    contents = models.JSONField(default=dict)
    as_of = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)
    newest_head = models.PositiveIntegerField(default=0)
    loaded = models.PositiveIntegerField(default=0)
    clock_off = models.FloatField(null=True)
    declared = models.JSONField(default=dict)

    owners: ClassVar = (
        "session__programme__initiator",
        "session__programme__organiser",
    )

    objects = OwnedManager()


class ClockReading(models.Model):
    """The last reading of a machine's clocks: the wall clock beside the one that never steps.

    `boot_id` names the start of the machine since which `boot` (seconds) counts; `correction` is what
    must be added to the wall clock (seconds) to have the time that the proctors confirmed.
    """

    host = models.CharField(max_length=100, unique=True)
    boot_id = models.CharField(max_length=64)
    boot = models.FloatField()
    wall = models.FloatField()
    correction = models.FloatField(default=0)


class ClockAlarm(models.Model):
    """The server's time is in doubt until a proctor confirms it.

    `expected_at` is the time by what was known, `found_at` what the wall clock said; `since` is the
    moment (as expected) from which clocks stand still.
    """

    class Kind(models.TextChoices):
        STEP = "step", _("jam server melompat")
        BEHIND = "behind", _("jam server lebih awal daripada catatan terakhir")
        GAP = "gap", _("server tidak berjalan saat sesi berlangsung")
        ASKED = "asked", _("pengawas meragukan jam server")

    host = models.CharField(max_length=100)
    kind = models.CharField(max_length=6, choices=Kind)
    expected_at = models.DateTimeField()
    found_at = models.DateTimeField()
    since = models.DateTimeField()
    is_open = models.BooleanField(default=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=150, blank=True)
    choice = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_open"], condition=Q(is_open=True), name="one_open_clock_alarm"
            )
        ]

    @property
    def step(self) -> float:
        """By how many seconds the wall clock was ahead of what was expected; negative: behind."""
        return (self.found_at - self.expected_at).total_seconds()


class WithdrawnPackage(models.Model):
    """A package that was taken back: the site is heard no more, and what it had told stays.

    heard: attempts and records that had come from it, and how many records were missing. lacking: seat ->
    the numbers of the records that it has named and that have not come since; none where it was not known
    how the seat ended. Nobody else can tell these: what another machine writes under the same numbers is
    other work.
    """

    session = models.ForeignKey(Session, models.PROTECT, related_name="withdrawn_packages")
    site = models.ForeignKey(Site, models.PROTECT, related_name="withdrawn_packages")
    edition = models.PositiveIntegerField()
    heard = models.JSONField(default=dict)
    lacking = models.JSONField(default=dict)
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    second = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]


class RecordConflict(models.Model):
    """A record that a site told twice with different content, until two people settle which counts.

    kept and other: the two contents, as the log has them; the answer log holds the one that counts.
    """

    class Choice(models.TextChoices):
        KEPT = "kept", _("yang tersimpan")
        OTHER = "other", _("yang datang kemudian")

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="conflicts")
    seq = models.PositiveIntegerField()
    kept = models.JSONField()
    other = models.JSONField()
    found_at = models.DateTimeField()
    choice = models.CharField(max_length=5, choices=Choice, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=150, blank=True)
    second = models.CharField(max_length=150, blank=True)
    settled_at = models.DateTimeField(null=True)

    owners: ClassVar = (
        "attempt__seat__session__programme__initiator",
        "attempt__seat__session__programme__organiser",
    )

    objects = OwnedManager()

    class Meta:
        ordering = ["attempt", "seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "seq"], condition=Q(settled_at__isnull=True),
                name="record_conflict_open_once",
            )
        ]  # fmt: skip


class AcceptedGap(models.Model):
    """The decision of two people to score a session although records are missing.

    missing: seat number -> how many; it covers no other gap than this.
    """

    session = models.ForeignKey(Session, models.PROTECT, related_name="accepted_gaps")
    missing = models.JSONField()
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=150)
    second = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]


class LoadedPackage(models.Model):
    """At a site: a session that was taken in from the centre, and how the last sending went.

    heads: how many heads were made; clock_off: seconds by which our clock is ahead of the centre's.
    """

    session = models.OneToOneField(Session, models.PROTECT, related_name="loaded")
    edition = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(null=True)
    loaded_at = models.DateTimeField()
    heads = models.PositiveIntegerField(default=0)
    clock_off = models.FloatField(null=True)
    told_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=500, blank=True)


class Silence(models.Model):
    """A time in which nothing was heard of a begun attempt: noted when it is heard again."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="silences")
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        ordering = ["since"]
        constraints = [models.UniqueConstraint(fields=["attempt", "since"], name="silence_once")]


class Readiness(models.Model):
    """What a machine of the room last told of itself before the exam: one row a session and seat.

    `key` is the machine's own, kept in its browser; `problems` are codes of delivery.readiness, judged by
    the server from `measures`. It is a report of a moment, no record of the exam.
    """

    session = models.ForeignKey(Session, models.PROTECT, related_name="readiness")
    number = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=32)
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=300, blank=True)
    workstation = models.CharField(max_length=100, blank=True)
    measures = models.JSONField()
    problems = models.JSONField(default=list)
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["session", "number"], name="readiness_once_a_seat"),
            models.CheckConstraint(condition=Q(number__gte=1), name="readiness_of_a_seat"),
        ]


class Drill(models.Model):
    """A disturbance that a rehearsal's room plays: what was to be done, and what was done in time.

    `starts_at`: of the session when the drill began; `outcome`: [code, passed, what was found] of each
    check of delivery.drills, written once when it ends.
    """

    class Kind(models.TextChoices):
        SHORT = "short", _("gangguan singkat: dilanjutkan")
        LONG = "long", _("gangguan panjang: dijadwalkan ulang")

    session = models.ForeignKey(Session, models.PROTECT, related_name="drills")
    kind = models.CharField(max_length=5, choices=Kind)
    starts_at = models.DateTimeField()
    begun_at = models.DateTimeField()
    by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    outcome = models.JSONField(default=list)

    class Meta:
        ordering = ["begun_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(ended_at__isnull=True), name="drill_open_once"
            )
        ]

    @property
    def passed(self) -> int:
        """How many checks were kept in time."""
        return sum(bool(row[1]) for row in self.outcome)
