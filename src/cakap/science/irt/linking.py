"""Two calibrations on one scale: theta_old = A theta_new + B, from the items they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import minimize

from cakap.science.irt.forms import to_form
from cakap.science.irt.latent import POINTS, log_normal
from cakap.science.irt.models import MODELS
from cakap.science.irt.scoring import Fitted
from cakap.science.types import Floats, Ints

Method = Literal["mean-sigma", "haebara", "stocking-lord"]
METHODS: tuple[Method, ...] = ("mean-sigma", "haebara", "stocking-lord")
ROBUST_Z = 1.645


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """slope A and intercept B."""

    slope: float
    intercept: float


def link(old: Fitted, new: Fitted, *, method: Method = "stocking-lord") -> Link:
    """old, new: the anchors' parameters, in one order. Under Rasch the slope is 1.

    Mean-sigma: Marco (1977); Haebara (1980); Stocking & Lord (1983). Raises ValueError on fewer
    than two anchors and on different models or categories.
    """
    _refuse_unlike(old, new)
    if method == "mean-sigma":
        return _mean_sigma(old, new)
    start = _mean_mean(old, new)
    nodes = POINTS
    weights = np.exp(log_normal(nodes, 0.0, 1.0))
    targets = [np.exp(table) for table in old.tables(nodes)]
    rasch = MODELS[old.model].free_variance

    def gap(vector: Floats) -> float:
        moved = onto(new, _link_at(vector))
        found = [np.exp(table) for table in moved.tables(nodes)]
        if method == "haebara":
            squares = sum(
                ((one - other) ** 2).sum(axis=0) for one, other in zip(targets, found, strict=True)
            )
            return float(weights @ squares)
        return float(weights @ (_total(targets) - _total(found)) ** 2)

    first = [start.intercept] if rasch else [start.intercept, np.log(start.slope)]
    best = minimize(
        gap, first, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-14, "maxiter": 4000}
    )
    return _link_at(np.asarray(best.x, dtype=np.float64))


def _link_at(vector: Floats) -> Link:
    """(B,) under Rasch, otherwise (B, log A)."""
    return Link(
        slope=float(np.exp(vector[1])) if len(vector) > 1 else 1.0, intercept=float(vector[0])
    )


def _total(tables: list[Floats]) -> Floats:
    return np.sum([np.arange(len(table)) @ table for table in tables], axis=0)


def _refuse_unlike(old: Fitted, new: Fitted) -> None:
    if old.model != new.model:
        message = f"models {old.model} and {new.model}, expected one"
        raise ValueError(message)
    if len(old.parameters) < 2 or len(old.parameters) != len(new.parameters):
        message = (
            f"{len(old.parameters)} and {len(new.parameters)} anchors, expected at least 2 pairs"
        )
        raise ValueError(message)
    for item, (one, other) in enumerate(zip(old.parameters, new.parameters, strict=True)):
        if len(one) != len(other):
            message = f"anchor {item}: {len(one)} and {len(other)} parameters"
            raise ValueError(message)


def _difficulties(fitted: Fitted) -> Floats:
    return np.concatenate([to_form(fitted.model, row).b for row in fitted.parameters])


def _mean_sigma(old: Fitted, new: Fitted) -> Link:
    one, other = _difficulties(old), _difficulties(new)
    if MODELS[old.model].free_variance:
        return Link(slope=1.0, intercept=float(one.mean() - other.mean()))
    if one.std() == 0 or other.std() == 0:
        message = "the anchors are all equally difficult: mean-sigma cannot tell the slope"
        raise ValueError(message)
    slope = float(one.std() / other.std())
    return Link(slope=slope, intercept=float(one.mean() - slope * other.mean()))


def _mean_mean(old: Fitted, new: Fitted) -> Link:
    """From the ratio of mean slopes (Loyd & Hoover, 1980): where to begin."""
    slope = 1.0
    if not MODELS[old.model].free_variance:
        one, other = (np.mean([row[0] for row in side.parameters]) for side in (old, new))
        slope = float(other / one) if one * other > 0 else 1.0
    difference = _difficulties(old).mean() - slope * _difficulties(new).mean()
    return Link(slope=slope, intercept=float(difference))


def onto(new: Fitted, found: Link) -> Fitted:
    """The new parameters and latent normal, spoken on the old scale."""
    rows: list[Floats] = []
    for row in new.parameters:
        moved = row.copy()
        if MODELS[new.model].free_variance:
            moved = row - found.intercept
        else:
            moved[0] = row[0] / found.slope
            steps = np.arange(1, len(row)) if new.model == "gpcm" else np.ones(len(row) - 1)
            last = 2 if new.model == "3pl" else len(row)
            moved[1:last] = row[1:last] - (steps * moved[0] * found.intercept)[: last - 1]
        rows.append(moved)
    return Fitted(
        model=new.model,
        parameters=rows,
        mean=found.slope * new.mean + found.intercept,
        variance=found.slope**2 * new.variance,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """(n_anchors,) each, after linking. shift: mean b, new minus old; robust_z of the shift (Huynh &
    Meyer, 2010); area: root mean square difference of expected scores, over the highest score."""

    link: Link
    shift: Floats
    robust_z: Floats
    area: Floats
    drifted: Ints


def drift(old: Fitted, new: Fitted, *, most_area: float = 0.1) -> Drift:
    """Which anchors moved: |robust z| above 1.645 and an area of at least `most_area`."""
    found = link(old, new)
    moved = onto(new, found)
    shift = np.array(
        [
            to_form(new.model, other).b.mean() - to_form(old.model, one).b.mean()
            for one, other in zip(old.parameters, moved.parameters, strict=True)
        ]
    )
    quarter = np.subtract(*np.percentile(shift, [75, 25]))
    robust_z = (shift - np.median(shift)) / max(0.74 * quarter, 1e-9)
    weights = np.exp(log_normal(POINTS, 0.0, 1.0))
    area = np.array(
        [
            np.sqrt(weights @ (_total([one]) - _total([other])) ** 2) / (len(one) - 1)
            for one, other in zip(
                map(np.exp, old.tables(POINTS)), map(np.exp, moved.tables(POINTS)), strict=True
            )
        ]
    )
    both = (np.abs(robust_z) > ROBUST_Z) & (area >= most_area)
    return Drift(
        link=found, shift=shift, robust_z=robust_z, area=area, drifted=np.flatnonzero(both)
    )
