"""Response times: how fast a person works, and where the speed does not fit the person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from cakap.science.types import Floats

ROUNDS, GAIN = 500, 1e-7
SHARE_OF_MEAN, LONGEST_GUESS = 0.1, 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeModel:
    """log time = intensity_i - speed_p + error / precision_i (van der Linden, 2006).

    intensity, precision: (n_items,). speed: (n_persons,), EAP; speed_sd: of the population.
    fit: (n_persons,) sum of squared standardised residuals; p: how seldom it would be as large.
    """

    intensity: Floats
    precision: Floats
    speed: Floats
    speed_sd: float
    fit: Floats
    p: Floats


def lognormal_times(seconds: Floats) -> TimeModel:
    """seconds: (n_persons, n_items), above 0, nan where not given; by EM, normal speed with mean 0.

    p follows l_t of Marianti, Fox, Avetisyan, Veldkamp & Tijmstra (2014). Raises ValueError on a
    time that is not above 0 and on an item with fewer than two times.
    """
    given = np.isfinite(seconds)
    if np.any(seconds[given] <= 0):
        message = "a time that is not above 0 seconds"
        raise ValueError(message)
    if np.any(given.sum(axis=0) < 2):
        message = f"item {int(np.argmin(given.sum(axis=0)))}: fewer than two times"
        raise ValueError(message)
    logs = np.log(np.where(given, seconds, 1.0))
    n_at, n_of = given.sum(axis=0), given.sum(axis=1)
    intensity = (logs * given).sum(axis=0) / n_at
    noise = np.maximum(((logs - intensity) ** 2 * given).sum(axis=0) / n_at / 2, 1e-4)
    spread, before = 0.1, -np.inf
    speed, left = np.zeros(len(seconds)), np.zeros(len(seconds))
    for _ in range(ROUNDS):
        left = 1 / ((given / noise).sum(axis=1) + 1 / spread)
        speed = left * ((intensity - logs) * given / noise).sum(axis=1)
        intensity = ((logs + speed[:, None]) * given).sum(axis=0) / n_at
        gaps = (logs - intensity + speed[:, None]) ** 2 + left[:, None]
        noise = np.maximum((gaps * given).sum(axis=0) / n_at, 1e-6)
        spread = float((speed**2 + left).mean())
        here = -float((np.log(noise) * n_at).sum()) - len(seconds) * float(np.log(spread))
        if abs(here - before) < GAIN * abs(here):
            break
        before = here
    squares = ((logs - intensity + speed[:, None]) ** 2 * given / noise).sum(axis=1)
    return TimeModel(
        intensity=intensity,
        precision=1 / np.sqrt(noise),
        speed=speed,
        speed_sd=float(np.sqrt(spread)),
        fit=squares,
        p=np.asarray(chdtrc(np.maximum(n_of - 1, 1), squares), dtype=np.float64),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Effort:
    """rapid: (n_persons, n_items) too fast to have read; effort: (n_persons,) share that was not.

    accuracy: (2,) share right among rapid answers and among the others; a guess is right by chance.
    """

    thresholds: Floats
    rapid: Floats
    effort: Floats
    accuracy: Floats


def rapid_guessing(seconds: Floats, right: Floats) -> Effort:
    """Wise & Ma's (2012) normative threshold, a tenth of the item's mean time but at most 10 s.

    seconds, right (0 or 1): (n_persons, n_items), nan where not given. effort is RTE (Wise & Kong,
    2005); an RTE under 0.9 is the usual mark of a score not to be trusted.
    """
    thresholds = np.minimum(SHARE_OF_MEAN * np.nanmean(seconds, axis=0), LONGEST_GUESS)
    given = np.isfinite(seconds)
    rapid = given & (seconds < thresholds)
    n_of = np.maximum(given.sum(axis=1), 1)
    return Effort(
        thresholds=thresholds,
        rapid=rapid.astype(np.float64),
        effort=1 - rapid.sum(axis=1) / n_of,
        accuracy=np.array([_share(right, rapid), _share(right, given & ~rapid)]),
    )


def _share(right: Floats, where: NDArray[np.bool_]) -> float:
    known = right[where]
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else np.nan
