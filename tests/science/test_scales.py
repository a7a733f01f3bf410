"""Linking, drift, standard setting and classification: known answers come back."""

from __future__ import annotations

import numpy as np
import pytest

from cakap.science.irt.eap import Scores
from cakap.science.irt.linking import METHODS, Link, drift, link, onto
from cakap.science.irt.scoring import Fitted
from cakap.science.irt.standards import angoff, booklet, bookmark, classification, expected_total

MODELS = {
    "rasch": lambda rng: np.array([rng.normal()]),
    "2pl": lambda rng: np.array([rng.uniform(0.7, 1.8), rng.normal()]),
    "3pl": lambda rng: np.array([rng.uniform(0.7, 1.8), rng.normal(), -1.5]),
    "graded": lambda rng: np.array([rng.uniform(0.7, 1.8), *np.sort(rng.normal(size=3))[::-1]]),
    "gpcm": lambda rng: np.array([rng.uniform(0.7, 1.8), *rng.normal(size=3)]),
}


def bank(model, seed=1, items=12):
    rng = np.random.default_rng(seed)
    return Fitted(model=model, parameters=[MODELS[model](rng) for _ in range(items)])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("model", list(MODELS))
def test_a_moved_scale_is_moved_back(model, method):
    truth = Link(slope=1.0 if model == "rasch" else 1.25, intercept=-0.4)
    new = bank(model)
    old = onto(new, truth)

    found = link(old, new, method=method)

    assert (found.slope, found.intercept) == pytest.approx((truth.slope, truth.intercept), abs=1e-3)


@pytest.mark.parametrize("model", list(MODELS))
def test_a_move_leaves_every_probability_where_it_was(model):
    found = Link(slope=1.0 if model == "rasch" else 0.8, intercept=0.3)
    new = bank(model)

    moved = onto(new, found)

    theta = np.linspace(-3, 3, 7)
    for item in range(12):
        there = moved.log_p(item, found.slope * theta + found.intercept)
        assert there == pytest.approx(new.log_p(item, theta))


def test_the_anchor_that_drifted_is_named():
    old = bank("2pl")
    rows = [row.copy() for row in old.parameters]
    rng = np.random.default_rng(3)
    for row in rows:
        row[1] += rng.normal(0, 0.05)
    rows[4][1] -= 1.2

    found = drift(old, Fitted(model="2pl", parameters=rows))

    assert found.drifted.tolist() == [4]
    assert found.shift[4] > 0.5


def test_unlike_anchors_are_refused():
    with pytest.raises(ValueError, match="models rasch and 2pl"):
        link(bank("rasch"), bank("2pl"))
    with pytest.raises(ValueError, match="expected at least 2 pairs"):
        link(bank("2pl", items=1), bank("2pl", items=1))


def test_angoff_finds_the_ability_the_panel_had_in_mind():
    known = bank("2pl", items=30)
    at = np.array([0.5, 0.6, 0.4, 0.5])
    judged = np.stack([np.exp(known.log_p(i, at)[1]) for i in range(30)], axis=1)

    found = angoff(known, judged)

    assert found.panellists == pytest.approx(at, abs=1e-6)
    assert found.theta == pytest.approx(0.5)
    assert found.se == pytest.approx(np.std(at, ddof=1) / 2)


def test_a_bookmark_lies_between_its_page_and_the_one_before():
    known = bank("2pl", items=10)
    order, places = booklet(known)

    found = bookmark(known, np.array([5, 5, 6]))

    assert np.exp(known.log_p(int(order[3]), places[[3]])[1])[0] == pytest.approx(2 / 3)
    assert found.panellists[0] == pytest.approx((places[3] + places[4]) / 2)
    assert found.theta == pytest.approx(found.panellists.mean())


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda known: angoff(known, np.full((1, 10), 0.5)), "1 panellists"),
        (lambda known: angoff(known, np.full((3, 10), 1.2)), "panellist 0: sum 12.00"),
        (lambda known: bookmark(known, np.array([4, 12])), "panellist 1: page 12"),
    ],
)
def test_a_panel_that_cannot_be_is_named(ask, words):
    with pytest.raises(ValueError, match=words):
        ask(bank("2pl", items=10))


def test_the_expected_total_rises_from_none_to_all():
    found = expected_total(bank("graded", items=10), np.array([-20.0, 20.0]))

    assert found == pytest.approx([0, 30], abs=1e-3)


def test_classification_says_how_often_it_is_right():
    """Simulated: the share of people whose level is the true one is what was promised."""
    rng = np.random.default_rng(7)
    theta = rng.normal(size=40000)
    observed = theta + rng.normal(0, 0.4, 40000)
    again = theta + rng.normal(0, 0.4, 40000)
    shrunk = 1 / (1 + 0.16)
    cuts = np.array([-0.5, 0.8])
    scores = Scores(theta=shrunk * observed, se=np.full(40000, np.sqrt(0.16 * shrunk)))

    found = classification(scores, cuts)

    true, one, other = (
        np.searchsorted(cuts, x) for x in (theta, shrunk * observed, shrunk * again)
    )
    assert found.accuracy[0] == pytest.approx((true == one).mean(), abs=0.01)
    assert found.consistency[0] == pytest.approx((one == other).mean(), abs=0.03)
    assert found.accuracy[1:].min() > found.accuracy[0]
