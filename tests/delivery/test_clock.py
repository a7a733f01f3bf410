"""Active time: pure, so its laws hold for every mixture of pauses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from cakap.delivery.clock import Span, bounds

START = datetime(2025, 1, 22, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(minutes):
    return START + timedelta(minutes=minutes)


def span(start, end):
    return Span(start=at(start), end=None if end is None else at(end))


spans = st.lists(
    st.tuples(st.integers(-30, 200), st.integers(0, 60)).map(lambda t: span(t[0], t[0] + t[1])),
    max_size=6,
)


def test_nothing_lost_nothing_given():
    assert bounds(START, HOUR, []).closes_at == at(60)


def test_what_overlaps_counts_once():
    found = bounds(START, HOUR, [span(10, 20), span(15, 25), span(12, 14)])

    assert found.closes_at == at(75)
    assert found.paused_at is None


def test_what_was_before_the_beginning_or_after_the_end_gives_nothing():
    assert bounds(START, HOUR, [span(-20, 5)]).closes_at == at(65)
    assert bounds(START, HOUR, [span(61, 90)]).closes_at == at(60)


def test_a_pause_that_lasts_stops_the_clock():
    found = bounds(START, HOUR, [span(10, 20), span(40, None)])

    assert found.paused_at == at(40)
    assert found.left(at(50)) == found.left(at(300)) == timedelta(minutes=30)


@given(spans)
def test_the_order_of_writing_does_not_matter(written):
    ways = {bounds(START, HOUR, way).closes_at for way in list(permutations(written))[:24]}

    assert len(ways) == 1


@given(spans, spans)
def test_more_pauses_never_take_time_away(some, more):
    assert bounds(START, HOUR, some + more).closes_at >= bounds(START, HOUR, some).closes_at


@given(spans)
def test_active_time_is_exactly_what_is_allowed(written):
    """Minutes from begin to end that no pause covers."""
    end = bounds(START, HOUR, written).closes_at
    minutes = int((end - START).total_seconds() // 60)
    active = sum(not any(s.start <= at(m) < s.end for s in written) for m in range(minutes))

    assert active == 60


@given(spans, st.integers(0, 120))
def test_time_given_never_shortens(written, extra):
    longer = bounds(START, HOUR + timedelta(minutes=extra), written).closes_at

    assert longer >= bounds(START, HOUR, written).closes_at
