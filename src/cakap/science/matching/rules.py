"""Side rules of a plan, each a named piece that can be kept or left out: what a min-cost flow cannot hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cakap.science.types import Floats, Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule over the n pairs of a board.

    forbids: (n,) pairs that it takes away; rows: (m, n) sums over chosen pairs that have to lie between
    least and most, (m,) each.
    """

    name: str
    forbids: NDArray[np.bool_] | None = None
    rows: csr_array | None = None
    least: Floats | None = None
    most: Floats | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """The pairs that may be used, before any rule. person, post, gain: (n,); gain in percent points;
    seats: (n_posts,); current: (n_people,) post held, -1 where none."""

    person: Ints
    post: Ints
    gain: Floats
    seats: Ints
    current: Ints

    @property
    def moves(self) -> NDArray[np.bool_]:
        """Which pairs take somebody out of a post held into another."""
        held = self.current[self.person]
        return (held >= 0) & (held != self.post)


def forbidding(name: str, pairs: NDArray[np.bool_]) -> Rule:
    """These pairs may not be used."""
    return Rule(name=name, forbids=pairs)


def counted(name: str, pairs: NDArray[np.bool_], *, least: float = 0, most: float = np.inf) -> Rule:
    """Of these pairs, at least and at most so many."""
    return Rule(
        name=name, rows=csr_array(pairs.astype(np.float64)[None, :]), least=np.array([least], dtype=float),
        most=np.array([most], dtype=float),
    )  # fmt: skip


def lock(name: str, board: Choices, person: int, post: int) -> Rule:
    """This person into that post."""
    return forbidding(name, (board.person == person) & (board.post != post))


def fill(name: str, board: Choices, post: int, seats: int) -> Rule:
    """So many seats of a post have to be taken."""
    return counted(name, board.post == post, least=seats)


def move_limit(name: str, board: Choices, most: int) -> Rule:
    """At most so many moves over the whole board."""
    return counted(name, board.moves, most=most)


def leaving_limit(name: str, board: Choices, posts: NDArray[np.bool_], most: int) -> Rule:
    """At most so many people out of these posts (of a unit) into posts elsewhere."""
    held = board.current[board.person]
    return counted(name, (held >= 0) & posts[held] & ~posts[board.post], most=most)


def together(name: str, board: Choices, pair: tuple[int, int], place: Ints) -> Rule:
    """Two people into posts of the same place. place: (n_posts,)."""
    at = np.flatnonzero(np.isin(board.person, pair))
    sign = np.where(board.person[at] == pair[0], 1.0, -1.0)
    rows = _by_place(board, at, sign, place)
    return Rule(name=name, rows=rows, least=np.zeros(rows.shape[0]), most=np.zeros(rows.shape[0]))


def apart(name: str, board: Choices, pair: tuple[int, int], place: Ints) -> Rule:
    """Two people never into posts of the same place. place: (n_posts,)."""
    at = np.flatnonzero(np.isin(board.person, pair))
    rows = _by_place(board, at, np.ones(len(at)), place)
    n = rows.shape[0]
    return Rule(name=name, rows=rows, least=np.full(n, -np.inf), most=np.ones(n))


def _by_place(board: Choices, at: Ints, values: Floats, place: Ints) -> csr_array:
    """A row for each place that these pairs reach."""
    there, row = np.unique(place[board.post[at]], return_inverse=True)
    return csr_array((values, (row, at)), shape=(len(there), len(board.person)))
