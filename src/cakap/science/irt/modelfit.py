"""Does one ability explain how items go together? M2 over all pairs, Q3 pair by pair."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import chdtrc

from cakap.science.irt.latent import POINTS, normal_scores
from cakap.science.irt.models import MODELS
from cakap.science.irt.scoring import Fitted, eap
from cakap.science.types import MISSING, Categories, Floats, Ints

MOST_ITEMS = 70


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFit:
    """M2 with its p; rmsea: misfit a degree of freedom; srmsr: mean gap of correlations."""

    m2: float
    df: int
    p: float
    rmsea: float
    srmsr: float


def m2(fitted: Fitted, responses: Categories, *, nodes: Floats = POINTS) -> ModelFit:
    """M2 (Maydeu-Olivares & Joe, 2006); for more categories M2* on item scores (Cai & Hansen, 2013).

    People who were not given every item are left out. Raises ValueError on more than 70 items
    (there are n(n+1)/2 moments) and where no degree of freedom is left.
    """
    n_items = len(fitted.parameters)
    if n_items > MOST_ITEMS:
        message = f"{n_items} items, expected at most {MOST_ITEMS}"
        raise ValueError(message)
    complete = responses[(responses != MISSING).all(axis=1)].astype(np.float64)
    moments = _Moments.of(fitted, nodes)
    slopes = _slopes(fitted, nodes, moments)
    df = len(moments.expected) - slopes.shape[1]
    if df < 1:
        message = f"{len(moments.expected)} moments for {slopes.shape[1]} parameters"
        raise ValueError(message)
    products = complete.T @ complete / len(complete)
    gaps = np.concatenate([complete.mean(axis=0), products[moments.pairs]]) - moments.expected
    factor = cho_factor(moments.spread)
    whitened = cho_solve(factor, np.column_stack([gaps[:, None], slopes]))
    inner = slopes.T @ whitened[:, 1:]
    pull = slopes.T @ whitened[:, 0]
    value = len(complete) * float(gaps @ whitened[:, 0] - pull @ np.linalg.solve(inner, pull))
    return ModelFit(
        m2=value,
        df=df,
        p=float(chdtrc(float(df), value)),
        rmsea=float(np.sqrt(max(value / df - 1, 0) / (len(complete) - 1))),
        srmsr=_srmsr(complete, moments, n_items),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Moments:
    """Means of item scores and of their products, one row a moment.

    member: (n_moments, n_items), 1 where the item takes part. first, second: (n_items, n_nodes)
    E[y], E[y^2] at each node. weights: (n_nodes,).
    """

    pairs: tuple[Ints, Ints]
    member: Floats
    first: Floats
    second: Floats
    weights: Floats
    products: Floats
    expected: Floats
    spread: Floats

    @classmethod
    def of(cls, fitted: Fitted, nodes: Floats) -> _Moments:
        tables = [np.exp(table) for table in fitted.tables(nodes)]
        first = np.stack([np.arange(float(len(table))) @ table for table in tables])
        second = np.stack([np.arange(float(len(table))) ** 2 @ table for table in tables])
        n_items = len(tables)
        pairs = np.triu_indices(n_items, 1)
        member = np.zeros((n_items + len(pairs[0]), n_items))
        member[:n_items] = np.eye(n_items)
        rows = np.arange(len(pairs[0])) + n_items
        member[rows, pairs[0]] = member[rows, pairs[1]] = 1
        weights = np.exp(fitted.log_prior(nodes))
        products = np.exp(member @ np.log(first))
        expected = products @ weights
        both = np.zeros((len(member), len(member)))
        for node, weight in enumerate(weights):
            excess = np.log(second[:, node]) - 2 * np.log(first[:, node])
            shared = np.exp((member * excess) @ member.T)
            both += weight * np.outer(products[:, node], products[:, node]) * shared
        return cls(
            pairs=(pairs[0].astype(np.int64), pairs[1].astype(np.int64)),
            member=member,
            first=first,
            second=second,
            weights=weights,
            products=products,
            expected=expected,
            spread=both - np.outer(expected, expected),
        )


def _slopes(fitted: Fitted, nodes: Floats, moments: _Moments) -> Floats:
    """(n_moments, n_parameters): each moment by each parameter."""
    columns: list[Floats] = []
    for item, row in enumerate(fitted.parameters):
        log_p, derivative = MODELS[fitted.model].log_p(row, nodes)
        by_parameter = np.einsum("k,akq->aq", np.arange(len(log_p)), derivative * np.exp(log_p))
        others = moments.products / moments.first[item] * moments.member[:, [item]]
        columns += list((others @ (by_parameter * moments.weights).T).T)
    if MODELS[fitted.model].free_variance:
        scores = normal_scores(nodes, fitted.mean, fitted.variance)[1]
        columns.append(moments.products @ (moments.weights * scores))
    return np.stack(columns, axis=1)


def _srmsr(complete: Floats, moments: _Moments, n_items: int) -> float:
    mean, product = moments.expected[:n_items], moments.expected[n_items:]
    spread = np.sqrt(moments.second @ moments.weights - mean**2)
    one, other = moments.pairs
    expected = (product - mean[one] * mean[other]) / (spread[one] * spread[other])
    observed = np.atleast_2d(np.corrcoef(complete, rowvar=False))[moments.pairs]
    gaps = np.asarray(observed - expected, dtype=np.float64)
    return float(np.sqrt((gaps**2).mean()))


def q3(fitted: Fitted, responses: Categories, *, nodes: Floats = POINTS) -> Floats:
    """(n_items, n_items) correlations of what the model leaves unexplained (Yen, 1984), at the EAP.

    nan on the diagonal and where fewer than three people were given both items.
    """
    theta = eap(fitted, responses, nodes=nodes).theta
    residuals = np.full(responses.shape, np.nan)
    for item, column in enumerate(responses.T):
        table = np.exp(fitted.log_p(item, theta))
        expected = np.arange(len(table)) @ table
        residuals[:, item] = np.where(column == MISSING, np.nan, column - expected)
    n_items = responses.shape[1]
    found = np.full((n_items, n_items), np.nan)
    for one, other in itertools.combinations(range(n_items), 2):
        both = np.isfinite(residuals[:, one]) & np.isfinite(residuals[:, other])
        if both.sum() >= 3:
            value = np.corrcoef(residuals[both, one], residuals[both, other])[0, 1]
            found[one, other] = found[other, one] = value
    return found
