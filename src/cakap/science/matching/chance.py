"""Job Person Match when levels are uncertain: what it is on average, and how likely it reaches a mark.

A level is taken as normal with its standard error, competencies as independent. The share of a standard that
is capped at one then has closed moments (those of a censored normal); their sum over competencies is taken as
normal. The plain ratio is a sum of normals.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from cakap.science.matching.jpm import refuse_nonsense
from cakap.science.types import Floats


def capped_mean_moments(shown: Floats, se: Floats, asked: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the capped-mean JPM, (n_people, n_posts) each, in percent.

    shown, se: (n_people, n_competencies) levels and their standard errors; asked: (n_posts,
    n_competencies), 0 where a post does not ask.
    """
    _refuse(shown, se, asked)
    counted = (asked > 0).sum(axis=1)
    lost = np.zeros((len(shown), len(asked)))
    spread = np.zeros_like(lost)
    for competency in range(asked.shape[1]):
        column = asked[:, competency]
        for need in np.unique(column[column > 0]):
            mean, variance = _shortfall(shown[:, competency], se[:, competency], float(need))
            posts = column == need
            lost[:, posts] += mean[:, None]
            spread[:, posts] += variance[:, None]
    return 100.0 * (1.0 - lost / counted), 100.0 * np.sqrt(spread) / counted


def ratio_moments(shown: Floats, se: Floats, asked: Floats) -> tuple[Floats, Floats]:
    """As `capped_mean_moments`, of the sum shown over the sum asked."""
    _refuse(shown, se, asked)
    counted = (asked > 0).astype(np.float64)
    total = asked.sum(axis=1)[None, :]
    return 100.0 * (shown @ counted.T) / total, 100.0 * np.sqrt(se**2 @ counted.T) / total


def reaches(mean: Floats, deviation: Floats, mark: float) -> Floats:
    """Probability that a JPM with these moments is at least `mark`; 0 or 1 where it is certain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        away = (mean - mark) / deviation
    certain = np.where(mean >= mark, np.inf, -np.inf)
    return ndtr(np.where(deviation > 0, away, certain))


def _shortfall(shown: Floats, se: Floats, need: float) -> tuple[Floats, Floats]:
    """Mean and variance of the share that is short of `need`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(se > 0, (need - shown) / se, 0.0)
    density, below = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi), ndtr(z)
    mean = np.where(se > 0, se * (z * below + density), np.maximum(need - shown, 0.0)) / need
    square = np.where(se > 0, se**2 * ((z**2 + 1) * below + z * density) / need**2, mean**2)
    return mean, np.maximum(square - mean**2, 0.0)


def _refuse(shown: Floats, se: Floats, asked: Floats) -> None:
    refuse_nonsense(shown, asked)
    if se.shape != shown.shape or not np.isfinite(se).all() or (se < 0).any():
        message = "a standard error is missing, not finite or below 0"
        raise ValueError(message)
