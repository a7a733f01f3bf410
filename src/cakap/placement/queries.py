"""Both ways: who for this post, which post for this person. Ranked, with reasons for and against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from cakap.placement.board import Board, board, explained
from cakap.placement.eligibility import reasons_against
from cakap.policy.book import Policy
from cakap.policy.queries import policy_in_force
from cakap.registry.models import Competency, Employee, Position
from cakap.registry.queries import vacant_positions
from cakap.results.models import Result


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A person for a post: how well, what speaks for it, what is short, what to look at first."""

    employee: Employee
    position: Position
    fit: float
    criteria: dict[str, float]
    strengths: tuple[str, ...]
    gaps: tuple[str, ...]
    box: int | None
    findings: tuple[str, ...]
    result: Result


@dataclass(frozen=True, kw_only=True, slots=True)
class Excluded:
    """A person (or post) that is not proposed, and why."""

    employee: Employee
    position: Position
    fit: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommendation:
    """An answer to one of the two questions."""

    proposed: tuple[Proposal, ...]
    excluded: tuple[Excluded, ...]
    not_assessed: int


def people_for(position: Position, *, on: date, most: int = 20) -> Recommendation:
    """Siapa untuk jabatan ini?"""
    agency = position.agency
    policy = policy_in_force(agency=agency.code, on=on)
    whole = board(agency, policy, on=on)
    column = whole.column.get(position.pk)
    if column is None:
        return Recommendation(proposed=(), excluded=(), not_assessed=len(whole.records))
    others = [at for at, p in enumerate(whole.people) if whole.records[p].position != position.pk]
    pairs = [(row, column) for row in others]
    return _recommend(whole, pairs, policy, on, most)


def posts_for(employee: Employee, *, on: date, most: int = 20) -> Recommendation:
    """Jabatan apa untuk orang ini? Among the vacant posts of the agency."""
    agency = employee.agency
    policy = policy_in_force(agency=agency.code, on=on)
    whole = board(agency, policy, on=on)
    if employee.pk not in whole.people:
        return Recommendation(proposed=(), excluded=(), not_assessed=1)
    row = whole.people.index(employee.pk)
    vacant = set(vacant_positions(agency, on=on).values_list("pk", flat=True))
    pairs = [(row, at) for at, p in enumerate(whole.positions) if p.pk in vacant]
    return _recommend(whole, pairs, policy, on, most)


def _recommend(
    whole: Board, pairs: list[tuple[int, int]], policy: Policy, on: date, most: int
) -> Recommendation:
    names = dict(Competency.objects.values_list("code", "name"))
    proposed: list[Proposal] = []
    excluded: list[Excluded] = []
    for row, column in sorted(pairs, key=lambda pair: (-np.nan_to_num(whole.fit[pair]), pair)):
        person, position = whole.people[row], whole.positions[column]
        record, fit = whole.records[person], float(whole.fit[row, column])
        reasons = reasons_against(record, position.tier, policy, on=on)
        if np.isnan(fit):
            reasons.append("kompetensi yang diminta belum diukur")
        if reasons:
            excluded.append(
                Excluded(
                    employee=record.employee, position=position, fit=fit, reasons=tuple(reasons)
                )
            )
        elif len(proposed) < most:
            strengths, gaps = explained(whole, row, column, names)
            proposed.append(
                Proposal(
                    employee=record.employee,
                    position=position,
                    fit=fit,
                    criteria=criteria_at(whole, row, column),
                    strengths=strengths,
                    gaps=gaps,
                    box=whole.boxes.get(person),
                    findings=record.findings,
                    result=whole.results[person],
                )
            )
    return Recommendation(
        proposed=tuple(proposed),
        excluded=tuple(excluded),
        not_assessed=len(whole.records) - len(whole.people),
    )


def criteria_at(whole: Board, row: int, column: int) -> dict[str, float]:
    """Every criterion of one person for one post, nan left out."""
    found = {name: float(values[row, column]) for name, values in whole.criteria.items()}
    return {name: round(value, 6) for name, value in found.items() if not np.isnan(value)}
