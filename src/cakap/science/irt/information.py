"""Standard errors from the observed information, by Louis' formula (1982).

I = - E[second derivatives of the complete data] - sum over people of Cov(complete-data score).
The covariance is that of sums over the columns a person's answers make 1, so it comes from products
of columns, weighted by moments of the posterior: two moments where scores are linear in the node
(Rasch, 2PL, GPCM), one a node where not.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cakap.science.irt import latent as latents
from cakap.science.irt.answers import Answers, Chunk
from cakap.science.irt.expectation import Expected, Tables, counts_of, posteriors, tables
from cakap.science.irt.latent import Latent
from cakap.science.irt.models import Model
from cakap.science.irt.notes import Note
from cakap.science.types import Floats, Ints
from cakap.science.workers import Workers

STEP, FLAT = 1e-4, 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """A fitted point: who holds the answers, and where which parameter stands."""

    model: Model
    answers: Answers
    held: Sequence[Any]
    workers: Workers
    nodes: Floats
    items: Sequence[Floats]
    spans: Sequence[slice]
    latent: Latent
    latent_places: Sequence[tuple[int, int]]
    expected: Expected
    curvature: Floats

    @property
    def n_parameters(self) -> int:
        return len(self.curvature)


@dataclass(frozen=True, kw_only=True, slots=True)
class Information:
    """covariance: inverse of the information, nan where it has none; flat: parameters held out."""

    covariance: Floats
    flat: Ints
    definite: bool
    owners: Ints

    def warnings(self, items: Sequence[int]) -> list[Note]:
        """On what has no standard error; items: which of the caller's items the places are."""
        owners = self.owners[self.flat]
        notes = [Note("untold", items[owner]) for owner in owners if owner >= 0]
        return notes if self.definite else [*notes, Note("singular")]


class _Common(NamedTuple):
    """What every chunk needs: the E-step's tables, the basis, and rows (column, parameter)."""

    tables: Tables
    pairs: Floats
    active: Ints
    rows: Floats
    row_column: Ints
    first_rows: Ints
    base: Floats


def observed_information(at: Observed) -> Information:
    """The covariance of the free parameters at a fitted point."""
    known = [at.model.log_p(row, at.nodes) for row in at.items]
    scores = _ColumnScores.of(at, [derivative for _, derivative in known])
    common = _Common(
        tables=tables(
            at.answers,
            [np.stack([known[int(i)][0] for i in alike.items]) for alike in at.answers.alike],
            at.latent,
        ),
        pairs=scores.pairs,
        active=scores.active,
        rows=scores.rows,
        row_column=scores.row_column,
        first_rows=scores.first_rows,
        base=scores.base,
    )
    parts = at.workers.each(_moments, at.held, common)
    products = np.sum([part[0] for part in parts], axis=0)
    outer = np.sum([part[1] for part in parts], axis=0)
    covariance = scores.squares(products) + scores.crossed(at) - outer
    information = np.diag(at.curvature) - _second_derivatives(at) - covariance
    return _inverted((information + information.T) / 2, at)


def _inverted(information: Floats, at: Observed) -> Information:
    size = len(information)
    owners = np.full(size, -1)
    for item, span in enumerate(at.spans):
        owners[span] = item
    told = np.diag(information) > FLAT if at.model.name == "3pl" else np.ones(size, dtype=bool)
    covariance = np.full((size, size), np.nan)
    kept = information[np.ix_(told, told)]
    values = np.linalg.eigvalsh(kept) if kept.size else np.ones(1)
    definite = bool(values[0] > 1e-10 * values[-1] and values[0] > 0)
    if definite and kept.size:
        covariance[np.ix_(told, told)] = np.linalg.inv(kept)
    return Information(
        covariance=covariance, flat=np.flatnonzero(~told), definite=definite, owners=owners
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _ColumnScores:
    """Derivatives by column.

    rows: (n_rows, n_nodes), row r the derivative of column row_column[r] (a place in `active`) by
    parameter row_parameter[r], parameters rising; first_rows: where each parameter's begin.
    base: (n_groups, n_parameters, n_nodes). basis, coefficients: rows = coefficients @ basis;
    pairs: (n_pairs, n_nodes), products of basis functions that are not zero everywhere.
    """

    active: Ints
    rows: Floats
    row_column: Ints
    row_parameter: Ints
    first_rows: Ints
    base: Floats
    coefficients: Floats
    places: list[tuple[int, int]]
    pairs: Floats

    @classmethod
    def of(cls, at: Observed, derivatives: Sequence[Floats]) -> _ColumnScores:
        free = [place for place, c in enumerate(at.answers.layout) if _size(at.spans[c.item])]
        rows: list[Floats] = []
        columns: list[int] = []
        parameters: list[int] = []
        for place, column in enumerate(free):
            item, category = at.answers.layout[column]
            own = derivatives[item]
            difference = own[:, category] - (own[:, 0] if category else 0.0)
            for k, row in enumerate(difference):
                rows.append(row)
                columns.append(place)
                parameters.append(at.spans[item].start + k)
        order = np.argsort(parameters, kind="stable")
        stacked = np.stack(rows)[order] if rows else np.zeros((0, len(at.nodes)))
        by_parameter = np.asarray(parameters, dtype=np.int64)[order]
        coefficients, basis = _basis(stacked)
        places = [
            (r, s)
            for r, s in itertools.combinations_with_replacement(range(len(basis)), 2)
            if np.any(basis[r] * basis[s])
        ]
        return cls(
            active=np.asarray(free, dtype=np.int64),
            rows=stacked,
            row_column=np.asarray(columns, dtype=np.int64)[order],
            row_parameter=by_parameter,
            first_rows=np.searchsorted(by_parameter, np.unique(by_parameter)),
            base=_base_scores(at, derivatives),
            coefficients=coefficients,
            places=places,
            pairs=np.stack([basis[r] * basis[s] for r, s in places])
            if places
            else np.zeros((0, len(at.nodes))),
        )

    def squares(self, products: Floats) -> Floats:
        """Sum over people of E[score score'] among the columns."""
        size, n_columns = self.base.shape[1], len(self.active)
        spread = np.zeros((self.coefficients.shape[1], size, n_columns))
        for row, (parameter, column) in enumerate(
            zip(self.row_parameter, self.row_column, strict=True)
        ):
            spread[:, parameter, column] = self.coefficients[row]
        total = np.zeros((size, size))
        for product, (r, s) in zip(products, self.places, strict=True):
            part = spread[r] @ product @ spread[s].T
            total += part if r == s else part + part.T
        return total

    def crossed(self, at: Observed) -> Floats:
        """Those between the columns and what everybody has, and of the latter with itself."""
        total = np.zeros((at.n_parameters, at.n_parameters))
        for group, base in enumerate(self.base):
            counted = np.zeros_like(base)
            counts = at.expected.columns[group][self.active]
            np.add.at(counted, self.row_parameter, self.rows * counts[self.row_column])
            part = counted @ base.T
            total += part + part.T + (base * at.expected.mass[group]) @ base.T
        return total


def _size(span: slice) -> int:
    return span.stop - span.start


def _basis(rows: Floats) -> tuple[Floats, Floats]:
    """Few functions of the node that span the rows, or the nodes themselves."""
    if len(rows) == 0:
        return np.zeros((0, 0)), np.zeros((0, rows.shape[1]))
    _, values, directions = np.linalg.svd(rows, full_matrices=False)
    rank = int((values > 1e-9 * values[0]).sum())
    if rank * (rank + 1) / 2 < rows.shape[1] / 2:
        basis = directions[:rank]
        return rows @ basis.T, basis
    return rows, np.eye(rows.shape[1])


def _base_scores(at: Observed, derivatives: Sequence[Floats]) -> Floats:
    base = np.zeros((at.answers.n_groups, at.n_parameters, len(at.nodes)))
    for item in at.answers.always:
        if _size(at.spans[item]):
            base[:, at.spans[item]] = derivatives[item][:, 0]
    first = at.n_parameters - len(at.latent_places)
    for place, (group, kind) in enumerate(at.latent_places):
        mean, variance = at.latent.mean[group], at.latent.variance[group]
        base[group, first + place] = latents.normal_scores(at.nodes, mean, variance)[kind]
    return base


def _moments(chunk: Chunk, common: _Common) -> tuple[Floats, Floats]:
    """A chunk's products of columns by pair of basis functions, and of people's gradients."""
    n_active = len(common.active)
    products = np.zeros((len(common.pairs), n_active, n_active))
    outer = np.zeros((common.base.shape[1],) * 2)
    for found in posteriors(chunk, common.tables):
        at, weights = found.heights / found.total, found.weights
        active = found.block[common.active]
        for place, moment in enumerate((common.pairs @ at) * weights):
            products[place] += (active * moment) @ active.T
        gradients = common.base[chunk.group] @ at
        if len(common.first_rows):
            by_row = (common.rows @ at) * active[common.row_column]
            gradients[: len(common.first_rows)] += np.add.reduceat(
                by_row, common.first_rows, axis=0
            )
        outer += (gradients * weights) @ gradients.T
    return products, outer


def _second_derivatives(at: Observed) -> Floats:
    """Those of the complete-data log-likelihood: a block an item, and the latent's."""
    total = np.zeros((at.n_parameters, at.n_parameters))
    counts = {
        int(item): own
        for alike, group in zip(at.answers.alike, counts_of(at.answers, at.expected), strict=True)
        for item, own in zip(alike.items, group, strict=True)
    }
    for item, span in enumerate(at.spans):
        for k in range(_size(span)):
            step = np.eye(_size(span))[k] * STEP
            up, down = (at.model.log_p(at.items[item] + s, at.nodes)[1] for s in (step, -step))
            total[span.start + k, span] = ((up - down) * counts[item]).sum(axis=(1, 2)) / (2 * STEP)
    first = at.n_parameters - len(at.latent_places)
    for one, (group, kind) in enumerate(at.latent_places):
        mean, variance = at.latent.mean[group], at.latent.variance[group]
        up, down = (
            latents.normal_scores(
                at.nodes, mean + s * (kind == 0), variance * np.exp(s * (kind == 1))
            )
            for s in (STEP, -STEP)
        )
        slopes = ((up - down) @ at.expected.mass[group]) / (2 * STEP)
        for other, (other_group, other_kind) in enumerate(at.latent_places):
            if other_group == group:
                total[first + one, first + other] = slopes[other_kind]
    return total
