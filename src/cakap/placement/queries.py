"""Both ways: who for this post, which post for this person. Ranked, with reasons for and against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from cakap.accounts.models import Agency
from cakap.placement.eligibility import reasons_against
from cakap.policy.book import Policy
from cakap.policy.queries import policy_in_force
from cakap.registry.models import Competency, Employee, Position
from cakap.registry.queries import (
    Record,
    records,
    standard_lines,
    standards_in_force,
    vacant_positions,
)
from cakap.results.models import Result
from cakap.results.queries import levels_of, valid_results
from cakap.science.matching.jpm import capped_mean, ratio
from cakap.science.types import Floats
from cakap.talent.queries import boxes_of

FORMULAS = {"capped_mean": capped_mean, "ratio": ratio}


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """People with valid results against posts with standards, as arrays that fit together.

    shown: (n_people, n_codes); asked: (n_posts, n_codes); fit: (n_people, n_posts) percent, nan
    where a post asks for what was not measured.
    """

    people: tuple[int, ...]
    positions: tuple[Position, ...]
    standards: tuple[int, ...]
    codes: tuple[str, ...]
    shown: Floats
    asked: Floats
    fit: Floats
    results: dict[int, Result]
    records: dict[int, Record]


def board(agency: Agency, policy: Policy, *, on: date) -> Board:
    """Everything that recommendations and plans of an agency look at, gathered once."""
    results = valid_results(agency, on=on)
    people = tuple(sorted(results))
    levels = levels_of(results)
    in_force = standards_in_force(agency, on=on)
    lines = standard_lines(in_force.values())
    positions = tuple(
        Position.objects.filter(pk__in=[p for p, s in in_force.items() if lines.get(s)])
        .select_related("unit")
        .order_by("pk")
    )
    asked_of = [lines[in_force[position.pk]] for position in positions]
    codes = tuple(sorted({code for row in asked_of for code in row}))
    shown = np.array(
        [[levels[person].get(code, np.nan) for code in codes] for person in people], dtype=float
    ).reshape(len(people), len(codes))
    asked = np.array(
        [[row.get(code, 0) for code in codes] for row in asked_of], dtype=float
    ).reshape(len(positions), len(codes))
    return Board(
        people=people,
        positions=positions,
        standards=tuple(in_force[position.pk] for position in positions),
        codes=codes,
        shown=shown,
        asked=asked,
        fit=fit_of(shown, asked, policy),
        results=results,
        records=records(agency, on=on),
    )


def fit_of(shown: Floats, asked: Floats, policy: Policy) -> Floats:
    """Fit in percent by the formula of policy; shapes as in `Board`."""
    if not len(shown) or not len(asked):
        return np.zeros((len(shown), len(asked)))
    fit = FORMULAS[policy["jpm.for_decisions"]](np.nan_to_num(shown), asked)
    unmeasured = np.isnan(shown).astype(float) @ (asked > 0).astype(float).T > 0
    return np.where(unmeasured, np.nan, fit)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A person for a post: how well, what speaks for it, what is short, what to look at first."""

    employee: Employee
    position: Position
    fit: float
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
    column = _column(whole, position)
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


def _column(whole: Board, position: Position) -> int | None:
    ids = [one.pk for one in whole.positions]
    return ids.index(position.pk) if position.pk in ids else None


def _recommend(
    whole: Board, pairs: list[tuple[int, int]], policy: Policy, on: date, most: int
) -> Recommendation:
    names = dict(Competency.objects.values_list("code", "name"))
    boxes = boxes_of(whole.positions[0].agency) if whole.positions else {}
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
                    strengths=strengths,
                    gaps=gaps,
                    box=boxes.get(person),
                    findings=record.findings,
                    result=whole.results[person],
                )
            )
    return Recommendation(
        proposed=tuple(proposed),
        excluded=tuple(excluded),
        not_assessed=len(whole.records) - len(whole.people),
    )


def explained(
    whole: Board, row: int, column: int, names: dict[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the person shows above the standard, and below it, in words."""
    above, below = [], []
    for at, code in enumerate(whole.codes):
        shown, asked = whole.shown[row, at], whole.asked[column, at]
        if asked == 0:
            continue
        text = f"{names[code]} {shown:g} dari {asked:g}".replace(".", ",")
        if shown > asked:
            above.append((asked - shown, text))
        elif shown < asked:
            below.append((shown - asked, text))
    return tuple(t for _, t in sorted(above)), tuple(t for _, t in sorted(below))
