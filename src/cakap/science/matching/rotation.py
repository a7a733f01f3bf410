"""The rotation plan: everybody in one post, posts not overfilled, total fit as high as can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cakap.science.matching.flow import Pairs, assign_pairs
from cakap.science.types import Floats, Ints

SCALE = 1_000_000  # percent points of fit, kept to six decimals in whole numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """target: (n_people,) post of each; totals of fit in percent points.

    bound: what total fit less the cost of moves can be at the most, over all plans.
    """

    target: Ints
    total_before: float
    total_after: float
    bound: float
    optimal: bool


def best_rotation(
    fit: Floats,
    *,
    current: Ints,
    seats: Ints,
    eligible: NDArray[np.bool_],
    min_gain: float,
) -> Rotation:
    """Place everybody exactly once with the greatest total fit, by min-cost flow.

    fit: (n_people, n_posts) percent; current: (n_people,) post held now; seats: (n_posts,) how
    many of these people a post can hold; eligible: (n_people, n_posts). Staying is always
    allowed; every move costs `min_gain` percent points, so a chain of moves happens only where
    it brings the total more than that for each. Never worse than the present.
    """
    _refuse_overfull(current, seats, fit.shape)
    people = np.arange(len(fit))
    allowed = eligible & np.isfinite(fit)
    allowed[people, current] = True
    return best_plan(
        fit, current=current, seats=seats, allowed=allowed, must=np.zeros_like(seats),
        min_gain=min_gain,
    )  # fmt: skip


def best_plan(
    fit: Floats,
    *,
    current: Ints,
    seats: Ints,
    allowed: NDArray[np.bool_],
    must: Ints,
    min_gain: float,
) -> Rotation:
    """As `best_rotation`, by whatever pairs are allowed: nobody may stay unless that is one of them.

    current: -1 for who holds no post, whose placing costs nothing; must: (n_posts,) seats that have to be
    taken. ValueError where no such plan exists.
    """
    people = np.arange(len(fit))
    holds = current >= 0
    value = np.round(np.where(np.isfinite(fit), fit, 0.0) * SCALE).astype(np.int64)
    gain = value - np.where(holds, value[people, current], 0)[:, None]
    gain[holds] -= round(min_gain * SCALE)
    gain[people[holds], current[holds]] = 0
    person, post = np.nonzero(allowed)
    pairs = Pairs(person=person, post=post, gain=gain[person, post])
    target, total = assign_pairs(pairs, n_people=len(fit), seats=seats, must=must)
    before = float(fit[people[holds], current[holds]].sum())
    return Rotation(
        target=target,
        total_before=before,
        total_after=float(fit[people, target].sum()),
        bound=before + total / SCALE,
        optimal=True,
    )


def _refuse_overfull(current: Ints, seats: Ints, shape: tuple[int, ...]) -> None:
    if shape != (len(current), len(seats)):
        message = f"fit of shape {shape}, expected ({len(current)}, {len(seats)})"
        raise ValueError(message)
    held = np.bincount(current, minlength=len(seats))
    over = np.flatnonzero(held > seats)
    if len(over):
        message = f"post {over[0]} holds {held[over[0]]} people but has {seats[over[0]]} seats"
        raise ValueError(message)
