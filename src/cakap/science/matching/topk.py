"""The best posts for every person and the best people for every post, by capped-mean fit, in blocks.

Nothing of the size people x posts is ever held. A block of people lies as columns, so that each step
runs over neighbours in memory; a pair is looked at again only where it may enter one of the two lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray

from cakap.science.matching.jpm import refuse_nonsense
from cakap.science.types import Floats, Ints
from cakap.science.workers import Workers, threads

BLOCK = 1024
Halves = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class TopK:
    """posts: (n_people, k) and people: (n_posts, k) row numbers, best first, -1 where there are fewer;
    fits beside them in percent. Of equal fits the lower number comes first."""

    posts: Ints
    posts_fit: Floats
    people: Ints
    people_fit: Floats


def top_both_ways(
    shown: Floats,
    asked: Floats,
    k: int,
    *,
    workers: Workers | None = None,
    price: Floats | None = None,
) -> TopK:
    """Both directions at once. shown: (n_people, n_competencies) levels; asked: (n_posts,
    n_competencies), 0 where a post does not ask; k: how many of each; workers: who scans the parts, threads
    of this process unless told; price: (n_posts,) taken off every fit to a post.

    Fits are computed in single precision (relative error some 1e-7) and reported as computed.
    """
    refuse_nonsense(shown, asked)
    if k < 1:
        message = f"k = {k}, expected at least 1"
        raise ValueError(message)
    inverse = np.where(asked > 0, 1.0 / np.where(asked > 0, asked, 1.0), 0.0).astype(np.float32)
    weight = (100.0 / (asked > 0).sum(axis=1)).astype(np.float32)
    off = np.zeros(len(asked)) if price is None else price
    asks = _Asks(inverse, weight, off.astype(np.float32), k)
    with nullcontext(workers) if workers else threads() as own:
        found = own.each(_scan, own.hold(_parts(shown, own.size)), asks)
    people, people_fit = _merged(found, k)
    return TopK(
        posts=np.concatenate([one.posts for one in found]).astype(np.int64),
        posts_fit=np.concatenate([one.posts_fit for one in found]).astype(np.float64),
        people=people, people_fit=people_fit.astype(np.float64),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the people: the number of the first, and (n_competencies, n) levels."""

    first: int
    levels: Halves


def _parts(shown: Floats, n: int) -> list[_Part]:
    edges = np.linspace(0, len(shown), n + 1).astype(int)
    return [
        _Part(int(a), np.ascontiguousarray(shown[a:b].T, dtype=np.float32))
        for a, b in pairwise(edges)
        if b > a
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lists:
    """The lists of a part of the people."""

    posts: NDArray[np.int32]
    posts_fit: Halves
    people: NDArray[np.int32]
    people_fit: Halves


def _merged(parts: Sequence[_Lists], k: int) -> tuple[Ints, Halves]:
    """The best k of the parts' lists for every post; parts are in the order of the people."""
    rows = np.concatenate([one.people for one in parts], axis=1)
    values = np.concatenate([one.people_fit for one in parts], axis=1)
    order = np.lexsort((np.where(rows < 0, np.iinfo(np.int32).max, rows), -values), axis=1)[:, :k]
    return (
        np.take_along_axis(rows, order, axis=1).astype(np.int64),
        np.take_along_axis(values, order, axis=1),
    )


@dataclass(frozen=True, slots=True)
class _Asks:
    """Of every post, what each competency's level is multiplied by, what the sum is, and what is taken off;
    and how many are wanted."""

    inverse: Halves
    weight: Halves
    price: Halves
    k: int


def _scan(part: _Part, asks: _Asks) -> _Lists:
    """The lists of the people of a part and, among them, of every post."""
    n, n_posts, k = part.levels.shape[1], len(asks.inverse), asks.k
    found = _Lists(
        posts=np.full((n, k), -1, dtype=np.int32),
        posts_fit=np.full((n, k), -np.inf, dtype=np.float32),
        people=np.full((n_posts, k), -1, dtype=np.int32),
        people_fit=np.full((n_posts, k), -np.inf, dtype=np.float32),
    )
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        own = np.ascontiguousarray(part.levels[:, rows])
        _scan_block(
            (own, asks.inverse, asks.weight, asks.price),
            (found.posts[rows], found.posts_fit[rows]),
            (found.people, found.people_fit),
            part.first + start,
        )
    return found


@numba.njit(cache=True, nogil=True)
def _scan_block(
    told: tuple[Halves, Halves, Halves, Halves],
    of_people: tuple[NDArray[np.int32], Halves],
    of_posts: tuple[NDArray[np.int32], Halves],
    start: int,
) -> None:
    own, inverse, weight, price = told
    posts, posts_fit = of_people
    people, people_fit = of_posts
    k = posts.shape[1]
    fit = np.empty(own.shape[1], dtype=np.float32)
    least = posts_fit[:, k - 1].copy()
    for post in range(len(inverse)):
        enters, best = _fits(own, inverse[post], (weight[post], price[post]), fit, least)
        if enters:
            for i in range(len(fit)):
                if fit[i] > least[i]:
                    _enter(posts_fit[i], posts[i], fit[i], post)
                    least[i] = posts_fit[i, k - 1]
        if best > people_fit[post, k - 1]:
            for i in range(len(fit)):
                if fit[i] > people_fit[post, k - 1]:
                    _enter(people_fit[post], people[post], fit[i], start + i)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, inline="always")
def _fits(
    own: Halves, need: Halves, told: tuple[np.float32, np.float32], fit: Halves, least: Halves
) -> tuple[int, np.float32]:
    """Fit of a block of people to one post, into `fit`; how many enter their own list, and the best."""
    size = len(fit)
    scale, off = told
    fit[:] = 0.0
    for c in range(len(need)):
        if need[c] > 0:
            line, factor = own[c], need[c]
            for i in range(size):
                fit[i] += min(line[i] * factor, np.float32(1))
    enters, best = 0, np.float32(-np.inf)
    for i in range(size):
        fit[i] = fit[i] * scale - off
        enters += fit[i] > least[i]
        best = max(best, fit[i])
    return enters, best


@numba.njit(cache=True, nogil=True, inline="always")
def _enter(fits: Halves, rows: NDArray[np.int32], value: np.float32, row: int) -> None:
    """Put a value into a list that is in order, after its equals; the last one falls out."""
    place = len(fits) - 1
    while place > 0 and fits[place - 1] < value:
        fits[place] = fits[place - 1]
        rows[place] = rows[place - 1]
        place -= 1
    fits[place] = value
    rows[place] = row
