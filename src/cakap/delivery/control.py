"""What a proctor does with time and machines: each act once, with its reason, in the log.

What counts of an attempt's time follows from what is written here (delivery.clock); nothing is edited.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from cakap.audit.services import record
from cakap.delivery.clock import Span, bounds
from cakap.delivery.clock_alarms import refuse_unconfirmed_time
from cakap.delivery.ends import still_open
from cakap.delivery.errors import BadPause, StillWorking, TooLong
from cakap.delivery.models import (
    Announcement,
    Attempt,
    Grant,
    Incident,
    Interruption,
    SectionTime,
)
from cakap.delivery.outages import last_outage
from cakap.delivery.sites.services import refuse_at_site
from cakap.errors import StalePage
from cakap.jobs.services import in_blocks
from cakap.policy.queries import policy_kept
from cakap.programmes.holding import hold_sessions
from cakap.programmes.models import Accommodation, Seat, Session
from cakap.programmes.services import (
    close_session,
    open_session,
    postpone_session,
    refuse_unless_open,
    register_exam_keys,
)

PRESSED_TWICE = timedelta(seconds=10)  # the same words by the same person within it are said once


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What an attempt has beyond the form's time: by accommodation, and granted since."""

    percent: int
    extra: timedelta

    def longer(self, minutes: int) -> timedelta:
        """A time of the form with what the accommodation adds."""
        return timedelta(minutes=minutes) * (100 + self.percent) / 100


def given_to(attempts: Sequence[Attempt]) -> dict[int, Given]:
    """Attempt -> what it was given; two queries for all of them."""
    percents = dict(
        Accommodation.objects.filter(
            participant__in=[attempt.seat.participant_id for attempt in attempts]
        ).values_list("participant", "extra_percent")
    )
    granted = dict(
        Grant.objects.filter(attempt__in=[attempt.pk for attempt in attempts])
        .values_list("attempt")
        .annotate(seconds=Sum("seconds"))
    )
    return {
        attempt.pk: Given(
            percent=percents.get(attempt.seat.participant_id, 0),
            extra=timedelta(seconds=granted.get(attempt.pk, 0)),
        )
        for attempt in attempts
    }


def allowed_time(attempt: Attempt, given: Given) -> timedelta:
    """The active time of an attempt: the form's, the accommodation's, and what was granted since."""
    return given.longer(attempt.seat.session.form.minutes) + given.extra


def session_pause(session: int) -> Interruption | None:
    """The pause of a whole room that still lasts and that people end; a doubt about the clock is none."""
    open_ = Interruption.objects.filter(
        session=session, attempt__isnull=True, ended_at__isnull=True
    )
    return open_.exclude(kind=Interruption.Kind.CLOCK).first()


def one_at_a_time(session: int) -> None:
    """Hold a session of which nothing was read (else hold_sessions) to the end of the transaction: what
    changes its time, and who begins, waits in turn.
    """
    Session.objects.select_for_update().filter(pk=session).values_list("pk").first()


@transaction.atomic
def open_room(*, session: Session, by: str, now: datetime) -> None:
    """Let participants sign in."""
    hold_sessions(session)
    refuse_at_site(session)
    refuse_unconfirmed_time()
    open_session(session=session, actor=by, now=now)


@transaction.atomic
def let_in_builds(*, session: Session, keys: Sequence[str], by: str, now: datetime) -> None:
    """Let only these builds of Safe Exam Browser into a session."""
    refuse_at_site(session)
    register_exam_keys(session=session, keys=keys, actor=by, now=now)


@transaction.atomic
def pause_room(
    *, session: Session, reason: str, by: str, now: datetime, pauses_shown: int | None = None
) -> None:
    """Stop the clock of everybody in a room; who has not begun cannot begin meanwhile.

    Raises StalePage where the room was paused since the page was shown, and runs on again.
    """
    hold_sessions(session)
    _refuse_unfit(session, reason)
    if session_pause(session.pk):
        message = "Sesi ini sudah dijeda."
        raise BadPause(message)
    if pauses_shown is not None and pauses(session, None) != pauses_shown:
        raise StalePage
    Interruption.objects.create(
        session=session, kind=Interruption.Kind.PAUSE, started_at=now, reason=reason.strip(), by=by
    )
    _reckon(_running(session), now)
    _record(session, "session.pause", by, now, reason=reason.strip())


def pauses(session: Session, attempt: Attempt | None) -> int:
    """How often people have paused a room, or one attempt."""
    rows = session.interruptions.filter(kind=Interruption.Kind.PAUSE)
    return rows.filter(attempt=attempt).count()


@transaction.atomic
def resume_room(
    *, session: Session, by: str, now: datetime, pause_shown: int | None = None
) -> None:
    """Let the clock of a room run on; whoever is paused alone stays so.

    Raises StalePage where another pause lasts than the page showed: it was begun since, by somebody else.
    """
    hold_sessions(session)
    refuse_at_site(session)
    refuse_unconfirmed_time()
    pause = session_pause(session.pk)
    # Of a session that was postponed meanwhile the time would run on before it is held.
    if pause is None or session.state != Session.State.OPEN:
        message = "Sesi ini tidak sedang dijeda."
        raise BadPause(message)
    if pause_shown is not None and pause.pk != pause_shown:
        raise StalePage
    Interruption.objects.filter(pk=pause.pk).update(ended_at=now, ended_by=by)
    _reckon(_running(session), now)
    _record(session, "session.resume", by, now, minutes=_minutes(now - pause.started_at))


@transaction.atomic
def pause_one(
    *, attempt: Attempt, reason: str, by: str, now: datetime, pauses_shown: int | None = None
) -> None:
    """Stop one participant's clock.

    Raises StalePage where it was stopped since the page was shown, and runs on again.
    """
    session = attempt.seat.session
    hold_sessions(session)
    _refuse_unfit(session, reason)
    own = attempt.interruptions.filter(ended_at__isnull=True)
    if own.exists() or attempt.begun_at is None or attempt.submitted_at:
        message = "Peserta ini sedang tidak mengerjakan."
        raise BadPause(message)
    if pauses_shown is not None and pauses(session, attempt) != pauses_shown:
        raise StalePage
    Interruption.objects.create(
        session=session, attempt=attempt, kind=Interruption.Kind.PAUSE, started_at=now,
        reason=reason.strip(), by=by,
    )  # fmt: skip
    _reckon([attempt], now)
    _record(session, "attempt.pause", by, now, seat=attempt.seat.number, reason=reason.strip())


@transaction.atomic
def resume_one(*, attempt: Attempt, by: str, now: datetime, pause_shown: int | None = None) -> None:
    """Let one participant's clock run on, unless the room is paused.

    Raises StalePage where another pause lasts than the page showed.
    """
    hold_sessions(attempt.seat.session)
    refuse_at_site(attempt.seat.session)
    refuse_unconfirmed_time()
    lasting = attempt.interruptions.filter(ended_at__isnull=True)
    if pause_shown is not None and not lasting.filter(pk=pause_shown).exists():
        raise StalePage
    ended = lasting.update(ended_at=now, ended_by=by)
    if not ended:
        message = "Peserta ini tidak sedang dijeda sendiri."
        raise BadPause(message)
    _reckon([attempt], now)
    _record(attempt.seat.session, "attempt.resume_clock", by, now, seat=attempt.seat.number)


@transaction.atomic
def give_time(
    *,
    attempt: Attempt,
    minutes: int,
    reason: str,
    by: str,
    now: datetime,
    grants_shown: int | None = None,
) -> None:
    """Give one participant time on top. It is written beside the answers and touches none of them.

    Raises StalePage where there are other grants than the page showed: sent twice, time is given once.
    """
    hold_sessions(attempt.seat.session)
    Attempt.objects.select_for_update().get(pk=attempt.pk)
    if grants_shown is not None and attempt.grants.count() != grants_shown:
        raise StalePage
    _refuse_unfit(attempt.seat.session, reason)
    if attempt.begun_at is None or attempt.submitted_at or not 1 <= minutes <= 240:
        message = "Tambahan 1 sampai 240 menit diberikan kepada peserta yang sedang mengerjakan."
        raise BadPause(message)
    Grant.objects.create(
        attempt=attempt, seconds=minutes * 60, reason=reason.strip(), by=by, at=now
    )
    _reckon([attempt], now)
    _record(
        attempt.seat.session, "attempt.give_time", by, now, seat=attempt.seat.number,
        minutes=minutes, reason=reason.strip(),
    )  # fmt: skip


def last_sign_of_life(session: Session, *, now: datetime) -> datetime | None:
    """Where the newest outage of this room began; without one, when a machine of it was last heard.

    Whoever is heard again first after a power cut does not move its beginning.
    """
    outage = last_outage(session, now=now)
    if outage:
        return outage.since
    seen = Attempt.objects.filter(seat__session=session, seen_at__isnull=False)
    return seen.order_by("-seen_at").values_list("seen_at", flat=True).first()


@transaction.atomic
def give_back(
    *, session: Session, since: datetime, until: datetime, reason: str, by: str, now: datetime
) -> timedelta:
    """Give everybody in a room exactly the time that an outage took; what pauses covered counts once.

    By policy too long an outage, or one that ends too late in the day, is not continued: TooLong.
    """
    hold_sessions(session)
    _refuse_unfit(session, reason)
    refuse_unconfirmed_time()
    if not since < until <= now:
        message = "Gangguan berakhir sesudah mulai, dan tidak sesudah sekarang."
        raise BadPause(message)
    _refuse_too_long(session, since, until)
    same = {"kind": Interruption.Kind.CUT, "started_at": since, "ended_at": until}
    if session.interruptions.filter(**same, attempt__isnull=True).exists():
        return until - since  # sent twice: it was given
    Interruption.objects.create(
        session=session, kind=Interruption.Kind.CUT, started_at=since, ended_at=until,
        reason=reason.strip(), by=by, ended_by=by,
    )  # fmt: skip
    _reckon(_running(session), now)
    _record(
        session, "session.give_back", by, now, since=since.isoformat(), until=until.isoformat(),
        reason=reason.strip(),
    )  # fmt: skip
    return until - since


def _refuse_too_long(session: Session, since: datetime, until: datetime) -> None:
    policy = policy_kept(session.programme.policy_digest)
    longest = timedelta(minutes=policy["sessions.outage_longest_minutes"])
    latest = policy["sessions.outage_latest_hour"]
    if until - since > longest or timezone.localtime(until).hour >= latest:
        message = (
            f"Gangguan {_minutes(until - since)} menit sampai pukul "
            f"{timezone.localtime(until):%H.%M}: kebijakan melanjutkan paling lama "
            f"{_minutes(longest)} menit dan sebelum pukul {latest}.00. Jadwalkan ulang sesinya."
        )
        raise TooLong(message)


@transaction.atomic
def postpone(
    *, session: Session, starts_at: datetime, reason: str, by: str, now: datetime, shown: str = ""
) -> bool:
    """Hold a session again at another time: clocks stand still until the room is let run on.

    They stand still from the room's last sign of life: what passed in the dark is nobody's time. Returns
    False where it is planned for just that time already: sent twice, it is done once. Raises StalePage
    where the session stands otherwise than the page showed (standing_shown): opened, or put off by others.
    """
    hold_sessions(session)
    refuse_at_site(session)
    if session.state == Session.State.PLANNED and session.starts_at == starts_at:
        return False
    if shown and shown != standing_shown(session):
        raise StalePage
    if session.state == Session.State.OPEN and not session_pause(session.pk):
        _refuse_unfit(session, reason)
        Interruption.objects.create(
            session=session, kind=Interruption.Kind.CUT, reason=reason.strip(), by=by,
            started_at=_dark_since(session, now),
        )  # fmt: skip
        _reckon(_running(session), now)
    postpone_session(session=session, starts_at=starts_at, reason=reason, actor=by, now=now)
    return True


def standing_shown(session: Session) -> str:
    """Of a session, what a page about its time shows: whether it is open, and when it is held."""
    return f"{session.state} {session.starts_at.isoformat()}"


BACK_JUST_NOW = timedelta(minutes=10)


def _dark_since(session: Session, now: datetime) -> datetime:
    """Where an outage began that lasts or has just ended and was not given back; else now."""
    outage = last_outage(session, now=now)
    if outage is None or (outage.until and now - outage.until > BACK_JUST_NOW):
        return now if outage else last_sign_of_life(session, now=now) or now
    given = session.interruptions.filter(attempt__isnull=True, started_at__lte=outage.since)
    return now if given.filter(ended_at__gte=outage.until or now).exists() else outage.since


@transaction.atomic
def close(
    *,
    session: Session,
    asked_with: int | None,
    by: str,
    now: datetime,
    seats_shown: Collection[int] | None = None,
) -> None:
    """Close a session. `asked_with` is how many had begun when the proctor was asked; `seats_shown`,
    which seats the page showed as unfinished.

    Raises StillWorking where somebody has not finished and the proctor was not asked, or where more
    have begun since, or somebody works whom the page did not show (an exam was reopened).
    """
    hold_sessions(session)
    refuse_at_site(session)
    refuse_unless_open(session)
    standing = still_open(session, now=now)
    if standing.unfinished and (asked_with is None or standing.begun > asked_with):
        raise StillWorking
    if seats_shown is not None and not set(standing.unfinished_seats) <= set(seats_shown):
        raise StillWorking
    close_session(session=session, actor=by, now=now)
    if standing.unfinished:
        Incident.objects.create(
            session=session, by=by, at=now,
            text=f"Sesi ditutup; {standing.unfinished} peserta belum menyelesaikan.",
        )  # fmt: skip


@transaction.atomic
def free_device(
    *, attempt: Attempt, by: str, now: datetime, devices_shown: int | None = None
) -> None:
    """Let an attempt go on at another machine: the next sign-in is taken, the old one is shut out.

    Raises StalePage where another machine has come since the page was shown: it would be shut out.
    """
    session = attempt.seat.session
    refuse_at_site(session)
    if devices_shown is not None and attempt.devices.count() != devices_shown:
        raise StalePage
    if not Attempt.objects.filter(pk=attempt.pk).exclude(device="").update(device=""):
        return  # it is free already
    attempt.devices.filter(key=attempt.device).update(freed_at=now, freed_by=by)
    attempt.device = ""
    Incident.objects.create(
        session=session, seat=attempt.seat, by=by, at=now, text="Dipindahkan ke komputer lain."
    )
    _record(session, "attempt.free", by, now, seat=attempt.seat.number)


@transaction.atomic
def announce(*, session: Session, text: str, by: str, now: datetime) -> None:
    """Say a sentence to everybody in a session."""
    hold_sessions(session)
    _refuse_unfit(session, text)
    said = {"session": session, "text": text.strip(), "by": by}
    if Announcement.objects.filter(**said, at__gt=now - PRESSED_TWICE).exists():
        return
    Announcement.objects.create(session=session, text=text.strip(), by=by, at=now)
    _record(session, "session.announce", by, now, text=text.strip())


@transaction.atomic
def report_incident(
    *, session: Session, seat: Seat | None, text: str, by: str, now: datetime
) -> None:
    """Write down what happened, for the minutes."""
    refuse_at_site(session)
    if not text.strip():
        message = "Tuliskan apa yang terjadi."
        raise BadPause(message)
    said = {"session": session, "seat": seat, "text": text.strip(), "by": by}
    if Incident.objects.filter(**said, at__gt=now - PRESSED_TWICE).exists():
        return
    Incident.objects.create(session=session, seat=seat, text=text.strip(), by=by, at=now)
    _record(
        session, "session.incident", by, now, seat=seat.number if seat else 0, text=text.strip()
    )


def _refuse_unfit(session: Session, reason: str) -> None:
    refuse_at_site(session)
    if session.state != Session.State.OPEN or not reason.strip():
        raise BadPause


def reckon_running(session: Session) -> None:
    """Write down the bounds of everybody who is at work in a session, as they now follow."""
    _reckon(_running(session))


def reckon_attempts(attempts: Sequence[Attempt], *, now: datetime) -> None:
    """Likewise for these attempts."""
    _reckon(attempts, now)


def reckon_participant(participant: int, *, now: datetime) -> None:
    """Likewise for one participant, whose accommodation has changed."""
    rows = Attempt.objects.filter(
        seat__participant=participant, begun_at__isnull=False, submitted_at__isnull=True
    ).order_by("seat__session")
    with transaction.atomic():
        for session in rows.values_list("seat__session", flat=True):
            one_at_a_time(session)
        _reckon(list(rows.select_related("seat__session__form")), now)


def _running(session: Session) -> list[Attempt]:
    rows = Attempt.objects.filter(
        seat__session=session, begun_at__isnull=False, submitted_at__isnull=True
    )
    return list(rows.select_related("seat__session__form"))


def reckon(session: Session) -> None:
    """Write down the bounds of everybody who works in a session, after what they follow from has changed."""
    _reckon(_running(session))


def _reckon(attempts: Sequence[Attempt], now: datetime | None = None) -> None:
    """Write down the bounds that follow from pauses and time given, of attempts and their sections.

    A room of thousands is reckoned with a few queries a block: everybody waits for it. now: of an act that
    may let an attempt go on whose time was over: what was reckoned from it as ended is stale.
    """
    for block in in_blocks(attempts, 500):
        ended = _ended_by_time(block, now) if now else {}
        given = given_to(block)
        spans = _spans(block)
        for attempt in block:
            if attempt.begun_at is not None:
                found = bounds(
                    attempt.begun_at, allowed_time(attempt, given[attempt.pk]), spans[attempt.pk]
                )
                attempt.closes_at, attempt.paused_at = found.closes_at, found.paused_at
        Attempt.objects.bulk_update(block, ["closes_at", "paused_at"])
        revived = [
            attempt.pk
            for attempt in block
            if attempt.pk in ended and (attempt.closes_at, attempt.paused_at) != ended[attempt.pk]
        ]
        if revived:
            Attempt.objects.filter(pk__in=revived).update(amended_at=now)
        sections = list(
            SectionTime.objects.filter(attempt__in=block, left_at__isnull=True).select_related(
                "section"
            )
        )
        granted = _grants_of(block) if sections else {}
        for row in sections:
            since = [seconds for at, seconds in granted[row.attempt_id] if at >= row.begun_at]
            more = timedelta(seconds=sum(since))
            allowed = given[row.attempt_id].longer(row.section.minutes or 0) + more
            row.closes_at = bounds(row.begun_at, allowed, spans[row.attempt_id]).closes_at
        SectionTime.objects.bulk_update(sections, ["closes_at"])


def _ended_by_time(
    attempts: Sequence[Attempt], now: datetime
) -> dict[int, tuple[datetime | None, datetime | None]]:
    """Those whose time is over, as it stands: their bounds."""
    rows = Attempt.objects.filter(
        pk__in=[attempt.pk for attempt in attempts], closes_at__lt=now, paused_at__isnull=True
    )
    return {
        pk: (closes_at, paused_at)
        for pk, closes_at, paused_at in rows.values_list("pk", "closes_at", "paused_at")
    }


def _grants_of(attempts: Sequence[Attempt]) -> dict[int, list[tuple[datetime, int]]]:
    """Attempt -> when it was given time, and how many seconds: a section in which that was is longer too."""
    found: dict[int, list[tuple[datetime, int]]] = {attempt.pk: [] for attempt in attempts}
    rows = Grant.objects.filter(attempt__in=list(found))
    for attempt, at, seconds in rows.values_list("attempt", "at", "seconds"):
        found[attempt].append((at, seconds))
    return found


def _spans(attempts: Sequence[Attempt]) -> dict[int, list[Span]]:
    """Attempt -> what does not count of its time: of its own, and of its room."""
    found: dict[int, list[Span]] = {attempt.pk: [] for attempt in attempts}
    at_session: dict[int, list[int]] = {}
    for attempt in attempts:
        at_session.setdefault(attempt.seat.session_id, []).append(attempt.pk)
    rows = Interruption.objects.filter(session__in=at_session)
    for row in rows:
        whose = at_session[row.session_id] if row.attempt_id is None else [row.attempt_id]
        for attempt_id in whose:
            if attempt_id in found:
                found[attempt_id].append(Span(start=row.started_at, end=row.ended_at))
    return found


def _minutes(length: timedelta) -> int:
    return round(length.total_seconds() / 60)


def _record(session: Session, action: str, by: str, now: datetime, **detail: object) -> None:
    record(
        actor=by, action=action, subject=f"sesi {session.pk}",
        agency=session.programme.organiser.code, detail=detail, now=now,
    )  # fmt: skip
