"""The log of a site: what its room did, told to the centre as often as wished, in whatever order it comes.

The site tells how things stood at a moment (the head, numbered) and its events. Events are appended, each
once; of the heads the highest number counts. So interrupted, repeated and reordered uploads end alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from cakap.audit.chain import digest
from cakap.delivery.models import (
    Announcement,
    Attempt,
    CheckIn,
    Device,
    Grant,
    Incident,
    Interruption,
    LateCorrection,
    LoadedPackage,
    Reopening,
    SectionTime,
    Silence,
    Stray,
)
from cakap.delivery.sites.decided import evidence_told, seats_told
from cakap.delivery.sites.runs import Runs, is_in, runs_by_seat, total
from cakap.programmes.models import Session

EVENTS_A_PART, BYTES_A_PART = 5000, 4 * 2**20
# Of the session itself: what the room may decide.
SESSION = ("state", "starts_at", "ends_at", "pin", "closed_at", "exam_keys")
ATTEMPT = (
    "seed", "device", "signed_in_at", "consented_at", "begun_at", "closes_at", "paused_at",
    "submitted_at", "seen_at", "pages", "passages_together", "set_aside_at",
)  # fmt: skip
EVENT = (
    "seq", "kind", "item_id", "response", "client_at", "received_at", "late", "device", "address",
)  # fmt: skip
# What belongs to the session, beside its attempts and events: fields, and what makes a row the same one.
OTHERS: dict[str, tuple[type[models.Model], tuple[str, ...], tuple[str, ...]]] = {
    "checkins": (
        CheckIn, ("seat_id",), ("pin", "identity", "reason", "by", "second", "at"),
    ),
    "interruptions": (
        Interruption, ("session_id", "attempt", "started_at"),
        ("kind", "ended_at", "reason", "by", "ended_by"),
    ),
    "grants": (Grant, ("attempt", "at"), ("seconds", "reason", "by")),
    "devices": (
        Device, ("attempt", "key"),
        ("workstation", "address", "agent", "since", "freed_at", "freed_by"),
    ),
    "sections": (SectionTime, ("attempt", "section_id"), ("begun_at", "closes_at", "left_at")),
    "incidents": (Incident, ("session_id", "at", "text"), ("seat_id", "by")),
    "announcements": (Announcement, ("session_id", "at", "text"), ("by",)),
    "strays": (
        Stray, ("attempt", "device", "seq", "digest"),
        ("kind", "item_id", "response", "client_at", "received_at", "address", "cause"),
    ),
    "reopenings": (
        Reopening, ("session_id", "attempt", "at"), ("ended_at", "reason", "by", "second"),
    ),
    "late_corrections": (
        LateCorrection, ("session_id", "attempt", "at", "since"),
        ("until", "counts", "reason", "by", "second"),
    ),
    "silences": (Silence, ("attempt", "since"), ("until",)),
}  # fmt: skip


def rows_of(name: str, session: int) -> models.QuerySet[Any]:
    """The rows of one kind of OTHERS that belong to a session."""
    model, same, _rest = OTHERS[name]
    if "seat_id" in same:
        return model._default_manager.filter(seat__session=session)
    if "session_id" in same:
        return model._default_manager.filter(session=session)
    return model._default_manager.filter(attempt__seat__session=session)


def head_of(session: Session, *, now: datetime) -> dict[str, Any]:
    """How the session stands here: attempts by seat, their numbers of events, and all that was done.

    Each head of a session has the next number, so that the clock does not decide which is newest.
    """
    number, edition = _next_head(session, now)
    return _json(
        {
            "number": number, "edition": edition, "as_of": now,
            **{name: getattr(session, name) for name in SESSION},
            **standing_rows(session),
        }
    )  # fmt: skip


def standing_rows(session: Session) -> dict[str, Any]:
    """The part of a head that tells of attempts and of what was done."""
    attempts, held = list(_counted(session)), runs_by_seat(session)
    closed = session.state == Session.State.CLOSED
    return _json(
        {
            "session": session.pk,
            "attempts": {
                row.seat_id: {name: getattr(row, name) for name in ATTEMPT} for row in attempts
            },
            "events": {row.seat_id: row.events_n for row in attempts},
            "runs": {row.seat_id: held.get(row.seat_id, []) for row in attempts},
            # A session that is closed is compared whole: what was altered after it was sent shows.
            "digests": {row.seat_id: digest_of(row) for row in attempts} if closed else {},
            **{name: _rows(name, session) for name in OTHERS},
            "seats": seats_told(session), "evidence": evidence_told(session),
        }
    )  # fmt: skip


def _next_head(session: Session, now: datetime) -> tuple[int, int]:
    row, _new = LoadedPackage.objects.get_or_create(session=session, defaults={"loaded_at": now})
    LoadedPackage.objects.filter(pk=row.pk).update(heads=models.F("heads") + 1)
    row.refresh_from_db(fields=["heads", "edition"])
    return row.heads, row.edition


def _counted(session: Session) -> models.QuerySet[Any]:
    """The attempts of a session, each with how many events it has."""
    rows = Attempt.objects.filter(seat__session=session).order_by("seat_id")
    return rows.annotate(events_n=models.Count("events"))


def _rows(name: str, session: Session) -> list[dict[str, Any]]:
    _model, same, rest = OTHERS[name]
    rows = rows_of(name, session.pk)
    if "attempt" in same:
        rows = rows.select_related("attempt")
    found = []
    for row in rows:
        told = {field: getattr(row, field) for field in (*same, *rest) if field != "attempt"}
        if "attempt" in same:
            told["attempt"] = row.attempt.seat_id if row.attempt else None
        found.append(told)
    return found


def digest_of(
    attempt: Attempt,
    runs: Runs | None = None,
    instead: Mapping[int, Mapping[str, Any]] | None = None,
) -> str:
    """Of every record of an attempt, as the log tells them: the same records, the same digest.

    runs: of these alone; instead: contents that stand in for what is here, by number.
    """
    rows = attempt.events.order_by("seq").values_list(*EVENT)
    wanted = rows if runs is None else [row for row in rows if is_in(runs, row[0])]
    other = {seq: [content[name] for name in EVENT] for seq, content in (instead or {}).items()}
    return digest([[as_told(value) for value in other.get(row[0], row)] for row in wanted])


def as_told(value: Any) -> Any:
    """A value of a record as it is compared: times to the millisecond, which is all that is told."""
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC).isoformat(timespec="milliseconds")


def events_after(
    session: Session, held: Mapping[int, Runs], *, whole: Iterable[int] = ()
) -> Iterator[dict[str, Any]]:
    """Parts of the event log that the centre lacks. held: seat -> runs of numbers that it has, from-to;
    whole: seats of which everything is told again."""
    again = set(whole)
    part: dict[int, list[Any]] = {}
    room, size = EVENTS_A_PART, 0
    for attempt in _counted(session):
        own = [] if attempt.seat_id in again else held.get(attempt.seat_id, [])
        if attempt.events_n == total(own):
            continue
        rows = attempt.events.order_by("seq").values_list(*EVENT)
        for row in rows.iterator(chunk_size=2000):
            if is_in(own, row[0]):
                continue
            part.setdefault(attempt.seat_id, []).append(list(row))
            room, size = room - 1, size + len(row[3]) + 200
            if room == 0 or size > BYTES_A_PART:
                yield _part(session, part)
                part, room, size = {}, EVENTS_A_PART, 0
    if part:
        yield _part(session, part)


def _part(session: Session, part: Mapping[int, list[Any]]) -> dict[str, Any]:
    return _json({"session": session.pk, "seats": part})


def _json(content: Any) -> Any:
    return json.loads(json.dumps(content, cls=DjangoJSONEncoder))
