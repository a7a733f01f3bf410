"""Active time: what counts of an attempt's time, and when it is over. No clock, no database.

Time counts from the beginning; what a pause or an outage covers does not, however many of them
overlap. Nothing that starts after the end gives anything back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Span:
    """Time that does not count; `end` None: it still lasts."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """When an attempt is over, and since when it stands still (then `closes_at` moves on with time)."""

    closes_at: datetime
    paused_at: datetime | None

    def is_over(self, now: datetime, grace: timedelta) -> bool:
        """Whether the end and the grace after it have passed; what stands still does not end."""
        return (self.paused_at or now) > self.closes_at + grace

    def left(self, now: datetime) -> timedelta:
        """What is left of the active time."""
        return max(self.closes_at - (self.paused_at or now), timedelta(0))


def bounds(begun_at: datetime, allowed: timedelta, spans: Iterable[Span]) -> Bounds:
    """The bounds of an attempt that began then, may take so long, and stood still in these spans."""
    closes_at, counted = begun_at + allowed, begun_at
    for span in sorted(spans, key=lambda one: one.start):
        start = max(span.start, counted)
        if span.start > closes_at:
            break
        if span.end is None:
            return Bounds(closes_at=closes_at, paused_at=start)
        if span.end > start:
            closes_at += span.end - start
            counted = span.end
    return Bounds(closes_at=closes_at, paused_at=None)
