"""How much of the spread of scores is ability: at a point, over everybody, and as observed."""

from __future__ import annotations

import numpy as np

from cakap.science.irt.eap import Scores
from cakap.science.irt.latent import POINTS
from cakap.science.irt.scoring import Fitted, information_and_j
from cakap.science.types import Floats


def information(fitted: Fitted, theta: Floats) -> Floats:
    """(n_theta,) expected information of the whole test (Samejima, 1969)."""
    everything = np.zeros((len(theta), len(fitted.parameters)), dtype=np.int8)
    return information_and_j(fitted, everything, theta)[0]


def item_information(fitted: Fitted, theta: Floats) -> Floats:
    """(n_items, n_theta): each item's own; they add up to the test's."""
    return np.stack(
        [
            information(Fitted(model=fitted.model, parameters=[row]), theta)
            for row in fitted.parameters
        ]
    )


def conditional_reliability(fitted: Fitted, theta: Floats) -> Floats:
    """I / (I + 1 / variance) at each theta: (n_theta,)."""
    known = information(fitted, theta)
    return known / (known + 1 / fitted.variance)


def marginal_reliability(fitted: Fitted, *, nodes: Floats = POINTS) -> float:
    """Its mean over the latent normal (Green et al., 1984)."""
    weights = np.exp(fitted.log_prior(nodes))
    return float(weights @ conditional_reliability(fitted, nodes))


def empirical_reliability(scores: Scores) -> float:
    """Spread of the EAP scores over that spread plus the mean error variance."""
    spread = float(np.var(scores.theta, ddof=1))
    return spread / (spread + float((scores.se**2).mean()))
