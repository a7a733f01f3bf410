"""The E-step: what people's answers say of every node, summed to what the items need to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def tables(answers: Answers, log_p: Sequence[Floats], latent: Latent) -> Tables:
    """log_p: one (n_categories, n_nodes) an item."""
    columns = np.empty((len(answers.layout), log_p[0].shape[1]))
    for place, (item, category) in enumerate(answers.layout):
        lowest = log_p[item][0]
        columns[place] = lowest if category == 0 else log_p[item][category] - lowest
    lows = sum((log_p[item][0] for item in answers.always), np.zeros(columns.shape[1]))
    return Tables(columns=columns, base=latent.log_weights + lows)


class Posterior(NamedTuple):
    """One block of people.

    block: (n_columns + 1, n) answers as floats, a last row of ones: what everybody has.
    heights: (n_nodes, n), summing to total a person; log_marginal: (n,); weights: (n,).
    """

    block: Floats
    heights: Floats
    total: Floats
    log_marginal: Floats
    weights: Floats


def posteriors(chunk: Chunk, common: Tables) -> Iterator[Posterior]:
    """The blocks of a chunk, one after the other in the same memory: use each before the next."""
    rows = np.ascontiguousarray(np.vstack([common.columns, common.base[chunk.group]]).T)
    room = np.ones((rows.shape[1], BLOCK)), np.empty((len(rows), BLOCK))
    for start in range(0, len(chunk.weights), BLOCK):
        weights = chunk.weights[start : start + BLOCK]
        block, joint = room
        if len(weights) < BLOCK:
            block, joint = (
                np.ones((rows.shape[1], len(weights))),
                np.empty((len(rows), len(weights))),
            )
        block[:-1] = chunk.columns[:, start : start + BLOCK]
        np.matmul(rows, block, out=joint)
        top = joint.max(axis=0)
        joint -= top
        np.exp(joint, out=joint)
        total = joint.sum(axis=0)
        yield Posterior(block, joint, total, np.log(total) + top, weights)


def expect(chunk: Chunk, common: Tables) -> tuple[float, Floats, Floats, int]:
    """One chunk's share of `Expected`, and its group."""
    loglik = 0.0
    counts = np.zeros((len(common.columns) + 1, common.columns.shape[1]))
    for found in posteriors(chunk, common):
        found.heights[:] *= found.weights / found.total
        loglik += float(found.weights @ found.log_marginal)
        counts += found.block @ found.heights.T
    return loglik, counts[:-1], counts[-1], chunk.group


def gathered(parts: Sequence[tuple[float, Floats, Floats, int]], n_groups: int) -> Expected:
    """The chunks' shares, added in their order: equal wherever they were worked out."""
    columns = np.zeros((n_groups, *parts[0][1].shape))
    mass = np.zeros((n_groups, parts[0][2].shape[0]))
    for _, part, weight, group in parts:
        columns[group] += part
        mass[group] += weight
    return Expected(loglik=float(sum(part[0] for part in parts)), columns=columns, mass=mass)
