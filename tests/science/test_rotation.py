from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cakap.science.matching.jpm import capped_mean
from cakap.science.matching.rotation import best_plan

FITS = st.lists(st.lists(st.integers(0, 100), min_size=4, max_size=4), min_size=3, max_size=3).map(
    lambda rows: np.array(rows, dtype=float)
)


def brute_force(fit, current, eligible, move_cost):
    best = -np.inf
    for target in product(range(fit.shape[1]), repeat=len(fit)):
        counts = np.bincount(target, minlength=fit.shape[1])
        allowed = all(
            t == c or eligible[p, t] for p, (t, c) in enumerate(zip(target, current, strict=True))
        )
        if (counts <= 1).all() and allowed:
            moves = sum(t != c for t, c in zip(target, current, strict=True))
            best = max(best, fit[np.arange(len(fit)), list(target)].sum() - move_cost * moves)
    return best


def planned(fit, *, current, seats, eligible, move_cost):
    """Whoever likes may stay."""
    allowed = eligible.copy()
    allowed[np.arange(len(fit)), current] = True
    return best_plan(
        fit, current=current, seats=seats, allowed=allowed, must=np.zeros_like(seats),
        move_cost=move_cost,
    )  # fmt: skip


@given(FITS, st.lists(st.booleans(), min_size=12, max_size=12), st.sampled_from([0.0, 1.0, 7.5]))
def test_a_plan_is_as_good_as_brute_force(fit, flags, move_cost):
    current, seats = np.array([0, 1, 2]), np.ones(4, dtype=np.int64)
    eligible = np.array(flags).reshape(3, 4)

    found = planned(fit, current=current, seats=seats, eligible=eligible, move_cost=move_cost)

    assert found.bound == pytest.approx(brute_force(fit, current, eligible, move_cost))
    moves = (found.target != current).sum()
    assert found.total_after - move_cost * moves == pytest.approx(found.bound)
    assert found.total_after >= found.total_before


@given(FITS, st.permutations([0, 1, 2]))
def test_the_order_of_people_changes_nothing(fit, order):
    current, seats = np.array([0, 1, 2]), np.ones(4, dtype=np.int64)
    eligible = np.ones((3, 4), dtype=bool)
    places = list(order)

    one = planned(fit, current=current, seats=seats, eligible=eligible, move_cost=0)
    other = planned(
        fit[places], current=current[places], seats=seats, eligible=eligible, move_cost=0
    )

    assert one.total_after == pytest.approx(other.total_after)


@given(
    arrays(float, (4, 3), elements=st.integers(1, 5).map(float)),
    arrays(float, (4, 3), elements=st.integers(1, 5).map(float)),
    st.integers(0, 3),
    st.integers(0, 2),
)
def test_a_person_who_can_more_never_makes_the_plan_worse(shown, asked, person, competency):
    better = shown.copy()
    better[person, competency] = min(better[person, competency] + 1, 5)
    told = {
        "current": np.array([0, 1, 2, 3]), "seats": np.ones(4, dtype=np.int64),
        "eligible": np.ones((4, 4), dtype=bool), "move_cost": 0.0,
    }  # fmt: skip

    before = planned(capped_mean(shown, asked), **told).total_after
    after = planned(capped_mean(better, asked), **told).total_after

    assert after >= before - 1e-6


@given(FITS)
def test_where_moves_are_free_a_plan_is_never_worse_than_the_present(fit):
    current, seats = np.array([0, 1, 2]), np.ones(4, dtype=np.int64)
    eligible = np.ones((3, 4), dtype=bool)

    found = planned(fit, current=current, seats=seats, eligible=eligible, move_cost=0.0)

    assert found.total_after >= found.total_before


def test_more_people_than_seats_have_no_plan():
    with pytest.raises(ValueError, match="no plan places everybody"):
        planned(
            np.zeros((2, 1)), current=np.array([0, 0]), seats=np.array([1]),
            eligible=np.ones((2, 1), bool), move_cost=0,
        )  # fmt: skip
