"""Adaptive tests: what is chosen, when it ends, and that the simulation sits the exam's own test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cakap.science.adaptive import kernel
from cakap.science.adaptive.exam import AdaptiveTest
from cakap.science.adaptive.pool import Pool, Rules
from cakap.science.adaptive.shadow import shadow_test
from cakap.science.adaptive.simulation import REASONS, simulate, sympson_hetter
from cakap.science.irt.latent import POINTS
from cakap.science.irt.reliability import item_information
from cakap.science.irt.scoring import Fitted, eap


def pool_of(n=200, seed=1, **more):
    rng = np.random.default_rng(seed)
    return Pool.of(
        rng.lognormal(0, 0.3, n).tolist(),
        rng.normal(size=(n, 1)).tolist(),
        content=rng.integers(0, 3, n).tolist(),
        **more,
    )


POOL = pool_of()
RNG = np.random.default_rng(0)


def sit(test, answer):
    """Items and standings of one person who answers by `answer(item)`."""
    at = test.begin()
    while not test.ended(at):
        item, at = test.next_item(at, RNG)
        at = test.answered(at, item, answer(item))
    return at


@settings(deadline=None)  # the first call compiles
@given(st.floats(-3, 3), st.sampled_from(["2pl", "3pl", "graded"]))
def test_the_kernel_knows_the_engines_probabilities_and_information(theta, model):
    rows = {
        "2pl": (1.3, [0.4], 0.0, np.array([1.3, -1.3 * 0.4])),
        "3pl": (1.3, [0.4], 0.2, np.array([1.3, -1.3 * 0.4, np.log(0.25)])),
        "graded": (0.9, [-1.0, 0.2, 1.5], 0.0, np.array([0.9, 0.9, -0.18, -1.35])),
    }
    a, b, c, row = rows[model]
    fitted = Fitted(model=model, parameters=[row])
    room = np.empty(4)

    n = kernel.probabilities(a, np.array(b), c, theta, room)

    assert room[:n] == pytest.approx(np.exp(fitted.log_p(0, np.array([theta]))[:, 0]), abs=1e-9)
    expected = item_information(fitted, np.array([theta]))[0, 0]
    assert kernel.information(a, np.array(b), c, theta) == pytest.approx(expected, abs=1e-4)


def test_the_first_item_is_the_most_informative_at_the_start():
    test = AdaptiveTest(pool=POOL, rules=Rules(most_items=10))

    item, _ = test.next_item(test.begin(), RNG)

    known = [
        kernel.information(a, b, 0.0, 0.0)
        for a, b in zip(POOL.slopes, POOL.thresholds, strict=True)
    ]
    assert item == int(np.argmax(known))


def test_the_standing_is_the_eap_of_the_answers():
    test = AdaptiveTest(pool=POOL, rules=Rules(most_items=12))

    at = sit(test, lambda item: item % 2)

    rows = [np.array([a, -a * b[0]]) for a, b in zip(POOL.slopes, POOL.thresholds, strict=True)]
    own = Fitted(model="2pl", parameters=[rows[i] for i in at.given])
    expected = eap(own, np.array([at.answers], dtype=np.int8))
    assert (at.theta, at.se) == pytest.approx((expected.theta[0], expected.se[0]))
    assert len(set(at.given)) == 12


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10**6), st.sampled_from(["information", "kl", "a-stratified"]), st.integers(1, 4)
)
def test_no_item_and_no_enemy_comes_twice_and_time_is_kept(seed, criterion, among):
    rng = np.random.default_rng(seed)
    enemies = [rng.choice(60, 4, replace=False).tolist()]
    pool = pool_of(60, seed, enemies=enemies, seconds=rng.uniform(20, 90, 60).tolist())
    rules = Rules(most_items=15, criterion=criterion, randomesque=among, most_seconds=600)

    at = sit(AdaptiveTest(pool=pool, rules=rules), lambda _: int(rng.integers(0, 2)))
    found = simulate(pool, rules, rng.normal(size=50), seed=seed)

    assert at.seconds <= 600
    assert len(set(at.given) & set(enemies[0])) <= 1
    for row in found.given:
        given_ = row[row >= 0]
        assert len(set(given_)) == len(given_)
        assert len(set(given_.tolist()) & set(enemies[0])) <= 1
        assert pool.seconds[given_].sum() <= 600


def test_the_simulation_gives_what_the_exam_gives():
    """The same abilities and answers, item by item, through both doors."""
    rules = Rules(most_items=10)
    always_able = simulate(POOL, rules, np.array([50.0]), seed=1)

    at = sit(AdaptiveTest(pool=POOL, rules=rules), lambda _: 1)

    assert always_able.given[0].tolist() == list(at.given)
    assert always_able.theta[0] == pytest.approx(at.theta)


def test_content_follows_its_shares():
    rules = Rules(most_items=20, content={0: 0.5, 1: 0.25, 2: 0.25})

    found = simulate(POOL, rules, np.random.default_rng(1).normal(size=300), seed=1)

    areas = POOL.content[found.given]
    assert [(areas == k).mean() for k in range(3)] == pytest.approx([0.5, 0.25, 0.25], abs=0.03)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, "length"),
        ({"precision": 0.35}, "precision"),
        ({"cuts": (0.0,), "least_items": 4}, "classified"),
        ({"most_seconds": 300.0}, "time"),
    ],
)
def test_a_test_ends_for_the_reason_it_was_told(more, reason):
    rules = Rules(most_items=25, **more)

    found = simulate(POOL, rules, np.random.default_rng(1).normal(size=200), seed=2)

    assert (found.reasons == REASONS.index(reason)).mean() > 0.6
    if reason == "precision":
        assert found.se[found.reasons == 1].max() <= 0.35


def test_sprt_classifies_with_the_error_it_promises():
    rules = Rules(most_items=60, least_items=3, cuts=(0.0,), margin=0.3, error_rate=0.05)
    true = np.concatenate([np.full(500, -0.5), np.full(500, 0.5)])

    found = simulate(POOL, rules, true, seed=3)

    decided = found.reasons == REASONS.index("classified")
    assert decided.mean() > 0.5
    assert ((found.theta > 0) != (true > 0))[decided].mean() < 0.08


def test_exposure_control_holds_items_back():
    true = np.random.default_rng(1).normal(size=1500)
    rules = Rules(most_items=15)

    free = simulate(POOL, rules, true, seed=4)
    held = simulate(
        sympson_hetter(POOL, rules, true, most_exposed=0.3, seed=5), rules, true, seed=6
    )
    shared = simulate(POOL, replace(rules, randomesque=6), true, seed=4)

    assert free.exposure.max() > 0.9
    assert held.exposure.max() < 0.36
    assert held.overlap < free.overlap
    assert shared.exposure.max() < free.exposure.max()
    assert held.rmse < 1.25 * free.rmse


def test_a_simulation_is_the_same_for_the_same_seed():
    true = np.random.default_rng(1).normal(size=1200)
    rules = Rules(most_items=10, randomesque=5)

    one, other = (simulate(POOL, rules, true, seed=9) for _ in range(2))

    assert np.array_equal(one.given, other.given)
    assert abs(one.bias) < 0.05
    assert one.se.mean() == pytest.approx(one.rmse, rel=0.15)


def test_shadow_tests_keep_every_rule_to_the_end():
    pool = pool_of(80, 2, enemies=[[0, 1, 2, 3]])
    rules = Rules(most_items=9, shadow=True, bounds={0: (3, 3), 1: (2, 4), 2: (2, 4)})

    found = simulate(pool, rules, np.array([-1.0, 0.5, 2.0]), seed=1)

    for row in found.given:
        counts = np.bincount(pool.content[row], minlength=3)
        assert counts[0] == 3
        assert (counts[1:] >= 2).all()
        assert len(set(row.tolist()) & {0, 1, 2, 3}) <= 1


def test_rules_that_no_test_keeps_are_named():
    rules = Rules(most_items=5, shadow=True, bounds={0: (6, 9)})

    with pytest.raises(ValueError, match="no test of 5 items"):
        shadow_test(POOL, rules, np.ones(200), (), ())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Pool.of([0.0], [[1.0]]), "item 0: a = 0.0"),
        (lambda: Pool.of([1.0], [[1.0]], guess=[1.0]), "item 0: c = 1.0"),
        (lambda: Pool.of([1.0], [[1.0]], content=[1, 2]), "2 content for 1 items"),
        (lambda: AdaptiveTest(pool=POOL, rules=Rules(most_items=201)), "out of 200"),
        (lambda: AdaptiveTest(pool=POOL, rules=Rules(most_items=5, content={7: 1.0})), "area 7"),
    ],
)
def test_what_cannot_be_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_information_off_the_grid_is_close_to_exact():
    test = AdaptiveTest(pool=POOL, rules=Rules(most_items=5))
    worth = np.empty(200)

    kernel.information_at(test.information, 0.1234, np.ones(200, dtype=np.int64), worth)

    exact = [
        kernel.information(a, b, 0.0, 0.1234)
        for a, b in zip(POOL.slopes, POOL.thresholds, strict=True)
    ]
    assert worth == pytest.approx(exact, abs=1e-4)
    assert POINTS[-1] == kernel.REACH
