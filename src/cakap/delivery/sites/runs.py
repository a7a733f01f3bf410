"""Which records there are of each seat, as runs of their numbers: from, to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Max, Min

from cakap.delivery.models import Event
from cakap.programmes.models import Session

Runs = list[list[int]]


def runs_by_seat(session: Session | int) -> dict[int, Runs]:
    """Seat -> the records that are here; one query where no number is left out."""
    rows = Event.objects.filter(attempt__seat__session=session)
    found: dict[int, Runs] = {}
    for seat, n, first, last in rows.values_list("attempt__seat").annotate(
        n=Count("pk"), first=Min("seq"), last=Max("seq")
    ):
        found[seat] = [[first, last]] if last - first + 1 == n else _runs_of(seat)
    return found


def _runs_of(seat: int) -> Runs:
    rows = Event.objects.filter(attempt__seat=seat).order_by("seq")
    return joined((seq, seq) for seq in rows.values_list("seq", flat=True))


def joined(spans: Iterable[Sequence[int]]) -> Runs:
    """Spans in their order, those that follow each other without a gap made one."""
    found: Runs = []
    for first, last in spans:
        if found and first <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return found


def total(runs: Runs) -> int:
    """How many records these are."""
    return sum(last - first + 1 for first, last in runs)


def lacking(wanted: Runs, held: Runs) -> int:
    """How many of the records that are wanted are not held."""
    return total(joined(sorted([*wanted, *held]))) - total(held)


def told_runs(value: Any) -> Runs:
    """Runs as a site tells them; ValueError or TypeError where they are none."""
    spans = [[int(first), int(last)] for first, last in value]
    if spans != value or spans != joined(sorted(spans)) or any(a < 1 or b < a for a, b in spans):
        raise ValueError(value)
    return spans
