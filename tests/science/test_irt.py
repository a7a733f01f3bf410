from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cakap.science.irt.bank import ItemBank
from cakap.science.irt.eap import eap, normal_prior
from cakap.science.irt.levels import level_probabilities, levels
from cakap.science.irt.response import log_probabilities
from cakap.science.types import MISSING

REFERENCE = Path(__file__).parents[1] / "data" / "irt"
BANK = ItemBank.of([1.0, 1.5, 2.0], [[-1.0], [0.0, 1.0], [-0.5, 0.0, 0.5, 1.0]])
NODES, PRIOR = normal_prior(0, 1)


@given(st.floats(-1e6, 1e6))
def test_probabilities_sum_to_one_however_far(theta):
    total = np.exp(log_probabilities(BANK, np.array([theta]))).sum(axis=2)

    assert total == pytest.approx(np.ones((1, 3)))


@given(st.lists(st.sampled_from([0, 1, MISSING]), min_size=3, max_size=3), st.integers(0, 2))
def test_a_higher_answer_never_lowers_a_score(responses, item):
    low, high = list(responses), list(responses)
    low[item], high[item] = 0, 1

    theta = eap(BANK, np.array([low, high], dtype=np.int8), nodes=NODES, prior=PRIOR).theta

    assert theta[1] > theta[0]


def test_nobody_who_answered_nothing_gets_more_than_the_prior():
    nothing = np.full((1, 3), MISSING, dtype=np.int8)

    found = eap(BANK, nothing, nodes=NODES, prior=PRIOR)

    assert found.theta[0] == pytest.approx(0, abs=1e-9)
    assert found.se[0] == pytest.approx(1, abs=1e-3)


def test_an_impossible_answer_is_named():
    with pytest.raises(ValueError, match="person 0, item 0: category 3"):
        eap(BANK, np.array([[3, 0, 0]], dtype=np.int8), nodes=NODES, prior=PRIOR)


def test_scores_equal_those_of_mirt_on_real_answers():
    fit = json.loads((REFERENCE / "ref" / "lsat7.2PL.json").read_text())
    items = fit["irt"]
    rows = list(csv.reader((REFERENCE / "lsat7.csv").open()))[1:51]
    slopes, thresholds = [row["a"] for row in items], [[row["b"]] for row in items]
    nodes = np.linspace(-6, 6, 61)

    found = eap(
        ItemBank.of(slopes, thresholds), np.array(rows, dtype=np.int8),
        nodes=nodes, prior=np.exp(-(nodes**2) / 2),
    )  # fmt: skip

    expected = np.array([list(row.values()) for row in fit["eap"]])
    assert found.theta == pytest.approx(expected[:, 0], abs=0.003)
    assert found.se == pytest.approx(expected[:, 1], abs=0.003)


@given(st.floats(-5, 5), st.floats(0, 3))
def test_levels_have_probabilities_that_sum_to_one(value, se):
    cuts = np.array([-1.5, -0.5, 0.5, 1.5])

    found = level_probabilities(np.array([value]), np.array([se]), cuts)

    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()


def test_a_score_on_a_cut_reaches_the_higher_level():
    cuts = np.array([-1.5, -0.5, 0.5, 1.5])

    assert levels(np.array([-1.5, 0.5, 1.4999]), cuts).tolist() == [2, 4, 4]
    assert level_probabilities(np.array([0.5]), np.array([0.0]), cuts)[0, 3] == 1


def test_cuts_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match="do not rise"):
        level_probabilities(np.zeros(1), np.zeros(1), np.array([1.0, 1.0]))
