"""What would follow: a person put into another post, a link of a chain that refuses; and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cakap.placement.board import explained
from cakap.placement.eligibility import reasons_against
from cakap.placement.errors import TermsClash
from cakap.placement.models import Line, Plan
from cakap.placement.problem import Problem, Wanted, solved_on, under
from cakap.placement.services import fresh_problem
from cakap.placement.terms import preferring
from cakap.registry.models import Competency
from cakap.science.matching.chains import NOBODY, chains, falls_with
from cakap.science.types import Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One person whom the trial places otherwise than the plan does: names of posts, fits in percent."""

    employee: int
    name: str
    planned: str
    planned_fit: float
    tried: str
    tried_fit: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """wanted: the terms tried; reasons: what speaks against the person in the post by the rules; gaps: what
    is short there; cost: percent points that the whole board loses against the plan, moves counted; clash:
    why no plan has it at all."""

    wanted: Wanted
    reasons: tuple[str, ...]
    gaps: tuple[str, ...]
    cost: float
    moves: int
    changes: tuple[Change, ...]
    clash: str


def try_move(plan: Plan, employee: int, position: int) -> Trial:
    """The best plan that puts this person into that post, beside the plan: what it costs, who else moves.

    Exact: the board is solved again with the pair fixed; of equals the nearest to the plan.
    """
    wanted = Wanted(**plan.terms).locking(employee, position)
    own = fresh_problem(plan)
    person, post = own.person_of.get(employee), own.post_of.get(position)
    if person is None or post is None:
        message = "Orang atau jabatan itu tidak ikut dalam rencana ini."
        raise TermsClash(message)
    reasons, gaps = _against(own, person, post, plan)
    planned = _planned(plan, own)
    try:
        problem = under(own, wanted)
        target = solved_on(preferring(problem.ground, planned), problem.terms).target
    except TermsClash as clash:
        return Trial(
            wanted=wanted, reasons=reasons, gaps=gaps, cost=float("nan"), moves=0, changes=(),
            clash=str(clash),
        )  # fmt: skip
    return Trial(
        wanted=wanted, reasons=reasons, gaps=gaps, moves=_moves(target, problem),
        cost=_value(planned, own) - _value(target, problem),
        changes=_changes(plan, problem, target), clash="",
    )  # fmt: skip


def _against(
    problem: Problem, person: int, post: int, plan: Plan
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    whole, row, column = problem.whole, problem.rows[person], problem.columns[post]
    record, tier = whole.records[whole.people[row]], whole.positions[column].tier
    reasons = reasons_against(record, tier, problem.policy, on=plan.on)
    if not problem.ground.eligible[person, post] and not reasons:
        reasons = ["kotak talentanya belum termasuk rencana suksesi untuk jenjang itu"]
    names = dict(Competency.objects.values_list("code", "name"))
    return tuple(reasons), explained(whole, row, column, names)[1]


def _planned(plan: Plan, problem: Problem) -> Ints:
    """The posts of the plan itself, (n_people,) by columns of the problem."""
    planned = dict(plan.lines.values_list("employee_id", "target_id"))
    place, people = problem.post_of, (problem.whole.people[row] for row in problem.rows)
    return np.array([place[planned[employee]] for employee in people])


def _moves(target: Ints, problem: Problem) -> int:
    return int((target != problem.ground.current).sum())


def _value(target: Ints, problem: Problem) -> float:
    fit = problem.ground.fit[np.arange(len(target)), target].sum()
    return float(fit) - problem.terms.move_cost * _moves(target, problem)


def _changes(plan: Plan, problem: Problem, target: Ints) -> tuple[Change, ...]:
    planned = {line.employee_id: line for line in plan.lines.select_related("target")}
    changes = []
    for person, post in enumerate(target):
        employee = problem.whole.people[problem.rows[person]]
        position = problem.whole.positions[problem.columns[int(post)]]
        line = planned.get(employee)
        if line is not None and line.target_id != position.pk:
            changes.append(
                Change(
                    employee=employee, name=problem.ground.people[person],
                    planned=line.target.title, planned_fit=line.fit_after, tried=position.title,
                    tried_fit=float(problem.ground.fit[person, post]),
                )
            )  # fmt: skip
    return tuple(changes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A chain of moves as lines, in the order in which they can happen."""

    lines: tuple[Line, ...]
    cycle: bool


def links(plan: Plan) -> list[Link]:
    """The moves of a plan as chains and cycles."""
    lines, awaited = _awaited(plan)
    return [
        Link(lines=tuple(lines[at] for at in chain.moves), cycle=chain.cycle)
        for chain in chains(awaited)
    ]


def _awaited(plan: Plan) -> tuple[list[Line], list[int]]:
    rows = plan.lines.select_related("employee", "source__unit", "target__unit").order_by("pk")
    lines = [line for line in rows if line.source_id != line.target_id]
    return lines, awaited_among(lines)


def awaited_among(moves: Sequence[Line]) -> list[int]:
    """For each of a plan's moves the place of the one whose leaving it waits for, as `chains` asks for."""
    place = {line.pk: at for at, line in enumerate(moves)}
    return [place.get(line.awaits_id or 0, NOBODY) for line in moves]


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """What falls when one person does not go: the moves that wait for it; and the best plan without it."""

    falls: tuple[Line, ...]
    trial: Trial


def if_refused(line: Line) -> Refusal:
    """The plan when the person of one line stays where they are."""
    lines, awaited = _awaited(line.plan)
    at = next(at for at, one in enumerate(lines) if one.pk == line.pk)
    return Refusal(
        falls=tuple(lines[move] for move in falls_with(at, awaited)),
        trial=try_move(line.plan, line.employee_id, line.source_id),
    )
