"""Answers into the log, many participants' at a time: one transaction, one insert, an outcome each.

The page and the hot path both end here. What is acknowledged is committed.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from cakap.delivery.clock import Bounds
from cakap.delivery.door import NOWHERE, Caller, Door
from cakap.delivery.errors import (
    AnswerConflict,
    BadEvent,
    NotBegun,
    NotSignedIn,
    OtherDevice,
)
from cakap.delivery.models import (
    Announcement,
    Attempt,
    Device,
    Event,
    Offer,
    SectionTime,
    Stray,
)
from cakap.errors import Refused
from cakap.itembank.queries import adaptive_pools, form_answerable, timed_items
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


def told_in(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; refused where it is none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise BadEvent(UNREADABLE) from exc
    if not isinstance(told, dict):
        raise BadEvent(UNREADABLE)
    return told


def number_in(told: Mapping[str, Any], name: str) -> int:
    """A whole number that the page says, such as a section or a seq."""
    value = told.get(name)
    if not isinstance(value, int) or not 0 <= value <= MOST_SEQ:
        message = f"Diharapkan {name} berupa bilangan."
        raise BadEvent(message)
    return value


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
    caller: Caller = NOWHERE


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The newest seq of a sending, and how the attempt stands.

    sections: seconds that are left of sections with a time of their own; notices: (number, sentence)
    of what was announced, told to heartbeats.
    """

    last_seq: int
    seconds_left: float
    paused: bool = False
    sections: Mapping[int, float] = field(default_factory=dict)
    notices: Sequence[tuple[int, str]] = ()

    @property
    def told(self) -> dict[str, Any]:
        """As the exam page hears it."""
        return {
            "kept": self.last_seq, "seconds_left": self.seconds_left, "paused": self.paused,
            "sections": self.sections, "notices": [list(one) for one in self.notices],
        }  # fmt: skip


Outcome = Kept | Refused


@dataclass(frozen=True, kw_only=True, slots=True)
class _Standing:
    """Of an attempt, what decides whether its answers are taken, and which of them are late.

    sections: section -> its bounds, None once it was left; timed: item -> section with its own time.
    """

    device: str
    begun_at: datetime | None
    bounds: Bounds | None
    submitted_at: datetime | None
    session: int
    state: str
    form: int
    policy: str
    seen_at: datetime | None
    door: Door
    sections: Mapping[int, Bounds | None] = field(default_factory=dict)

    def is_late(self, item: int, now: datetime) -> bool:
        """Whether an answer to this item comes after its end."""
        if self.submitted_at or self.state != Session.State.OPEN:
            return True
        section = timed_of(self.form).get(item)
        bounds = self.bounds if section is None else self.sections.get(section)
        return bounds is None or bounds.is_over(now, late_grace(self.policy))

    def section_seconds(self, now: datetime) -> dict[int, float]:
        """What is left of the sections that were entered."""
        return {
            section: bounds.left(now).total_seconds() if bounds else 0.0
            for section, bounds in self.sections.items()
        }


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
    _keep_strays(sendings, outcomes, standings, now)
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
    bounds = standing.bounds
    return Kept(
        last_seq=max((event.seq for event in sending.sent), default=0),
        seconds_left=bounds.left(now).total_seconds() if bounds else 0.0,
        paused=bool(bounds and bounds.paused_at),
        sections=standing.section_seconds(now),
        notices=() if sending.sent else notices_of(standing.session, int(now.timestamp()) // 3),
    )


def _standings(attempts: set[int]) -> dict[int, _Standing]:
    rows = Attempt.objects.filter(pk__in=attempts).values_list(
        "pk", "device", "begun_at", "closes_at", "paused_at", "submitted_at", "seen_at",
        "seat__session_id", "seat__session__state", "seat__session__form_id",
        "seat__session__programme__policy_digest", "seat__session__room__networks",
        "seat__session__quit_code",
    )  # fmt: skip
    found = {
        pk: _Standing(
            device=device, begun_at=begun, submitted_at=submitted, seen_at=seen, session=session,
            bounds=Bounds(closes_at=closes, paused_at=paused) if closes else None,
            state=state, form=form, policy=policy,
            door=Door(networks=networks, quit_code=quit_code),
        )
        for (
            pk, device, begun, closes, paused, submitted, seen, session, state, form, policy,
            networks, quit_code,
        ) in rows
    }  # fmt: skip
    timed = [pk for pk, standing in found.items() if timed_of(standing.form)]
    return found if not timed else found | _with_sections(timed, found)


def _with_sections(timed: Sequence[int], found: dict[int, _Standing]) -> dict[int, _Standing]:
    sections: dict[int, dict[int, Bounds | None]] = {pk: {} for pk in timed}
    for row in SectionTime.objects.filter(attempt__in=timed):
        own = found[row.attempt_id].bounds
        sections[row.attempt_id][row.section_id] = (
            None
            if row.left_at
            else Bounds(closes_at=row.closes_at, paused_at=own.paused_at if own else None)
        )
    return {pk: replace(found[pk], sections=own) for pk, own in sections.items()}


def _refusal(sending: Sending, standing: _Standing | None) -> Refused | None:
    if standing is None:
        return NotSignedIn()
    if not hmac.compare_digest(standing.device, sending.device):
        return OtherDevice()
    if standing.begun_at is None:
        return NotBegun()
    return standing.door.refusal(sending.caller) or _unknown(
        sending.sent, answerable_of(standing.form)
    )


def _keep_strays(
    sendings: Sequence[Sending],
    outcomes: Sequence[Outcome | None],
    standings: dict[int, _Standing],
    now: datetime,
) -> None:
    """What an earlier machine of an attempt still had is kept as evidence, though it does not count."""
    left = [
        sending
        for sending, outcome in zip(sendings, outcomes, strict=True)
        if isinstance(outcome, OtherDevice)
        and sending.sent
        and not _unknown(sending.sent, answerable_of(standings[sending.attempt].form))
    ]
    if not left:
        return
    known = set(
        Device.objects.filter(key__in=[one.device for one in left]).values_list("attempt", "key")
    )
    Stray.objects.bulk_create(
        [
            Stray(
                attempt_id=sending.attempt, device=sending.device, seq=event.seq, kind=event.kind,
                item_id=event.item, response=event.response, client_at=event.at,
                received_at=now, address=sending.caller.address[:45],
            )
            for sending in left
            if (sending.attempt, sending.device) in known
            for event in sending.sent
        ],
        update_conflicts=True, unique_fields=["attempt", "device", "seq"],
        update_fields=["received_at"],
    )  # fmt: skip


def _nothing(response: str) -> bool:
    return not response


# What an event that is no answer may say: the item was shown, the page was left or came back.
SAID: dict[str, Callable[[str], bool]] = {
    Event.Kind.FLAG: frozenset({"", "1"}).__contains__,
    Event.Kind.SHOWN: _nothing,
    Event.Kind.FOCUS: frozenset({"lost", "back"}).__contains__,
    Event.Kind.COPY: frozenset({"copy", "cut", "paste", "print"}).__contains__,
}


def _never(_response: str) -> bool:
    return False


def _unknown(
    sent: Sequence[Sent], answerable: Mapping[int, Callable[[str], bool]]
) -> Refused | None:
    if len(sent) > MOST_EVENTS:
        return BadEvent(
            f"Terlalu banyak jawaban sekaligus: {len(sent)}, paling banyak {MOST_EVENTS}."
        )
    for event in sent:
        may = answerable.get(event.item)
        if may is None:
            return BadEvent(f"Butir {event.item} tidak ada dalam ujian ini.")
        may = may if event.kind == Event.Kind.ANSWER else SAID.get(event.kind, _never)
        sound = 1 <= event.seq <= MOST_SEQ and 1970 <= event.at.year <= 2200
        if not sound or not may(event.response):
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
            standings[sending.attempt].is_late(event.item, now), sending.device,
            sending.caller.address[:45],
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
def answerable_of(form: int) -> dict[int, Callable[[str], bool]]:
    """A form in use is frozen, so what may be answered may be remembered by every worker."""
    return form_answerable(form)


@lru_cache(maxsize=64)
def timed_of(form: int) -> dict[int, int]:
    """Its items in sections with a time of their own: item -> section, likewise."""
    return timed_items(form)


@lru_cache(maxsize=256)
def notices_of(session: int, tick: int) -> tuple[tuple[int, str], ...]:
    """What was announced in a session, as of a moment; one query a few seconds, not one a person."""
    del tick
    return tuple(Announcement.objects.filter(session=session).values_list("pk", "text"))


@lru_cache(maxsize=64)
def pools_of(form: int) -> dict[int, frozenset[int]]:
    """Its adaptive sections' items, likewise."""
    return adaptive_pools(form)


@lru_cache(maxsize=64)
def late_grace(policy_digest: str) -> timedelta:
    """How long after the end an answer still counts; a kept policy never changes."""
    return timedelta(seconds=policy_kept(policy_digest)["sessions.late_grace_seconds"])
