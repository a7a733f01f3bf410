"""The server's time, watched: the wall clock beside the clock that never steps.

While both run alike, `now` is the wall clock with the correction that was confirmed last. When the wall
clock steps, `now` goes on by the clock that never steps, clocks of attempts stand still, nothing begins
and nothing is submitted, until a proctor says which time is right.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Event as Signal
from threading import RLock, Thread
from typing import Any, TypeVar

from django.db import DatabaseError, IntegrityError, close_old_connections, connection, transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from cakap.audit.services import record
from cakap.delivery.accommodations import AccommodationWatch
from cakap.delivery.clock_alarms import newest_settled, open_alarm, refuse_overtaken
from cakap.delivery.control import one_at_a_time, reckon_running
from cakap.delivery.errors import BadTime, TimeOvertaken
from cakap.delivery.models import (
    Attempt,
    ClockAlarm,
    ClockReading,
    Event,
    Grant,
    Incident,
    Interruption,
    SectionTime,
    Silence,
)
from cakap.policy.book import default_rules
from cakap.policy.models import Override, Snapshot
from cakap.programmes.models import Programme, Seat, Session

LOG = logging.getLogger(__name__)
T = TypeVar("T")
LOOK, KEEP = 1.0, 5.0  # seconds between two looks, and between two readings that are kept
AGREES = 2 * KEEP  # seconds by which a clock may be ahead of what another machine kept last
MOST = 3.0  # seconds that are no step, until policy is read
AT_ONCE = 0.5  # seconds within which two clocks are read, to be of one moment
AROUND = timedelta(hours=12)  # how far from its time an open session is still the day's session
JUST_BEGUN = timedelta(seconds=15)  # after the last reading that was kept: lost with the machine
NEWEST = 50  # attempts that were heard last, whose records are looked at
SYSTEM = "sistem"
OLD, NEW, TYPED = "old", "new", "typed"


def clocks() -> tuple[float, float]:
    """The wall clock, and the clock that counts on through a suspension and never steps (seconds).

    Both of one moment: a process that was stopped between the two readings reads again.
    """
    while True:
        before, wall, boot = _boot_clock(), time.time(), _boot_clock()
        if boot - before < AT_ONCE:
            return wall, boot


def _boot_clock() -> float:
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Names the start of this machine: readings of different starts cannot be compared."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _host() -> str:
    return platform.node()[:100]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@dataclass
class Watch:
    """One process's watch. It watches only where a server has switched it on (`begin_watch`).

    offset: wall clock minus the clock that never steps, at the last look; trusted: the confirmed time
    minus the clock that never steps; most: how many seconds are no step yet; settled: the newest alarm that
    this process knows to be settled.
    """

    on: bool = False
    ready: bool = False
    alarmed: bool = False
    offset: float = 0.0
    trusted: float = 0.0
    correction: float = 0.0
    most: float = MOST
    kept_at: float = 0.0
    settled: int = 0
    lock: RLock = field(default_factory=RLock)

    def now(self) -> datetime:
        """The time that counts, also when another process was told a moment ago which it is."""
        return self.at_right_time(_moment_of_asking)

    def at_right_time(self, act: Callable[[datetime, int | None], T]) -> T:
        """Do what reckons with the time; again, where another time was confirmed meanwhile.

        `act` is given the time and the number of the confirmation that it rests on (`refuse_overtaken`);
        None where nothing is watched.
        """
        if not self.on:
            return act(_unwatched_now(), None)
        while True:
            settled = self.settled  # before the time is read: a newer one than it says does no harm
            try:
                return act(self.reading(), settled)
            except TimeOvertaken:
                self.hear_of_others()

    def reading(self) -> datetime:
        """The time as this process knows it. Costs two readings of clocks while all is well."""
        wall, boot = clocks()
        if not self.ready or self.alarmed or abs(wall - boot - self.offset) > self.most:
            return self._in_doubt()
        self.offset = wall - boot  # follows a clock that is slewed, a little at a time
        return _moment(wall + self.correction)

    def _in_doubt(self) -> datetime:
        with self.lock:
            wall, boot = clocks()
            if not self.ready:
                self._start(wall, boot)
            elif self.alarmed:
                self._hear_of_confirmation(wall, boot)
            elif abs(wall - boot - self.offset) > self.most:
                self._stepped(wall, boot)
            seconds = boot + self.trusted if self.alarmed else wall + self.correction
            return _moment(seconds)

    def _sound(self, wall: float, boot: float, correction: float) -> None:
        self.offset, self.correction, self.alarmed = wall - boot, correction, False

    def _stepped(self, wall: float, boot: float) -> None:
        """The wall clock is no longer where it was."""
        row = ClockReading.objects.filter(host=_host(), boot_id=boot_id()).first()
        if row and abs(wall - row.wall - (boot - row.boot)) <= self.most:
            self._sound(wall, boot, row.correction)  # settled while this process did not run
            return
        expected = boot + self.offset + self.correction
        if abs(wall - expected) <= self.most:
            self._sound(wall, boot, 0.0)  # it came back to the confirmed time
            keep_reading(wall, boot, 0.0)
            return
        self._doubt(ClockAlarm.Kind.STEP, expected, wall, boot, since=expected, around=AROUND)

    def _doubt(
        self, kind: str, expected: float, wall: float, boot: float, *, since: float,
        around: timedelta | None = None,
    ) -> None:  # fmt: skip
        """Alarm, unless nothing depends on the time and the clock went forward only."""
        at_stake = is_running(_moment(since)) or (
            around is not None and is_session_day(_moment(expected), around)
        )
        if not at_stake and wall >= expected - self.most:
            self._sound(wall, boot, 0.0)
            keep_reading(wall, boot, 0.0)
            with transaction.atomic():
                record(
                    actor=SYSTEM, action="clock.step", subject=_host(), now=_moment(wall),
                    detail={"seconds": round(wall - expected, 1)},
                )  # fmt: skip
            return
        self._alarm(kind, expected, wall, boot, since=since)

    def _alarm(self, kind: str, expected: float, wall: float, boot: float, *, since: float) -> None:
        """In doubt only once it is written down: what is not written nobody can confirm."""
        raise_alarm(kind=kind, expected=expected, found=wall, since=since)
        self.trusted, self.alarmed = expected - boot, True

    def _hear_of_confirmation(self, wall: float, boot: float) -> None:
        if not open_alarm():
            self._adopt(wall, boot)

    def _adopt(self, wall: float, boot: float) -> None:
        """Go on from the time that was confirmed last, here or at another machine."""
        newest = ClockAlarm.objects.filter(is_open=False).first()
        row = ClockReading.objects.filter(host=_host(), boot_id=boot_id()).first()
        if row and abs(wall - row.wall - (boot - row.boot)) <= self.most:
            self._sound(wall, boot, row.correction)
            self.settled = newest.pk if newest else 0
            return
        # It was confirmed at another machine, whose clocks are not ours: the time that was said to be
        # right there is right here, whatever we took for it.
        right = _others_time()
        if newest and newest.confirmed_at:
            right = max(right or 0.0, newest.confirmed_at.timestamp())
        self._go_by(wall, boot, boot + self.trusted if right is None else right)
        self.settled = newest.pk if newest else 0

    def _go_by(self, wall: float, boot: float, right: float) -> None:
        """Go by a time that others keep, a few seconds old; by our own clocks where these agree with it."""
        agrees = (c for c in (0.0, self.correction) if -self.most <= wall + c - right <= AGREES)
        self._sound(wall, boot, next(agrees, right - wall))
        keep_reading(wall, boot, self.correction)

    def _start(self, wall: float, boot: float) -> None:
        """What was known before this process began, against the clocks as they stand."""
        self.most = _limit("sessions.clock_step_seconds")
        row = ClockReading.objects.filter(host=_host()).first()
        newest = newest_sign() if row is None else row.wall + row.correction
        same_start = row is not None and row.boot_id == boot_id()
        self.settled = newest_settled()
        if row is not None and same_start:
            expected = row.wall + row.correction + (boot - row.boot)
        else:
            expected = newest if newest is not None else wall
        if open_alarm():
            self.trusted, self.alarmed = expected - boot, True
        elif row is not None and same_start:
            self._start_of_process(row, wall, boot, expected)
        else:
            self._start_of_machine(row, wall, boot, newest)
        self.ready = True  # only now: a database that was away is asked again

    def _start_of_process(
        self, row: ClockReading, wall: float, boot: float, expected: float
    ) -> None:
        self._sound(wall, boot, row.correction)
        alive = _last_life(row.wall + row.correction, until=expected)
        if abs(wall + row.correction - expected) > self.most:
            if abs(wall - expected) <= self.most:
                self._sound(wall, boot, 0.0)
            else:
                self._doubt(ClockAlarm.Kind.STEP, expected, wall, boot, since=alive)
        elif expected - alive > _limit("sessions.gap_confirm_seconds") and is_running(
            _moment(alive)
        ):
            self._alarm(ClockAlarm.Kind.GAP, expected, wall, boot, since=alive)
        if not self.alarmed:
            keep_reading(wall, boot, self.correction)

    def _start_of_machine(
        self, row: ClockReading | None, wall: float, boot: float, newest: float | None
    ) -> None:
        """After the machine was off nothing measured how long: only the records tell.

        Nobody knows what passed: in doubt the time goes on from the last record until somebody says.
        """
        self._sound(wall, boot, 0.0)
        if newest is not None and wall < newest - self.most:
            self._alarm(ClockAlarm.Kind.BEHIND, newest, wall, boot, since=newest)
            return
        if row is None and self.settled and self._go_by_others(wall, boot):
            return
        if row is None or newest is None:
            keep_reading(wall, boot, 0.0)
            return
        alive = _last_life(newest, until=max(wall, wall + row.correction))
        if abs(row.correction) > self.most:
            self._start_corrected(row, wall, boot, alive)
        elif wall - alive > _limit("sessions.gap_confirm_seconds") and is_running(_moment(alive)):
            self._alarm(ClockAlarm.Kind.GAP, alive, wall, boot, since=alive)
        else:
            keep_reading(wall, boot, 0.0)

    def _go_by_others(self, wall: float, boot: float) -> bool:
        """Go by the time of another machine that is at work, where there is one.

        Nothing is kept of this machine, and a time was confirmed: perhaps while it was away.
        """
        before = _others_time()
        if before is None:
            return False
        if not -self.most <= wall - before <= AGREES:
            Signal().wait(KEEP + 2 * LOOK)  # one that is at work has kept another reading by then
            wall, boot = clocks()
        right = _others_time()
        if right is None or (right == before and not -self.most <= wall - right <= AGREES):
            return False
        self._go_by(wall, boot, right)
        return True

    def _start_corrected(self, row: ClockReading, wall: float, boot: float, alive: float) -> None:
        """The wall clock was wrong and had been corrected here; nobody has said that it was set since.

        Another machine that has gone on meanwhile shows whether the correction still holds.
        """
        for correction in (row.correction, 0.0):
            if _another_agrees(wall + correction):
                self._sound(wall, boot, correction)
                keep_reading(wall, boot, correction)
                return
        expected = max(wall + row.correction, alive)
        self._alarm(ClockAlarm.Kind.STEP, expected, wall, boot, since=alive)

    def ask(self, *, reason: str, by: str) -> None:
        """A proctor says that the time is not right: as after a step, until it is confirmed.

        Raises BadTime without a reason, or where it is being asked already.
        """
        if not reason.strip() or open_alarm():
            raise BadTime
        with self.lock:
            now, (wall, boot) = self.reading(), clocks()
            expected = now.timestamp()
            with transaction.atomic():
                self._alarm(ClockAlarm.Kind.ASKED, expected, wall, boot, since=expected)
                record(
                    actor=by, action="clock.ask", subject=_host(), now=now,
                    detail={"reason": reason.strip()},
                )  # fmt: skip

    def hear_of_others(self) -> None:
        """An alarm that another process raised, also one that was confirmed before we looked."""
        with self.lock:
            wall, boot = clocks()
            if newest_settled() > self.settled:
                self._adopt(wall, boot)
            if not self.alarmed and open_alarm():
                # Doubt with the others: what is confirmed to them holds here too.
                self.trusted, self.alarmed = wall + self.correction - boot, True

    def look(self) -> None:
        """A look a second, and a reading kept every few seconds, for whoever starts after us."""
        wall, boot = clocks()  # before it is compared: what is kept was seen to be sound
        self.reading()
        self.hear_of_others()
        if not self.alarmed and boot - self.kept_at >= KEEP:
            self.kept_at = boot
            recent = Q(wall__gt=wall - KEEP / 2, wall__lte=wall, boot_id=boot_id())
            if not ClockReading.objects.filter(recent, host=_host()).exists():
                keep_reading(wall, boot, self.correction)


def _moment_of_asking(now: datetime, settled: int | None) -> datetime:
    refuse_overtaken(settled)
    return now


def _unwatched_now() -> datetime:
    """The time in a process that does not watch: by the correction that was confirmed at this machine."""
    wall, boot = clocks()
    row = ClockReading.objects.filter(host=_host(), boot_id=boot_id()).first()
    fits = row is not None and abs(wall - row.wall - (boot - row.boot)) <= MOST
    return timezone.now() + timedelta(seconds=row.correction if row is not None and fits else 0.0)


WATCH = Watch()
now, at_right_time = WATCH.now, WATCH.at_right_time


def begin_watch() -> None:
    """Watch in this process, beside its requests."""
    WATCH.on = True
    Thread(target=_watch, name="clock", daemon=True).start()


def _watch() -> None:
    wait, accommodations = Signal(), AccommodationWatch()
    while True:
        try:
            WATCH.look()
            accommodations.look()
        except DatabaseError as exc:
            LOG.warning("clock: %s", exc)
            connection.close()
        finally:
            close_old_connections()
        wait.wait(LOOK)


def _limit(key: str) -> float:
    """A limit of policy in seconds. The clock is everybody's: the strictest agency's value counts.

    At a site agencies have no values of their own: what they had came with their programmes.
    """
    own = Override.objects.filter(key=key).values_list("value", flat=True)
    brought = Programme.objects.filter(from_centre=True).values("policy_digest")
    kept = Snapshot.objects.filter(digest__in=brought).values_list(f"content__{key}", flat=True)
    values = [default_rules()[key].value, *own, *(value for value in kept if value is not None)]
    return float(min(value for value in values if value > 0))


def keep_reading(wall: float, boot: float, correction: float) -> None:
    """Write down how the clocks stand."""
    values = {"boot_id": boot_id(), "boot": boot, "wall": wall, "correction": correction}
    ClockReading.objects.update_or_create(host=_host(), defaults=values)


def newest_sign() -> float | None:
    """When anybody was last heard of here, by the log and the heartbeats (seconds)."""
    own = Attempt.objects.filter(uploads=False)
    heard = own.filter(seen_at__isnull=False).order_by("-seen_at")
    # Not the whole log: requests wait for this.
    last = list(heard.values_list("pk", flat=True)[:NEWEST])
    found = [
        Event.objects.filter(attempt__in=last).aggregate(newest=Max("received_at"))["newest"],
        own.aggregate(newest=Max("seen_at"))["newest"],
    ]
    return max((moment.timestamp() for moment in found if moment), default=None)


def _another_agrees(seconds: float) -> bool:
    """Whether another machine of the installation is at work now, at this time."""
    rows = ClockReading.objects.exclude(host=_host())
    return any(0 <= seconds - (row.wall + row.correction) <= AGREES for row in rows)


def _others_time() -> float | None:
    """The time that another machine of the installation kept last (seconds)."""
    rows = ClockReading.objects.exclude(host=_host())
    return max((row.wall + row.correction for row in rows), default=None)


def _last_life(known: float, *, until: float) -> float:
    """When anybody was last served, by this machine or by another of the installation (seconds).

    known: when this machine last was; what others tell of a time after `until` is not believed.
    """
    others = ClockReading.objects.exclude(host=_host())
    signs = [row.wall + row.correction for row in others] + [newest_sign() or known]
    return max([known, *(sign for sign in signs if sign <= until)])


def _open_here() -> QuerySet[Session]:
    """Open sessions, less those at sites: there another clock counts, and another proctor sees to it."""
    return Session.objects.filter(state=Session.State.OPEN, at_site__isnull=True)


def _unfinished() -> Q:
    return Q(
        begun_at__isnull=False, submitted_at__isnull=True, set_aside_at__isnull=True,
        seat__session__in=_open_here(),
    )  # fmt: skip


def is_running(moment: datetime) -> bool:
    """Whether somebody was at work at this moment."""
    rows = Attempt.objects.filter(_unfinished(), paused_at__isnull=True)
    return rows.filter(begun_at__lt=moment + JUST_BEGUN, closes_at__gt=moment).exists()


def is_session_day(moment: datetime, around: timedelta) -> bool:
    """Whether an open session belongs to this time."""
    rows = _open_here()
    return rows.filter(starts_at__lt=moment + around, ends_at__gt=moment - around).exists()


def raise_alarm(*, kind: str, expected: float, found: float, since: float) -> None:
    """Let the clocks of all open sessions stand still since then; one alarm at a time."""
    at = _moment(expected)
    try:
        with transaction.atomic():
            alarm = ClockAlarm.objects.create(
                host=_host(), kind=kind, expected_at=at, found_at=_moment(found),
                since=_moment(since),
            )  # fmt: skip
            for session in _open_here().order_by("pk"):
                _stand_still(session, alarm, at)
            record(
                actor=SYSTEM, action="clock.alarm", subject=_host(), now=at,
                detail={"kind": kind, "expected": at.isoformat(), "found": alarm.found_at.isoformat()},
            )  # fmt: skip
    except IntegrityError:
        if open_alarm() is None:  # otherwise another process saw it first
            raise


def _stand_still(session: Session, alarm: ClockAlarm, at: datetime) -> None:
    one_at_a_time(session.pk)
    text = f"{alarm.get_kind_display().capitalize()}: {alarm.step:+.0f} detik."
    Interruption.objects.create(
        session=session,
        kind=Interruption.Kind.CLOCK,
        started_at=alarm.since,
        reason=text,
        by=SYSTEM,
    )
    Incident.objects.create(
        session=session, by=SYSTEM, at=at,
        text=f"{text} Waktu peserta berhenti sampai pengawas memastikan jam.",
    )  # fmt: skip
    reckon_running(session)


def confirm_time(
    *,
    alarm: ClockAlarm,
    choice: str,
    right_at: datetime | None,
    reason: str,
    by: str,
    ahead: timedelta | None = None,
) -> datetime:
    """Say which time is right and let clocks run on from it; everybody has what was left at the step.

    `choice`: the time as it went on (`old`), the wall clock (`new`), or the one typed (`right_at`).
    ahead: by how much the wall clock was ahead of the time that went on where both were shown, which
    may have been another machine; None: here.
    Returns the time from now on. Raises BadTime where it was settled already or nothing was typed.
    """
    if not reason.strip() or (choice == TYPED and right_at is None):
        raise BadTime
    with WATCH.lock, transaction.atomic():
        old = WATCH.reading()
        wall, boot = clocks()
        new = _moment(wall) if ahead is None else old + ahead
        right = {OLD: old, NEW: new}.get(choice) or right_at
        if right is None:
            raise BadTime
        settled = ClockAlarm.objects.filter(pk=alarm.pk, is_open=True).update(
            is_open=False, confirmed_at=right, confirmed_by=by, choice=choice, reason=reason.strip()
        )
        if not settled:
            raise BadTime
        for session in (
            Session.objects.filter(
                interruptions__kind=Interruption.Kind.CLOCK,
                interruptions__ended_at__isnull=True,
                at_site__isnull=True,
            )
            .distinct()
            .order_by("pk")
        ):
            _run_on(session, alarm, old=old, right=right, by=by)
        correction = right.timestamp() - wall
        if choice == NEW and abs(correction) <= WATCH.most:
            correction = 0.0  # it is this machine's own
        keep_reading(wall, boot, correction)
        # What other machines took for right is settled too: they go on from what was confirmed here.
        ClockReading.objects.exclude(host=_host()).delete()
        record(
            actor=by, action="clock.confirm", subject=alarm.host, now=right,
            detail={
                "choice": choice, "old": old.isoformat(), "found": _moment(wall).isoformat(),
                "right": right.isoformat(), "reason": reason.strip(),
            },
        )  # fmt: skip
        transaction.on_commit(lambda: WATCH._sound(wall, boot, correction))
    return right


def _run_on(
    session: Session, alarm: ClockAlarm, *, old: datetime, right: datetime, by: str
) -> None:
    one_at_a_time(session.pk)
    if right < alarm.since:
        _restate(session, right - old)
    _begin_before(session, right)
    still = session.interruptions.filter(kind=Interruption.Kind.CLOCK, ended_at__isnull=True)
    still.update(ended_at=right, ended_by=by)
    reckon_running(session)
    Incident.objects.create(
        session=session, by=by, at=right,
        text=f"Jam dipastikan: {timezone.localtime(right):%d-%m-%Y %H.%M.%S}. Waktu peserta berjalan lagi.",
    )  # fmt: skip


def _restate(session: Session, shift: timedelta) -> None:
    """The time before was ahead: what the session's exams are reckoned from is said in the right time.

    Also what was submitted or closed meanwhile: it may be opened again. The log of answers keeps the
    times that it was written with; the confirmation stands beside it.
    """
    attempts = Attempt.objects.filter(seat__session=session)
    of_session = {"attempt__in": list(attempts.values_list("pk", flat=True))}
    _shift(SectionTime.objects.filter(**of_session), shift, "begun_at", "closes_at", "left_at")
    _shift(session.interruptions.all(), shift, "started_at", "ended_at")
    _shift(Silence.objects.filter(**of_session), shift, "since", "until")
    _shift(Grant.objects.filter(**of_session), shift, "at")
    _shift(attempts, shift, "begun_at", "closes_at", "seen_at", "submitted_at", "set_aside_at")
    _shift(Seat.every.filter(session=session), shift, "removed_at")
    _shift(Session.objects.filter(pk=session.pk), shift, "closed_at", "postponed_at")


def _shift(rows: QuerySet[Any], shift: timedelta, *fields: str) -> None:
    """Move moments on, or back; what is not there stays away."""
    rows.update(**{field: F(field) + shift for field in fields})


def _begin_before(session: Session, right: datetime) -> None:
    """What people stopped during the doubt stands still from the right time on, not from later than that."""
    session.interruptions.filter(ended_at__gt=right).update(ended_at=right)
    session.interruptions.filter(started_at__gt=right).update(started_at=right)
