"""The nine boxes: every point lies in exactly one, whatever the cuts. Plain values, no database.

The numbers are KemenPANRB's (rows from the top 4 7 9 / 2 5 8 / 1 3 6), never left to right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cakap.policy.book import Policy

PERFORMANCE = ("below", "meets", "above")
POTENTIAL = ("low", "medium", "high")


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A box by its number, its two bands and what is advised for the people in it."""

    number: int
    performance: str
    potential: str
    advice: str


def boxes(policy: Policy) -> dict[tuple[str, str], Box]:
    """(performance band, potential band) -> box."""
    return {
        (row["performance"], row["potential"]): Box(
            number=row["box"],
            performance=row["performance"],
            potential=row["potential"],
            advice=row["advice"],
        )
        for row in policy["talent.boxes"]
    }


def band(value: float, cuts: Sequence[float], names: Sequence[str]) -> str:
    """The band of a value; a value on a cut belongs to the higher band."""
    return names[sum(value >= cut for cut in cuts)]


def box_of(performance: float, potential: float, policy: Policy) -> Box:
    """The one box in which a person falls."""
    return boxes(policy)[
        band(performance, policy["talent.performance_cuts"], PERFORMANCE),
        band(potential, policy["talent.potential_cuts"], POTENTIAL),
    ]


def performance_of(predicates: Sequence[str], policy: Policy) -> float:
    """Mean worth of the SKP predicates of the last years."""
    worth = policy["talent.performance_of_predicate"]
    return sum(worth[one] for one in predicates) / len(predicates)


def potential_of(parts: Mapping[str, float | None], policy: Policy) -> float:
    """Weighted mean of the parts that there are; the weights of absent parts are shared out."""
    weights = policy["talent.potential_weights"]
    known = {name: value for name, value in parts.items() if value is not None}
    total = sum(weights[name] for name in known)
    return sum(weights[name] * value for name, value in known.items()) / total


def one_step(predicates: Sequence[str], potential: float, policy: Policy) -> list[tuple[str, Box]]:
    """The boxes if the newest predicate were one step better or worse: how firm a box stands."""
    order = sorted(
        policy["talent.performance_of_predicate"],
        key=lambda name: policy["talent.performance_of_predicate"][name],
    )
    at = order.index(predicates[0])
    return [
        (
            order[near],
            box_of(performance_of([order[near], *predicates[1:]], policy), potential, policy),
        )
        for near in (at - 1, at + 1)
        if 0 <= near < len(order)
    ]
