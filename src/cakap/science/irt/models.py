"""Response models in slope-intercept form, with their derivatives: what calibration climbs on.

One convention for the module: an item's parameters are a row; items with as many parameters are worked
out together.

two_pl    (a, d)             P(1) = s(a x + d)
rasch     (d,)               P(1) = s(x + d); the variance of x is free
three_pl  (a, d, logit c)    P(1) = c + (1 - c) s(a x + d)            (Birnbaum, 1968)
graded    (a, d_1 > d_2 ..)  P(>= k) = s(a x + d_k)                   (Samejima, 1969)
gpcm      (a, d_1, d_2, ..)  P(k) ~ exp(k a x + d_k), d_0 = 0         (Muraki, 1992)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, log_softmax

from cakap.science.types import Floats

TINY = 1e-300


def _s(z: Floats) -> Floats:
    return np.asarray(expit(z), dtype=np.float64)


def _log_s(z: Floats) -> Floats:
    return np.asarray(log_expit(z), dtype=np.float64)


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A response model: where to start, and probabilities with derivatives.

    start(counts, loading): from how often each category was given and the item's loading on what
    the items share. many(parameters, nodes): (n_items, n_parameters) to log P, (n_items,
    n_categories, n_nodes), and its derivative, (n_items, n_parameters, n_categories, n_nodes).
    free_variance: the latent variance is estimated (Rasch), not fixed to 1.
    """

    name: str
    start: Callable[[Floats, float], Floats]
    many: Callable[[Floats, Floats], tuple[Floats, Floats]]
    free_variance: bool = False
    two_categories: bool = False

    def log_p(self, parameters: Floats, nodes: Floats) -> tuple[Floats, Floats]:
        """Of one item: (n_categories, n_nodes), and (n_parameters, n_categories, n_nodes)."""
        log_p, derivative = self.many(parameters[None], nodes)
        return log_p[0], derivative[0]


def _logit_share(counts: Floats) -> Floats:
    """logit P(>= k), k = 1 .., from how often each category was given."""
    upper = np.cumsum(counts[::-1])[::-1][1:] / counts.sum()
    clipped = np.clip(upper, 1e-3, 1 - 1e-3)
    return np.log(clipped / (1 - clipped))


def _slope(loading: float) -> float:
    """From a loading to a logistic slope (Takane & de Leeuw, 1987), away from 0 and from extremes."""
    bounded = float(np.clip(loading, -0.9, 0.9))
    slope = 1.7 * bounded / np.sqrt(1 - bounded**2)
    return float(np.copysign(max(abs(slope), 0.3), slope))


def _sloped_start(counts: Floats, loading: float) -> Floats:
    slope = _slope(loading)
    return np.concatenate([[slope], _logit_share(counts) * np.sqrt(1 + slope**2 / 2.89)])


def _two_pl(parameters: Floats, nodes: Floats) -> tuple[Floats, Floats]:
    z = parameters[:, :1] * nodes + parameters[:, 1:2]
    right = _s(z)
    log_p = np.stack([_log_s(-z), _log_s(z)], axis=1)
    slope = np.stack([-right, 1 - right], axis=1)
    return log_p, np.stack([slope * nodes, slope], axis=1)


def _rasch(parameters: Floats, nodes: Floats) -> tuple[Floats, Floats]:
    log_p, derivative = _two_pl(np.column_stack([np.ones(len(parameters)), parameters]), nodes)
    return log_p, derivative[:, 1:]


def _three_pl(parameters: Floats, nodes: Floats) -> tuple[Floats, Floats]:
    z = parameters[:, :1] * nodes + parameters[:, 1:2]
    c, able = _s(parameters[:, 2:]), _s(z)
    right = c + (1 - c) * able
    log_wrong = _log_s(-parameters[:, 2:]) + _log_s(-z)
    by_z = np.stack([-able, (1 - c) * able * (1 - able) / right], axis=1)
    by_c = np.stack([-c + 0 * z, c * (1 - c) * (1 - able) / right], axis=1)
    log_p = np.stack([log_wrong, np.log(right)], axis=1)
    return log_p, np.stack([by_z * nodes, by_z, by_c], axis=1)


def _graded(parameters: Floats, nodes: Floats) -> tuple[Floats, Floats]:
    above = _s(parameters[:, :1, None] * nodes + parameters[:, 1:, None])
    edge = np.ones_like(above[:, :1])
    bounds = np.concatenate([edge, above, 0 * edge], axis=1)
    p = np.maximum(bounds[:, :-1] - bounds[:, 1:], TINY)
    steep = np.concatenate([0 * edge, above * (1 - above), 0 * edge], axis=1)
    derivative = np.zeros((len(p), parameters.shape[1], *p.shape[1:]))
    derivative[:, 0] = (steep[:, :-1] - steep[:, 1:]) * nodes / p
    for k in range(1, parameters.shape[1]):
        derivative[:, k, k] = steep[:, k] / p[:, k]
        derivative[:, k, k - 1] = -steep[:, k] / p[:, k - 1]
    return np.log(p), derivative


def _gpcm(parameters: Floats, nodes: Floats) -> tuple[Floats, Floats]:
    d = np.concatenate([np.zeros_like(parameters[:, :1]), parameters[:, 1:]], axis=1)
    k = np.arange(float(d.shape[1]))[:, None]
    z = k * parameters[:, :1, None] * nodes + d[:, :, None]
    log_p = np.asarray(log_softmax(z, axis=1), dtype=np.float64)
    p = np.exp(log_p)
    derivative = np.zeros((len(p), parameters.shape[1], *p.shape[1:]))
    derivative[:, 0] = (k - (k * p).sum(axis=1, keepdims=True)) * nodes
    for j in range(1, d.shape[1]):
        derivative[:, j] = (k == j) - p[:, j : j + 1]
    return log_p, derivative


def _gpcm_start(counts: Floats, loading: float) -> Floats:
    share = np.maximum(counts, 1) / counts.sum()
    return np.concatenate([[_slope(loading) / (len(counts) - 1)], np.log(share[1:] / share[0])])


def _guessing_start(counts: Floats, loading: float) -> Floats:
    a, d = _sloped_start(counts, loading)
    return np.array([1.2 * a, d - 0.3, -1.8])


MODELS = {
    "rasch": Model(
        name="rasch",
        start=lambda counts, _: _logit_share(counts),
        many=_rasch,
        free_variance=True,
        two_categories=True,
    ),
    "2pl": Model(name="2pl", start=_sloped_start, many=_two_pl, two_categories=True),
    "3pl": Model(name="3pl", start=_guessing_start, many=_three_pl, two_categories=True),
    "graded": Model(name="graded", start=_sloped_start, many=_graded),
    "gpcm": Model(name="gpcm", start=_gpcm_start, many=_gpcm),
}
