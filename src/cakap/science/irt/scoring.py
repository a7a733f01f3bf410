"""Scores under any fitted model: EAP, MAP and WLE, each with its standard error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from cakap.science.irt.latent import POINTS, log_normal
from cakap.science.irt.eap import Scores
from cakap.science.irt.models import MODELS
from cakap.science.types import MISSING, Categories, Floats

REACH, HALVINGS, STEP = 20.0, 60, 1e-3


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """Item parameters under a model, and the variance of the latent normal."""

    model: str
    parameters: Sequence[Floats]
    variance: float = 1.0

    def log_p(self, item: int, theta: Floats) -> Floats:
        """log P(category | theta): (n_categories, n_theta)."""
        return MODELS[self.model].log_p(self.parameters[item], theta)[0]


def eap(fitted: Fitted, responses: Categories, *, nodes: Floats = POINTS) -> Scores:
    """Posterior mean and standard deviation (Bock & Mislevy, 1982) over a fixed quadrature."""
    joint = log_likelihood(fitted, responses, nodes) + log_normal(nodes, 0.0, fitted.variance)
    posterior = np.exp(joint - logsumexp(joint, axis=1)[:, None])
    theta = posterior @ nodes
    spread = posterior @ nodes**2 - theta**2
    return Scores(theta=theta, se=np.sqrt(np.maximum(spread, 0.0)))


def log_likelihood(fitted: Fitted, responses: Categories, nodes: Floats) -> Floats:
    """(n_persons, n_nodes); what was never given adds nothing."""
    total = np.zeros((len(responses), len(nodes)))
    for item, column in enumerate(responses.T):
        table = np.concatenate([fitted.log_p(item, nodes), np.zeros((1, len(nodes)))])
        total += table[column]
    return total


def map_(fitted: Fitted, responses: Categories) -> Scores:
    """Posterior mode, with the curvature there as error."""

    def slope(theta: Floats) -> Floats:
        return _score(fitted, responses, theta) - theta / fitted.variance

    return _at_root(slope, len(responses))


def wle(fitted: Fitted, responses: Categories) -> Scores:
    """Warm's weighted likelihood estimate (1989): the score plus J / 2I is zero."""

    def slope(theta: Floats) -> Floats:
        information, j = _information(fitted, responses, theta)
        return _score(fitted, responses, theta) + j / (2 * information)

    return _at_root(slope, len(responses))


METHODS = {"eap": eap, "map": map_, "wle": wle}


def _score(fitted: Fitted, responses: Categories, theta: Floats) -> Floats:
    """d log L / d theta, each person at an own theta."""
    total = np.zeros(len(theta))
    people = np.arange(len(theta))
    for item, column in enumerate(responses.T):
        given = column != MISSING
        up, down = fitted.log_p(item, theta + STEP), fitted.log_p(item, theta - STEP)
        step = (up - down)[np.where(given, column, 0), people] / (2 * STEP)
        total += np.where(given, step, 0.0)
    return total


def _information(fitted: Fitted, responses: Categories, theta: Floats) -> tuple[Floats, Floats]:
    """Expected information and Warm's J over the items that each person was given."""
    information, j = np.zeros(len(theta)), np.zeros(len(theta))
    for item, column in enumerate(responses.T):
        given = (column != MISSING).astype(np.float64)
        here, up, down = (np.exp(fitted.log_p(item, theta + s)) for s in (0.0, STEP, -STEP))
        first, second = (up - down) / (2 * STEP), (up - 2 * here + down) / STEP**2
        safe = np.maximum(here, 1e-300)
        information += given * (first**2 / safe).sum(axis=0)
        j += given * (first * second / safe).sum(axis=0)
    return np.maximum(information, 1e-12), j


def _at_root(slope: Callable[[Floats], Floats], n: int) -> Scores:
    """The point where the slope vanishes; the error is that of the curvature there."""
    theta = _root(slope, n)
    curve = (slope(theta + STEP) - slope(theta - STEP)) / (2 * STEP)
    return Scores(theta=theta, se=1 / np.sqrt(np.maximum(-curve, 1e-12)))


def _root(slope: Callable[[Floats], Floats], n: int) -> Floats:
    """Where a falling function crosses zero, by halving, for all persons at once."""
    low, high = np.full(n, -REACH), np.full(n, REACH)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = slope(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def marginal_reliability(fitted: Fitted, *, nodes: Floats = POINTS) -> float:
    """Mean of I / (I + 1 / variance) over the latent normal (Green et al., 1984)."""
    everything = np.zeros((len(nodes), len(fitted.parameters)), dtype=np.int8)
    information, _ = _information(fitted, everything, nodes)
    weights = np.exp(log_normal(nodes, 0.0, fitted.variance))
    return float(weights @ (information / (information + 1 / fitted.variance)))
