"""A plan for boards too large to write down: candidates by price, seats by auction, a bound over all pairs.

Each round prices the seats, asks for everybody's best posts at those prices, and takes in those that were
missing. The bound looks at every pair of the board through the same scan, so it holds for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cakap.science.matching.auction import Auction, auction
from cakap.science.matching.rotation import Rotation
from cakap.science.matching.topk import top_both_ways
from cakap.science.types import Floats, Ints
from cakap.science.workers import Workers

FIRST, MORE = 20, 10  # candidates a person: drawn to begin with, and taken in a round
ROUNDS = 5
STEP = 0.01  # percent points a bid is raised by: a plan of n people is within n x STEP of the best
ENOUGH = 1e-5  # share of the total between plan and bound at which rounds end
NOWHERE = 1000.0  # percent points that it costs to leave somebody without a post
SAME = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """People and posts. shown: (n_people, n_competencies); asked: (n_posts, n_competencies); current:
    (n_people,) post held, -1 where none; seats: (n_posts,); move_cost: percent points a move."""

    shown: Floats
    asked: Floats
    current: Ints
    seats: Ints
    move_cost: float


def place_crowd(crowd: Crowd, *, workers: Workers | None = None) -> Rotation:
    """Everybody into one post by capped-mean fit, near the best, with the distance shown.

    Whoever holds a post may stay in it. ValueError where not everybody finds a place.
    """
    short = len(crowd.shown) - int(crowd.seats.sum())
    if short > 0:
        message = f"{short} people find no place"
        raise ValueError(message)
    # Drawn, not the best: everybody's best are the same few posts, and say little of what the rest cost.
    drawn = np.random.default_rng(0).integers(0, len(crowd.seats), (len(crowd.shown), FIRST))
    posts = _own_and(crowd, drawn)
    price, found = _priced(crowd, posts)
    for _ in range(ROUNDS):
        best = top_both_ways(crowd.shown, crowd.asked, MORE, workers=workers, price=price)
        bound = _bound(crowd, price, best.posts_fit[:, 0])
        if bound - found.total <= ENOUGH * abs(bound):
            break
        posts = _once(np.concatenate([posts, best.posts], axis=1))
        price, found = _priced(crowd, posts)
    else:
        last = top_both_ways(crowd.shown, crowd.asked, 1, workers=workers, price=price)
        bound = _bound(crowd, price, last.posts_fit[:, 0])
    return _rotation(crowd, found.target, bound)


def _priced(crowd: Crowd, posts: Ints) -> tuple[Floats, Auction]:
    """Seats sold among these candidates, and what those of each post cost."""
    seats = np.append(crowd.seats, len(crowd.shown))
    found = auction(posts, _values(crowd, posts), seats=seats, step=STEP)
    return found.price[:-1], found


def _own_and(crowd: Crowd, posts: Ints) -> Ints:
    """Candidates with the post held, and a place of last resort that holds everybody."""
    last = np.full(len(posts), len(crowd.seats))
    return _once(np.concatenate([crowd.current[:, None], posts, last[:, None]], axis=1))


def _once(posts: Ints) -> Ints:
    """Each post once a person: two of the same would bid against each other."""
    order = np.argsort(posts, axis=1, kind="stable")
    inorder = np.take_along_axis(posts, order, axis=1)
    inorder[:, 1:][inorder[:, 1:] == inorder[:, :-1]] = -1
    return inorder


def _values(crowd: Crowd, posts: Ints) -> Floats:
    value = np.empty(posts.shape)
    for column in range(posts.shape[1]):
        value[:, column] = pair_fit(crowd.shown, crowd.asked, posts[:, column])
    moves = (crowd.current >= 0)[:, None] & (posts != crowd.current[:, None])
    return np.where(posts < len(crowd.seats), value - crowd.move_cost * moves, -NOWHERE)


def pair_fit(shown: Floats, asked: Floats, post: Ints) -> Floats:
    """Capped-mean fit of each person to one post each, in percent; 0 where the number is no post's."""
    real = (post >= 0) & (post < len(asked))
    need = asked[np.where(real, post, 0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(need > 0, np.minimum(shown / need, 1.0), 0.0)
    return np.where(real, 100.0 * share.sum(axis=1) / (need > 0).sum(axis=1), 0.0)


def _bound(crowd: Crowd, price: Floats, best: Floats) -> float:
    """What no plan exceeds: everybody's best at these prices, moving or staying, and what all seats cost."""
    holds = crowd.current >= 0
    moving = best - crowd.move_cost * holds
    staying = np.where(
        holds, pair_fit(crowd.shown, crowd.asked, crowd.current) - price[crowd.current], -np.inf
    )
    # Scanned fits are in single precision.
    return float(
        np.maximum(moving, staying).sum() + price @ crowd.seats + SAME * 100 * len(crowd.shown)
    )


def _rotation(crowd: Crowd, target: Ints, bound: float) -> Rotation:
    lost = int((target == len(crowd.seats)).sum())
    if lost:
        message = f"{lost} people find no place"
        raise ValueError(message)
    before = float(pair_fit(crowd.shown, crowd.asked, crowd.current).sum())
    after = float(pair_fit(crowd.shown, crowd.asked, target).sum())
    moves = int(((crowd.current >= 0) & (target != crowd.current)).sum())
    total = after - crowd.move_cost * moves
    return Rotation(
        target=target, total_before=before, total_after=after, bound=max(bound, total),
        optimal=bound - total <= SAME * max(1.0, abs(total)),
    )  # fmt: skip
