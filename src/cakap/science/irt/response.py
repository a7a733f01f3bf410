"""Probabilities of answers, in logarithms so that they stay finite far from the items."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from scipy.special import log_expit

from cakap.science.irt.bank import ItemBank
from cakap.science.types import Categories, Floats


def log_probabilities(bank: ItemBank, theta: Floats) -> Floats:
    """log P(category | theta): (n_theta, n_items, n_categories); -inf where there is none.

    With z_k = a (theta - b_k), P(k) = s(z_k) - s(z_{k+1}); as a product that cannot cancel,
    s(z_k) s(-z_{k+1}) (1 - exp(z_{k+1} - z_k)).
    """
    z = bank.slopes[None, :, None] * (theta[:, None, None] - bank.thresholds[None, :, :])
    edge = np.full((*z.shape[:2], 1), np.inf)
    lower = np.concatenate([edge, z], axis=2)
    upper = np.concatenate([z, -edge], axis=2)
    # Beyond an item's last category both edges lie at -inf: its probability is 0.
    step = np.where(np.isneginf(lower), -1.0, upper - np.where(np.isneginf(lower), 0.0, lower))
    with np.errstate(divide="ignore"):
        between = np.log(-np.expm1(step))
    return np.asarray(log_expit(lower) + log_expit(-upper) + between)


def simulate(bank: ItemBank, theta: Floats, *, rng: Generator) -> Categories:
    """Answers (n_theta, n_items), int8 categories from 0, drawn from the model."""
    probabilities = np.exp(log_probabilities(bank, theta))
    cumulative = np.cumsum(probabilities, axis=2)
    draw = rng.random((len(theta), len(bank.slopes), 1))
    return np.minimum((draw > cumulative).sum(axis=2), bank.n_categories - 1).astype(np.int8)
