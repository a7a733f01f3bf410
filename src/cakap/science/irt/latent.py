"""The distribution of ability on the nodes, one a group: normal, or a histogram of free heights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from cakap.science.types import Floats

POINTS = np.linspace(-6, 6, 61)


@dataclass(frozen=True, kw_only=True, slots=True)
class Latent:
    """mean, variance: (n_groups,); log_weights: (n_groups, n_nodes), each row summing to one."""

    mean: Floats
    variance: Floats
    log_weights: Floats


def normal(nodes: Floats, mean: Floats, variance: Floats) -> Latent:
    """Normals on the nodes."""
    rows = [log_normal(nodes, float(m), float(v)) for m, v in zip(mean, variance, strict=True)]
    return Latent(mean=mean, variance=variance, log_weights=np.stack(rows))


def log_normal(nodes: Floats, mean: float, variance: float) -> Floats:
    """Log weights of a normal on the nodes, summing to one."""
    raw = -((nodes - mean) ** 2) / (2 * variance)
    return np.asarray(raw - logsumexp(raw))


def normal_scores(nodes: Floats, mean: float, variance: float) -> Floats:
    """(2, n_nodes): the log weights by the mean and by the log of the variance."""
    weights = np.exp(log_normal(nodes, mean, variance))
    raw = np.stack([(nodes - mean) / variance, (nodes - mean) ** 2 / (2 * variance)])
    return raw - (raw @ weights)[:, None]


def histogram(nodes: Floats, heights: Floats) -> Latent:
    """Free heights (n_groups, n_nodes) > 0; the first group is moved to mean 0 and variance 1.

    The move (Woods, 2007) interpolates between nodes: the scale of the items stays where it is.
    """
    share = heights / heights.sum(axis=1, keepdims=True)
    mean, variance = _moments(nodes, share)
    if len(share) and not (abs(mean[0]) < 1e-9 and abs(variance[0] - 1) < 1e-9):
        places = mean[0] + np.sqrt(variance[0]) * nodes
        moved = np.empty_like(share)
        for group, row in enumerate(share):
            moved[group] = np.interp(places, nodes, row, left=0, right=0)
        share = np.maximum(moved, 1e-12)
        share /= share.sum(axis=1, keepdims=True)
        mean, variance = _moments(nodes, share)
    return Latent(mean=mean, variance=variance, log_weights=np.log(share))


def _moments(nodes: Floats, share: Floats) -> tuple[Floats, Floats]:
    mean = share @ nodes
    return mean, share @ nodes**2 - mean**2
