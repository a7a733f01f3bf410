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
    at_target = (wishes == target[:, None]) & (target >= 0)[:, None]
    own = np.where(at_target.any(axis=1), (priority * at_target).sum(axis=1), -np.inf)
    weakest = np.full(len(seats), np.inf)
    np.minimum.at(weakest, target[target >= 0], own[target >= 0])
    weakest[held < seats] = -np.inf
    weakest[seats == 0] = np.inf
    rank = np.where(at_target.any(axis=1), np.argmax(at_target, axis=1), wishes.shape[1])
    wanted = (wishes >= 0) & (np.arange(wishes.shape[1])[None, :] < rank[:, None])
    blocks = wanted & (priority > weakest[wishes])
    free = wanted & (held < seats)[wishes]
    return [(int(i), int(wishes[i, c])) for i, c in zip(*np.nonzero(blocks | free), strict=True)]


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
