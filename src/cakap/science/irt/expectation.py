"""The E-step: what people's answers say of every node, summed to what the items need to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cakap.science.irt.answers import Answers, Chunk
from cakap.science.irt.latent import Latent
from cakap.science.types import Floats

BLOCK = 1024


class Tables(NamedTuple):
    """columns: (n_columns, n_nodes) T; base: (n_groups, n_nodes) log prior and the lows of `always`."""

    columns: Floats
    base: Floats


class Expected(NamedTuple):
    """loglik; columns: (n_groups, n_columns, n_nodes) expected counts; mass: (n_groups, n_nodes)."""

    loglik: float
    columns: Floats
    mass: Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Posterior:
    """weights: (n_nodes, n) summing to one a person; log_marginal: (n,)."""

    weights: Floats
    log_marginal: Floats


def tables(answers: Answers, log_p: Sequence[Floats], latent: Latent) -> Tables:
    """log_p: one (n_categories, n_nodes) an item."""
    columns = np.empty((len(answers.layout), log_p[0].shape[1]))
    for place, (item, category) in enumerate(answers.layout):
        lowest = log_p[item][0]
        columns[place] = lowest if category == 0 else log_p[item][category] - lowest
    lows = sum((log_p[item][0] for item in answers.always), np.zeros(columns.shape[1]))
    return Tables(columns=columns, base=latent.log_weights + lows)


def posterior(block: Floats, base: Floats, columns: Floats) -> Posterior:
    """block: (n_columns, n) ones and zeros as floats."""
    joint = columns.T @ block
    joint += base[:, None]
    top = joint.max(axis=0)
    joint -= top
    np.exp(joint, out=joint)
    total = joint.sum(axis=0)
    joint /= total
    return Posterior(weights=joint, log_marginal=np.log(total) + top)


def expect(chunk: Chunk, common: Tables) -> tuple[float, Floats, Floats, int]:
    """One chunk's share of `Expected`, and its group."""
    loglik = 0.0
    columns = np.zeros_like(common.columns)
    mass = np.zeros(common.columns.shape[1])
    for start in range(0, len(chunk.weights), BLOCK):
        block = chunk.columns[:, start : start + BLOCK].astype(np.float64)
        weights = chunk.weights[start : start + BLOCK]
        found = posterior(block, common.base[chunk.group], common.columns)
        found.weights[:] *= weights
        loglik += float(weights @ found.log_marginal)
        columns += block @ found.weights.T
        mass += found.weights.sum(axis=1)
    return loglik, columns, mass, chunk.group


def gathered(parts: Sequence[tuple[float, Floats, Floats, int]], n_groups: int) -> Expected:
    """The chunks' shares, added in their order: equal wherever they were worked out."""
    columns = np.zeros((n_groups, *parts[0][1].shape))
    mass = np.zeros((n_groups, parts[0][2].shape[0]))
    for _, part, weight, group in parts:
        columns[group] += part
        mass[group] += weight
    return Expected(loglik=float(sum(part[0] for part in parts)), columns=columns, mass=mass)
