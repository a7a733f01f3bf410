"""Calibration and scoring against R mirt on real answers, and the laws they obey."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cakap.science.irt.calibration import Options, Priors, calibrate
from cakap.science.irt.forms import from_form, to_form
from cakap.science.irt.latent import POINTS
from cakap.science.irt.models import MODELS
from cakap.science.irt.plausible import plausible_values
from cakap.science.irt.reliability import information
from cakap.science.irt.scoring import METHODS, Fitted, eap
from cakap.science.irt.sums import sum_score_eap
from cakap.science.types import MISSING

OWN = Path(__file__).parents[1] / "data" / "irt"
LARGER = Path(__file__).parents[3] / "shared" / "data" / "irt"
SETS = [
    ("lsat7", "Rasch"), ("lsat7", "2PL"), ("sat12", "Rasch"), ("sat12", "2PL"),
    ("ability", "Rasch"), ("ability", "2PL"), ("science", "graded"), ("science", "gpcm"),
    ("bfi_neuro", "graded"), ("bfi_neuro", "gpcm"), ("bfi_agree", "graded"),
]  # fmt: skip
PARAMETERS = {"Rasch": ["d"], "2PL": ["a1", "d"]}
COUNTS = {
    name: [20.0, 30.0, 25.0] if name in {"graded", "gpcm"} else [30.0, 50.0] for name in MODELS
}


def reference(name, model):
    """mirt's results and the same answers as categories from 0."""
    folder = OWN if (OWN / "ref" / f"{name}.{model}.json").exists() else LARGER
    if not folder.exists():
        pytest.skip("the larger reference data lies beside the repository and is absent here")
    expected = json.loads((folder / "ref" / f"{name}.{model}.json").read_text())
    with (folder / f"{name.split('_')[0]}.csv").open() as file:
        rows = list(csv.DictReader(file))
    cells = [[row[item] for item in expected["items"]] for row in rows]
    lowest = 1 if model in {"graded", "gpcm"} else 0
    coded = [
        [int(float(c)) - lowest if c not in {"", "NA"} else MISSING for c in row] for row in cells
    ]
    return expected, np.array(coded, dtype=np.int8)


@cache
def fit_of(name, model):
    """One fit a data set, however many tests look at it."""
    return calibrate(reference(name, model)[1], model=model.lower())


@pytest.mark.parametrize(("name", "model"), SETS)
def test_a_fit_equals_mirts(name, model):
    expected, _ = reference(name, model)

    found = fit_of(name, model)

    errors = {row["_row"]: row["SE"] for row in expected["se"]}
    assert found.converged
    assert found.loglik == pytest.approx(expected["loglik"], abs=0.005)
    assert found.variance == pytest.approx(expected["var"][0][0], abs=0.005)
    for row, own, se in zip(
        expected["slope_intercept"], found.parameters, found.errors, strict=True
    ):
        names = PARAMETERS.get(model, ["a1", *(f"d{k}" for k in range(1, len(own)))])
        assert own == pytest.approx([row[one] for one in names], abs=0.005)
        assert se == pytest.approx([errors[f"{row['_row']}.{one}"] for one in names], rel=0.02)


@pytest.mark.parametrize(("name", "model"), SETS)
@pytest.mark.parametrize("method", list(METHODS))
def test_scores_equal_mirts(name, model, method):
    expected, answers = reference(name, model)
    fit = fit_of(name, model)
    fitted = Fitted(model=fit.model, parameters=fit.parameters, variance=fit.variance)

    found = METHODS[method](fitted, answers[:50])

    rows = np.array([list(row.values()) for row in expected[method]], dtype=float)
    sound = np.isfinite(rows).all(axis=1)
    assert found.theta[sound] == pytest.approx(rows[sound, 0], abs=0.003)
    assert found.se[sound] == pytest.approx(rows[sound, 1], abs=0.003)


def test_3pl_is_not_below_mirt():
    expected, answers = reference("ability", "3PL")

    assert calibrate(answers, model="3pl").loglik > expected["loglik"] - 0.1


def start_of(model):
    return MODELS[model].start(np.array(COUNTS[model]), 0.6)


@pytest.mark.parametrize("model", list(MODELS))
def test_derivatives_are_those_of_the_probabilities(model):
    """And probabilities sum to one at every node: a new model is tested by being registered."""
    parameters = start_of(model)
    log_p, derivative = MODELS[model].log_p(parameters, POINTS)
    step = 1e-6

    assert np.exp(log_p).sum(axis=0) == pytest.approx(np.ones(61))
    for place in range(len(parameters)):
        move = np.eye(len(parameters))[place] * step
        up, down = (MODELS[model].log_p(parameters + sign * move, POINTS)[0] for sign in (1, -1))
        assert derivative[place] == pytest.approx((up - down) / (2 * step), abs=1e-4)


@pytest.mark.parametrize("model", list(MODELS))
def test_both_forms_say_the_same(model):
    assert from_form(model, to_form(model, start_of(model))) == pytest.approx(start_of(model))


def simulated(seed, *, persons=400, items=5):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(persons, 1))
    p = 1 / (1 + np.exp(-(theta * rng.uniform(0.8, 1.6, items) + rng.normal(size=items))))
    return (rng.random((persons, items)) < p).astype(np.int8)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_persons_and_items_changes_nothing(seed):
    answers = simulated(seed)
    rng = np.random.default_rng(seed)
    people, items = rng.permutation(400), rng.permutation(5)

    one = calibrate(answers, model="2pl")
    other = calibrate(answers[people][:, items], model="2pl")

    assert other.loglik == pytest.approx(one.loglik, abs=1e-4)
    for place, item in enumerate(items):
        assert other.parameters[place] == pytest.approx(one.parameters[item], abs=5e-3)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_recoding_an_item_reverses_its_slope(seed):
    answers = simulated(seed)
    turned = answers.copy()
    turned[:, 2] = 1 - turned[:, 2]

    one, other = calibrate(answers, model="2pl"), calibrate(turned, model="2pl")

    assert other.loglik == pytest.approx(one.loglik, abs=1e-3)
    assert other.parameters[2][0] == pytest.approx(-one.parameters[2][0], abs=1e-2)
    assert [note.kind for note in other.warnings if note.item == 2] == ["negative"]


@pytest.mark.parametrize(
    ("answers", "model", "words"),
    [
        ([[1, 0]], "2pl", "1 persons with answers"),
        ([[1, 0], [1, 0]], "2pl", "no item is left"),
        ([[0, 0], [2, 1], [1, 1]], "2pl", "item 0: category 2, expected 0 or 1"),
        ([[0, 1], [1, 0]], "4pl", "expected one of"),
    ],
)
def test_what_cannot_be_calibrated_is_named(answers, model, words):
    with pytest.raises(ValueError, match=words):
        calibrate(np.array(answers, dtype=np.int8), model=model)


def test_what_the_data_cannot_tell_is_in_the_result():
    """Pains: an item answered all one way, empty categories, two persons, never silent."""
    answers = np.array([[1, 0, 0], [1, 1, 2], [1, 0, 2], [1, 1, 0]], dtype=np.int8)

    found = calibrate(answers, model="graded")

    kinds = {(note.kind, note.item, note.detail) for note in found.warnings}
    assert ("alike", 0, "") in kinds
    assert ("unused", 2, "1") in kinds
    assert "few" in {kind for kind, _, _ in kinds}
    assert np.isnan(found.parameters[0]).all()
    assert len(found.parameters[2]) == 2


def test_two_persons_give_a_finite_result_that_says_so():
    found = calibrate(np.array([[1, 0], [0, 1]], dtype=np.int8), model="2pl")

    assert np.isfinite(found.loglik)
    assert {"few", "extreme"} <= {note.kind for note in found.warnings}


def test_a_climb_cut_short_says_so():
    answers = reference("science", "graded")[1]

    found = calibrate(answers, model="graded", options=Options(most_iterations=2))

    assert not found.converged
    assert "unconverged" in {note.kind for note in found.warnings}


def two_groups(seed, persons=3000):
    """The second group one half better and less spread out; items the same."""
    rng = np.random.default_rng(seed)
    group = np.repeat([0, 1], persons)
    theta = np.where(group == 0, rng.normal(size=2 * persons), rng.normal(0.5, 0.7, 2 * persons))
    a, d = rng.uniform(0.8, 1.8, 20), rng.normal(size=20)
    p = 1 / (1 + np.exp(-(theta[:, None] * a + d)))
    return (rng.random(p.shape) < p).astype(np.int8), group, a, d


def test_groups_have_their_own_means_and_variances():
    answers, group, *_ = two_groups(3)

    found = calibrate(answers, model="2pl", groups=group)

    errors = found.latent_errors[1]
    assert found.latent.mean[1] == pytest.approx(0.5, abs=4 * errors[0])
    assert found.latent.variance[1] == pytest.approx(0.49, abs=4 * errors[1])
    assert (found.latent.mean[0], found.latent.variance[0]) == (0, 1)


def test_new_items_join_the_scale_of_anchors():
    """The second group alone, with half of the items held, lands on the first group's scale."""
    answers, group, a, d = two_groups(4)
    anchors = {item: np.array([a[item], d[item]]) for item in range(10)}

    found = calibrate(answers[group == 1], model="2pl", options=Options(anchors=anchors))

    assert found.parameters[0] == pytest.approx([a[0], d[0]])
    assert found.errors[0] == pytest.approx([0, 0])
    gaps = [(found.parameters[i] - [a[i], d[i]]) / found.errors[i] for i in range(10, 20)]
    assert np.abs(gaps).max() < 4
    assert found.latent.mean[0] == pytest.approx(0.5, abs=0.1)


def test_missing_by_design_is_told_apart_from_wrong():
    """Two booklets with common items give what everybody answering everything would give."""
    answers, group, a, _ = two_groups(5)
    design = answers.copy()
    design[group == 0, :7] = MISSING
    design[group == 1, 13:] = MISSING

    found = calibrate(design, model="2pl", groups=group)

    gaps = [
        (row[0] - true) / se[0]
        for row, true, se in zip(found.parameters, a, found.errors, strict=True)
    ]
    assert np.abs(gaps).max() < 4


def test_a_prior_keeps_guessing_where_it_is_expected():
    answers = reference("ability", "3PL")[1]
    prior = Priors(guess=(-1.4, 0.5))

    found = calibrate(answers, model="3pl", options=Options(priors=prior))

    guesses = [1 / (1 + np.exp(-row[2])) for row in found.parameters]
    assert found.converged
    assert 0.02 < min(guesses) < max(guesses) < 0.5
    assert all(np.isfinite(se).all() for se in found.errors)


def test_a_histogram_follows_ability_that_is_not_normal():
    """Two camps of people: the histogram finds a likelihood that no normal reaches."""
    rng = np.random.default_rng(6)
    theta = rng.choice([-1.2, 1.2], 4000) + rng.normal(0, 0.3, 4000)
    p = 1 / (1 + np.exp(-1.5 * (theta[:, None] - np.linspace(-1.5, 1.5, 15))))
    answers = (rng.random(p.shape) < p).astype(np.int8)

    normal = calibrate(answers, model="2pl")
    free = calibrate(answers, model="2pl", options=Options(shape="histogram"))

    weights = np.exp(free.latent.log_weights[0])
    assert free.loglik > normal.loglik + 20
    assert (weights @ POINTS, weights @ POINTS**2) == pytest.approx((0, 1), abs=0.02)
    middle = weights[np.abs(POINTS) < 0.3].mean()
    camps = weights[np.abs(np.abs(POINTS) - 0.9) < 0.3].mean()
    assert middle < camps / 2


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_an_item_more_never_lowers_information(seed):
    rng = np.random.default_rng(seed)
    rows = [np.array([rng.uniform(-2, 2), *np.sort(rng.normal(size=2))[::-1]]) for _ in range(6)]

    fewer = information(Fitted(model="graded", parameters=rows[:-1]), POINTS)

    assert np.all(information(Fitted(model="graded", parameters=rows), POINTS) >= fewer - 1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_plausible_values_average_to_the_eap(seed):
    answers = simulated(seed, persons=20)
    fitted = Fitted(model="2pl", parameters=[np.array([1.2, d]) for d in (-1, -0.5, 0, 0.5, 1)])
    rng = np.random.default_rng(seed)

    draws = plausible_values(fitted, answers, n_draws=4000, rng=rng)

    scores = eap(fitted, answers)
    assert draws.mean(axis=1) == pytest.approx(scores.theta, abs=0.08)
    assert draws.std(axis=1) == pytest.approx(scores.se, abs=0.08)


def test_sum_scores_stand_for_their_patterns():
    """Under Rasch the sum is all there is to know: its EAP is that of every pattern with it."""
    fitted = Fitted(model="rasch", parameters=[np.array([d]) for d in (-1.0, 0.0, 0.5)])

    table = sum_score_eap(fitted)

    patterns = np.array([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 1], [1, 1, 1]], dtype=np.int8)
    assert eap(fitted, patterns).theta == pytest.approx(table.theta[[0, 1, 1, 2, 3]], abs=1e-9)
