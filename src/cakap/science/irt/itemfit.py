"""S-X2: do people of one sum score answer an item as often as the model says?

Orlando & Thissen (2000), for more categories Kang & Chen (2008). Cells that expect fewer than one
person are joined, in the order that R's mirt documents by its results.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from cakap.science.irt.latent import POINTS
from cakap.science.irt.scoring import Fitted
from cakap.science.irt.sums import sum_likelihoods
from cakap.science.types import MISSING, Categories, Floats, Ints

LEAST = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemFit:
    """statistic, df, p: (n_items,); nan where too few scores were reached."""

    statistic: Floats
    df: Ints
    p: Floats


def s_x2(
    fitted: Fitted, responses: Categories, *, nodes: Floats = POINTS, n_latent: int = 0
) -> ItemFit:
    """responses: (n_persons, n_items); people who were not given every item are left out.

    n_latent: how many parameters of the latent distribution were estimated; each costs a degree
    of freedom, as in mirt.
    """
    complete = responses[(responses != MISSING).all(axis=1)].astype(np.int64)
    tables = [np.exp(table) for table in fitted.tables(nodes)]
    prior = np.exp(fitted.log_prior(nodes))
    totals = complete.sum(axis=1)
    everything = sum_likelihoods(tables) @ prior
    n_at = np.bincount(totals, minlength=len(everything)).astype(np.float64)
    found = [
        _item(complete[:, item], totals, n_at, _expected(tables, item, prior, everything))
        for item in range(len(tables))
    ]
    statistic = np.array([value for value, _ in found])
    free = np.array([len(row) for row in fitted.parameters])
    df = np.array([cells for _, cells in found]) - free - n_latent
    p = np.where(df > 0, chdtrc(np.maximum(df, 1), statistic), np.nan)
    return ItemFit(statistic=statistic, df=df, p=p)


def _expected(tables: list[Floats], item: int, prior: Floats, everything: Floats) -> Floats:
    """P(category | sum score), (n_sums, n_categories); nan where the sum rules the category out."""
    rest = sum_likelihoods([table for other, table in enumerate(tables) if other != item])
    shares = np.full((len(everything), len(tables[item])), np.nan)
    for category, row in enumerate(tables[item]):
        span = slice(category, category + len(rest))
        shares[span, category] = (rest * row) @ prior / everything[span]
    return shares


def _item(column: Ints, totals: Ints, n_at: Floats, shares: Floats) -> tuple[float, int]:
    observed = np.zeros_like(shares)
    np.add.at(observed, (totals, column), 1)
    pair = np.stack([observed, shares * n_at[:, None]])[:, 1:-1]
    pair = _join_ruled_out(pair)
    pair = pair[:, pair[0].sum(axis=1) > 0]
    sparse = pair[1] < LEAST
    pair = _join_lone(pair)
    if pair.shape[1] < 2:
        return np.nan, 0
    if pair.shape[2] > 2:
        pair = _join_rare_columns(_join_categories(pair, sparse))
    observed, expected = _join_rows(pair)
    used = expected > 0
    gaps = (observed[used] - expected[used]) ** 2 / expected[used]
    return float(gaps.sum()), int(used.sum()) - len(expected)


def _join_ruled_out(pair: Floats) -> Floats:
    """Scores too low or too high for some category go to the next score inwards."""
    ruled_out = np.flatnonzero(np.isnan(pair[1]).any(axis=1))
    pair = np.nan_to_num(pair)
    if len(ruled_out) == 0:
        return pair
    half = len(ruled_out) // 2
    low, high = ruled_out[:half], ruled_out[half:]
    first, last = (low[-1] + 1 if half else 0), high[0]
    if first >= last:
        return pair[:, :0]
    kept = pair[:, first:last].copy()
    kept[:, 0] += pair[:, :first].sum(axis=1)
    kept[:, -1] += pair[:, last:].sum(axis=1)
    return kept


def _join_lone(pair: Floats) -> Floats:
    """A score that one person alone reached goes to the next."""
    pair = pair.copy()
    kept = np.ones(pair.shape[1], dtype=bool)
    for row in range(pair.shape[1] - 1):
        if pair[0, row].sum() == 1:
            kept[row] = False
            pair[:, row + 1] += pair[:, row]
    pair = pair[:, kept]
    if pair.shape[1] > 1 and pair[0, -1].sum() == 1:
        pair[:, -2] += pair[:, -1]
        pair = pair[:, :-1]
    return pair


def _join_categories(pair: Floats, sparse: NDArray[np.bool_]) -> Floats:
    """In a score with thin cells, the thinnest goes to its thinner neighbour until none is."""
    joined = np.zeros_like(pair)
    for row in range(pair.shape[1]):
        cells = pair[:, row]
        if sparse[row].any():
            while cells.shape[1] > 2:
                cells = _join_thinnest(cells)
                if (cells[1] >= LEAST).all():
                    break
        joined[:, row, : cells.shape[1]] = cells
    return joined


def _join_thinnest(cells: Floats) -> Floats:
    expected = cells[1]
    thinnest = int(np.flatnonzero(expected == expected.min())[-1])
    if thinnest == 0:
        target = 1
    elif thinnest == len(expected) - 1:
        target = thinnest - 1
    else:
        target = thinnest + (-1 if expected[thinnest - 1] <= expected[thinnest + 1] else 1)
    cells = cells.copy()
    cells[:, target] += cells[:, thinnest]
    return np.delete(cells, thinnest, axis=1)


def _join_rare_columns(pair: Floats) -> Floats:
    while pair.shape[2] > 2:
        least = LEAST * np.ceil(pair.shape[1] * 0.1)
        if pair[1, :, -1].sum() >= least:
            break
        pair[:, :, -2] += pair[:, :, -1]
        pair = pair[:, :, :-1]
    kept = np.ones(pair.shape[2], dtype=bool)
    for column in range(pair.shape[2] - 1, 0, -1):
        if (pair[1, :, column] > 0).mean() < 0.05:
            kept[column] = False
            pair[:, :, column - 1] += pair[:, :, column]
    return pair[:, :, kept]


def _join_rows(pair: Floats) -> Floats:
    """A score with a thin cell goes to its neighbour with fewer people."""
    while True:
        thin = np.flatnonzero(((pair[1] < LEAST) & (pair[1] > 0)).any(axis=1))
        if len(thin) == 0 or pair.shape[1] < 2:
            return pair
        row, last = int(thin[0]), pair.shape[1] - 1
        if row in {0, last}:
            target = 1 if row == 0 else last - 1
        else:
            before, after = pair[0, row - 1].sum(), pair[0, row + 1].sum()
            target = row - 1 if before <= after else row + 1
        pair = pair.copy()
        pair[:, target] += pair[:, row]
        pair = np.delete(pair, row, axis=1)
