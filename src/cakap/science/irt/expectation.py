"""The E-step: what people's answers say of every node, summed to what the items need to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cakap.science.irt.answers import Answers, Chunk
from cakap.science.irt.latent import Latent
from cakap.science.types import Floats

BLOCK, LEAST = 2048, 1e-200


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
    """log_p: for each of `answers.alike` log P of its items, (n, n_categories, n_nodes)."""
    n_nodes = latent.log_weights.shape[1]
    columns, lows = np.empty((len(answers.layout), n_nodes)), np.zeros(n_nodes)
    for alike, table in zip(answers.alike, log_p, strict=True):
        columns[alike.upper] = table[:, 1:] - table[:, :1]
        partly = alike.given >= 0
        columns[alike.given[partly]] = table[partly, 0]
        lows += table[~partly, 0].sum(axis=0)
    return Tables(columns=columns, base=latent.log_weights + lows)


def counts_of(answers: Answers, expected: Expected) -> list[Floats]:
    """Expected counts over all groups: for each of `answers.alike` (n, n_categories, n_nodes)."""
    columns, mass = expected.columns.sum(axis=0), expected.mass.sum(axis=0)
    found: list[Floats] = []
    for alike in answers.alike:
        upper = columns[alike.upper]
        given = np.tile(mass, (len(upper), 1))
        partly = alike.given >= 0
        given[partly] = columns[alike.given[partly]]
        lowest = given - upper.sum(axis=1)
        found.append(np.concatenate([lowest[:, None], upper], axis=1))
    return found


class Posterior(NamedTuple):
    """One block of people.

    block: (n_rows, n) answers as floats, then a row of ones (what everybody has) and of zeros.
    heights: (n_nodes, n), summing to total a person; log_marginal: (n,); weights: (n,).
    """

    block: Floats
    heights: Floats
    total: Floats
    log_marginal: Floats
    weights: Floats


def posteriors(chunk: Chunk, common: Tables) -> Iterator[Posterior]:
    """The blocks of a chunk, one after the other in the same memory: use each before the next."""
    n_columns, n_nodes = common.columns.shape
    # Whole eights of rows: the matrix product is a fifth faster on them.
    n_rows = -(-(n_columns + 1) // 8) * 8
    rows = np.zeros((n_nodes, n_rows))
    rows[:, :n_columns] = common.columns.T
    rows[:, n_columns] = common.base[chunk.group]
    room = _room(n_rows, n_columns, n_nodes, BLOCK)
    for start in range(0, len(chunk.weights), BLOCK):
        weights = chunk.weights[start : start + BLOCK]
        if len(weights) < BLOCK:
            room = _room(n_rows, n_columns, n_nodes, len(weights))
        block, joint = room
        block[:n_columns] = chunk.columns[:, start : start + BLOCK]
        yield _posterior(rows, block, joint, weights)


def _posterior(rows: Floats, block: Floats, joint: Floats, weights: Floats) -> Posterior:
    """As it is where no likelihood is too small for a number; else each person's top at 1."""
    np.matmul(rows, block, out=joint)
    np.exp(joint, out=joint)
    total = joint.sum(axis=0)
    if total.min() > LEAST:
        return Posterior(block, joint, total, np.log(total), weights)
    np.matmul(rows, block, out=joint)
    top = joint.max(axis=0)
    joint -= top
    np.exp(joint, out=joint)
    total = joint.sum(axis=0)
    return Posterior(block, joint, total, np.log(total) + top, weights)


def _room(n_rows: int, n_columns: int, n_nodes: int, n: int) -> tuple[Floats, Floats]:
    block = np.zeros((n_rows, n))
    block[n_columns] = 1
    return block, np.empty((n_nodes, n))


def expect(chunk: Chunk, common: Tables) -> tuple[float, Floats, Floats, int]:
    """One chunk's share of `Expected`, and its group."""
    loglik = 0.0
    n_columns = len(common.columns)
    counts: Floats = np.zeros(1)
    for found in posteriors(chunk, common):
        found.heights[:] *= found.weights / found.total
        loglik += float(found.weights @ found.log_marginal)
        counts = counts + found.heights @ found.block.T
    return loglik, counts[:, :n_columns].T, counts[:, n_columns], chunk.group


def gathered(parts: Sequence[tuple[float, Floats, Floats, int]], n_groups: int) -> Expected:
    """The chunks' shares, added in their order: equal wherever they were worked out."""
    columns = np.zeros((n_groups, *parts[0][1].shape))
    mass = np.zeros((n_groups, parts[0][2].shape[0]))
    for _, part, weight, group in parts:
        columns[group] += part
        mass[group] += weight
    return Expected(loglik=float(sum(part[0] for part in parts)), columns=columns, mass=mass)
