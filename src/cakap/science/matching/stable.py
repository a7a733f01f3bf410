"""The stable variant: people state wishes, posts have priorities, nobody has cause to object.

Deferred acceptance in which people propose (Gale & Shapley 1962, American Mathematical Monthly 69; posts with
several seats: Roth & Sotomayor 1990). Ties in a post's priorities are broken by one lottery for all posts,
drawn before anybody proposes, so that no person gains by stating other preferences than their own
(Abdulkadiroğlu, Pathak & Roth 2009, American Economic Review 99).
"""

from __future__ import annotations

import heapq

import numpy as np

from cakap.science.types import Floats, Ints

NOWHERE = -1


def deferred_acceptance(wishes: Ints, priority: Floats, *, seats: Ints, seed: int) -> Ints:
    """The post of each person, -1 where none of their wishes came true.

    wishes: (n_people, k) posts in the person's own order, -1 after the last; priority: (n_people, k) what the
    person counts at that post, the higher the sooner, ties allowed; seats: (n_posts,).
    """
    _refuse_nonsense(wishes, priority, seats)
    lot = np.random.default_rng(seed).permutation(len(wishes))
    target = np.full(len(wishes), NOWHERE, dtype=np.int64)
    # Of each post the people it holds for now, the one it would give up first on top.
    held: list[list[tuple[float, int, int]]] = [[] for _ in seats]
    asked = np.zeros(len(wishes), dtype=np.int64)
    waiting = list(range(len(wishes)))
    while waiting:
        person = waiting.pop()
        if asked[person] == wishes.shape[1] or wishes[person, asked[person]] < 0:
            continue
        post = int(wishes[person, asked[person]])
        claim = (float(priority[person, asked[person]]), int(lot[person]), person)
        asked[person] += 1
        target[person] = post
        heapq.heappush(held[post], claim)
        if len(held[post]) > seats[post]:
            rejected = heapq.heappop(held[post])[2]
            target[rejected] = NOWHERE
            waiting.append(rejected)
    return target


def blocking_pairs(
    target: Ints, wishes: Ints, priority: Floats, *, seats: Ints
) -> list[tuple[int, int]]:
    """Person and post who would rather have each other: the post has a free seat, or holds somebody of lower
    priority. Shapes as in `deferred_acceptance`; whoever holds a post that they did not wish for counts there
    as the lowest."""
    held = np.bincount(target[target >= 0], minlength=len(seats))
    weakest = np.where(seats > 0, np.where(held < seats, -np.inf, np.inf), np.inf)
    for person, post in enumerate(target):
        if post >= 0 and held[post] >= seats[post]:
            weakest[post] = min(weakest[post], _standing(post, wishes[person], priority[person]))
    return [
        (person, int(post))
        for person, wished in enumerate(wishes)
        for at, post in enumerate(_preferred(wished, int(target[person])))
        if priority[person, at] > weakest[post]
    ]


def _standing(post: int, wished: Ints, priority: Floats) -> float:
    """What somebody counts at the post they hold."""
    at = np.flatnonzero(wished == post)
    return float(priority[at[0]]) if len(at) else -np.inf


def _preferred(wished: Ints, target: int) -> list[int]:
    """The wishes before the post that came of them."""
    told = [int(post) for post in wished if post >= 0]
    return told[: told.index(target)] if target in told else told


def _refuse_nonsense(wishes: Ints, priority: Floats, seats: Ints) -> None:
    if wishes.shape != priority.shape:
        message = f"wishes of shape {wishes.shape}, priorities of shape {priority.shape}"
        raise ValueError(message)
    if not np.isfinite(priority[wishes >= 0]).all():
        message = "a priority is not finite"
        raise ValueError(message)
    if (wishes >= len(seats)).any() or (seats < 0).any():
        message = "a wish for a post that is not there, or a negative number of seats"
        raise ValueError(message)
