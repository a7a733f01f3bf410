"""Does an item favour a group at equal ability? Likelihood ratio, and Mantel-Haenszel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from cakap.science.irt.calibration import Calibration, Options, calibrate
from cakap.science.irt.scoring import Fitted
from cakap.science.types import MISSING, Categories, Floats, Ints

ALPHA, MOST_ROUNDS = 0.05, 10


@dataclass(frozen=True, kw_only=True, slots=True)
class LikelihoodRatio:
    """(n_items,) each. effect: how much higher the focal groups' expected item score is than that
    of the first group at the same ability, averaged over the focal ability (Meade, 2010, SIDS)."""

    chi2: Floats
    df: Ints
    p: Floats
    p_adjusted: Floats
    effect: Floats


def likelihood_ratio(
    responses: Categories,
    groups: Ints,
    *,
    model: str,
    studied: tuple[int, ...] | None = None,
    options: Options | None = None,
) -> LikelihoodRatio:
    """All items equal, means and variances of the groups free, then one item at a time set free.

    An item is set free by taking it for another item in each group (Thissen, Steinberg & Wainer,
    1993). studied: which items, default all; the others have nan.
    """
    n_items = responses.shape[1]
    base = calibrate(responses, model=model, groups=groups, options=options)
    found = np.full((3, n_items), np.nan)
    df = np.zeros(n_items, dtype=np.int64)
    for item in range(n_items) if studied is None else studied:
        freed = calibrate(
            _split(responses, groups, item), model=model, groups=groups, options=options
        )
        df[item] = freed.n_parameters - base.n_parameters
        value = max(2 * (freed.loglik - base.loglik), 0.0)
        found[:, item] = value, chdtrc(max(df[item], 1), value), _effect(freed, item, n_items)
    return LikelihoodRatio(
        chi2=found[0], df=df, p=found[1], p_adjusted=_holm(found[1]), effect=found[2]
    )


def purified_likelihood_ratio(
    responses: Categories, groups: Ints, *, model: str, alpha: float = ALPHA
) -> tuple[LikelihoodRatio, tuple[int, ...]]:
    """Repeat with flagged items set free in the base model, until the flags stay; and those flags.

    Raises ValueError when every item is flagged: nothing is left to compare ability by.
    """
    flagged: tuple[int, ...] = ()
    for _ in range(MOST_ROUNDS):
        wide = responses
        for item in flagged:
            wide = _split(wide, groups, item)
        found = likelihood_ratio(
            wide, groups, model=model,
            studied=tuple(i for i in range(responses.shape[1]) if i not in flagged),
        )  # fmt: skip
        new = tuple(sorted({*flagged, *_below(found.p_adjusted[: responses.shape[1]], alpha)}))
        if len(new) == responses.shape[1]:
            message = "every item is flagged: none is left to compare ability by"
            raise ValueError(message)
        if new == flagged:
            break
        flagged = new
    return _judged_by(responses, groups, model, flagged), flagged


def _judged_by(
    responses: Categories, groups: Ints, model: str, flagged: tuple[int, ...]
) -> LikelihoodRatio:
    """Every item against a base in which the other flagged items are free."""
    rows: list[tuple[float, int, float, float]] = []
    for item in range(responses.shape[1]):
        wide = responses
        for other in flagged:
            if other != item:
                wide = _split(wide, groups, other)
        one = likelihood_ratio(wide, groups, model=model, studied=(item,))
        rows.append(
            (float(one.chi2[item]), int(one.df[item]), float(one.p[item]), float(one.effect[item]))
        )
    values, df, p, effect = (np.array(column) for column in zip(*rows, strict=True))
    return LikelihoodRatio(
        chi2=values, df=df.astype(np.int64), p=p, p_adjusted=_holm(p), effect=effect
    )


def _split(responses: Categories, groups: Ints, item: int) -> Categories:
    """The item stays for the first group; a new last item takes its place in each other group."""
    first = responses.copy()
    first[groups > 0, item] = MISSING
    others = np.arange(1, int(groups.max()) + 1)
    own = np.where(groups[:, None] == others, responses[:, [item]], MISSING)
    return np.concatenate([first, own], axis=1).astype(np.int8)


def _effect(freed: Calibration, item: int, n_items: int) -> float:
    """Over the last group's ability, the difference in expected score of the two versions."""
    other = len(freed.parameters) - 1
    if np.isnan(freed.parameters[item]).any() or np.isnan(freed.parameters[other]).any():
        return np.nan
    last = Fitted(
        model=freed.model,
        parameters=[freed.parameters[item], freed.parameters[other]],
        mean=float(freed.latent.mean[-1]),
        variance=float(freed.latent.variance[-1]),
    )
    nodes = np.linspace(-6, 6, 61)
    scores = [np.arange(len(t)) @ np.exp(t) for t in last.tables(nodes)]
    return float(np.exp(last.log_prior(nodes)) @ (scores[1] - scores[0]))


def _holm(p: Floats) -> Floats:
    """Holm's (1979) adjustment; nan stays nan."""
    adjusted = np.full(len(p), np.nan)
    order = [i for i in np.argsort(p) if np.isfinite(p[i])]
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, float(p[place]) * (len(order) - rank)))
        adjusted[place] = highest
    return adjusted


def _below(p: Floats, alpha: float) -> list[int]:
    return [int(i) for i in np.flatnonzero(np.isfinite(p) & (p < alpha))]


@dataclass(frozen=True, kw_only=True, slots=True)
class MantelHaenszel:
    """(n_items,) each. chi2, p: one degree of freedom. effect: for right/wrong items the ETS delta
    -2.35 ln(odds ratio), otherwise the standardised mean difference; both below 0 where the item
    is harder for the focal group. level: "A", "B" or "C" (ETS; Zwick, 2012). flagged: by the last
    round, after purification."""

    chi2: Floats
    p: Floats
    effect: Floats
    level: tuple[str, ...]
    flagged: tuple[int, ...]


def mantel_haenszel(responses: Categories, groups: Ints, *, alpha: float = ALPHA) -> MantelHaenszel:
    """Mantel & Haenszel (1959), Mantel (1963) for more categories; matched on the sum score of the
    items that are not flagged, the studied one included (Holland & Thayer, 1988).

    groups: 0 reference, 1 focal. An omitted answer counts as 0.
    """
    scores = np.where(responses == MISSING, 0, responses).astype(np.int64)
    n_items = scores.shape[1]
    flagged: frozenset[int] = frozenset()
    rows: list[tuple[float, float, float, str]] = []
    for _ in range(MOST_ROUNDS):
        rows = []
        for item in range(n_items):
            matching = [i for i in range(n_items) if i == item or i not in flagged]
            rows.append(_one_item(scores[:, item], scores[:, matching].sum(axis=1), groups))
        new = frozenset(i for i, row in enumerate(rows) if row[1] < alpha and row[3] != "A")
        if new == flagged or len(new) >= n_items - 1:
            break
        flagged = new
    values, p, effect, level = zip(*rows, strict=True)
    return MantelHaenszel(
        chi2=np.array(values),
        p=np.array(p),
        effect=np.array(effect),
        level=tuple(level),
        flagged=tuple(sorted(flagged)),
    )


def _one_item(item: Ints, total: Ints, groups: Ints) -> tuple[float, float, float, str]:
    strata = [
        (item[(total == score) & (groups == 1)], item[(total == score) & (groups == 0)])
        for score in np.unique(total)
    ]
    usable = [(f, r) for f, r in strata if len(f) and len(r)]
    excess = variance = 0.0
    for focal, reference in usable:
        both = np.concatenate([focal, reference]).astype(np.float64)
        n = len(both)
        excess += focal.sum() - len(focal) * both.mean()
        if n > 1:
            variance += len(focal) * len(reference) * both.var() / (n - 1)
    if variance <= 0:
        return np.nan, np.nan, np.nan, "A"
    two = item.max() <= 1
    gap = max(abs(excess) - 0.5, 0.0) if two else abs(excess)
    value = gap**2 / variance
    p = float(chdtrc(1, value))
    effect = _delta(usable) if two else _standardised_difference(usable, item)
    return value, p, effect, _level(effect, p, (1.0, 1.5) if two else (0.17, 0.25))


def _delta(strata: list[tuple[Ints, Ints]]) -> float:
    above = below = 0.0
    for focal, reference in strata:
        n = len(focal) + len(reference)
        above += reference.sum() * (len(focal) - focal.sum()) / n
        below += (len(reference) - reference.sum()) * focal.sum() / n
    return float(-2.35 * np.log(above / below)) if above > 0 and below > 0 else np.nan


def _standardised_difference(strata: list[tuple[Ints, Ints]], item: Ints) -> float:
    """Dorans & Schmitt's (1991) difference in standard deviations of the item."""
    weights = np.array([len(focal) for focal, _ in strata], dtype=np.float64)
    gaps = np.array([focal.mean() - reference.mean() for focal, reference in strata])
    return float((weights @ gaps) / weights.sum() / item.std())


def _level(effect: float, p: float, cuts: tuple[float, float]) -> str:
    if not np.isfinite(effect) or p >= ALPHA or abs(effect) < cuts[0]:
        return "A"
    return "C" if abs(effect) >= cuts[1] else "B"
