"""Scenarios side by side: what each does for the whole, for people, for units, and how fairly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cakap.placement.board import offices
from cakap.placement.eligibility import age_on
from cakap.placement.models import Line, Plan, Wish
from cakap.placement.trial import awaited_among
from cakap.policy.queries import policy_kept
from cakap.registry.models import Unit
from cakap.registry.reference import STEP
from cakap.science.matching.chains import chains
from cakap.talent.queries import boxes_of

TOP_BOX, MIDDLE_AGE = 9, 45


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """fairness: group pair -> rate of moves of the one over the other, None where a group is empty or nobody
    of it moves; thin: offices whose share of holders that stay lies below policy's mark, with that share."""

    plan: Plan
    people: int
    moves: int
    climbs: int
    total_before: float
    total_after: float
    gap: float
    vacant: int
    top_box_placed: int
    longest_chain: int
    fairness: dict[str, float | None]
    thin: tuple[tuple[str, float], ...]
    standing: float | None


def figures_of(plan: Plan) -> Figures:
    """Everything that is compared of one scenario."""
    lines = list(plan.lines.select_related("employee", "source__unit", "target"))
    moves = [line for line in lines if line.source_id != line.target_id]
    boxes = boxes_of(plan.agency)
    policy = policy_kept(plan.policy_digest)
    cost = plan.terms.get("move_cost", policy["posts.plan_min_gain"])
    stands = [line.standing for line in moves if line.standing is not None]
    return Figures(
        plan=plan, people=len(lines), moves=len(moves),
        climbs=sum(STEP[line.target.tier] > STEP[line.source.tier] for line in moves),
        total_before=plan.total_before, total_after=plan.total_after,
        gap=max(plan.bound - (plan.total_after - cost * len(moves)), 0.0),
        vacant=sum(plan.open_posts.values_list("seats", flat=True)),
        top_box_placed=sum(boxes.get(line.employee_id) == TOP_BOX for line in moves),
        longest_chain=longest_chain(lines), fairness=_fairness(plan, lines),
        thin=_thin(plan, lines, policy.get("placement.continuity") or 0.5),
        standing=sum(stands) / len(stands) if stands else None,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A person whom two scenarios place differently: the line in each, and the rank of the person's wish for
    each post, None where it was not wished for."""

    lines: tuple[Line, Line]
    wishes: tuple[int | None, int | None]

    @property
    def gain(self) -> float:
        """Percent points of fit that the second gives beyond the first."""
        return self.lines[1].fit_after - self.lines[0].fit_after


def differences(one: Plan, other: Plan) -> list[Difference]:
    """Who gains and who loses between two scenarios, the greatest gain in the second first."""
    first, second = (
        {line.employee_id: line for line in plan.lines.select_related("employee", "target")}
        for plan in (one, other)
    )
    moved = [
        pk for pk in first.keys() & second.keys() if first[pk].target_id != second[pk].target_id
    ]
    rows = Wish.objects.filter(employee__in=moved).values_list("employee", "position", "rank")
    ranks = {(employee, position): rank for employee, position, rank in rows}
    found = [
        Difference(
            lines=(first[pk], second[pk]),
            wishes=(ranks.get((pk, first[pk].target_id)), ranks.get((pk, second[pk].target_id))),
        )
        for pk in moved
    ]
    return sorted(found, key=lambda row: (-row.gain, row.lines[0].employee.name))


def longest_chain(lines: Iterable[Line]) -> int:
    """Moves of the longest chain; cycles count once round."""
    moves = [line for line in lines if line.source_id != line.target_id]
    return max((len(chain.moves) for chain in chains(awaited_among(moves))), default=0)


def _fairness(plan: Plan, lines: list[Line]) -> dict[str, float | None]:
    """How often one group moves for each time the other does; shown, never an input of a plan."""
    women = [line.employee.sex == "P" for line in lines]
    older = [age_on(line.employee.birth_date, plan.on) >= MIDDLE_AGE for line in lines]
    moved = [line.source_id != line.target_id for line in lines]
    return {
        "perempuan : laki-laki": _ratio(women, moved),
        "45 tahun ke atas : lainnya": _ratio(older, moved),
    }


def _ratio(group: list[bool], moved: list[bool]) -> float | None:
    inside = [m for g, m in zip(group, moved, strict=True) if g]
    outside = [m for g, m in zip(group, moved, strict=True) if not g]
    if not inside or not any(outside):
        return None
    return (sum(inside) / len(inside)) / (sum(outside) / len(outside))


def _thin(plan: Plan, lines: list[Line], mark: float) -> tuple[tuple[str, float], ...]:
    """Offices in which too few of those who hold posts there now would stay."""
    office = offices([plan.agency_id])
    names = dict(Unit.objects.filter(pk__in=set(office.values())).values_list("pk", "name"))
    held = Counter(office[line.source.unit_id] for line in lines)
    stay = Counter(
        office[line.source.unit_id]
        for line in lines
        if office[line.source.unit_id] == office[line.target.unit_id]
    )
    shares = {names[one]: stay[one] / n for one, n in held.items()}
    return tuple(sorted((name, share) for name, share in shares.items() if share < mark))
