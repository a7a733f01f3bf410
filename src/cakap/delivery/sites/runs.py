"""Which records there are of each seat, as runs of their numbers: from, to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Max, Min

from cakap.delivery.models import Event
from cakap.programmes.models import Session

Runs = list[list[int]]


def runs_by_seat(session: Session | int) -> dict[int, Runs]:
    """Seat -> the records that are here; a second query for all seats that leave numbers out."""
    rows = Event.objects.filter(attempt__seat__session=session)
    found: dict[int, Runs] = {}
    gapped: dict[int, list[tuple[int, int]]] = {}
    for seat, n, first, last in rows.values_list("attempt__seat").annotate(
        n=Count("pk"), first=Min("seq"), last=Max("seq")
    ):
        if last - first + 1 == n:
            found[seat] = [[first, last]]
        else:
            gapped[seat] = []
    if gapped:
        held = Event.objects.filter(attempt__seat__in=gapped).order_by("attempt", "seq")
        for seat, seq in held.values_list("attempt__seat", "seq"):
            gapped[seat].append((seq, seq))
    return found | {seat: joined(spans) for seat, spans in gapped.items()}


def joined(spans: Iterable[Sequence[int]]) -> Runs:
    """Spans in their order, those that follow each other without a gap made one."""
    found: Runs = []
    for first, last in spans:
        if found and first <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return found


def is_in(runs: Runs, seq: int) -> bool:
    """Whether a record is one of these."""
    return any(first <= seq <= last for first, last in runs)


def total(runs: Runs) -> int:
    """How many records these are."""
    return sum(last - first + 1 for first, last in runs)


def without(wanted: Runs, held: Runs) -> Runs:
    """Those of the records that are wanted that are not held."""
    found = []
    for first, last in wanted:
        start = first
        for begins, ends in held:
            if ends < start or begins > last:
                continue
            if begins > start:
                found.append([start, begins - 1])
            start = ends + 1
        if start <= last:
            found.append([start, last])
    return found


def first_of(runs: Runs, n: int) -> Runs:
    """The first so many of these records."""
    found = []
    for first, last in runs:
        if n > 0:
            found.append([first, min(last, first + n - 1)])
            n -= last - first + 1
    return found


def told_runs(value: Any) -> Runs:
    """Runs as a site tells them; ValueError or TypeError where they are none."""
    spans = [[int(first), int(last)] for first, last in value]
    if spans != value or spans != joined(sorted(spans)) or any(a < 1 or b < a for a, b in spans):
        raise ValueError(value)
    return spans
