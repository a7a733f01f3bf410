"""Answers into the log, many participants' at a time: one transaction, one insert, an outcome each.

The page and the hot path both end here. What is acknowledged is committed.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from cakap.delivery.errors import (
    AnswerConflict,
    BadEvent,
    NotBegun,
    NotSignedIn,
    OtherDevice,
)
from cakap.delivery.models import Attempt, Event, Offer
from cakap.errors import Refused
from cakap.itembank.models import Form
from cakap.itembank.queries import adaptive_pools, form_options
from cakap.policy.queries import policy_kept
from cakap.programmes.models import Session

# A row that is written anew for every answer costs more than the answer.
SEEN_AGAIN = timedelta(seconds=5)
MOST_EVENTS, MOST_SEQ, ROWS_AN_INSERT = 500, 2**31 - 1, 2000
COLUMNS = (
    "attempt_id", "seq", "kind", "item_id", "response", "client_at", "received_at", "late",
    "device", "address",
)  # fmt: skip
Row = tuple[object, ...]
UNREADABLE = "Susunan jawaban tidak dikenali."


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One event as the page sends it."""

    seq: int
    kind: str
    item: int
    response: str
    at: datetime


def events_of(told: Any) -> list[Sent]:
    """The events of a body that was JSON; refused whole where one of them is not an event."""
    try:
        return [
            Sent(
                seq=int(event["seq"]),
                kind=str(event["kind"]),
                item=int(event["item"]),
                response=str(event["response"]),
                at=_moment(event["at"]),
            )
            for event in told
        ]
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise BadEvent(UNREADABLE) from exc


def _moment(text: object) -> datetime:
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        message = "a time without its zone"
        raise ValueError(message)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """What one device sends at once; nothing in `sent` is a heartbeat."""

    attempt: int
    device: str
    sent: Sequence[Sent]
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The newest seq of a sending, and the seconds that are left."""

    last_seq: int
    seconds_left: float


Outcome = Kept | Refused


@dataclass(frozen=True, kw_only=True, slots=True)
class _Standing:
    """Of an attempt, what decides whether its answers are taken."""

    device: str
    begun_at: datetime | None
    closes_at: datetime | None
    submitted_at: datetime | None
    state: str
    form: int
    policy: str
    seen_at: datetime | None

    def is_over(self, now: datetime) -> bool:
        if self.submitted_at or self.state != Session.State.OPEN or self.closes_at is None:
            return True
        return now > self.closes_at + late_grace(self.policy)


class _Conflicts(Exception):
    """Places of sendings whose seq is in the log with other content: nothing is kept yet."""

    def __init__(self, places: Iterable[int]) -> None:
        self.places = set(places)
        super().__init__()


def save(sendings: Sequence[Sending], *, now: datetime) -> list[Outcome]:
    """Keep what may be kept, all of a sending or nothing of it; an outcome for each, in order.

    The same event under the same seq is no news. What comes after the end is kept and marked late.
    """
    standings = _standings({sending.attempt for sending in sendings})
    outcomes: list[Outcome | None] = [
        _refusal(sending, standings.get(sending.attempt)) for sending in sendings
    ]
    _refuse_out_of_turn(sendings, outcomes, standings)
    while True:
        places = [place for place, outcome in enumerate(outcomes) if outcome is None]
        try:
            _commit([(place, sendings[place]) for place in places], standings, now)
            break
        except _Conflicts as found:
            for place in found.places:
                outcomes[place] = AnswerConflict()
    return [
        outcome or _kept(sending, standings[sending.attempt], now)
        for sending, outcome in zip(sendings, outcomes, strict=True)
    ]


def _kept(sending: Sending, standing: _Standing, now: datetime) -> Kept:
    left = (standing.closes_at - now).total_seconds() if standing.closes_at else 0.0
    last = max((event.seq for event in sending.sent), default=0)
    return Kept(last_seq=last, seconds_left=max(left, 0.0))


def _standings(attempts: set[int]) -> dict[int, _Standing]:
    rows = Attempt.objects.filter(pk__in=attempts).values_list(
        "pk", "device", "begun_at", "closes_at", "submitted_at", "seat__session__state",
        "seat__session__form_id", "seat__session__programme__policy_digest", "seen_at",
    )  # fmt: skip
    return {
        pk: _Standing(
            device=device, begun_at=begun, closes_at=closes, submitted_at=submitted, state=state,
            form=form, policy=policy, seen_at=seen,
        )
        for pk, device, begun, closes, submitted, state, form, policy, seen in rows
    }  # fmt: skip


def _refusal(sending: Sending, standing: _Standing | None) -> Refused | None:
    if standing is None:
        return NotSignedIn()
    if not hmac.compare_digest(standing.device, sending.device):
        return OtherDevice()
    if standing.begun_at is None:
        return NotBegun()
    return _unknown(sending.sent, options_of(standing.form))


def _unknown(sent: Sequence[Sent], options: dict[int, frozenset[str]]) -> Refused | None:
    if len(sent) > MOST_EVENTS:
        return BadEvent(
            f"Terlalu banyak jawaban sekaligus: {len(sent)}, paling banyak {MOST_EVENTS}."
        )
    for event in sent:
        allowed = options.get(event.item)
        if allowed is None:
            return BadEvent(f"Butir {event.item} tidak ada dalam ujian ini.")
        known = {"", "1"} if event.kind == Event.Kind.FLAG else {"", *allowed}
        sound = 1 <= event.seq <= MOST_SEQ and 1970 <= event.at.year <= 2200
        if event.kind not in Event.Kind.values or event.response not in known or not sound:
            return BadEvent(f"Jawaban nomor urut {event.seq} tidak dikenali.")
    return None


def _refuse_out_of_turn(
    sendings: Sequence[Sending],
    outcomes: list[Outcome | None],
    standings: dict[int, _Standing],
) -> None:
    """Of an adaptive section only the newest item may be answered; what is kept already is no news."""
    for place, sending in enumerate(sendings):
        if outcomes[place] is not None:
            continue
        pools = pools_of(standings[sending.attempt].form)
        own = {version: section for section, pool in pools.items() for version in pool}
        turns = [
            event for event in sending.sent if event.item in own and event.kind == Event.Kind.ANSWER
        ]
        if turns and not _in_turn(sending.attempt, turns, own):
            outcomes[place] = BadEvent(
                "Soal bagian adaptif hanya dapat dijawab sebelum soal berikutnya diminta."
            )


def _in_turn(attempt: int, turns: Sequence[Sent], own: dict[int, int]) -> bool:
    offers = Offer.objects.filter(attempt=attempt).order_by("place")
    newest = {offer.section_id: offer.version_id for offer in offers}
    kept = set(
        Event.objects.filter(attempt=attempt, seq__in=[event.seq for event in turns]).values_list(
            "seq", flat=True
        )
    )
    return all(event.seq in kept or newest.get(own[event.item]) == event.item for event in turns)


@transaction.atomic
def _commit(
    accepted: Sequence[tuple[int, Sending]], standings: dict[int, _Standing], now: datetime
) -> None:
    rows: list[Row] = [
        (
            sending.attempt, event.seq, event.kind, event.item, event.response, event.at, now,
            standings[sending.attempt].is_over(now), sending.device, sending.address,
        )
        for _, sending in accepted
        for event in sending.sent
    ]  # fmt: skip
    if _insert(rows) < len(rows):
        conflicts = _conflicting(accepted)
        if conflicts:
            raise _Conflicts(conflicts)
    unseen = {
        sending.attempt
        for _, sending in accepted
        if (seen := standings[sending.attempt].seen_at) is None or now - seen > SEEN_AGAIN
    }
    if unseen:
        Attempt.objects.filter(pk__in=unseen).update(seen_at=now)


def _insert(rows: Sequence[Row]) -> int:
    """Append; how many were new. The conflict target is named: any other failure is one."""
    table = connection.ops.quote_name(Event._meta.db_table)
    one = f"({', '.join(['%s'] * len(COLUMNS))})"
    inserted = 0
    with connection.cursor() as cursor:
        for start in range(0, len(rows), ROWS_AN_INSERT):
            part = rows[start : start + ROWS_AN_INSERT]
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(COLUMNS)}) VALUES {', '.join([one] * len(part))} "  # noqa: S608
                "ON CONFLICT (attempt_id, seq) DO NOTHING",
                [_adapted(value) for row in part for value in row],
            )
            inserted += cursor.rowcount
    return inserted


def _adapted(value: object) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _conflicting(accepted: Sequence[tuple[int, Sending]]) -> set[int]:
    """Places whose seq now stands in the log with other content than was sent."""
    kept = {
        (attempt, seq): content
        for attempt, seq, *content in Event.objects.filter(
            attempt__in={sending.attempt for _, sending in accepted},
            seq__in={event.seq for _, sending in accepted for event in sending.sent},
        ).values_list("attempt_id", "seq", "kind", "item_id", "response")
    }
    return {
        place
        for place, sending in accepted
        for event in sending.sent
        if kept.get((sending.attempt, event.seq)) != [event.kind, event.item, event.response]
    }


@lru_cache(maxsize=64)
def options_of(form: int) -> dict[int, frozenset[str]]:
    """A form in use is frozen, so its options may be remembered by every worker."""
    return form_options(Form.objects.get(pk=form))


@lru_cache(maxsize=64)
def pools_of(form: int) -> dict[int, frozenset[int]]:
    """Its adaptive sections' items, likewise."""
    return adaptive_pools(form)


@lru_cache(maxsize=64)
def late_grace(policy_digest: str) -> timedelta:
    """How long after the end an answer still counts; a kept policy never changes."""
    return timedelta(seconds=policy_kept(policy_digest)["sessions.late_grace_seconds"])
