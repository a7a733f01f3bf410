"""The log of a site: what its room did, told to the centre as often as wished, in whatever order it comes.

The site tells how things stood at a moment (the head) and its events. Events are appended, each once; of
the head the latest moment counts. So interrupted, repeated and reordered uploads end in the same state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils.dateparse import parse_datetime

from cakap.audit.services import record
from cakap.delivery.models import (
    Announcement,
    Attempt,
    CheckIn,
    Device,
    Event,
    Grant,
    Incident,
    Interruption,
    SectionTime,
    SitePackage,
    Stray,
)
from cakap.delivery.sites.errors import BadEnvelope, UnknownSite
from cakap.delivery.sites.identity import Card
from cakap.jobs.services import in_blocks
from cakap.programmes.models import Session

EVENTS_A_PART = 5000
ATTEMPT = (
    "seed", "device", "signed_in_at", "consented_at", "begun_at", "closes_at", "paused_at",
    "submitted_at", "seen_at",
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
}  # fmt: skip


# ---- at the site ----------------------------------------------------------------------------


def head_of(session: Session, *, now: datetime) -> dict[str, Any]:
    """How the session stands here: attempts by seat, their numbers of events, and all that was done."""
    attempts = list(_counted(session))
    return _json(
        {
            "session": session.pk, "as_of": now, "state": session.state,
            "attempts": {
                row.seat_id: {name: getattr(row, name) for name in ATTEMPT} for row in attempts
            },
            "events": {row.seat_id: row.events_n for row in attempts},
            **{name: _rows(name, session) for name in OTHERS},
        }
    )  # fmt: skip


def _counted(session: Session) -> models.QuerySet[Any]:
    """The attempts of a session, each with how many events it has."""
    rows = Attempt.objects.filter(seat__session=session).order_by("seat_id")
    return rows.annotate(events_n=models.Count("events"))


def _rows(name: str, session: Session) -> list[dict[str, Any]]:
    model, same, rest = OTHERS[name]
    if "seat_id" in same:
        rows = model._default_manager.filter(seat__session=session)
    elif "session_id" in same:
        rows = model._default_manager.filter(session=session)
    else:
        rows = model._default_manager.filter(attempt__seat__session=session)
    if "attempt" in same:
        rows = rows.select_related("attempt")
    found = []
    for row in rows:
        told = {field: getattr(row, field) for field in (*same, *rest) if field != "attempt"}
        if "attempt" in same:
            attempt = row.attempt  # type: ignore[attr-defined]
            told["attempt"] = attempt.seat_id if attempt else None
        found.append(told)
    return found


def events_after(session: Session, held: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    """Parts of the event log that the centre may lack: held is what it has, by seat."""
    for attempt in _counted(session):
        if attempt.events_n <= held.get(attempt.seat_id, 0):
            continue
        values = [list(row) for row in attempt.events.order_by("seq").values_list(*EVENT)]
        for block in in_blocks(values, EVENTS_A_PART):
            yield _json({"session": session.pk, "seat": attempt.seat_id, "rows": block})


def _json(content: Any) -> Any:
    return json.loads(json.dumps(content, cls=DjangoJSONEncoder))


# ---- at the centre --------------------------------------------------------------------------


@transaction.atomic
def receive(card: Card, told: Any, *, now: datetime) -> dict[str, Any]:
    """Take in a head or a part of the events, from the site that holds the session.

    Returns what the centre has: events by seat, and how many are still missing.
    """
    try:
        # The package's row is the lock: two uploads of one session go one after the other.
        package = (
            SitePackage.objects.select_for_update(of=("self",))
            .select_related("site", "session__programme__organiser")
            .get(session=told["session"], site__card=card.text)
        )
    except (SitePackage.DoesNotExist, KeyError, TypeError, ValueError) as exc:
        raise UnknownSite from exc
    try:
        if "as_of" in told:
            _take_head(package, told, now)
        elif "rows" in told:
            _take_events(package, told)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise BadEnvelope from exc
    return standing(package)


def standing(package: SitePackage) -> dict[str, Any]:
    """What the centre has of a session, by seat; declared by the site's newest head; missing."""
    counts = (
        Event.objects.filter(attempt__seat__session=package.session_id)
        .values_list("attempt__seat").annotate(n=models.Count("pk"))
    )  # fmt: skip
    held = dict(counts)
    declared = {int(seat): int(n) for seat, n in package.declared.items()}
    missing = sum(max(n - held.get(seat, 0), 0) for seat, n in declared.items())
    return {
        "held": held, "missing": missing, "declared": sum(declared.values()),
        "conflicts": package.conflicts,
    }  # fmt: skip


def _take_head(package: SitePackage, told: Mapping[str, Any], now: datetime) -> None:
    as_of = _moment(told["as_of"])
    if as_of is None or (package.as_of and as_of <= package.as_of):
        return  # an older head that came late says nothing new
    seats = set(package.session.seats.values_list("pk", flat=True))
    attempts = _take_attempts(told["attempts"], seats)
    for name in OTHERS:
        _take_others(name, told.get(name, []), package, attempts)
    declared = {seat: int(n) for seat, n in told["events"].items() if int(seat) in seats}
    state = told["state"] if told["state"] in Session.State.values else package.session.state
    Session.objects.filter(pk=package.session_id).update(state=state)
    SitePackage.objects.filter(pk=package.pk).update(as_of=as_of, declared=declared, heard_at=now)
    package.as_of, package.declared = as_of, declared
    record(
        actor=package.site.name, action="site.head", subject=f"sesi {package.session_id}",
        agency=package.session.programme.organiser.code, now=now,
        detail={"as_of": as_of.isoformat(), "events": sum(declared.values()), "state": state},
    )  # fmt: skip


def _take_attempts(told: Mapping[str, Mapping[str, Any]], seats: set[int]) -> dict[int, Attempt]:
    found = {}
    for seat, row in told.items():
        if int(seat) not in seats:
            raise BadEnvelope
        values = {name: _value(Attempt, name, row[name]) for name in ATTEMPT}
        found[int(seat)], _ = Attempt.objects.update_or_create(
            seat_id=int(seat), defaults={**values, "uploads": True}
        )
    return found


def _take_others(
    name: str,
    told: Iterable[Mapping[str, Any]],
    package: SitePackage,
    attempts: Mapping[int, Attempt],
) -> None:
    model, same, rest = OTHERS[name]
    for row in told:
        key = {field: _value(model, field, row[field]) for field in same if field != "attempt"}
        if "session_id" in same and key["session_id"] != package.session_id:
            raise BadEnvelope
        if "attempt" in same:
            key["attempt"] = attempts[int(row["attempt"])] if row["attempt"] is not None else None
        defaults = {field: _value(model, field, row[field]) for field in rest}
        model._default_manager.update_or_create(**key, defaults=defaults)


def _take_events(package: SitePackage, told: Mapping[str, Any]) -> None:
    """Each event once; the same number with other content is a conflict for people, never a sum."""
    seat = package.session.seats.get(pk=told["seat"])
    attempt = Attempt.objects.filter(seat=seat).first()
    if attempt is None:
        raise BadEnvelope
    rows = [dict(zip(EVENT, row, strict=True)) for row in told["rows"]]
    events = [
        Event(attempt=attempt, **{name: _value(Event, name, row[name]) for name in EVENT})
        for row in rows
    ]
    Event.objects.bulk_create(events, ignore_conflicts=True, batch_size=500)
    kept = {
        seq: content
        for seq, *content in attempt.events.filter(
            seq__in=[event.seq for event in events]
        ).values_list("seq", "kind", "item_id", "response")
    }
    other = [e.seq for e in events if kept.get(e.seq) != [e.kind, e.item_id, e.response]]
    if other:
        conflicts = sorted({*package.conflicts, *(f"{seat.number}/{seq}" for seq in other)})
        SitePackage.objects.filter(pk=package.pk).update(conflicts=conflicts)
        package.conflicts = conflicts


def _value(model: type[models.Model], name: str, value: Any) -> Any:
    """A value of the log as the model's field has it; ValueError or TypeError where it is none."""
    field = model._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name)
    if isinstance(field, models.DateTimeField):
        return _moment(value) if value is not None else None
    if isinstance(field, models.CharField) and field.max_length:
        return str(value)[: field.max_length]
    return value


def _moment(text: str) -> datetime | None:
    return parse_datetime(text)
