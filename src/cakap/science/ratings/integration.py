"""Many ratings of one person become one level: the mean, and how far assessors lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cakap.science.types import Floats, Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Integrated:
    """For each target (person x competency): mean rating, assessors' spread and their number.

    mean, spread: (n_targets,) on the rating scale; spread is the gap between the kindest and the
    strictest assessor's own mean. assessors: (n_targets,).
    """

    mean: Floats
    spread: Floats
    assessors: Ints


def integrate(target: Ints, assessor: Ints, level: Floats, *, n_targets: int) -> Integrated:
    """Average within assessor, then over assessors, so that who rated more does not weigh more.

    target, assessor, level: (n_ratings,). A target without a rating gets nan.
    """
    if not np.isfinite(level).all():
        message = "a rating is missing or not finite"
        raise ValueError(message)
    n_assessors = int(assessor.max()) + 1 if len(assessor) else 1
    cell = target * n_assessors + assessor
    size = n_targets * n_assessors
    count = np.bincount(cell, minlength=size).reshape(n_targets, n_assessors)
    total = np.bincount(cell, weights=level, minlength=size).reshape(n_targets, n_assessors)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = np.where(count > 0, total / count, np.nan)
    seen = (count > 0).sum(axis=1)
    high = np.where(count > 0, own, -np.inf).max(axis=1)
    low = np.where(count > 0, own, np.inf).min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(own, axis=1) / seen
    spread = np.where(seen > 0, high - low, np.nan)
    return Integrated(mean=mean, spread=spread, assessors=seen.astype(np.int64))
