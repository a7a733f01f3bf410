"""Parallel forms by mixed-integer programming (van der Linden, 2005), with the gap proved.

What all forms together take from the bank is one small program; its bound on the least information
holds for any set of forms. The take is then dealt out, form by form, each as close to an equal share
as the rules allow; the gap is what dealing has cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import csr_array, hstack, vstack

from cakap.science.assembly.blueprint import Blueprint, Rule, Stock, rules_of
from cakap.science.assembly.exchange import deal_by_exchange
from cakap.science.types import Floats, Ints

TAKE_SECONDS, DEAL_SECONDS = 30.0, 3.0
TAKE_GAP, DEAL_GAP, ENOUGH, PARTNERS = 1e-3, 5e-3, 5e-3, 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembled:
    """forms: (n_forms, length) item places. information: (n_forms, n_points).

    least: the least information over forms and points, relative to the shape; bound: no set of
    forms has more; gap: 1 - least / bound.
    """

    forms: Ints
    information: Floats
    least: float
    bound: float

    @property
    def gap(self) -> float:
        """Proved: how far from the best possible."""
        return max(1 - self.least / self.bound, 0.0)


class Infeasible(ValueError):
    """No forms keep these rules; every proper part of them can be kept."""

    def __init__(self, rules: Sequence[str]) -> None:
        self.rules = tuple(rules)
        super().__init__(f"no forms keep these rules together: {', '.join(self.rules)}")


def assemble(stock: Stock, blueprint: Blueprint) -> Assembled:
    """Forms under a blueprint. Raises Infeasible with a smallest set of rules that clash, ValueError
    on a blueprint that does not speak of this bank."""
    rules = rules_of(stock, blueprint)
    if not _can_be_kept(rules, stock, blueprint):
        raise Infeasible(_clash(rules, stock, blueprint))
    take, bound = _take(rules, stock, blueprint)
    # Sums taken up to their limits can hardly be dealt out: a take with a little room, if there is one.
    roomy = [_with_room(rule) for rule in rules]
    if _can_be_kept(roomy, stock, blueprint):
        take = _take(roomy, stock, blueprint)[0]
    forms = _deal(take, rules, stock, blueprint)
    if forms is None:
        message = (
            "the time ran out before forms were found, although no rules clash: loosen one or make "
            "fewer forms"
        )
        raise ValueError(message)
    forms = _evened(forms, bound, rules, stock, blueprint)
    information = np.stack([stock.information[form].sum(axis=0) for form in forms])
    return Assembled(
        forms=np.stack(forms),
        information=information,
        least=float((information / blueprint.shape).min()),
        bound=bound,
    )


def _with_room(rule: Rule) -> Rule:
    """A rule on sums (words, seconds) a hundredth tighter at both ends; any other as it is."""
    if np.all(rule.coefficients == np.rint(rule.coefficients)) and np.ptp(rule.coefficients) <= 1:
        return rule
    room = 0.01 * abs(rule.high) if np.isfinite(rule.high) else 0.0
    low = rule.low + 0.01 * abs(rule.low) if np.isfinite(rule.low) else rule.low
    return rule._replace(low=low, high=rule.high - room)


def _take(rules: Sequence[Rule], stock: Stock, blueprint: Blueprint) -> tuple[Ints, float]:
    """How often each item is used over all forms, and the bound on the least information."""
    n, n_forms = len(stock.information), blueprint.n_forms
    matrix = np.stack([rule.coefficients for rule in rules])
    shares = stock.information.T / blueprint.shape[:, None]
    above = hstack([csr_array(shares), csr_array(np.full((len(shares), 1), -float(n_forms)))])
    together = hstack([csr_array(matrix), csr_array((len(rules), 1))])
    found = milp(
        np.append(np.zeros(n), -1.0),
        integrality=_whole(n, 1),
        bounds=Bounds(0, np.append(np.full(n, _uses(blueprint)), np.inf)),
        constraints=[
            LinearConstraint(
                together,
                n_forms * np.array([rule.low for rule in rules]),
                n_forms * np.array([rule.high for rule in rules]),
            ),
            LinearConstraint(above, 0, np.inf),
        ],
        options={"mip_rel_gap": TAKE_GAP, "time_limit": TAKE_SECONDS},
    )
    if found.x is None:
        message = f"no choice of items was found in {TAKE_SECONDS:.0f} s, although no rules clash"
        raise ValueError(message)
    return np.rint(found.x[:n]).astype(np.int64), -float(found.mip_dual_bound)


def _whole(n: int, then: int) -> Ints:
    """n whole numbers, then so many that need not be."""
    return np.append(np.ones(n), np.zeros(then)).astype(np.int64)


def _uses(blueprint: Blueprint) -> int:
    return min(blueprint.most_uses, blueprint.n_forms)


def _deal(
    take: Ints, rules: Sequence[Rule], stock: Stock, blueprint: Blueprint
) -> list[Ints] | None:
    """What was taken, in forms: near equal shares, by exchange, or any that keep the rules.

    None where none came in time.
    """
    return (
        _deal_in_turn(take, rules, stock, blueprint, near=True)
        or deal_by_exchange(take, rules, stock, blueprint)
        or _deal_in_turn(take, rules, stock, blueprint, near=False)
    )


def _deal_in_turn(
    take: Ints, rules: Sequence[Rule], stock: Stock, blueprint: Blueprint, *, near: bool
) -> list[Ints] | None:
    """One form after the other out of what was taken, each near an equal share of what is left."""
    left = take.copy()
    forms: list[Ints] = []
    for _ in range(blueprint.n_forms):
        chosen = _one_form(left, rules, stock, blueprint, (forms, near))
        if chosen is None:
            return None
        forms.append(chosen)
        left[chosen] -= 1
    return forms


def _one_form(
    left: Ints,
    rules: Sequence[Rule],
    stock: Stock,
    blueprint: Blueprint,
    so_far: tuple[Sequence[Ints], bool],
) -> Ints | None:
    forms, near_share = so_far
    after = blueprint.n_forms - len(forms) - 1
    items = np.flatnonzero(left > 0)
    times = left[items].astype(np.float64)
    share = stock.information[items] / blueprint.shape
    target = times @ share / (after + 1)
    rows: list[Floats] = []
    low: list[float] = []
    high: list[float] = []
    for rule in rules:
        own = rule.coefficients[items]
        # What stays behind must still make the forms that come after.
        rows.append(own)
        total = float(times @ own)
        low.append(max(rule.low, total - after * rule.high if np.isfinite(rule.high) else -np.inf))
        high.append(min(rule.high, total - after * rule.low if np.isfinite(rule.low) else np.inf))
    if blueprint.most_overlap is not None:
        for form in forms:
            rows.append(np.isin(items, form).astype(np.float64))
            low.append(0)
            high.append(blueprint.most_overlap)
    matrix = csr_array(np.stack(rows))
    one = csr_array(np.ones((share.shape[1], 1)))
    near = vstack([hstack([csr_array(share.T), one]), hstack([csr_array(share.T), -one])])
    n = len(items)
    if after == 0 and len(forms):
        return items
    limits = [
        LinearConstraint(hstack([matrix, csr_array((len(rows), 1))]), low, high),
        LinearConstraint(
            near,
            np.concatenate([target, np.full(len(target), -np.inf)]),
            np.concatenate([np.full(len(target), np.inf), target]),
        ),
    ]
    gain, seconds = (1.0, DEAL_SECONDS) if near_share else (0.0, TAKE_SECONDS)
    found = milp(
        np.append(np.zeros(n), gain),
        integrality=_whole(n, 1),
        bounds=Bounds(np.append(times > after, 0).astype(float), np.append(np.ones(n), np.inf)),
        constraints=limits,
        options={"mip_rel_gap": DEAL_GAP, "time_limit": seconds},
    )
    return None if found.x is None else items[found.x[:n] > 0.5]


def _evened(
    forms: list[Ints], bound: float, rules: Sequence[Rule], stock: Stock, blueprint: Blueprint
) -> list[Ints]:
    """The weakest form shares out anew with one that is strong where it is weak, until all are near
    the bound or no partner helps."""
    share = stock.information / blueprint.shape
    for _ in range(4 * len(forms)):
        strengths = np.stack([share[form].sum(axis=0) for form in forms])
        if strengths.min() >= bound * (1 - ENOUGH) or len(forms) < 2:
            break
        weakest, point = np.unravel_index(np.argmin(strengths), strengths.shape)
        partners = [int(at) for at in np.argsort(-strengths[:, point]) if at != weakest]
        for partner in partners[:PARTNERS]:
            pair = _split_anew(forms[int(weakest)], forms[partner], rules, share)
            others = [form for at, form in enumerate(forms) if at not in {int(weakest), partner}]
            if pair is not None and _is_better(pair, others, strengths.min(), share, blueprint):
                forms[int(weakest)], forms[partner] = pair
                break
        else:
            break
    return forms


def _is_better(
    pair: tuple[Ints, Ints],
    others: Sequence[Ints],
    least: float,
    share: Floats,
    blueprint: Blueprint,
) -> bool:
    most = np.inf if blueprint.most_overlap is None else blueprint.most_overlap
    stronger = min(share[form].sum(axis=0).min() for form in pair) > least
    return bool(stronger) and _overlap(pair, others) <= most


def _overlap(pair: Sequence[Ints], others: Sequence[Ints]) -> int:
    return max((len(np.intersect1d(one, other)) for one in pair for other in others), default=0)


def _split_anew(
    one: Ints, other: Ints, rules: Sequence[Rule], share: Floats
) -> tuple[Ints, Ints] | None:
    """Two forms' items dealt again so that the weaker of both is strongest."""
    both = np.intersect1d(one, other)
    items = np.setdiff1d(np.union1d(one, other), both)
    n, all_of, fixed = len(items), share[items].sum(axis=0), share[both].sum(axis=0)
    rows = np.stack([rule.coefficients[items] for rule in rules])
    kept = np.array([rule.coefficients[both].sum() for rule in rules])
    low, high = (np.array([getattr(rule, end) for rule in rules]) - kept for end in ("low", "high"))
    total = rows.sum(axis=1)
    least = csr_array(np.ones((share.shape[1], 1)))
    found = milp(
        np.append(np.zeros(n), -1.0),
        integrality=_whole(n, 1),
        bounds=Bounds(0, np.append(np.ones(n), np.inf)),
        constraints=[
            LinearConstraint(
                hstack([csr_array(rows), csr_array((len(rules), 1))]),
                np.maximum(low, total - high), np.minimum(high, total - low),
            ),
            LinearConstraint(hstack([csr_array(share[items].T), -least]), -fixed, np.inf),
            LinearConstraint(
                hstack([csr_array(share[items].T), least]), -np.inf, all_of + fixed
            ),
        ],
        options={"mip_rel_gap": 2e-3, "time_limit": DEAL_SECONDS},
    )  # fmt: skip
    if found.x is None:
        return None
    mine = found.x[:n] > 0.5
    return np.union1d(items[mine], both), np.union1d(items[~mine], both)


def _can_be_kept(rules: Sequence[Rule], stock: Stock, blueprint: Blueprint) -> bool:
    """One whole form, and what all forms take, can be had together."""
    n = len(stock.information)
    matrix = csr_array(np.stack([rule.coefficients for rule in rules]))
    nothing = csr_array((len(rules), n))
    low, high = (np.array([getattr(rule, end) for rule in rules]) for end in ("low", "high"))
    found: OptimizeResult = milp(
        np.zeros(2 * n),
        integrality=_whole(2 * n, 0),
        bounds=Bounds(0, np.concatenate([np.ones(n), np.full(n, _uses(blueprint))])),
        constraints=[
            LinearConstraint(hstack([matrix, nothing]), low, high),
            LinearConstraint(hstack([nothing, matrix]), low * blueprint.n_forms, high * blueprint.n_forms),
        ],
        options={"time_limit": TAKE_SECONDS},
    )  # fmt: skip
    return found.x is not None


def _clash(rules: Sequence[Rule], stock: Stock, blueprint: Blueprint) -> list[str]:
    """Take rules away one by one, and keep away those without which the rest still clashes.

    The last first: what clashes is told by the length and the content rather than by rare rules.
    """
    kept = list(rules)
    for rule in reversed(rules):
        fewer = [other for other in kept if other is not rule]
        if fewer and not _can_be_kept(fewer, stock, blueprint):
            kept = fewer
    return [rule.name for rule in kept]
