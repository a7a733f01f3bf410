"""Decisions of a site about seats and evidence: told beside the rest of a head, written where they differ.

A seat keeps its number of row, so it is told by that. A decision about evidence is told by what the
evidence is known by at both ends: attempt, device, number, content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from django.utils.dateparse import parse_datetime

from cakap.delivery.models import Attempt, EvidenceDecision, Stray
from cakap.programmes.models import Seat, Session

ASIDE = 20_000  # numbers of seat that no room has: where seats wait while they are exchanged
MOST_SEATS = 10_000
STRAY = ("device", "seq", "digest")
DECISION = ("accepted", "reason", "by", "second")


def seats_told(session: Session) -> dict[int, dict[str, Any]]:
    """Row of a seat -> its number, and when it was taken away."""
    return {
        row.pk: {"number": row.number, "removed_at": row.removed_at}
        for row in Seat.every.filter(session=session)
    }


def take_seats(session: Session, told: Mapping[str, Mapping[str, Any]]) -> None:
    """Numbers and removals as the room decided; a seat that the room does not know makes way.

    A seat that is not known here is left out: a site of before 0.2 may have seated somebody itself, and
    the others of its session are heard all the same. A removal stays, whichever end decided it.
    """
    known = {row.pk: row for row in Seat.every.filter(session=session)}
    wanted = {
        int(pk): (
            _number(row["number"]), moment_of(row["removed_at"]) or known[int(pk)].removed_at,
        )
        for pk, row in told.items() if int(pk) in known
    }  # fmt: skip
    changed = [
        pk for pk, value in wanted.items() if value != (known[pk].number, known[pk].removed_at)
    ]
    if not changed:
        return
    for place, pk in enumerate(changed):
        Seat.every.filter(pk=pk).update(number=ASIDE + place)
    taken = {number for number, removed_at in wanted.values() if removed_at is None}
    others = {
        pk: row.number for pk, row in known.items() if pk not in wanted and row.removed_at is None
    }
    for pk in sorted(pk for pk, number in others.items() if number in taken):
        # Nor a number that another of these seats still has.
        others[pk] = free_number(taken.union(others.values()))
        Seat.every.filter(pk=pk).update(number=others[pk])
    for pk in changed:
        number, removed_at = wanted[pk]
        Seat.every.filter(pk=pk).update(number=number, removed_at=removed_at)


def free_number(taken: Iterable[int]) -> int:
    """The first number of seat that nobody has."""
    held = set(taken)
    return next(number for number in count(1) if number not in held)


def evidence_told(session: Session) -> list[dict[str, Any]]:
    """What two officers decided of evidence, by what the evidence is known by."""
    rows = EvidenceDecision.objects.filter(stray__attempt__seat__session=session)
    return [
        {
            "attempt": row.stray.attempt.seat_id, "at": row.at,
            **{name: getattr(row.stray, name) for name in STRAY},
            **{name: getattr(row, name) for name in DECISION},
        }
        for row in rows.select_related("stray__attempt").order_by("pk")
    ]  # fmt: skip


def take_evidence(
    session: Session, told: Iterable[Mapping[str, Any]], attempts: Mapping[int, Attempt]
) -> None:
    """Decisions about evidence that is here by now; one that is here already stays."""
    strays = {
        (row.attempt_id, row.device, row.seq, row.digest): row
        for row in Stray.objects.filter(attempt__seat__session=session, decision__isnull=True)
    }
    new: dict[int, EvidenceDecision] = {}
    for row in told:
        attempt = attempts[int(row["attempt"])].pk
        stray = strays.get((attempt, *(row[name] for name in STRAY)))
        if stray:
            if not isinstance(row["accepted"], bool):
                raise TypeError
            values = {name: row[name] for name in DECISION}
            new[stray.pk] = EvidenceDecision(stray=stray, at=moment_of(row["at"]), **values)
    EvidenceDecision.objects.bulk_create(new.values(), batch_size=500)


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_SEATS:
        raise ValueError(value)
    return value


def moment_of(text: Any) -> Any:
    """A moment with its zone, or None where nothing is told."""
    if text is None:
        return None
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise ValueError(text)
    return found
