"""Plausible values: draws from what the answers leave open (Mislevy, 1991)."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.special import softmax

from cakap.science.irt.scoring import Fitted, log_likelihood
from cakap.science.types import Categories, Floats

FINE = np.linspace(-6, 6, 241)


def plausible_values(
    fitted: Fitted, responses: Categories, *, n_draws: int, rng: Generator, nodes: Floats = FINE
) -> Floats:
    """(n_persons, n_draws) from each posterior; within a step between nodes every point is alike.

    nodes: equally spaced. Their mean over many draws is the EAP.
    """
    joint = log_likelihood(fitted, responses, nodes) + fitted.log_prior(nodes)
    rising = np.cumsum(softmax(joint, axis=1), axis=1)
    draws = rng.random((len(responses), n_draws)) * rising[:, -1:]
    places = np.empty(draws.shape, dtype=np.int64)
    for person, (row, draw) in enumerate(zip(rising, draws, strict=True)):
        places[person] = np.searchsorted(row, draw)
    step = nodes[1] - nodes[0]
    return nodes[places] + rng.uniform(-step / 2, step / 2, places.shape)
