"""Moves in their order: who waits for whom, and what falls when one link refuses.

Somebody who enters a post without a free seat waits for one who leaves it. So moves hang together in chains,
which begin at a free seat and end at a seat left empty, and in cycles, whose moves happen on one day.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

NOBODY = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """Places on the list of moves, first to go first; in a cycle nobody can go first."""

    moves: tuple[int, ...]
    cycle: bool


def waits_for(sources: Sequence[int], targets: Sequence[int], free: dict[int, int]) -> list[int]:
    """For each move the one whose leaving it waits for, or -1 where its seat is free already.

    sources, targets: the posts of each move, a source of -1 for who holds none; free: post -> seats empty
    before any move. ValueError where more enter a post than it can hold.
    """
    leaving: dict[int, deque[int]] = defaultdict(deque)
    for move, source in enumerate(sources):
        leaving[source].append(move)
    left = dict(free)
    awaited = [NOBODY] * len(sources)
    for move, target in enumerate(targets):
        if left.get(target, 0) > 0:
            left[target] -= 1
        elif leaving[target]:
            awaited[move] = leaving[target].popleft()
        else:
            message = f"post {target} has no seat for move {move}"
            raise ValueError(message)
    return awaited


def chains(awaited: Sequence[int]) -> list[Chain]:
    """The moves as chains, longest first, then as cycles. Each move waits for at most one, and one for it."""
    follower = {first: second for second, first in enumerate(awaited) if first != NOBODY}
    found = [
        Chain(moves=_followed(head, follower), cycle=False)
        for head, first in enumerate(awaited)
        if first == NOBODY
    ]
    seen = {move for chain in found for move in chain.moves}
    for move in range(len(awaited)):
        if move not in seen:
            found.append(Chain(moves=_followed(move, follower), cycle=True))
            seen.update(found[-1].moves)
    return sorted(found, key=lambda chain: (chain.cycle, -len(chain.moves), chain.moves))


def _followed(head: int, follower: dict[int, int]) -> tuple[int, ...]:
    path = [head]
    while path[-1] in follower and follower[path[-1]] != head:
        path.append(follower[path[-1]])
    return tuple(path)


def falls_with(move: int, awaited: Sequence[int]) -> list[int]:
    """Moves that cannot happen when this one does not: those that wait for it, and for them in turn."""
    follower = {first: second for second, first in enumerate(awaited) if first != NOBODY}
    return list(_followed(move, follower)[1:])
