"""Assignment of a great many people, each with a few candidate posts: an auction for seats.

Bertsekas & Castañon (1989), The auction algorithm for the transportation problem, Annals of Operations
Research 20: people bid for seats, a post's price is that of its cheapest seat. Whoever is outbid bids again.
When nobody is left out, the plan is within people x `step` of the best; the prices prove it, since for any
prices no plan is worth more than what everybody would gain at them plus what all seats would cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from cakap.science.types import Floats, Ints

Shorts = NDArray[np.int32]

NOBODY = -1
ONLY = 1e6  # raise of who has one candidate only
TOO_MUCH = 1e12  # price of a post without seats
PATIENCE = 2000  # bids a person, on average, after which no plan is believed to exist


@dataclass(frozen=True, kw_only=True, slots=True)
class Auction:
    """target: (n_people,) the post of each; price: (n_posts,) of a seat, in the unit of the values.

    total: value of the plan; bound: what no plan can exceed, by these prices.
    """

    target: Ints
    price: Floats
    total: float
    bound: float


def auction(post: Ints, value: Floats, *, seats: Ints, step: float) -> Auction:
    """Everybody into one of their candidate posts, with nearly the greatest total value.

    post: (n_people, k) candidate posts, -1 where there are fewer; value: (n_people, k) what each is worth;
    seats: (n_posts,) how many each holds; step: the least raise of a bid. ValueError where somebody has no
    candidate with a seat, or nobody gives way after many bids: then no plan places everybody.
    """
    closed = (post < 0) | (seats[post] == 0)
    nowhere = np.flatnonzero(closed.all(axis=1))
    if len(nowhere):
        message = f"person {nowhere[0]} has no candidate post with a seat"
        raise ValueError(message)
    candidates = np.ascontiguousarray(post, dtype=np.int32)
    worth = np.ascontiguousarray(value, dtype=np.float64)
    first = np.concatenate([[0], np.cumsum(seats)]).astype(np.int64)
    held, price, left = _bid(candidates, worth, first, step, PATIENCE * len(post))
    if left:
        message = f"no plan places everybody: {left} people outbid one another"
        raise ValueError(message)
    people = np.arange(len(post))
    target = candidates[people, held].astype(np.int64)
    net = np.where(closed, -np.inf, worth - price[candidates])
    return Auction(
        target=target, price=price, total=float(worth[people, held].sum()),
        bound=float(net.max(axis=1).sum() + (price * seats).sum()),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _bid(
    post: Shorts, value: Floats, first: Ints, step: float, most: int
) -> tuple[Shorts, Floats, int]:
    """Candidate taken by each person, price of each post, and how many are left without a seat.

    A post's seats lie from first[post] as a heap by price, the cheapest on top; one without seats costs
    more than anybody would pay.
    """
    seats = (np.zeros(first[-1]), np.full(first[-1], NOBODY, dtype=np.int32))
    held = np.full(len(post), NOBODY, dtype=np.int32)
    price = np.where(np.diff(first) > 0, 0.0, TOO_MUCH)
    waiting = np.arange(len(post))[::-1].astype(np.int32)
    count, bids = len(waiting), 0
    while count and bids < most:
        bids += 1
        person = waiting[count - 1]
        chosen, lead = _best_candidate(post[person], value[person], price)
        at = post[person, chosen]
        own = slice(first[at], first[at + 1])
        loser = _sell(seats[0][own], seats[1][own], float(price[at]) + lead + step, person)
        held[person] = chosen
        count -= 1
        if loser != NOBODY:
            held[loser] = NOBODY
            waiting[count] = loser
            count += 1
        price[at] = seats[0][first[at]]
    return held, np.where(price < TOO_MUCH, price, 0.0), count


@numba.njit(cache=True, nogil=True, inline="always")
def _best_candidate(post: Shorts, value: Floats, price: Floats) -> tuple[int, float]:
    """Which of a person's candidates is worth most at these prices, and how much more than the next."""
    best, second, chosen = -np.inf, -np.inf, 0
    for c in range(len(post)):
        if post[c] >= 0:
            net = value[c] - price[post[c]]
            if net > best:
                best, second, chosen = net, best, c
            elif net > second:
                second = net
    return chosen, min(best - second, ONLY)


@numba.njit(cache=True, nogil=True, inline="always")
def _sell(cost: Floats, holder: Shorts, bid: float, person: int) -> int:
    """Sell the cheapest seat, which is on top, and let it sink to its place. Returns who held it."""
    loser, at, size = holder[0], 0, len(cost)
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and cost[child + 1] < cost[child]:
            child += 1
        if cost[child] >= bid:
            break
        cost[at], holder[at] = cost[child], holder[child]
        at = child
    cost[at], holder[at] = bid, person
    return loser
