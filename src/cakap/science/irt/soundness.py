"""Before calibration: what the answers cannot tell is set aside, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cakap.science.irt.models import Model
from cakap.science.irt.notes import Note
from cakap.science.types import MISSING, Categories, Floats, Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Sound:
    """Answers that can be calibrated.

    responses: (n_persons, len(items)) with categories closed up; items: which of the caller's
    `n_items` they are; categories: the observed values of every one of the caller's items.
    counts, loadings: of each item in `items`. groups: (n_persons,).
    """

    responses: Categories
    groups: Ints
    items: list[int]
    n_items: int
    categories: tuple[Ints, ...]
    counts: list[Floats]
    loadings: Floats
    warnings: list[Note]

    @property
    def n_persons(self) -> int:
        """People with at least one answer."""
        return len(self.responses)


def sound(
    responses: Categories, *, groups: Ints | None, model: Model, anchors: Mapping[int, Floats]
) -> Sound:
    """Set aside people without answers and items that say nothing; close up unused categories.

    Raises ValueError on fewer than two persons, on too high a category, and when no item is left.
    An anchor keeps its categories.
    """
    there = (responses != MISSING).any(axis=1)
    known = responses[there]
    if len(known) < 2:
        message = f"{len(known)} persons with answers, expected at least 2"
        raise ValueError(message)
    kept: list[int] = []
    columns: list[Categories] = []
    categories: list[Ints] = []
    warnings: list[Note] = []
    for item, column in enumerate(known.T):
        values = np.unique(column[column != MISSING]).astype(np.int64)
        if model.two_categories and len(values) and values[-1] > 1:
            message = f"item {item}: category {values[-1]}, expected 0 or 1 under {model.name}"
            raise ValueError(message)
        if item in anchors:
            values = np.arange(max(2, values[-1] + 1 if len(values) else 2))
        categories.append(values)
        if len(values) < 2:
            warnings.append(Note("alike", item))
            continue
        if values[-1] >= len(values):
            unused = sorted(set(range(int(values[-1]))) - set(values.tolist()))
            warnings.append(Note("unused", item, ", ".join(map(str, unused))))
        kept.append(item)
        columns.append(_closed_up(column, values))
    if not kept:
        message = "no item is left: everybody answered every item alike"
        raise ValueError(message)
    closed = np.stack(columns, axis=1)
    return Sound(
        responses=closed,
        groups=np.zeros(len(known), dtype=np.int64) if groups is None else groups[there],
        items=kept,
        n_items=responses.shape[1],
        categories=tuple(categories),
        counts=[
            np.bincount(column[column != MISSING], minlength=2).astype(np.float64)
            for column in closed.T
        ],
        loadings=_loadings(closed),
        warnings=warnings,
    )


def _closed_up(column: Categories, values: Ints) -> Categories:
    return np.where(column == MISSING, MISSING, np.searchsorted(values, column)).astype(np.int8)


def _loadings(responses: Categories) -> Floats:
    """On the first principal axis of the correlations of people who were given both items."""
    given = (responses != MISSING).astype(np.float32)
    answers = np.where(responses == MISSING, 0, responses).astype(np.float32)
    mean = answers.sum(axis=0) / given.sum(axis=0)
    centred = (answers - mean) * given
    spread = np.sqrt((centred**2).sum(axis=0) / given.sum(axis=0))
    centred /= np.maximum(spread, 1e-6)
    correlation = (centred.T @ centred).astype(np.float64) / np.maximum(given.T @ given, 1)
    values, vectors = np.linalg.eigh(correlation)
    axis = vectors[:, -1] * np.sqrt(max(values[-1], 0.0))
    return axis if axis.sum() >= 0 else -axis
