from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cakap.science.matching.rotation import best_rotation

FITS = st.lists(st.lists(st.integers(0, 100), min_size=4, max_size=4), min_size=3, max_size=3).map(
    lambda rows: np.array(rows, dtype=float)
)


def brute_force(fit, current, eligible, min_gain):
    best = -np.inf
    for target in product(range(fit.shape[1]), repeat=len(fit)):
        counts = np.bincount(target, minlength=fit.shape[1])
        allowed = all(
            t == c or eligible[p, t] for p, (t, c) in enumerate(zip(target, current, strict=True))
        )
        if (counts <= 1).all() and allowed:
            moves = sum(t != c for t, c in zip(target, current, strict=True))
            best = max(best, fit[np.arange(len(fit)), list(target)].sum() - min_gain * moves)
    return best


@given(FITS, st.lists(st.booleans(), min_size=12, max_size=12), st.sampled_from([0.0, 1.0, 7.5]))
def test_a_plan_is_as_good_as_brute_force(fit, flags, min_gain):
    current, seats = np.array([0, 1, 2]), np.ones(4, dtype=np.int64)
    eligible = np.array(flags).reshape(3, 4)

    found = best_rotation(fit, current=current, seats=seats, eligible=eligible, min_gain=min_gain)

    assert found.bound == pytest.approx(brute_force(fit, current, eligible, min_gain))
    moves = (found.target != current).sum()
    assert found.total_after - min_gain * moves == pytest.approx(found.bound)
    assert found.total_after >= found.total_before


@given(FITS, st.permutations([0, 1, 2]))
def test_the_order_of_people_changes_nothing(fit, order):
    current, seats = np.array([0, 1, 2]), np.ones(4, dtype=np.int64)
    eligible = np.ones((3, 4), dtype=bool)
    places = list(order)

    one = best_rotation(fit, current=current, seats=seats, eligible=eligible, min_gain=0)
    other = best_rotation(
        fit[places], current=current[places], seats=seats, eligible=eligible, min_gain=0
    )

    assert one.total_after == pytest.approx(other.total_after)


def test_a_post_that_is_overfull_is_named():
    with pytest.raises(ValueError, match="post 0 holds 2 people but has 1 seats"):
        best_rotation(
            np.zeros((2, 1)), current=np.array([0, 0]), seats=np.array([1]),
            eligible=np.ones((2, 1), bool), min_gain=0,
        )  # fmt: skip
