"""A disturbance as a rehearsed drill: the rules of desk and outages, and whether they were kept in time.

The acts are those of a real day (delivery.control, delivery.desk); a drill only looks at their traces.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from cakap.audit.services import record
from cakap.delivery.control import session_pause
from cakap.delivery.errors import NoDrill
from cakap.delivery.models import CheckIn, Drill, Interruption
from cakap.delivery.policy import policy_of
from cakap.delivery.sites.services import refuse_at_site
from cakap.policy.book import Policy
from cakap.programmes.holding import hold_sessions
from cakap.programmes.models import Session

PRESENT, DESK, PAUSED, GIVEN_BACK, RESUMED, POSTPONED = (
    "present", "desk", "paused", "given_back", "resumed", "postponed",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing to be done. passed: None while it can still be done; found: when, as it was written."""

    code: str
    passed: bool | None
    limit: str
    found: str


@transaction.atomic
def begin_drill(*, session: Session, kind: Drill.Kind, by: str, now: datetime) -> Drill:
    """The disturbance begins: from here on the room is watched."""
    hold_sessions(session)
    refuse_at_site(session)
    fit = session.is_rehearsal and session.state == Session.State.OPEN
    if not fit or session_pause(session.pk):
        raise NoDrill
    try:
        with transaction.atomic():
            drill = Drill.objects.create(
                session=session, kind=kind, starts_at=session.starts_at, begun_at=now, by=by
            )
    except IntegrityError as exc:
        raise NoDrill from exc
    _record(drill, "drill.begin", by, now)
    return drill


@transaction.atomic
def end_drill(*, session: Session, by: str, now: datetime) -> Drill:
    """Write down what was done in time; whatever was still to be done was not."""
    drill = Drill.objects.select_for_update().filter(session=session, ended_at=None).first()
    if drill is None:
        message = "Tidak ada latihan gangguan yang sedang berjalan."
        raise NoDrill(message)
    drill.outcome = [
        [check.code, bool(check.passed), check.limit, check.found]
        for check in checks(drill, now=now)
    ]
    drill.ended_at, drill.ended_by = now, by
    Drill.objects.filter(pk=drill.pk).update(outcome=drill.outcome, ended_at=now, ended_by=by)
    _record(drill, "drill.end", by, now, passed=all(row[1] for row in drill.outcome))
    return drill


def checks(drill: Drill, *, now: datetime) -> list[Check]:
    """How a drill stands."""
    session = drill.session
    day = timezone.localdate(drill.starts_at)
    policy = policy_of(session, day)
    pause = _pause_of(drill)
    own = (
        [_given_back(drill, pause), _resumed(drill, pause, policy, now)]
        if drill.kind == Drill.Kind.SHORT
        else [_postponed(drill, pause, policy)]
    )
    return [*_at_the_desk(drill, policy, now), _paused(drill, pause, policy, now), *own]


def _at_the_desk(drill: Drill, policy: Policy, now: datetime) -> list[Check]:
    """The desk worked when participants are to be there, and gave no PIN after it closes."""
    times = sorted(CheckIn.objects.filter(seat__session=drill.session).values_list("at", flat=True))
    present = drill.starts_at - timedelta(minutes=policy["sessions.presence_minutes"])
    closes = drill.starts_at - timedelta(minutes=policy["sessions.registration_closes_minutes"])
    return [
        Check(
            code=PRESENT, passed=_before(times[:1], present, now), limit=_clock(present),
            found=_clock(times[0]) if times else "",
        ),
        Check(
            code=DESK, passed=_before(times[-1:], closes, now), limit=_clock(closes),
            found=_clock(times[-1]) if times else "",
        ),
    ]  # fmt: skip


def _before(done: list[datetime], limit: datetime, now: datetime) -> bool | None:
    """Whether it was done by then; None while it still can be."""
    if not done:
        return None if now <= limit else False
    return done[0] <= limit


def _pause_of(drill: Drill) -> Interruption | None:
    """The room's first pause since the disturbance began."""
    rows = drill.session.interruptions.filter(attempt=None, started_at__gte=drill.begun_at)
    return rows.filter(kind=Interruption.Kind.PAUSE).first()


def _paused(drill: Drill, pause: Interruption | None, policy: Policy, now: datetime) -> Check:
    until = drill.begun_at + timedelta(minutes=policy["sessions.drill_pause_minutes"])
    in_time = None if now <= until else False
    passed = pause.started_at <= until if pause else in_time
    found = _clock(pause.started_at) if pause else ""
    return Check(code=PAUSED, passed=passed, limit=_clock(until), found=found)


def _given_back(drill: Drill, pause: Interruption | None) -> Check:
    """The time from the disturbance to the pause was given back as an outage."""
    rows = drill.session.interruptions.filter(
        attempt=None, kind=Interruption.Kind.CUT, started_at__lte=drill.begun_at,
        # People write seconds.
        ended_at__gte=(pause.started_at if pause else drill.begun_at) - timedelta(seconds=1),
    )  # fmt: skip
    row = rows.first() if pause else None
    found = f"{_clock(row.started_at)}–{_clock(row.ended_at)}" if row and row.ended_at else ""
    limit = _clock(drill.begun_at)
    return Check(code=GIVEN_BACK, passed=True if row else None, limit=limit, found=found)


def _latest(drill: Drill, policy: Policy) -> datetime:
    """Until when an exam that was disturbed may go on: so long, and before that hour of its day."""
    longest = drill.begun_at + timedelta(minutes=policy["sessions.outage_longest_minutes"])
    local = timezone.localtime(drill.begun_at)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(longest, midnight + timedelta(hours=policy["sessions.outage_latest_hour"]))


def _resumed(drill: Drill, pause: Interruption | None, policy: Policy, now: datetime) -> Check:
    latest = _latest(drill, policy)
    ended = pause.ended_at if pause else None
    if drill.session.starts_at != drill.starts_at:
        passed: bool | None = False  # put off although it could go on
    elif ended is None:
        passed = None if now <= latest else False
    else:
        passed = ended <= latest
    found = _clock(ended) if ended else ""
    return Check(code=RESUMED, passed=passed, limit=_clock(latest), found=found)


def _postponed(drill: Drill, pause: Interruption | None, policy: Policy) -> Check:
    """Held again at a time after the disturbance, and not let run on before."""
    latest, starts_at = _latest(drill, policy), drill.session.starts_at
    if pause and pause.ended_at:
        passed: bool | None = False
    elif starts_at == drill.starts_at:
        passed = None
    else:
        passed = starts_at > latest
    found = _moment(starts_at) if starts_at != drill.starts_at else ""
    return Check(code=POSTPONED, passed=passed, limit=_moment(latest), found=found)


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H.%M.%S}"


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%d-%m-%Y %H.%M}"


def _record(drill: Drill, action: str, by: str, now: datetime, **detail: object) -> None:
    record(
        actor=by, action=action, subject=f"sesi {drill.session_id}", now=now,
        agency=drill.session.programme.organiser.code, detail={"kind": drill.kind, **detail},
    )  # fmt: skip
