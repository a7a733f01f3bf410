"""Dealing items out by exchange: from any deal to one that keeps every rule, two items at a time.

Where sums (words, seconds) are near their limits, forms taken one after the other leave a last one that
no longer fits. Exchanges look at all forms together: the pair of items whose exchange takes most off the
sum of all breaches is exchanged, until there is none; where no exchange helps, one at random is made.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cakap.science.assembly.blueprint import Blueprint, Rule, Stock
from cakap.science.types import Floats, Ints

SECONDS, SHAKES = 20.0, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class _Limits:
    """Rules as arrays, each in units of its own spread.

    coefficients: (n_rules, n_items); low, high: (n_rules,).
    """

    coefficients: Floats
    low: Floats
    high: Floats

    def breach(self, sums: Floats) -> Floats:
        """How far sums (..., n_rules) are outside their limits, added up."""
        return (np.maximum(self.low - sums, 0) + np.maximum(sums - self.high, 0)).sum(axis=-1)


def deal_by_exchange(
    take: Ints, rules: Sequence[Rule], stock: Stock, blueprint: Blueprint
) -> list[Ints] | None:
    """Forms that keep every rule out of what was taken (uses of each item); None where none came in time."""
    limits = _limits(take, rules)
    rng = np.random.default_rng(1)
    forms = _first_deal(take, stock, blueprint)
    sums = np.stack([limits.coefficients[:, form].sum(axis=1) for form in forms])
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        breaches = limits.breach(sums)
        if breaches.max() < 1e-9:
            break
        worst = int(np.argmax(breaches))
        if not _exchange_best(forms, sums, worst, limits):
            for _ in range(SHAKES):
                _exchange_any(forms, sums, worst, limits, rng)
    if limits.breach(sums).max() >= 1e-9 or not _overlaps_kept(forms, blueprint):
        return None
    return [np.sort(form) for form in forms]


def _limits(take: Ints, rules: Sequence[Rule]) -> _Limits:
    """The rules, and for each item that is used more than once that no form holds it twice."""
    rows = [rule.coefficients for rule in rules]
    low, high = [rule.low for rule in rules], [rule.high for rule in rules]
    for item in np.flatnonzero(take > 1):
        rows.append((np.arange(len(take)) == item).astype(np.float64))
        low.append(0.0)
        high.append(1.0)
    matrix = np.stack(rows)
    unit = np.maximum(matrix.std(axis=1), 1e-9)
    unit = np.where(np.isin(matrix, (0.0, 1.0)).all(axis=1), 1.0, unit)
    return _Limits(
        coefficients=matrix / unit[:, None], low=np.array(low) / unit, high=np.array(high) / unit
    )


def _first_deal(take: Ints, stock: Stock, blueprint: Blueprint) -> list[Ints]:
    """To and fro by information, so that forms begin about equally strong."""
    copies = np.repeat(np.arange(len(take)), take)
    strength = (stock.information / blueprint.shape).sum(axis=1)
    copies = copies[np.argsort(-strength[copies], kind="stable")]
    n = blueprint.n_forms
    turns = np.concatenate([np.arange(n), np.arange(n)[::-1]])
    whose = np.resize(turns, len(copies))
    return [copies[whose == form] for form in range(n)]


def _exchange_best(forms: list[Ints], sums: Floats, worst: int, limits: _Limits) -> bool:
    """The exchange between the worst form and any other that takes most off; whether there was one."""
    mine = limits.coefficients[:, forms[worst]].T
    best, found = -1e-9, None
    before = limits.breach(sums)
    for other in range(len(forms)):
        if other == worst:
            continue
        theirs = limits.coefficients[:, forms[other]].T
        change = theirs[None, :, :] - mine[:, None, :]
        after = limits.breach(sums[worst] + change) + limits.breach(sums[other] - change)
        gain = after - before[worst] - before[other]
        place = int(np.argmin(gain))
        if gain.flat[place] < best:
            best = float(gain.flat[place])
            found = (other, *np.unravel_index(place, gain.shape))
    if found is None:
        return False
    _exchange(forms, sums, limits, (worst, int(found[1])), (int(found[0]), int(found[2])))
    return True


def _exchange_any(
    forms: list[Ints], sums: Floats, worst: int, limits: _Limits, rng: np.random.Generator
) -> None:
    other = int(rng.choice([form for form in range(len(forms)) if form != worst]))
    mine, theirs = int(rng.integers(len(forms[worst]))), int(rng.integers(len(forms[other])))
    _exchange(forms, sums, limits, (worst, mine), (other, theirs))


def _exchange(
    forms: list[Ints], sums: Floats, limits: _Limits, one: tuple[int, int], two: tuple[int, int]
) -> None:
    first, second = forms[one[0]][one[1]], forms[two[0]][two[1]]
    change = limits.coefficients[:, second] - limits.coefficients[:, first]
    sums[one[0]] += change
    sums[two[0]] -= change
    forms[one[0]][one[1]], forms[two[0]][two[1]] = second, first


def _overlaps_kept(forms: Sequence[Ints], blueprint: Blueprint) -> bool:
    if blueprint.most_overlap is None:
        return True
    return all(
        len(np.intersect1d(one, other)) <= blueprint.most_overlap
        for at, one in enumerate(forms)
        for other in forms[:at]
    )
