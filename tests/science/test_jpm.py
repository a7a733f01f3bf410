"""Job Person Match against the vectors and traps of the domain notes (§2)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cakap.policy.book import Policy, default_rules
from cakap.results.compute import category
from cakap.science.matching.jpm import capped_mean, ratio

POLICY = Policy(default_rules())


def jpm(shown, asked):
    return ratio(np.array([shown], float), np.array([asked], float))[0, 0]


@pytest.mark.parametrize(
    ("standard", "ms", "mms", "optimal", "cukup"),
    [
        pytest.param(36, 29, 25, 33, 29, id="JPT Pratama"),
        pytest.param(27, 22, 19, 25, 22, id="Administrator"),
        pytest.param(18, 15, 13, 17, 15, id="Pengawas"),
        pytest.param(9, 8, 7, 9, 8, id="Pelaksana"),
    ],
)
def test_the_lowest_sum_that_reaches_a_category(standard, ms, mms, optimal, cukup):
    def code(total, purpose):
        return category(100 * total / standard, purpose, POLICY)[0]

    assert [code(ms, "filling"), code(ms - 1, "filling")] == ["MS", "MMS"]
    assert [code(mms, "filling"), code(mms - 1, "filling")] == ["MMS", "KMS"]
    assert [code(optimal, "mapping"), code(optimal - 1, "mapping")] == ["O", "CO"]
    assert [code(cukup, "mapping"), code(cukup - 1, "mapping")] == ["CO", "KO"]


def test_the_purpose_decides_the_scale():
    assert category(85.0, "filling", POLICY)[0] == "MS"
    assert category(85.0, "mapping", POLICY)[0] == "CO"


@pytest.mark.parametrize(
    ("value", "purpose", "code"),
    [
        (80.0, "filling", "MS"), (79.999999, "filling", "MMS"), (68.0, "filling", "MMS"),
        (67.999, "filling", "KMS"), (90.0, "mapping", "O"), (89.996, "mapping", "CO"),
        (78.0, "mapping", "CO"), (0.0, "mapping", "KO"),
    ],
)  # fmt: skip
def test_boundaries_belong_to_the_upper_category_and_are_compared_unrounded(value, purpose, code):
    assert category(value, purpose, POLICY)[0] == code


def test_the_ratio_may_pass_100_and_hides_a_gap_that_the_capped_mean_shows():
    shown, asked = [5, 5, 2], [3, 3, 3]

    assert jpm(shown, asked) == pytest.approx(133.3333, abs=1e-3)
    capped = capped_mean(np.array([shown], float), np.array([asked], float))[0, 0]
    assert capped == pytest.approx(100 * (1 + 1 + 2 / 3) / 3)


def test_ratings_may_be_quarters():
    assert jpm([3.25, 2.75], [3, 3]) == pytest.approx(100.0)


@given(st.lists(st.integers(0, 5), min_size=9, max_size=9), st.integers(0, 8))
def test_more_of_a_competency_never_lowers_a_match(shown, place):
    asked = np.full((1, 9), 3.0)
    more = list(shown)
    more[place] = min(more[place] + 1, 5)

    for formula in (ratio, capped_mean):
        before, after = formula(np.array([shown, more], float), asked)[:, 0]
        assert after >= before


@given(st.lists(st.integers(0, 5), min_size=3, max_size=3))
def test_a_strength_never_pays_for_a_gap(shown):
    asked = np.array([[3.0, 3.0, 3.0]])
    value = capped_mean(np.array([shown], float), asked)[0, 0]

    assert (value == 100) == all(level >= 3 for level in shown)


@pytest.mark.parametrize(
    ("shown", "asked"),
    [([[1.0]], [[0.0]]), ([[np.nan]], [[1.0]]), ([[-1.0]], [[1.0]]), ([[1.0, 2.0]], [[1.0]])],
)
def test_nonsense_is_refused(shown, asked):
    with pytest.raises(ValueError, match="standard|level"):
        ratio(np.array(shown), np.array(asked))
