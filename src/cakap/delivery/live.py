"""The room as it is now, refreshed cheaply: what was read stays read, new events are added to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Count
from numpy.typing import NDArray

from cakap.delivery.models import Attempt, Event, Incident, Stray
from cakap.itembank.queries import form_versions
from cakap.programmes.models import Seat, Session

# A transaction that began earlier may show its events later: look back this far for more.
OVERLAP = timedelta(seconds=20)
QUIET = timedelta(seconds=45)


@dataclass(frozen=True, kw_only=True, slots=True)
class Now:
    """A seat at this moment. left: seconds of active time; seen: seconds ago; away: times the page
    was left; strays: what an earlier machine still sent."""

    standing: str
    answered: int
    left: int | None
    seen: int | None
    away: int
    strays: int
    workstation: str

    @property
    def row(self) -> list[object]:
        """As the console hears it."""
        return [
            self.standing, self.answered, self.left, self.seen, self.away, self.strays,
            self.workstation,
        ]  # fmt: skip


@dataclass
class Progress:
    """How many items each attempt has answered. newest: (attempts, items), the seq of the newest
    answer, negative where that took the answer back, 0 where there is none."""

    items: Mapping[int, int]
    rows: dict[int, int] = field(default_factory=dict)
    newest: NDArray[np.int32] = field(init=False)
    away: dict[int, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.newest = np.zeros((64, len(self.items)), dtype=np.int32)

    def add(self, attempt: int, seq: int, kind: str, item: int, response: str) -> None:
        """One event; the same again, or an older one, changes nothing."""
        if kind in {Event.Kind.FOCUS, Event.Kind.COPY}:
            if response != "back":
                self.away.setdefault(attempt, set()).add(seq)
            return
        row = self.rows.setdefault(attempt, len(self.rows))
        if row >= len(self.newest):
            self.newest = np.concatenate([self.newest, np.zeros_like(self.newest)])
        column = self.items[item]
        if seq > abs(self.newest[row, column]):
            self.newest[row, column] = seq if response else -seq

    def answered(self, attempt: int) -> int:
        """Items with an answer."""
        row = self.rows.get(attempt)
        return 0 if row is None else int((self.newest[row] > 0).sum())


class Board:
    """One session's room. `refresh` reads what is new and returns every seat, by its number."""

    def __init__(self, session: int) -> None:
        self.session = session
        form = Session.objects.values_list("form_id", flat=True).get(pk=session)
        versions = form_versions(form)
        self._progress = Progress(items={version: at for at, version in enumerate(versions)})
        self._since: datetime | None = None
        self.all_items = len(versions)

    def refresh(self, now: datetime) -> dict[int, Now]:
        """Every seat of the room at this moment."""
        self._read(now)
        session = Session.objects.get(pk=self.session)
        sent_late = Stray.objects.filter(
            attempt__seat__session=self.session, decision__isnull=True, kind=Event.Kind.ANSWER
        )
        strays = dict(sent_late.values_list("attempt_id").annotate(n=Count("pk")))
        seats = (
            Seat.objects.filter(session=self.session)
            .select_related("attempt", "checkin")
            .prefetch_related("attempt__devices")
        )
        return {seat.number: self._seat(seat, session, strays, now) for seat in seats}

    def _read(self, now: datetime) -> None:
        events = Event.objects.filter(attempt__seat__session=self.session, late=False).exclude(
            kind__in=[Event.Kind.FLAG, Event.Kind.SHOWN, Event.Kind.TYPED]
        )
        if self._since:
            events = events.filter(received_at__gte=self._since)
        rows = events.values_list("attempt_id", "seq", "kind", "item_id", "response")
        for row in rows.iterator(chunk_size=20000):
            self._progress.add(*row)
        self._since = now - OVERLAP

    def _seat(self, seat: Seat, session: Session, strays: Mapping[int, int], now: datetime) -> Now:
        attempt = getattr(seat, "attempt", None)
        if attempt is None:
            standing = "checked_in" if hasattr(seat, "checkin") else "absent"
            return Now(
                standing=standing, answered=0, left=None, seen=None, away=0, strays=0,
                workstation="",
            )  # fmt: skip
        devices = {device.key: device for device in attempt.devices.all()}
        own = devices.get(attempt.device)
        standing = standing_of(attempt, session, now)
        return Now(
            standing=standing,
            answered=self._progress.answered(attempt.pk),
            left=None if standing == "ended" else _left(attempt, now),
            seen=int((now - attempt.seen_at).total_seconds()) if attempt.seen_at else None,
            away=len(self._progress.away.get(attempt.pk, ())),
            strays=strays.get(attempt.pk, 0),
            workstation=(own.workstation or own.address) if own else "",
        )


def standing_of(attempt: Attempt, session: Session, now: datetime) -> str:
    """Where an attempt stands, for the proctor."""
    session_is_over = session.state in {Session.State.CLOSED, Session.State.CANCELLED}
    if attempt.submitted_at or session_is_over:
        return "submitted" if attempt.submitted_at else "ended"
    if not attempt.device:
        return "freed"
    if attempt.begun_at is None or attempt.closes_at is None:
        return "signed_in"
    if attempt.paused_at:
        return "paused"
    if now > attempt.closes_at:
        return "time_up"
    return "silent" if attempt.seen_at and now - attempt.seen_at > QUIET else "working"


def _left(attempt: Attempt, now: datetime) -> int | None:
    bounds = attempt.bounds
    if bounds is None or attempt.submitted_at:
        return None
    return int(bounds.left(now).total_seconds())


def changes(before: Mapping[int, Now], after: Mapping[int, Now]) -> dict[int, list[object]]:
    """The rows that differ, by seat. Seconds alone are counted by the page itself: they need no row."""
    return {
        number: now.row
        for number, now in after.items()
        if number not in before or _telling(before[number]) != _telling(now)
    }


def _telling(row: Now) -> tuple[object, ...]:
    # Heard of again within a quarter of a minute, and a clock that only ran on, is no news.
    quarter = None if row.seen is None else row.seen // 15
    return (row.standing, row.answered, quarter, row.away, row.strays, row.workstation)


def counts(rows: Mapping[int, Now]) -> dict[str, int]:
    """How many seats stand where."""
    return dict(Counter(row.standing for row in rows.values()))


def newest_incident(session: int) -> int:
    """The number of the newest incident: the console fetches its list again when it grows."""
    newest = Incident.objects.filter(session=session).order_by("-pk")
    return newest.values_list("pk", flat=True).first() or 0
