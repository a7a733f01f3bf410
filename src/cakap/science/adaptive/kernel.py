"""The step of an adaptive test, compiled: the exam takes it once an answer, a simulation millions.

A person is: log posterior on the nodes, which items are used, how many of each content area.
Conventions: `steep`, `edges`, `guess` are a pool's slopes, thresholds and c.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from cakap.science.types import Floats, Ints

INFORMATION, KL, STRATIFIED = 0, 1, 2
FAR = -1e300
REACH, GRAIN = (
    6.0,
    0.01,
)  # information is read off a grid this fine: between two points it is straight


@njit(cache=True, nogil=True)
def probabilities(a: float, edges: Floats, c: float, theta: float, out: Floats) -> int:
    """P(category | theta) of one item into `out`; returns how many categories it has."""
    before = 1.0
    n = 0
    for b in edges:
        if math.isinf(b):
            break
        above = c + (1.0 - c) / (1.0 + math.exp(-a * (theta - b)))
        out[n] = before - above
        before = above
        n += 1
    out[n] = before
    return n + 1


@njit(cache=True, nogil=True)
def information(a: float, edges: Floats, c: float, theta: float) -> float:
    """Fisher information of one item: the sum of P'^2 / P over its categories."""
    total, before, steep_before = 0.0, 1.0, 0.0
    for b in edges:
        if math.isinf(b):
            break
        s = 1.0 / (1.0 + math.exp(-a * (theta - b)))
        above, steep = c + (1.0 - c) * s, (1.0 - c) * a * s * (1.0 - s)
        total += (steep_before - steep) ** 2 / max(before - above, 1e-300)
        before, steep_before = above, steep
    return total + steep_before**2 / max(before, 1e-300)


@njit(cache=True, nogil=True)
def information_table(steep: Floats, edges: Floats, guess: Floats) -> Floats:
    """(n_points, n_items) on the grid from -REACH to REACH."""
    n = int(2 * REACH / GRAIN) + 2
    table = np.empty((n, len(steep)))
    for j in range(n):
        for i in range(len(steep)):
            table[j, i] = information(steep[i], edges[i], guess[i], -REACH + j * GRAIN)
    return table


@njit(cache=True, nogil=True)
def log_tables(steep: Floats, edges: Floats, guess: Floats, nodes: Floats) -> Floats:
    """(n_items, n_categories, n_nodes) log P; far below 0 where there is no category."""
    n_categories = edges.shape[1] + 1
    tables = np.full((len(steep), n_categories, len(nodes)), FAR)
    room = np.empty(n_categories)
    for i in range(len(steep)):
        for q in range(len(nodes)):
            n = probabilities(steep[i], edges[i], guess[i], nodes[q], room)
            for k in range(n):
                tables[i, k, q] = math.log(max(room[k], 1e-300))
    return tables


@njit(cache=True, nogil=True)
def posterior(log_posterior: Floats, weights: Floats) -> None:
    """The log posterior as weights that sum to one."""
    top = log_posterior.max()
    total = 0.0
    for q in range(len(weights)):
        weights[q] = math.exp(log_posterior[q] - top)
        total += weights[q]
    weights /= total


@njit(cache=True, nogil=True)
def mean_and_error(weights: Floats, nodes: Floats) -> tuple[float, float]:
    """EAP and its standard error."""
    mean, square = 0.0, 0.0
    for q in range(len(nodes)):
        mean += weights[q] * nodes[q]
        square += weights[q] * nodes[q] * nodes[q]
    return mean, math.sqrt(max(square - mean * mean, 0.0))


@njit(cache=True, nogil=True)
def area_behind(counts: Ints, shares: Floats, open_areas: Ints) -> int:
    """The content area that lags most behind its share, among those with an item left; -1 if free."""
    total = counts.sum() + 1
    worst, gap = -1, -1e300
    for area in range(len(shares)):
        if shares[area] > 0 and open_areas[area] > 0:
            lag = shares[area] - counts[area] / total
            if lag > gap:
                worst, gap = area, lag
    return worst


@njit(cache=True, nogil=True)
def information_at(table: Floats, theta: float, allowed: Ints, out: Floats) -> None:
    """Each allowed item's information at theta, read off the table; far below 0 for the others."""
    place = min(max((theta + REACH) / GRAIN, 0.0), len(table) - 1.001)
    row = int(place)
    part = place - row
    below, above = table[row], table[row + 1]
    for i in range(len(out)):
        out[i] = (1 - part) * below[i] + part * above[i] if allowed[i] else FAR


@njit(cache=True, nogil=True)
def divergence(
    steep: Floats,
    edges: Floats,
    guess: Floats,
    tables: Floats,
    weights: Floats,
    theta: float,
    allowed: Ints,
    out: Floats,
) -> None:
    """Each allowed item's Kullback-Leibler information at theta, weighted by the posterior."""
    room = np.empty(edges.shape[1] + 1)
    for i in range(len(steep)):
        out[i] = FAR
        if allowed[i]:
            n = probabilities(steep[i], edges[i], guess[i], theta, room)
            out[i] = 0.0
            for k in range(n):
                here = 0.0
                for q in range(len(weights)):
                    here += weights[q] * tables[i, k, q]
                out[i] += room[k] * (math.log(max(room[k], 1e-300)) - here)


@njit(cache=True, nogil=True)
def closeness(middles: Floats, theta: float, allowed: Ints, out: Floats) -> None:
    """How near each allowed item's mean threshold lies, as a negative distance."""
    for i in range(len(middles)):
        out[i] = -abs(middles[i] - theta) if allowed[i] else FAR


@njit(cache=True, nogil=True)
def best_of(worth: Floats, among: int) -> Ints:
    """The places of the `among` highest values above FAR, or of as many as there are."""
    best = np.full(among, -1, dtype=np.int64)
    for i in range(len(worth)):
        place = among
        while (
            place > 0
            and worth[i] > FAR
            and (best[place - 1] < 0 or worth[i] > worth[best[place - 1]])
        ):
            place -= 1
        if place < among:
            best[place + 1 :] = best[place:-1].copy()
            best[place] = i
    return best[best >= 0]


@njit(cache=True, nogil=True)
def chosen(worth: Floats, exposure: Floats, among: int, draws: Floats) -> int:
    """One of the `among` best, then given with the item's exposure probability, else the next best.

    draws: uniform numbers, the first for the choice and one for every refusal after it. -1: none.
    An item that is refused is out for this person: its worth is set far below 0. Where all are
    refused the first is given: a person must have an item.
    """
    first = -1
    for trial in range(1, len(draws)):
        best = best_of(worth, among)
        if len(best) == 0:
            break
        item = best[min(int(draws[0] * len(best)), len(best) - 1)]
        if first < 0:
            first = item
        if draws[trial] < exposure[item]:
            return item
        worth[item] = FAR
    return first
