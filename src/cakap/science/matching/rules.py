"""Side rules of a plan, each a named piece that can be kept or left out: what a min-cost flow cannot hold."""

from __future__ import annotations

from collections.abc import Sequence
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
        name=name, rows=_rows([pairs.astype(np.float64)]), least=np.array([least], dtype=float),
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
    one, other = (board.person == person for person in pair)
    there = place[board.post]
    rows = [
        np.where(there == at, one.astype(float) - other.astype(float), 0.0)
        for at in np.unique(there[one | other])
    ]
    return Rule(name=name, rows=_rows(rows), least=np.zeros(len(rows)), most=np.zeros(len(rows)))


def apart(name: str, board: Choices, pair: tuple[int, int], place: Ints) -> Rule:
    """Two people never into posts of the same place. place: (n_posts,)."""
    one, other = (board.person == person for person in pair)
    there = place[board.post]
    shared = np.intersect1d(there[one], there[other])
    rows = [((there == at) & (one | other)).astype(float) for at in shared]
    if not rows:
        return Rule(name=name)
    return Rule(
        name=name, rows=_rows(rows), least=np.full(len(rows), -np.inf), most=np.ones(len(rows))
    )


def _rows(rows: Sequence[Floats]) -> csr_array:
    return csr_array(np.stack(rows))
