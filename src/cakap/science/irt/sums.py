"""Sum scores: their distribution at a node, and the ability that each one speaks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cakap.science.irt.eap import Scores
from cakap.science.irt.latent import POINTS
from cakap.science.irt.scoring import Fitted
from cakap.science.types import Floats


def sum_likelihoods(probabilities: Sequence[Floats]) -> Floats:
    """P(sum = s | node), (n_sums, n_nodes), by the recursion of Lord & Wingersky (1984).

    probabilities: one (n_categories, n_nodes) an item.
    """
    known = np.ones((1, probabilities[0].shape[1])) if probabilities else np.ones((1, 1))
    for table in probabilities:
        longer = np.zeros((len(known) + len(table) - 1, known.shape[1]))
        for category, row in enumerate(table):
            longer[category : category + len(known)] += known * row
        known = longer
    return known


def sum_score_eap(fitted: Fitted, *, nodes: Floats = POINTS) -> Scores:
    """theta, se: (n_sums,), sum scores 0, 1, ... (Thissen, Pommerich, Billeaud & Williams, 1995)."""
    likelihoods = sum_likelihoods([np.exp(table) for table in fitted.tables(nodes)])
    joint = likelihoods * np.exp(fitted.log_prior(nodes))
    posterior = joint / joint.sum(axis=1, keepdims=True)
    theta = posterior @ nodes
    return Scores(theta=theta, se=np.sqrt(np.maximum(posterior @ nodes**2 - theta**2, 0.0)))
