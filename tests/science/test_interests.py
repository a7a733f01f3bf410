"""Interests and posts: the C index by hand, its laws, and what is refused."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cakap.science.matching.interests import TYPES, congruence

CODES = ["".join(code) for code in permutations(TYPES, 3)]


def ranked(order):
    """Scores that put the types in this order."""
    return [float(len(TYPES) - order.index(letter)) if letter in order else 0.0 for letter in TYPES]


@pytest.mark.parametrize(
    ("person", "post", "c"),
    # Worked by hand; the ends are those Brown and Gore give: 18 for the same code, 0 for the opposite one.
    [("RIA", "RIA", 18), ("RIA", "SEC", 0), ("RIA", "IRA", 13), ("ESC", "SEC", 13), ("RIA", "ACE", 6)],
)  # fmt: skip
def test_the_c_index_of_three_letters(person, post, c):
    found = congruence(np.array([ranked(person)]), [post])

    assert found[0, 0] == pytest.approx(100 * c / 18)


def test_a_short_code_is_compared_with_as_many_letters():
    found = congruence(np.array([ranked("RIA"), ranked("IRA")]), ["R", "RI", "RI", "C"])

    assert found[0] == pytest.approx([100, 100, 100, 100 * 2 / 3])
    assert found[1] == pytest.approx([100 * 2 / 3, 100 * 10 / 15, 100 * 10 / 15, 100 / 3])


@given(scores=st.lists(st.integers(0, 3), min_size=6, max_size=6), code=st.sampled_from(CODES))
def test_ties_count_as_the_mean_over_their_orders(scores, code):
    orders = [
        [TYPES[at] for at in order]
        for order in permutations(range(6))
        if all(scores[a] >= scores[b] for a, b in pairwise(order))
    ]
    each = congruence(np.array([ranked(order) for order in orders]), [code])

    found = congruence(np.array([scores], dtype=float), [code])

    assert found[0, 0] == pytest.approx(each.mean())


@given(code=st.sampled_from(CODES), other=st.sampled_from(CODES))
def test_nothing_suits_better_than_the_same_code_and_both_ways_are_alike(code, other):
    there, back = (
        congruence(np.array([ranked(a)]), [b])[0, 0] for a, b in ((code, other), (other, code))
    )

    assert there == pytest.approx(back)
    assert 0 <= there <= 100
    assert (there == pytest.approx(100)) == (code == other)


def test_what_is_not_known_of_a_person_or_a_post_stays_unknown():
    scores = np.array([ranked("RIA"), [np.nan] * 6])

    found = congruence(scores, ["RIA", ""])

    assert np.isnan(found).tolist() == [[False, True], [True, True]]
    assert congruence(np.zeros((0, 6)), ["RIA"]).shape == (0, 1)


@pytest.mark.parametrize("code", ["RIAS", "RR", "K", "ria"])
def test_other_codes_are_refused(code):
    with pytest.raises(ValueError, match="Holland"):
        congruence(np.array([ranked("RIA")]), [code])
