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

from cakap.science.irt.calibration import calibrate
from cakap.science.irt.latent import POINTS
from cakap.science.irt.forms import from_form, to_form
from cakap.science.irt.models import MODELS
from cakap.science.irt.scoring import METHODS, Fitted
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


@pytest.mark.slow
def test_3pl_is_not_below_mirt():
    expected, answers = reference("ability", "3PL")

    assert calibrate(answers, model="3pl").loglik > expected["loglik"] - 0.1


@pytest.mark.parametrize("model", list(MODELS))
def test_derivatives_are_those_of_the_probabilities(model):
    """And probabilities sum to one at every node: a new model is tested by being registered."""
    parameters = MODELS[model].start(
        np.array([30.0, 50.0] if model in {"rasch", "2pl", "3pl"} else [20.0, 30.0, 25.0])
    )
    log_p, derivative = MODELS[model].log_p(parameters, POINTS)
    step = 1e-6

    assert np.exp(log_p).sum(axis=0) == pytest.approx(np.ones(61))
    for place in range(len(parameters)):
        move = np.eye(len(parameters))[place] * step
        up, down = (MODELS[model].log_p(parameters + sign * move, POINTS)[0] for sign in (1, -1))
        assert derivative[place] == pytest.approx((up - down) / (2 * step), abs=1e-4)


@pytest.mark.parametrize("model", list(MODELS))
def test_both_forms_say_the_same(model):
    parameters = MODELS[model].start(
        np.array([30.0, 50.0] if model in {"rasch", "2pl", "3pl"} else [20.0, 30.0, 25.0])
    )

    assert from_form(model, to_form(model, parameters)) == pytest.approx(parameters)


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
    assert any("negative discrimination" in one for one in other.warnings)


@pytest.mark.parametrize(
    ("answers", "model", "words"),
    [
        ([[1, 0]], "2pl", "1 persons with answers"),
        ([[1, 0], [1, 1]], "2pl", "item 0: everybody answered alike"),
        ([[0, 0], [2, 1], [0, 1]], "graded", "item 0: category 1 was never given"),
        ([[0, 0], [2, 1], [1, 1]], "2pl", "item 0: category 2, expected 0 or 1"),
        ([[0, 1], [1, 0]], "4pl", "expected one of"),
    ],
)
def test_what_cannot_be_calibrated_is_named(answers, model, words):
    with pytest.raises(ValueError, match=words):
        calibrate(np.array(answers, dtype=np.int8), model=model)
