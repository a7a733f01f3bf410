"""What a site tells, taken in at the centre: all of an envelope or nothing of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import DataError, IntegrityError, models, transaction
from django.db.models import Min, Q
from django.utils.dateparse import parse_datetime

from cakap.audit.services import record
from cakap.delivery.models import (
    Attempt,
    Event,
    Interruption,
    RecordConflict,
    SitePackage,
    WithdrawnPackage,
)
from cakap.delivery.sites.decided import take_evidence, take_seats
from cakap.delivery.sites.errors import BadEnvelope, Taken, UnknownSite, Withdrawn
from cakap.delivery.sites.identity import Card
from cakap.delivery.sites.log import (
    ATTEMPT,
    EVENT,
    EVENTS_A_PART,
    OTHERS,
    as_told,
    digest_of,
    rows_of,
)
from cakap.delivery.sites.runs import (
    Runs,
    first_of,
    joined,
    runs_by_seat,
    told_runs,
    total,
    without,
)
from cakap.itembank.models import FormItem
from cakap.programmes.models import Seat, Session

MOST_WHOLE = 2**31 - 1
BAD = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


def receive(card: Card, told: Any, *, now: datetime, is_direct: bool = True) -> dict[str, Any]:
    """Take in a head or a part of the events, from the site that holds the session.

    A head is answered with what the centre has, a part with how many records it brought. is_direct: sent
    just now, so that the two clocks can be compared. Raises UnknownSite, Withdrawn or BadEnvelope.
    """
    try:
        with transaction.atomic():
            return _receive(card, told, now=now, is_direct=is_direct)
    except (IntegrityError, DataError, *BAD) as exc:
        raise BadEnvelope from exc


def _receive(card: Card, told: Any, *, now: datetime, is_direct: bool) -> dict[str, Any]:
    package = _package(card, told)
    if "as_of" in told:
        as_of = _moment(told["as_of"])
        if is_direct:
            package.clock_off = (as_of - now).total_seconds()
            SitePackage.objects.filter(pk=package.pk).update(
                clock_off=package.clock_off, heard_at=now
            )
        if _is_newer(package, told, as_of, now):
            _take_head(package, told, as_of, now)
        held = runs_by_seat(package.session_id)
        return {
            **_standing(package, held), "ranges": held, "number": package.newest_head,
            "whole": _different(package, told, held), "now": now.isoformat(),
        }  # fmt: skip
    seats = told["seats"] if "seats" in told else {told["seat"]: told["rows"]}
    kept = take_events(package.session, seats, now)
    _strike_off(package, seats)
    return {"kept": kept, "now": now.isoformat()}


def _package(card: Card, told: Any) -> SitePackage:
    """The package of which an envelope speaks. Its row is the lock: two uploads of one session go one
    after the other."""
    try:
        session = int(told["session"])
    except BAD as exc:
        raise UnknownSite from exc
    found = (
        SitePackage.objects.select_for_update(of=("self",))
        .select_related("site", "session__programme__organiser")
        .filter(session=session, site__card=card.text)
        .first()
    )
    if found is None:
        withdrawn = WithdrawnPackage.objects.filter(session=session, site__card=card.text).last()
        if withdrawn:
            raise Withdrawn
        raise UnknownSite
    return found


def _is_newer(
    package: SitePackage, told: Mapping[str, Any], as_of: datetime, now: datetime
) -> bool:
    """Whether a head says something new. Sites before heads had numbers are ordered by their clock, but
    never by a moment that has not come yet."""
    if "number" in told:
        return whole(told["number"]) > package.newest_head
    return package.as_of is None or as_of > package.as_of or package.as_of > now


def standing(package: SitePackage) -> dict[str, Any]:
    """What the centre has of a session, by seat; declared by the site's newest head; missing."""
    return _standing(package, runs_by_seat(package.session_id))


def _standing(package: SitePackage, held: Mapping[int, Runs]) -> dict[str, Any]:
    return {
        "held": {seat: total(runs) for seat, runs in held.items()},
        "missing": sum(map(total, _lacking(package, held).values())),
        "declared": sum(map(_declared_count, package.declared.values())),
        "conflicts": [f"{row.attempt.seat.number}/{row.seq}" for row in open_conflicts(package)],
    }  # fmt: skip


def open_conflicts(package: SitePackage) -> models.QuerySet[RecordConflict]:
    """Conflicts of a session that nobody has settled."""
    rows = RecordConflict.objects.filter(
        attempt__seat__session=package.session_id, settled_at__isnull=True
    )
    return rows.select_related("attempt__seat").order_by("attempt__seat__number", "seq")


def missing_by_seat(package: SitePackage) -> dict[int, int]:
    """Seat number -> records that the site has declared and that have not come."""
    numbers = dict(_seats(package.session).values_list("pk", "number"))
    found: Counter[int] = Counter()  # a seat that was taken away and its successor have one number
    for seat, runs in lacking(package).items():
        if seat in numbers:
            found[numbers[seat]] += total(runs)
    return dict(found)


def lacking(package: SitePackage) -> dict[int, Runs]:
    """Seat -> the records that the site has declared and that have not come."""
    return _lacking(package, runs_by_seat(package.session_id))


def _lacking(package: SitePackage, held: Mapping[int, Runs]) -> dict[int, Runs]:
    """Seat -> declared records that are not held; a record too many makes up for none that is missing."""
    found = {}
    for seat, told in sorted((int(seat), told) for seat, told in package.declared.items()):
        own = held.get(seat, [])
        if isinstance(told, int):
            # A site of before tells how many, not which: they may be any, so the first that are not here.
            found[seat] = first_of(without([[1, told]], own), told - total(own))
        else:
            found[seat] = without(told, own)
    return {seat: runs for seat, runs in found.items() if runs}


def _strike_off(package: SitePackage, told: Mapping[Any, Sequence[Any]]) -> None:
    """What a site tells after all is missing no more of a package of it that was withdrawn before."""
    for row in package.session.withdrawn_packages.filter(site=package.site_id).exclude(lacking={}):
        left = dict(row.lacking)
        for seat, rows in told.items():
            runs = left.get(str(int(seat)), [])
            came = joined(sorted([event[0], event[0]] for event in rows))
            if runs and not (rest := without(runs, came)):
                del left[str(int(seat))]
            elif runs:
                left[str(int(seat))] = rest
        WithdrawnPackage.objects.filter(pk=row.pk).update(lacking=left)


def _declared_count(told: Any) -> int:
    return told if isinstance(told, int) else total(told)


def _different(
    package: SitePackage, told: Mapping[str, Any], held: Mapping[int, Runs]
) -> list[int]:
    """Seats whose records are all here, or more than those, and are not what the site has now.

    Of a record that contradicts, the site has the content that it told last, whatever counts here: so it
    is no news again, and a change of any other record of that seat still is.
    """
    digests, runs = told.get("digests") or {}, told.get("runs") or {}
    declared = told["events"]
    theirs: defaultdict[int, dict[int, Any]] = defaultdict(dict)
    conflicts = RecordConflict.objects.filter(attempt__seat__session=package.session_id)
    for conflict in conflicts.order_by("pk") if digests else ():
        theirs[conflict.attempt_id][conflict.seq] = conflict.other
    attempts = Attempt.objects.filter(seat__session=package.session_id)
    return [
        row.seat_id
        for row in attempts
        if str(row.seat_id) in digests
        and total(held.get(row.seat_id, [])) >= declared.get(str(row.seat_id), MOST_WHOLE)
        and not _is_same(row, runs.get(str(row.seat_id)), theirs[row.pk], digests[str(row.seat_id)])
    ]


def _is_same(attempt: Attempt, runs: Runs | None, theirs: Mapping[int, Any], told: str) -> bool:
    """Whether a digest is of the records that are here, or of those with what the site told of some."""
    if digest_of(attempt, runs) == told:
        return True
    return bool(theirs) and digest_of(attempt, runs, theirs) == told


def _take_head(
    package: SitePackage, told: Mapping[str, Any], as_of: datetime, now: datetime
) -> None:
    session = package.session
    edition = whole(told.get("edition", 0))
    take_standing(session, told, now=now)
    if "interruptions" in told:
        _drop_restated(package, told)
    if not _was_taken_back(session, edition):
        _take_session(session, told)
    seats = set(_seats(session).values_list("pk", flat=True))
    declared: dict[str, Any] = {
        seat: told_runs(told["runs"][seat]) if "runs" in told else whole(n)
        for seat, n in told["events"].items()
        if int(seat) in seats
    }
    package.as_of, package.declared, package.heard_at = as_of, declared, now
    package.newest_head = whole(told.get("number", 0))
    package.loaded = edition
    SitePackage.objects.filter(pk=package.pk).update(
        as_of=as_of, declared=declared, heard_at=now, newest_head=package.newest_head,
        loaded=package.loaded,
    )  # fmt: skip
    record(
        actor=package.site.name, action="site.head", subject=f"sesi {package.session_id}",
        agency=session.programme.organiser.code, now=now,
        detail={
            "as_of": as_of.isoformat(), "events": sum(map(_declared_count, declared.values())),
            "state": told["state"], "clock_off": package.clock_off,
        },
    )  # fmt: skip


def _was_taken_back(session: Session, edition: int) -> bool:
    """Whether this edition was taken back: since then the centre decided when the session is."""
    return edition <= newest_taken_back(session) > 0


def newest_taken_back(session: Session) -> int:
    """The newest edition of its package that was taken back, 0 for none."""
    editions = session.withdrawn_packages.values_list("edition", flat=True)
    return max(editions, default=0)


def _drop_restated(package: SitePackage, told: Mapping[str, Any]) -> None:
    """A head tells all interruptions: what it does not tell any more was put right there with the clock.

    What was here before the session went to its sites stays.
    """
    kept = {(row["attempt"], _moment(row["started_at"])) for row in told["interruptions"]}
    rows = package.session.interruptions.select_related("attempt")
    begun = Attempt.objects.filter(seat__session=package.session_id, uploads=True)
    first = begun.aggregate(first=Min("begun_at"))["first"]
    since = min(filter(None, (first, package.made_at)))
    told_before = Q(kind=Interruption.Kind.CLOCK) | Q(started_at__gte=since)
    gone = [
        row.pk
        for row in rows.filter(told_before)
        if (row.attempt.seat_id if row.attempt else None, row.started_at) not in kept
    ]
    Interruption.objects.filter(pk__in=gone).delete()


def _seats(session: Session) -> models.QuerySet[Seat]:
    """Also those that were taken away: what was worked there stays."""
    return Seat.every.filter(session=session)


def take_standing(session: Session, told: Mapping[str, Any], *, now: datetime) -> None:
    """Attempts and what was done, as a head tells them, written where they differ."""
    take_seats(session, told.get("seats", {}))
    seats = set(_seats(session).values_list("pk", flat=True))
    attempts = _take_attempts(session, told["attempts"], seats, now)
    for name in OTHERS:
        added = _take_others(name, told.get(name, []), session, seats, attempts)
        if name == "late_corrections" and added:
            Attempt.objects.filter(seat__session=session).update(amended_at=now)
    take_evidence(session, told.get("evidence", []), attempts)


def _take_session(session: Session, told: Mapping[str, Any]) -> None:
    """State, times and codes, as the room has decided."""
    values: dict[str, Any] = {}
    if told["state"] in Session.State.values:
        values["state"] = told["state"]
    if "starts_at" in told:
        values |= {
            "starts_at": _moment(told["starts_at"]), "ends_at": _moment(told["ends_at"]),
            "pin": _value(Session, "pin", told["pin"]),
        }  # fmt: skip
    for name in ("closed_at", "exam_keys"):
        if name in told:
            values[name] = _value(Session, name, told[name])
    try:
        with transaction.atomic():
            Session.objects.filter(pk=session.pk).update(**values)
    except IntegrityError as exc:
        raise Taken from exc


def _take_attempts(
    session: Session, told: Mapping[str, Mapping[str, Any]], seats: set[int], now: datetime
) -> dict[int, Attempt]:
    if not set(map(int, told)) <= seats:
        raise BadEnvelope
    known = {row.seat_id: row for row in Attempt.objects.filter(seat__session=session)}
    new, changed, amended = [], [], []
    for seat, row in told.items():
        values = {name: _value(Attempt, name, row[name]) for name in ATTEMPT if name in row}
        if values.get("set_aside_at") is None:
            values.pop("set_aside_at", None)  # only the other way round is decided at a site
        attempt = known.get(int(seat))
        if attempt and _counts_otherwise(attempt, values):
            amended.append(attempt.pk)
        if attempt is None:
            known[int(seat)] = Attempt(seat_id=int(seat), uploads=True, **values)
            new.append(known[int(seat)])
        elif _set(attempt, {**values, "uploads": True}):
            changed.append(attempt)
    Attempt.objects.bulk_create(new, batch_size=500)
    Attempt.objects.bulk_update(changed, [*ATTEMPT, "uploads"], batch_size=200)
    # Never among the fields above: what was read before may be older than what others marked since.
    Attempt.objects.filter(pk__in=amended).update(amended_at=now)
    return known


def _counts_otherwise(attempt: Attempt, told: Mapping[str, Any]) -> bool:
    """Whether what was scored of this attempt may no longer be: it is set aside there, or was reopened."""
    set_aside = attempt.set_aside_at is None and "set_aside_at" in told
    ended = attempt.submitted_at
    return set_aside or (ended is not None and told.get("submitted_at", ended) != ended)


def _take_others(
    name: str,
    told: Iterable[Mapping[str, Any]],
    session: Session,
    seats: set[int],
    attempts: Mapping[int, Attempt],
) -> int:
    """Write what a head tells of one kind; how many rows are new."""
    model, same, rest = OTHERS[name]
    fields = ["attempt_id" if field == "attempt" else field for field in same]
    known = {tuple(getattr(row, f) for f in fields): row for row in rows_of(name, session.pk)}
    new, changed = [], []
    for row in told:
        values = {f: _value(model, f, row[f]) for f in (*same, *rest) if f != "attempt"}
        if values.get("session_id", session.pk) != session.pk:
            raise BadEnvelope
        if values.get("seat_id") is not None and values["seat_id"] not in seats:
            raise BadEnvelope
        if "attempt" in same:
            seat = row["attempt"]
            values["attempt_id"] = attempts[int(seat)].pk if seat is not None else None
        key = tuple(values[field] for field in fields)
        if key not in known:
            known[key] = model(**values)
            new.append(known[key])
        elif _set(known[key], values) and known[key].pk:
            changed.append(known[key])
    model._default_manager.bulk_create(new, batch_size=500)
    if rest:
        model._default_manager.bulk_update(changed, list(rest), batch_size=200)
    return len(new)


def _set(row: models.Model, values: Mapping[str, Any]) -> bool:
    """Set what differs; whether anything did."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)


def take_events(session: Session, told: Mapping[Any, Sequence[Any]], now: datetime) -> int:
    """Each event once; how many were new. The same number with other content, its times included, is a
    conflict for people, never a sum."""
    if sum(len(rows) for rows in told.values()) > EVENTS_A_PART:
        raise BadEnvelope
    items = set(
        FormItem.objects.filter(section__form=session.form_id).values_list("version", flat=True)
    )
    added = 0
    for seat, rows in told.items():
        attempt = Attempt.objects.filter(seat=int(seat), seat__session=session).first()
        if attempt is None:
            raise BadEnvelope
        events = [_event(attempt, row, items) for row in rows]
        added += _append(attempt, events, now)
    return added


def _event(attempt: Attempt, row: Sequence[Any], items: set[int]) -> Event:
    told = dict(zip(EVENT, row, strict=True))
    event = Event(attempt=attempt, **{name: _value(Event, name, told[name]) for name in EVENT})
    if event.item_id not in items or event.seq < 1 or event.kind not in Event.Kind.values:
        raise BadEnvelope
    return event


def _append(attempt: Attempt, events: Sequence[Event], now: datetime) -> int:
    before = {row.seq: row for row in attempt.events.filter(seq__in=[e.seq for e in events])}
    new = {event.seq: event for event in events if event.seq not in before}
    Event.objects.bulk_create(new.values(), batch_size=500)
    other = [e for e in events if e.seq in before and content_of(e) != content_of(before[e.seq])]
    _note_conflicts(attempt, other, before, now)
    if new:
        Attempt.objects.filter(pk=attempt.pk).update(amended_at=now)
    return len(new)


def content_of(event: Event) -> dict[str, Any]:
    """A record as it is compared, kept beside another one and shown."""
    return {name: as_told(getattr(event, name)) for name in EVENT}


def _note_conflicts(
    attempt: Attempt, events: Sequence[Event], before: Mapping[int, Event], now: datetime
) -> None:
    """Write down pairs that differ; a pair that was settled, or is open, is no news."""
    known = [
        (row.seq, content) for row in attempt.conflicts.all() for content in (row.kept, row.other)
    ]
    opened = set(attempt.conflicts.filter(settled_at__isnull=True).values_list("seq", flat=True))
    for event in events:
        if event.seq not in opened and (event.seq, content_of(event)) not in known:
            RecordConflict.objects.create(
                attempt=attempt, seq=event.seq, kept=content_of(before[event.seq]),
                other=content_of(event), found_at=now,
            )  # fmt: skip


def whole(value: Any) -> int:
    """A whole number, from 0 on; ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_WHOLE:
        raise ValueError(value)
    return value


def _value(model: type[models.Model], name: str, value: Any) -> Any:
    """A value of the log as the model's field has it; ValueError or TypeError where it is none."""
    field: Any = model._meta.get_field(name.removesuffix("_id") if name.endswith("_id") else name)
    if value is None and field.null:
        return None
    if isinstance(field, models.DateTimeField):
        return _moment(value)
    if isinstance(field, models.CharField | models.TextField):
        return _text(value)[: field.max_length]
    if isinstance(field, models.BooleanField):
        if not isinstance(value, bool):
            raise TypeError(name)
        return value
    return int(value) if name == "seed" else whole(value)


def _text(value: Any) -> str:
    """A text that a database can hold: no NUL, no half of a pair of surrogates."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError
    value.encode()
    return value


def _moment(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise ValueError(text)
    return found
