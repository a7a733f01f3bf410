"""Assembly: forms keep every rule, are alike, and nobody could have done much better."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cakap.science.assembly.blueprint import Blueprint, Stock, rules_of
from cakap.science.assembly.exchange import deal_by_exchange
from cakap.science.assembly.forms import Infeasible, assemble


def stock_of(n=120, seed=1, **more):
    rng = np.random.default_rng(seed)
    a, b = rng.lognormal(0, 0.3, n), rng.normal(size=n)
    p = 1 / (1 + np.exp(-a[:, None] * (np.array([-1.0, 0, 1]) - b[:, None])))
    return Stock(
        information=a[:, None] ** 2 * p * (1 - p),
        labels={"content": rng.integers(0, 3, n)},
        amounts={"words": rng.uniform(20, 80, n)},
        **more,
    )


def blueprint(**more):
    told = {
        "n_forms": 3, "length": 15, "shape": np.ones(3),
        "counts": {("content", k): (4, 6) for k in range(3)}, "limits": {"words": (0, 800)},
    }  # fmt: skip
    return Blueprint(**(told | more))


def test_forms_keep_every_rule_and_the_gap_is_small():
    stock = stock_of(enemies=((0, 1, 2), (5, 9)))

    found = assemble(stock, blueprint())

    assert len(np.unique(found.forms)) == 45
    for form, rule in itertools.product(found.forms, rules_of(stock, blueprint())):
        assert rule.low - 1e-6 <= rule.coefficients[form].sum() <= rule.high + 1e-6, rule.name
    assert found.gap < 0.02
    assert found.least == pytest.approx(found.information.min())
    assert found.information.max(axis=0) == pytest.approx(found.information.min(axis=0), rel=0.06)


def test_one_small_form_is_the_best_there_is():
    stock = Stock(information=np.random.default_rng(2).uniform(size=(10, 2)))

    found = assemble(stock, Blueprint(n_forms=1, length=3, shape=np.ones(2)))

    best = max(
        stock.information[list(items)].sum(axis=0).min()
        for items in itertools.combinations(range(10), 3)
    )
    assert found.least == pytest.approx(best, rel=2e-3)
    assert found.bound >= best - 1e-9


def test_an_item_may_serve_twice_where_it_is_allowed():
    stock = stock_of(40)

    found = assemble(stock, blueprint(most_uses=2, most_overlap=8, limits={}))

    uses = np.bincount(found.forms.ravel())
    assert uses.max() == 2
    for one, other in itertools.combinations(found.forms, 2):
        assert len(np.intersect1d(one, other)) <= 8


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ({"limits": {"words": (0, 100)}}, {"length", "words"}),
        ({"counts": {("content", 0): (10, 12), ("content", 1): (9, 12)}},
         {"length", "content=0", "content=1"}),
        ({"n_forms": 1, "counts": {}, "least_information": np.array([12.0, 0, 0])},
             {"length", "information at point 1"}),
    ],
)  # fmt: skip
def test_rules_that_clash_are_named_and_no_others(more, names):
    with pytest.raises(Infeasible) as refused:
        assemble(stock_of(), blueprint(**more))

    assert set(refused.value.rules) == names


def test_a_rule_about_what_the_bank_does_not_say_is_refused():
    with pytest.raises(ValueError, match="level: the bank has no such label"):
        assemble(stock_of(), blueprint(counts={("level", 1): (0, 3)}))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sums_near_their_limits_are_dealt_out_by_exchange(seed):
    """Where forms taken one after the other leave a last one that no longer fits."""
    rng = np.random.default_rng(seed)
    stock = stock_of(n=400, seed=seed, enemies=((0, 1, 2), (5, 9), (20, 21, 22)))
    chosen = np.zeros(400, dtype=np.int64)
    plan = blueprint(n_forms=8, length=20, counts={}, limits={}, most_uses=2)
    chosen[rng.choice(400, 150, replace=False)] = 1
    chosen[np.flatnonzero(chosen)[:10]] = 2
    words = float(chosen @ stock.amounts["words"]) / 8
    tight = blueprint(
        n_forms=8, length=20, most_uses=2, limits={"words": (words * 0.998, words * 1.002)},
        counts={("content", k): (0, 12) for k in range(3)},
    )  # fmt: skip

    forms = deal_by_exchange(chosen, rules_of(stock, tight), stock, tight)

    assert forms is not None
    assert np.array_equal(np.bincount(np.concatenate(forms), minlength=400), chosen)
    for form, rule in itertools.product(forms, rules_of(stock, tight)):
        assert len(np.unique(form)) == 20 == plan.length
        assert rule.low - 1e-6 <= rule.coefficients[form].sum() <= rule.high + 1e-6, rule.name
