"""The transfer market: wishes of people, priorities of units, the plan to which nobody objects with cause."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cakap.placement.models import Wish
from cakap.placement.problem import Problem
from cakap.science.matching.rotation import Rotation
from cakap.science.matching.stable import blocking_pairs, deferred_acceptance
from cakap.science.types import Floats, Ints

OWN, STATED = 1e9, 1e6  # nobody loses their post to a claim; what a unit says goes before fit
SEED = 2025


@dataclass(frozen=True, kw_only=True, slots=True)
class Market:
    """wishes: (n_people, k) posts in each person's order, their own post last, -1 after it; priority: the
    same shape, what they count there."""

    wishes: Ints
    priority: Floats


def market(problem: Problem) -> Market:
    """Everybody's eligible wishes and the post they hold. A unit's stated order goes first; else people whose
    fits fall into the same band of policy are equals."""
    ground, band = problem.ground, problem.policy["placement.priority_band"]
    told = _stated(problem)
    width = 1 + max((len(posts) for posts in told.values()), default=0)
    wishes = np.full((len(ground.current), width), -1, dtype=np.int64)
    priority = np.zeros(wishes.shape)
    for person, held in enumerate(ground.current):
        claims = [
            (post, STATED - rank if rank is not None else np.floor(ground.fit[person, post] / band))
            for post, rank in told.get(person, [])
        ]
        for at, (post, claim) in enumerate([*claims, (int(held), OWN)]):
            wishes[person, at], priority[person, at] = post, claim
    return Market(wishes=wishes, priority=priority)


def _stated(problem: Problem) -> dict[int, list[tuple[int, int | None]]]:
    """Person -> (post, rank that the unit gave), in the person's order; only posts for which one may be
    proposed."""
    ground = problem.ground
    person_of, post_of = problem.person_of, problem.post_of
    told: dict[int, list[tuple[int, int | None]]] = {}
    rows = Wish.objects.filter(position__in=post_of).order_by("rank")
    for employee, position, unit_rank in rows.values_list("employee", "position", "unit_rank"):
        person, post = person_of.get(employee), post_of[position]
        if (
            person is not None
            and post != ground.current[person]
            and ground.eligible[person, post]
            and np.isfinite(ground.fit[person, post])
        ):
            told.setdefault(person, []).append((post, unit_rank))
    return told


def stable_rotation(problem: Problem) -> Rotation:
    """The stable plan; `bound` is its own total, since it is not after the greatest."""
    told, ground = market(problem), problem.ground
    target = deferred_acceptance(told.wishes, told.priority, seats=ground.seats, seed=SEED)
    people = np.arange(len(target))
    before = float(ground.fit[people, ground.current].sum())
    after = float(ground.fit[people, target].sum())
    return Rotation(
        target=target, total_before=before, total_after=after, bound=after, optimal=False
    )


def blocking_of(problem: Problem, target: Ints) -> list[tuple[int, int]]:
    """Person and post, as rows of the ground, who would rather have each other than what they get. The post
    held now is nobody's wish: whoever states none has none."""
    told, current = market(problem), problem.ground.current
    found = blocking_pairs(target, told.wishes, told.priority, seats=problem.ground.seats)
    return [(person, post) for person, post in found if post != current[person]]
