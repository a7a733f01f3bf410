"""Ability from answers: the posterior mean (EAP) and its standard deviation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from cakap.science.irt.bank import ItemBank
from cakap.science.irt.response import log_probabilities
from cakap.science.types import MISSING, Categories, Floats, Ints

POINTS, REACH = 61, 6.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """theta, se: (n_people,) on the scale of the item parameters."""

    theta: Floats
    se: Floats


def normal_prior(mean: float, sd: float) -> tuple[Floats, Floats]:
    """Nodes and weights of a normal prior: 61 equal steps over six standard deviations each way."""
    if not sd > 0:
        message = f"sd = {sd}, expected a number above 0"
        raise ValueError(message)
    nodes = np.linspace(mean - REACH * sd, mean + REACH * sd, POINTS)
    weights: Floats = np.exp(-(((nodes - mean) / sd) ** 2) / 2.0) / math.sqrt(2 * math.pi) / sd
    return nodes, weights / weights.sum()


def eap(bank: ItemBank, responses: Categories, *, nodes: Floats, prior: Floats) -> Scores:
    """Posterior mean and standard deviation of ability (Bock & Mislevy, 1982).

    responses: (n_people, n_items), category from 0, `MISSING` never given.
    nodes, prior: (n_nodes,) points of theta and their weights, > 0, on any scale.
    A person without a response gets the prior back.
    """
    refuse_impossible(responses, np.isfinite(bank.thresholds).sum(axis=1).astype(np.int64) + 1)
    table = log_probabilities(bank, nodes)
    log_likelihood = np.zeros((len(responses), len(nodes)))
    for category in range(bank.n_categories):
        given = responses == category
        # 0 x -inf is nan in a matrix product: a category that no one gave must not take part.
        column = np.where(given.any(axis=0), table[:, :, category], 0.0)
        log_likelihood += given.astype(np.float64) @ column.T
    posterior = softmax(log_likelihood + np.log(prior), axis=1)
    theta = posterior @ nodes
    variance = posterior @ nodes**2 - theta**2
    return Scores(theta=theta, se=np.sqrt(np.maximum(variance, 0.0)))


def refuse_impossible(responses: Categories, n_categories: Ints) -> None:
    """Raise ValueError at the first answer that its item does not have."""
    if responses.ndim != 2 or responses.shape[1] != len(n_categories):
        message = f"responses of shape {responses.shape}, expected (persons, {len(n_categories)})"
        raise ValueError(message)
    wrong = np.argwhere((responses < MISSING) | (responses >= n_categories))
    if len(wrong):
        person, item = wrong[0]
        message = (
            f"person {person}, item {item}: category {responses[person, item]}, "
            f"expected 0 to {n_categories[item] - 1} or {MISSING}"
        )
        raise ValueError(message)
