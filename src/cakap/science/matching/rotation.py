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


def best_plan(
    fit: Floats,
    *,
    current: Ints,
    seats: Ints,
    allowed: NDArray[np.bool_],
    must: Ints,
    move_cost: float,
) -> Rotation:
    """Place everybody exactly once with the greatest total fit less the cost of moves, by min-cost flow.

    fit: (n_people, n_posts) percent; current: (n_people,) post held now, -1 for who holds none, whose placing
    costs nothing; seats: (n_posts,) how many of these people a post can hold; allowed: (n_people, n_posts)
    pairs that may be used, staying only where it is among them; must: (n_posts,) seats that have to be taken;
    move_cost: percent points a move, so a chain of moves happens only where it brings the total more for each
    than that. ValueError where no such plan exists.
    """
    people = np.arange(len(fit))
    holds = current >= 0
    value = np.round(np.where(np.isfinite(fit), fit, 0.0) * SCALE).astype(np.int64)
    gain = value - np.where(holds, value[people, current], 0)[:, None]
    gain[holds] -= round(move_cost * SCALE)
    gain[people[holds], current[holds]] = 0
    person, post = np.nonzero(allowed)
    pairs = Pairs(person=person, post=post, gain=gain[person, post])
    target, total = assign_pairs(pairs, n_people=len(fit), seats=seats, must=must)
    before = float(fit[people[holds], current[holds]].sum())
    after = float(fit[people, target].sum())
    worth = after - move_cost * int((holds & (target != current)).sum())
    return Rotation(
        target=target,
        total_before=before,
        total_after=after,
        # The solver counts in whole numbers: what it proved may lie a rounding below what it found.
        bound=max(before + total / SCALE, worth),
        optimal=True,
    )
