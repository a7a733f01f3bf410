"""From a score with its error to a level with its probability."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from cakap.science.types import Floats, Ints


def level_probabilities(value: Floats, se: Floats, cuts: Floats) -> Floats:
    """P(level 1), ..., P(level n): (n_people, n_cuts + 1), normal around the score.

    value, se: (n_people,); cuts: (n_levels - 1,), rising, on the scale of the score.
    An se of 0 means a certain score: its level has probability 1.
    """
    if np.any(np.diff(cuts) <= 0):
        message = f"cuts {cuts.tolist()} do not rise"
        raise ValueError(message)
    if np.any(se < 0):
        message = "a standard error below 0"
        raise ValueError(message)
    # A score on a cut belongs to the higher level, so a certain one sits just above it.
    spread = np.maximum(se, 1e-12)[:, None]
    centre = np.where(se == 0, value + 1e-9, value)[:, None]
    below = np.asarray(ndtr((cuts[None, :] - centre) / spread), dtype=np.float64)
    edges = np.concatenate([np.zeros((len(value), 1)), below, np.ones((len(value), 1))], axis=1)
    return np.diff(edges, axis=1)


def levels(value: Floats, cuts: Floats) -> Ints:
    """The level, from 1, in which each score falls; a score on a cut reaches the higher one."""
    return np.searchsorted(cuts, value, side="right").astype(np.int64) + 1
