"""The fold: resent, reordered and late events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cakap.delivery.state import ANSWER, FLAG, Happened, fold

EVENTS = st.lists(
    st.builds(
        lambda seq, kind, item, response, late: (seq, kind, item, response, late),
        st.integers(1, 30), st.sampled_from([ANSWER, FLAG]), st.integers(1, 4),
        st.sampled_from(["", "a", "b", "1"]), st.booleans(),
    ),
    unique_by=lambda row: row[0], max_size=20,
).map(
    lambda rows: [
        Happened(seq=s, kind=k, item=i, response=r, late=late) for s, k, i, r, late in rows
    ]
)  # fmt: skip


@given(EVENTS, st.randoms())
def test_order_and_copies_change_nothing(events, rng):
    mixed = events * 2
    rng.shuffle(mixed)

    assert fold(mixed) == fold(events)


@given(EVENTS)
def test_a_late_answer_never_counts(events):
    assert fold(events).answers == fold([e for e in events if not e.late]).answers


@given(EVENTS)
def test_more_time_never_loses_an_answer(events):
    """Extra time turns late events into timely ones: nobody answers fewer items by it."""
    timely = [
        Happened(seq=e.seq, kind=e.kind, item=e.item, response=e.response or "a", late=False)
        for e in events
    ]
    late = [
        Happened(seq=e.seq, kind=e.kind, item=e.item, response=e.response or "a", late=e.late)
        for e in events
    ]

    assert set(fold(late).answers) <= set(fold(timely).answers)


def test_the_last_answer_of_an_item_counts_and_an_empty_one_takes_it_back():
    def event(seq, response):
        return Happened(seq=seq, kind=ANSWER, item=7, response=response, late=False)

    assert fold([event(2, "b"), event(1, "a")]).answers == {7: "b"}
    assert fold([event(1, "a"), event(2, "")]).answers == {}
