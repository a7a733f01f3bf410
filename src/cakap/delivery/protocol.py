"""What the exam page sends and hears, as JSON: read strictly, each event on its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cakap.delivery.door import NOWHERE, Caller
from cakap.delivery.errors import BadEvent, EventRefusal, OtherAttempt, RefusedEvent
from cakap.errors import Refused

MOST_BYTES, MOST_EVENTS, MOST_SEQ = 256 * 1024, 500, 2**31 - 1
# Each page that opens an attempt numbers its events in a block of its own, so that two pages never
# use one number: block n begins after n * PAGE_SPAN.
PAGE_SPAN = 100_000
UNREADABLE = "Susunan jawaban tidak dikenali."


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One event as the page sends it. Of one that could not be read each field holds what was there."""

    seq: int
    kind: str
    item: int
    response: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Sending:
    """What one device sends at once; nothing in `sent` is a heartbeat.

    unreadable: events of the same request that could not be read; they are reported with the outcome,
    and kept aside.
    """

    attempt: int
    device: str
    sent: Sequence[Sent]
    caller: Caller = NOWHERE
    unreadable: Sequence[Sent] = ()


@dataclass(kw_only=True, slots=True)  # not frozen: one is made for every answer
class Kept:
    """The newest seq of a sending, and how the attempt stands.

    sections: seconds that are left of sections with a time of their own; notices: (number, sentence)
    of what was announced, told to heartbeats like aids (larger_type, reader); page: which page holds
    the attempt, counted from 0; refused: events of the sending that were not kept, where others were;
    ended: by what the exam has ended and what counts (delivery.ends), None while it goes on.
    """

    last_seq: int
    seconds_left: float
    paused: bool = False
    sections: Mapping[int, float] = field(default_factory=dict)
    notices: Sequence[tuple[int, str]] = ()
    aids: Mapping[str, bool] | None = None
    page: int = 0
    refused: Sequence[RefusedEvent] = ()
    ended: Mapping[str, Any] | None = None

    @property
    def told(self) -> dict[str, Any]:
        """As the exam page hears it."""
        return {
            "kept": self.last_seq, "seconds_left": self.seconds_left, "paused": self.paused,
            "sections": self.sections, "notices": [list(one) for one in self.notices],
            "page": self.page, "ended": self.ended, "aids": self.aids,
        }  # fmt: skip


Outcome = Kept | Refused


def reply_to(outcome: Outcome) -> tuple[int, dict[str, Any]]:
    """The HTTP status and JSON of an outcome.

    A sending of which anything was refused is never answered with 200: whoever does not read the list
    of refused events sends all of it again, which is harmless.
    """
    if isinstance(outcome, Kept):
        if not outcome.refused:
            return 200, outcome.told
        first = outcome.refused[0]
        told = {**outcome.told, "code": first.code, "message": first.message}
        return first.status, {**told, "refused": [event.told for event in outcome.refused]}
    told = {"code": outcome.code, "message": str(outcome)}
    if isinstance(outcome, EventRefusal) and outcome.refused:
        told["refused"] = [event.told for event in outcome.refused]
    return outcome.status, told


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
    if type(value) is not int or not 0 <= value <= MOST_SEQ:
        message = f"Diharapkan {name} berupa bilangan bulat 0 sampai {MOST_SEQ}."
        raise BadEvent(message)
    return value


def refuse_other_page(told: Mapping[str, Any], attempt: int, device: str) -> None:
    """Raise unless the request names the attempt, and no other device than, its token was given for.

    A page of one person that stayed open on a shared machine would else write for the next one; one of
    an earlier sign-in would add undecided what is evidence. Who names no device is served.
    """
    named = told.get("attempt")
    if type(named) is not int:
        message = "Halaman ini tidak menyebutkan ujiannya (attempt). Muat ulang halaman ini."
        raise BadEvent(message)
    if named != attempt:
        raise OtherAttempt
    if told.get("device", device) != device:
        message = (
            "Halaman ini dibuka sebelum Anda masuk lagi di komputer ini. Muat ulang halaman ini."
        )
        raise OtherAttempt(message)


def events_of(told: Any) -> tuple[list[Sent], list[Sent]]:
    """The events of a body that was JSON, and those that are none; refused whole where it is no list."""
    if told is None:
        return [], []
    if not isinstance(told, list):
        raise BadEvent(UNREADABLE)
    if len(told) > MOST_EVENTS:
        message = f"Terlalu banyak jawaban sekaligus: {len(told)}, paling banyak {MOST_EVENTS}."
        raise BadEvent(message)
    found: list[Sent] = []
    unreadable: list[Sent] = []
    for event in told:
        try:
            found.append(_event(event))
        except (KeyError, TypeError, ValueError, OverflowError):
            parts: Any = event if isinstance(event, dict) else {}
            unreadable.append(
                Sent(
                    seq=parts.get("seq"), kind=parts.get("kind"), item=parts.get("item"),
                    response=parts.get("response"), at=parts.get("at"),
                )
            )  # fmt: skip
    return found, unreadable


def _event(told: Any) -> Sent:
    at = datetime.fromisoformat(_exactly(str, told["at"]))
    if at.tzinfo is None:
        message = "a time without its zone"
        raise ValueError(message)
    return Sent(
        seq=_exactly(int, told["seq"]), kind=_exactly(str, told["kind"]),
        item=_exactly(int, told["item"]), response=_exactly(str, told["response"]),
        at=at.astimezone(UTC),  # a zone that Python takes, such as +23:00, a database may not
    )  # fmt: skip


def _exactly(kind: type, value: Any) -> Any:
    """The value if it is just of this type: no 3.7 becomes 3, no null becomes "None", True is no 1."""
    if type(value) is not kind:
        raise TypeError(kind.__name__)
    return value
