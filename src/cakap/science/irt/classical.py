"""Classical statistics: what a psychometrician looks at before any model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cakap.science.types import MISSING, Categories, Floats, Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Classical:
    """p: mean score over the highest; rit, rir: correlation with the total and with the rest.

    (n_items,) each. alpha: Cronbach (1951); omega: McDonald (1999), of one factor.
    """

    n: Ints
    p: Floats
    rit: Floats
    rir: Floats
    alpha: float
    omega: float


def classical(responses: Categories) -> Classical:
    """responses: (n_persons, n_items), categories from 0; an omitted answer counts as 0.

    An item without spread has nan correlations.
    """
    given = responses != MISSING
    scores = np.where(given, responses, 0).astype(np.float64)
    highest = np.maximum(responses.max(axis=0), 1)
    total = scores.sum(axis=1)
    spread = np.cov(scores, rowvar=False).reshape(scores.shape[1], -1)
    n_items = scores.shape[1]
    whole = spread.sum()
    alpha = n_items / (n_items - 1) * (1 - np.trace(spread) / whole) if n_items > 1 else np.nan
    loadings = _one_factor(spread)
    return Classical(
        n=given.sum(axis=0).astype(np.int64),
        p=scores.sum(axis=0) / np.maximum(given.sum(axis=0), 1) / highest,
        rit=np.array([_correlation(column, total) for column in scores.T]),
        rir=np.array([_correlation(column, total - column) for column in scores.T]),
        alpha=float(alpha),
        omega=float(loadings.sum() ** 2 / whole) if whole > 0 else np.nan,
    )


def _correlation(one: Floats, other: Floats) -> float:
    if one.std() == 0 or other.std() == 0:
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])


def _one_factor(covariance: Floats) -> Floats:
    """Loadings of one factor by iterated principal axes."""
    communal = np.diag(covariance) / 2
    loadings = np.zeros(len(covariance))
    for _ in range(500):
        reduced = covariance - np.diag(np.diag(covariance) - communal)
        values, vectors = np.linalg.eigh(reduced)
        loadings = vectors[:, -1] * np.sqrt(max(values[-1], 0.0))
        found = np.minimum(loadings**2, np.diag(covariance))
        if np.abs(found - communal).max() < 1e-9:
            break
        communal = found
    return np.abs(loadings.sum()) / max(np.abs(loadings.sum()), 1e-300) * loadings


@dataclass(frozen=True, kw_only=True, slots=True)
class Distractors:
    """One row an option: how often it was chosen, and how its choosers did on the rest."""

    share: Floats
    rest: Floats


def distractors(chosen: Ints, rest: Floats, *, n_options: int) -> Distractors:
    """chosen: (n_persons,) option from 0, -1 omitted; rest: (n_persons,) score on the other items.

    rest: mean of those who chose the option, nan where nobody did. A key whose choosers do worse
    than those of another option is the sign of a wrong key.
    """
    there = chosen >= 0
    counts = np.bincount(chosen[there], minlength=n_options).astype(np.float64)
    sums = np.bincount(chosen[there], weights=rest[there], minlength=n_options)
    with np.errstate(invalid="ignore"):
        return Distractors(share=counts / max(len(chosen), 1), rest=sums / counts)
