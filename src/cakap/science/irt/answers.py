"""Answers as the columns that the engine multiplies: one a category above an item's lowest.

With T[c] = log P(category) - log P(lowest), a person's log-likelihood is a sum of lows plus the T of
the columns that are 1: a matrix product. Only an item that somebody was not given needs one column
more, "given", whose T is log P(lowest).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cakap.science.types import MISSING, Categories, Floats, Ints

CHUNK, SMALL = 8192, 1024


class Column(NamedTuple):
    """One row of `Answers.columns`: an item and its category, 0 for "was given"."""

    item: int
    category: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """People of one group: columns (n_columns, n), 0 or 1; weights: how many people each stands for."""

    columns: Categories
    weights: Floats
    group: int


class Alike(NamedTuple):
    """Items with as many categories: their places, and where their columns stand.

    upper: (n, n_categories - 1); given: (n,), -1 for an item that everybody was given.
    """

    items: Ints
    upper: Ints
    given: Ints


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Distinct answer patterns in chunks, and what their columns mean.

    n_categories: (n_items,). always: items that everybody was given.
    """

    n_persons: int
    n_groups: int
    n_categories: Ints
    layout: tuple[Column, ...]
    chunks: tuple[Chunk, ...]

    @cached_property
    def always(self) -> tuple[int, ...]:
        """Items without a column "given"."""
        partly = {column.item for column in self.layout if column.category == 0}
        return tuple(item for item in range(len(self.n_categories)) if item not in partly)

    @cached_property
    def alike(self) -> tuple[Alike, ...]:
        """All items, by their number of categories."""
        place = {column: at for at, column in enumerate(self.layout)}
        found: list[Alike] = []
        for count in np.unique(self.n_categories):
            items = np.flatnonzero(self.n_categories == count)
            upper = [[place[Column(int(i), k)] for k in range(1, int(count))] for i in items]
            given = [place.get(Column(int(i), 0), -1) for i in items]
            found.append(Alike(items, np.array(upper), np.array(given)))
        return tuple(found)


def answers_of(responses: Categories, *, groups: Ints | None = None) -> Answers:
    """Equal people once. responses: (n_persons, n_items), categories from 0, `MISSING` never given;
    groups: (n_persons,) from 0."""
    group = np.zeros(len(responses), dtype=np.int64) if groups is None else groups
    n_categories = np.maximum(responses.max(axis=0, initial=0).astype(np.int64) + 1, 2)
    patterns, weights, group = _distinct(responses, group, n_categories)
    layout = _layout(patterns, n_categories)
    n_groups = int(group.max(initial=0)) + 1
    chunks = [
        chunk
        for number in range(n_groups)
        for chunk in _chunks(patterns[group == number], weights[group == number], layout, number)
    ]
    return Answers(
        n_persons=len(responses),
        n_groups=n_groups,
        n_categories=n_categories,
        layout=layout,
        chunks=tuple(chunks),
    )


def each_person(responses: Categories, n_categories: Ints) -> Answers:
    """Everybody by themselves, in their order: for scores."""
    layout = _layout(responses, n_categories)
    chunks = _chunks(responses, np.ones(len(responses)), layout, 0)
    return Answers(
        n_persons=len(responses),
        n_groups=1,
        n_categories=n_categories,
        layout=layout,
        chunks=tuple(chunks),
    )


def _distinct(
    responses: Categories, group: Ints, n_categories: Ints
) -> tuple[Categories, Floats, Ints]:
    """Equal people once, with their number, where that can be worth the sorting."""
    possible = float(np.prod(n_categories.astype(np.float64) + 1))
    if possible > len(responses):
        return responses, np.ones(len(responses)), group
    keyed = np.column_stack([group.astype(np.int64), responses])
    rows, times = np.unique(keyed, axis=0, return_counts=True)
    return rows[:, 1:].astype(np.int8), times.astype(np.float64), rows[:, 0].astype(np.int64)


def _layout(patterns: Categories, n_categories: Ints) -> tuple[Column, ...]:
    partly = (patterns == MISSING).any(axis=0)
    return tuple(
        Column(item, category)
        for item, count in enumerate(n_categories)
        for category in range(0 if partly[item] else 1, int(count))
    )


def _chunks(
    patterns: Categories, weights: Floats, layout: Sequence[Column], group: int
) -> list[Chunk]:
    made: list[Chunk] = []
    size = _chunk_size(len(patterns))
    for start in range(0, len(patterns), size):
        part = np.ascontiguousarray(patterns[start : start + size].T)
        columns = np.empty((len(layout), part.shape[1]), dtype=np.int8)
        for place, (item, category) in enumerate(layout):
            row = part[item]
            columns[place] = row != MISSING if category == 0 else row == category
        made.append(Chunk(columns=columns, weights=weights[start : start + size], group=group))
    return made


def _chunk_size(n: int) -> int:
    """An even number of equal chunks, the same on every machine, so that sums are the same."""
    if n <= SMALL:
        return max(n, 1)
    return -(-n // (2 * -(-n // (2 * CHUNK))))
