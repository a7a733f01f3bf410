"""Answers into the log, many participants' at a time: one transaction, one insert, an outcome each.

The page and the hot path both end here. What is acknowledged is committed. A sending ends as it would
alone: what is wrong with one event is told of that event, and keeps no other from being saved.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce

from cakap.delivery.clock import Bounds
from cakap.delivery.door import Door
from cakap.delivery.ends import end_of, told_of_end
from cakap.delivery.errors import (
    AnswerConflict,
    BadEvent,
    EventRefusal,
    NotBegun,
    NotSignedIn,
    OtherDevice,
    OutOfTurn,
    RefusedEvent,
    TimeOvertaken,
)
from cakap.delivery.models import (
    Announcement,
    Attempt,
    ClockAlarm,
    Device,
    Event,
    Offer,
    SectionTime,
    Stray,
)
from cakap.delivery.outages import SEEN_AGAIN, note_silences
from cakap.delivery.protocol import (
    MOST_EVENTS,
    MOST_SEQ,
    UNREADABLE,
    Kept,
    Outcome,
    Sending,
    Sent,
)
from cakap.errors import Refused
from cakap.itembank.queries import adaptive_pools, form_answerable, timed_items
from cakap.itembank.responses import is_plain_text
from cakap.policy.queries import policy_kept
from cakap.programmes.models import Accommodation, Session

LOG = logging.getLogger(__name__)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # of nobody's session
ENDED = frozenset({Session.State.CLOSED, Session.State.CANCELLED})
ROWS_AN_INSERT, MOST_TYPED, MOST_KEY = 2000, 20_000, 2**63
PLAIN = frozenset({str, int, float, bool, type(None)})
# Pieces of evidence of one attempt: more than an honest machine leaves, and as many as officers can read.
MOST_EVIDENCE = 800
COLUMNS = (
    "attempt_id", "seq", "kind", "item_id", "response", "client_at", "received_at", "late",
    "device", "address",
)  # fmt: skip
Row = tuple[Any, ...]


@dataclass(kw_only=True, slots=True)  # not frozen: one is made for every answer
class _Standing:
    """Of an attempt, what decides whether its answers are taken, and which of them are late.

    settled: the newest confirmation of the server's time, by which all of this is said.
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
    page: int = 0
    removed: bool = False
    starts_at: datetime = EPOCH
    postponed_at: datetime | None = None
    settled: int = 0
    sections: Mapping[int, Bounds | None] = field(default_factory=dict)

    def is_late(self, item: int, now: datetime) -> bool:
        """Whether an answer to this item comes after its end."""
        if self.submitted_at or self.removed or self.state in ENDED:
            return True
        grace, section = late_grace(self.policy), timed_of(self.form).get(item)
        # Of a session that was postponed everybody's time stands still, so that no end marks what is
        # answered outside the room: only what was on its way counts.
        if self.state == Session.State.PLANNED:
            left_at = self.postponed_at
            if left_at is None or now > left_at + grace:
                return True
        if self.bounds is None or self.bounds.is_over(now, grace):
            return True
        own = self.bounds if section is None else self.sections.get(section)
        return own is None or own.is_over(now, grace)

    def end_by(self, now: datetime) -> str:
        """By what the attempt has ended, empty while it goes on."""
        return end_of(
            submitted_at=self.submitted_at, session_state=self.state, bounds=self.bounds, now=now,
            grace=late_grace(self.policy), removed=self.removed,
        )  # fmt: skip

    def section_seconds(self, now: datetime) -> dict[int, float]:
        """What is left of the sections that were entered."""
        return {
            section: bounds.left(now).total_seconds() if bounds else 0.0
            for section, bounds in self.sections.items()
        }


NOBODYS = _Standing(
    device="", begun_at=None, bounds=None, submitted_at=None, session=0, state="", form=0, policy="",
    seen_at=None, door=Door(),
)  # fmt: skip


@dataclass(kw_only=True, slots=True)
class _Checked:
    """A sending under way: what may be kept of it, what was refused, what goes to the evidence."""

    sending: Sending
    standing: _Standing
    good: list[Sent] = field(default_factory=list)
    refused: list[RefusedEvent] = field(default_factory=list)
    evidence: list[tuple[Sent, str]] = field(default_factory=list)
    refusal: Refused | None = None

    def refuse(
        self, event: Sent, why: type[EventRefusal], message: str = "", cause: str = ""
    ) -> None:
        """Set one event aside; with a cause it is kept as evidence."""
        told = why(message)
        seq = event.seq if type(event.seq) is int and 0 <= event.seq <= MOST_SEQ else None
        kept = bool(cause) and seq is not None
        self.refused.append(
            RefusedEvent(
                seq=seq, code=told.code, message=str(told), status=told.status, evidence=kept
            )
        )
        if kept:
            self.evidence.append((event, cause))

    def leave_out(self, event: Sent) -> None:
        """Refuse it without keeping it as evidence; whoever sent it is told so."""
        self.refused = [
            replace(one, evidence=False) if one.seq == event.seq else one for one in self.refused
        ]
        if isinstance(self.refusal, OtherDevice):
            self.refusal = OtherDevice(refused=self.refused)


def save(
    sendings: Sequence[Sending], *, now: datetime, settled: int | None = None
) -> list[Outcome]:
    """Keep what may be kept of every sending; an outcome for each, in order.

    The same event under the same seq is no news. What comes after the end is kept and marked late.
    Of several sendings of one attempt each finds what the ones before it left.

    settled: the confirmation that `now` rests on. Raises TimeOvertaken where there is a newer one; what
    is kept by then was kept rightly, and sending it again is no news.
    """
    outcomes: dict[int, Outcome] = {}
    for places in _rounds(sendings):
        found = _save_round([sendings[place] for place in places], now, settled)
        outcomes.update(zip(places, found, strict=True))
    return [outcomes[place] for place in range(len(sendings))]


def _rounds(sendings: Sequence[Sending]) -> Iterator[list[int]]:
    """Places of sendings, each attempt at most once a round, in their order."""
    rest = list(range(len(sendings)))
    while rest:
        taken: dict[int, int] = {}
        later = []
        for place in rest:
            if sendings[place].attempt in taken:
                later.append(place)
            else:
                taken[sendings[place].attempt] = place
        yield list(taken.values())
        rest = later


def _save_round(sendings: Sequence[Sending], now: datetime, settled: int | None) -> list[Outcome]:
    """One transaction for sendings of different attempts."""
    standings = _standings({sending.attempt for sending in sendings})
    if settled is not None and any(one.settled > settled for one in standings.values()):
        raise TimeOvertaken
    checked = [_check(sending, standings.get(sending.attempt)) for sending in sendings]
    try:
        with transaction.atomic():
            _commit(checked, now, poisoned=False)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - whichever row it was, no other shall suffer from it
        checked = [_check(sending, standings.get(sending.attempt)) for sending in sendings]
        with transaction.atomic():
            _commit(checked, now, poisoned=True)
    return [_outcome(one, now) for one in checked]


def _outcome(checked: _Checked, now: datetime) -> Outcome:
    if checked.refusal:
        return checked.refusal
    standing, refused = checked.standing, tuple(checked.refused)
    if refused and not checked.good:
        kinds = {one.__name__: one for one in (BadEvent, OutOfTurn, AnswerConflict)}
        return kinds[refused[0].code](refused[0].message, refused=refused)
    bounds, is_beat = standing.bounds, not checked.sending.sent
    tick = int(now.timestamp()) // 3
    return Kept(
        last_seq=max((event.seq for event in checked.good), default=0),
        seconds_left=bounds.left(now).total_seconds() if bounds else 0.0,
        paused=bool(bounds and bounds.paused_at),
        sections=standing.section_seconds(now),
        notices=notices_of(standing.session, tick) if is_beat else (),
        aids=aids_of(standing.session, tick).get(checked.sending.attempt, NO_AIDS)
        if is_beat
        else None,
        page=standing.page,
        refused=refused,
        ended=told_of_end(
            checked.sending.attempt, standing.end_by(now), now, starts_at=standing.starts_at
        ),
    )


@cache
def _standing_rows() -> QuerySet[Attempt, Any]:
    """What decides of every attempt, for a filter: naming the columns costs as much as asking for them.

    With it the newest confirmation of the time, as it was when all of this was read.
    """
    confirmed = ClockAlarm.objects.filter(is_open=False).order_by("-pk").values("pk")[:1]
    return Attempt.objects.annotate(settled=Coalesce(Subquery(confirmed), 0)).values_list(
        "pk", "device", "begun_at", "closes_at", "paused_at", "submitted_at", "seen_at",
        "seat__session_id", "seat__session__state", "seat__session__form_id",
        "seat__session__programme__policy_digest", "seat__session__room__networks",
        "seat__session__quit_code", "seat__session__exam_keys", "pages", "set_aside_at",
        "seat__session__starts_at", "seat__session__postponed_at", "settled",
    )  # fmt: skip


def _standings(attempts: set[int]) -> dict[int, _Standing]:
    rows = _standing_rows().filter(pk__in=[pk for pk in attempts if 0 < pk < 2**63])
    found = {
        pk: _Standing(
            device=device, begun_at=begun, submitted_at=submitted, seen_at=seen, session=session,
            bounds=Bounds(closes_at=closes, paused_at=paused) if closes else None,
            state=state, form=form, policy=policy,
            door=Door(networks=networks, quit_code=quit_code, exam_keys=exam_keys), page=page,
            removed=aside is not None, starts_at=starts_at, postponed_at=postponed_at,
            settled=settled,
        )
        for (
            pk, device, begun, closes, paused, submitted, seen, session, state, form, policy,
            networks, quit_code, exam_keys, page, aside, starts_at, postponed_at, settled,
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


def _check(sending: Sending, standing: _Standing | None) -> _Checked:
    """What may be kept of a sending, event by event; nothing is written yet."""
    if standing is None:
        return _Checked(sending=sending, standing=NOBODYS, refusal=NotSignedIn())
    checked = _Checked(sending=sending, standing=standing)
    answerable = answerable_of(standing.form)
    if standing.device != sending.device:  # it stands in a signed token: nobody guesses at it
        checked.refusal = _other_device(checked, answerable)
        return checked
    if standing.begun_at is None:
        checked.refusal = NotBegun()
    elif len(sending.sent) > MOST_EVENTS:
        checked.refusal = BadEvent(
            f"Terlalu banyak jawaban sekaligus: {len(sending.sent)}, paling banyak {MOST_EVENTS}."
        )
    else:
        checked.refusal = standing.door.refusal(sending.caller)
    if checked.refusal is None:
        _sort_out(checked, answerable)
    return checked


def _sort_out(checked: _Checked, answerable: Mapping[int, Callable[[str], bool]]) -> None:
    for event in checked.sending.unreadable:
        checked.refuse(event, BadEvent, UNREADABLE, cause=Stray.Cause.REFUSED)
    for event in checked.sending.sent:
        problem = _problem(event, answerable)
        if problem:
            checked.refuse(event, BadEvent, problem, cause=Stray.Cause.REFUSED)
        else:
            checked.good.append(event)
    _refuse_out_of_turn(checked)


def _other_device(
    checked: _Checked, answerable: Mapping[int, Callable[[str], bool]]
) -> OtherDevice:
    """What an earlier machine of an attempt still had is kept as evidence, though it does not count."""
    sending = checked.sending
    if not sending.sent or len(sending.sent) > MOST_EVENTS or not is_plain_text(sending.device):
        return OtherDevice()
    if not Device.objects.filter(attempt=sending.attempt, key=sending.device).exists():
        return OtherDevice()
    for event in sending.sent:
        if not _problem(event, answerable):
            checked.refuse(event, OtherDevice, cause=Stray.Cause.DEVICE)
    return OtherDevice(refused=checked.refused)


def _nothing(response: str) -> bool:
    return not response


def _typed(response: str) -> bool:
    return len(response) <= MOST_TYPED


# What an event that is no answer may say: the item was shown, the page was left or came back.
SAID: dict[str, Callable[[str], bool]] = {
    Event.Kind.FLAG: frozenset({"", "1"}).__contains__,
    Event.Kind.SHOWN: _nothing,
    Event.Kind.FOCUS: frozenset({"lost", "back"}).__contains__,
    Event.Kind.COPY: frozenset({"copy", "cut", "paste", "print"}).__contains__,
    Event.Kind.TYPED: _typed,
}


def _never(_response: str) -> bool:
    return False


def _problem(event: Sent, answerable: Mapping[int, Callable[[str], bool]]) -> str:
    """What is wrong with an event, in a sentence; empty where nothing is."""
    exact = (
        type(event.seq) is int and type(event.item) is int and type(event.kind) is str
        and type(event.response) is str and isinstance(event.at, datetime)
    )  # fmt: skip
    if not exact:
        return "Jawaban ini tidak berbentuk seperti yang dikirim halaman ujian."
    may = answerable.get(event.item)
    if may is None:
        return f"Butir {event.item} tidak ada dalam ujian ini."
    may = may if event.kind == Event.Kind.ANSWER else SAID.get(event.kind, _never)
    sound = 1 <= event.seq <= MOST_SEQ and event.at.tzinfo and 1970 <= event.at.year <= 2200
    if not sound or not is_plain_text(event.response) or not may(event.response):
        return f"Jawaban nomor urut {event.seq} tidak dikenali."
    return ""


def _refuse_out_of_turn(checked: _Checked) -> None:
    """Of an adaptive section only the newest item may be answered; what is kept already is no news."""
    pools = pools_of(checked.standing.form)
    own = {version: section for section, pool in pools.items() for version in pool}
    turns = [
        event for event in checked.good if event.item in own and event.kind == Event.Kind.ANSWER
    ]
    if not turns:
        return
    attempt = checked.sending.attempt
    offers = Offer.objects.filter(attempt=attempt).order_by("place")
    newest = {offer.section_id: offer.version_id for offer in offers}
    kept = _kept_contents([attempt], [event.seq for event in turns])
    for event in turns:
        if newest.get(own[event.item]) == event.item or _is_kept(attempt, event, kept):
            continue
        checked.good.remove(event)
        checked.refuse(event, OutOfTurn, cause=Stray.Cause.TURN)


def _commit(own: Sequence[_Checked], now: datetime, *, poisoned: bool) -> None:
    """Append what is good and what is evidence. After a failure (`poisoned`) each row by itself."""
    rows = [(one, event) for one in own for event in one.good]
    if poisoned:
        rows = _insert_singly(rows, now)
    elif _insert(_rows(rows, now)) < len(rows):
        _set_conflicts_aside(rows)
    _keep_evidence(own, now, poisoned=poisoned)
    unseen = {
        one.sending.attempt: one.standing.seen_at
        for one in own
        if one.refusal is None
        and ((seen := one.standing.seen_at) is None or now - seen > SEEN_AGAIN)
    }
    if unseen:
        note_silences(unseen, now=now)
        Attempt.objects.filter(pk__in=unseen).update(seen_at=now)


def _rows(pairs: Sequence[tuple[_Checked, Sent]], now: datetime) -> list[Row]:
    """Rows of the log, their moments as the database's driver takes them."""
    adapted = connection.ops.adapt_datetimefield_value
    received = adapted(now)
    return [
        (
            one.sending.attempt, event.seq, event.kind, event.item, event.response, adapted(event.at),
            received, one.standing.is_late(event.item, now), one.sending.device,
            one.sending.caller.address[:45],
        )
        for one, event in pairs
    ]  # fmt: skip


def _insert_singly(
    rows: Sequence[tuple[_Checked, Sent]], now: datetime
) -> list[tuple[_Checked, Sent]]:
    """Append row by row; one that the database does not take is refused, the others stay."""
    taken = []
    for checked, event in rows:
        try:
            with transaction.atomic():
                if not _insert(_rows([(checked, event)], now)):
                    _set_conflicts_aside([(checked, event)])
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - told to its sender as a refusal
            checked.good.remove(event)
            checked.refuse(event, BadEvent, cause=Stray.Cause.REFUSED)
        else:
            taken.append((checked, event))
    return taken


def _set_conflicts_aside(rows: Sequence[tuple[_Checked, Sent]]) -> None:
    """Events whose seq stands in the log with other content are refused and go to the evidence."""
    kept = _kept_contents(
        {one.sending.attempt for one, _ in rows}, {event.seq for _, event in rows}
    )
    for checked, event in rows:
        if not _is_kept(checked.sending.attempt, event, kept):
            checked.good.remove(event)
            checked.refuse(event, AnswerConflict, cause=Stray.Cause.CONFLICT)


Contents = Mapping[tuple[int, int], tuple[str, int, str]]


def _kept_contents(attempts: Any, seqs: Any) -> Contents:
    rows = Event.objects.filter(attempt__in=attempts, seq__in=seqs)
    return {
        (attempt, seq): (kind, item, response)
        for attempt, seq, kind, item, response in rows.values_list(
            "attempt_id", "seq", "kind", "item_id", "response"
        )
    }


def _is_kept(attempt: int, event: Sent, kept: Contents) -> bool:
    return kept.get((attempt, event.seq)) == (event.kind, event.item, event.response)


def _keep_evidence(own: Sequence[_Checked], now: datetime, *, poisoned: bool) -> None:
    rows = _bounded([(one, *piece) for one in own for piece in _pieces(one, now)])
    # The same again is no news; twice in one sending it would be one row changed twice.
    unique = {(row.attempt_id, row.device, row.seq, row.digest): row for row in rows}
    if poisoned:
        for row in unique.values():
            _write_singly(row)
    elif unique:
        _write_evidence(list(unique.values()))


def _pieces(checked: _Checked, now: datetime) -> list[tuple[Sent, Stray]]:
    """What is to be kept aside of a sending, with the event that it was."""
    sending = checked.sending
    return [
        (
            event,
            Stray(
                attempt_id=sending.attempt, device=sending.device, seq=event.seq, received_at=now,
                address=sending.caller.address[:45], cause=cause,
                **(
                    _as_found(event, checked, now)
                    if cause == Stray.Cause.REFUSED
                    else _as_sent(event)
                ),
            ),
        )
        for event, cause in checked.evidence
    ]  # fmt: skip


def _bounded(pieces: Sequence[tuple[_Checked, Sent, Stray]]) -> list[Stray]:
    """Without what would be too much of one attempt: nobody makes its page unreadable with ever new
    contents of one number.

    Counted only where there is any; of two that come at once each counts without the other, which is
    near enough.
    """
    known: dict[int, set[tuple[str, int, str]]] = {row.attempt_id: set() for *_, row in pieces}
    if not known:
        return []
    rows = Stray.objects.filter(attempt__in=known)
    for attempt, device, seq, digest in rows.values_list("attempt_id", "device", "seq", "digest"):
        known[attempt].add((device, seq, digest))
    found = []
    for checked, event, row in pieces:
        kept, key = known[row.attempt_id], (row.device, row.seq, row.digest)
        if key not in kept and len(kept) >= MOST_EVIDENCE:
            checked.leave_out(event)
            continue
        kept.add(key)
        found.append(row)
    return found


def _as_sent(event: Sent) -> dict[str, Any]:
    """What a piece of evidence keeps of an event that is sound."""
    return {
        "kind": event.kind, "item_id": event.item, "response": event.response,
        "client_at": event.at, "digest": content_digest(event.kind, event.item, event.response),
    }  # fmt: skip


def _as_found(event: Sent, checked: _Checked, now: datetime) -> dict[str, Any]:
    """The same of one that is not: each part where a column takes it, and all of it as text."""
    found = [event.kind, event.item, event.response, event.at]
    text = json.dumps([one if type(one) in PLAIN else str(one) for one in found])[:MOST_TYPED]
    kinds = [kind for kind in Event.Kind.values if kind == event.kind]
    forms_own = type(event.item) is int and event.item in answerable_of(checked.standing.form)
    is_moment = isinstance(event.at, datetime) and event.at.tzinfo and 1970 <= event.at.year <= 2200
    return {
        "kind": kinds[0] if kinds else "", "response": text,
        "item_id": event.item if forms_own and event.item < MOST_KEY else None,
        "client_at": event.at if is_moment else now, "digest": content_digest("", 0, text),
    }  # fmt: skip


def _write_singly(row: Stray) -> None:
    """One that the database does not take is refused as it was; the others are kept."""
    try:
        with transaction.atomic():
            _write_evidence([row])
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - its sender was told of the refusal already
        LOG.warning("evidence of attempt %s, number %s, was not taken", row.attempt_id, row.seq)


def _write_evidence(rows: Sequence[Stray]) -> None:
    Stray.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["attempt", "device", "seq", "digest"],
        update_fields=["received_at"],
    )


def content_digest(kind: str, item: int, response: str) -> str:
    """What tells two pieces of evidence under one number apart."""
    return sha256(f"{kind}\0{item}\0{response}".encode()).hexdigest()[:32]


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
                [value for row in part for value in row],
            )
            inserted += cursor.rowcount
    return inserted


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


NO_AIDS = {"larger_type": False, "reader": False}


@lru_cache(maxsize=256)
def aids_of(session: int, tick: int) -> dict[int, dict[str, bool]]:
    """Attempt -> what its page does for an accommodation, likewise; those alone that have one."""
    del tick
    rows = Accommodation.objects.filter(participant__seats__session=session)
    return {
        attempt: {"larger_type": larger, "reader": reader}
        for attempt, larger, reader in rows.filter(
            participant__seats__attempt__isnull=False
        ).values_list("participant__seats__attempt", "larger_type", "reader")
    }


@lru_cache(maxsize=64)
def pools_of(form: int) -> dict[int, frozenset[int]]:
    """Its adaptive sections' items, likewise."""
    return adaptive_pools(form)


@lru_cache(maxsize=64)
def late_grace(policy_digest: str) -> timedelta:
    """How long after the end an answer still counts; a kept policy never changes."""
    return timedelta(seconds=policy_kept(policy_digest)["sessions.late_grace_seconds"])
