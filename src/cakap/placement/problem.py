"""The problem of one plan: who takes part, over which posts, to be kept to what; and its solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cakap.accounts.models import Agency
from cakap.placement.board import Board, board
from cakap.placement.eligibility import reasons_against
from cakap.placement.errors import NobodyToPlace, TermsClash
from cakap.placement.terms import Ground, NoPlan, Terms, TooLarge, solve
from cakap.policy.book import Policy
from cakap.programmes.models import Programme
from cakap.registry.queries import empty_seats
from cakap.registry.reference import STEP
from cakap.science.matching.rotation import Rotation
from cakap.science.types import Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The terms of a plan by ids, as they are kept with it. locks, forbidden: [employee, post]; must_fill:
    posts; max_leaving: unit code -> people; couples, conflicts: [employee, employee]; stage: the only one of
    policy's stages that takes part, 0 for all; move_cost: percent points, None for policy's."""

    move_cost: float | None = None
    min_gain: float | None = None
    max_moves: int | None = None
    locks: list[list[int]] = field(default_factory=list)
    forbidden: list[list[int]] = field(default_factory=list)
    must_fill: list[int] = field(default_factory=list)
    max_leaving: dict[str, int] = field(default_factory=dict)
    couples: list[list[int]] = field(default_factory=list)
    conflicts: list[list[int]] = field(default_factory=list)
    stage: int = 0

    def kept(self) -> dict[str, Any]:
        """What is not left open, for the row of the plan."""
        return {
            name: value for name, value in asdict(self).items() if value not in (None, [], {}, 0)
        }

    def locking(self, employee: int, position: int) -> Wanted:
        """The same with one person fixed in one post; an older lock of the person gives way."""
        others = [pair for pair in self.locks if pair[0] != employee]
        return Wanted(**(asdict(self) | {"locks": [*others, [employee, position]]}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """rows: places on the board's list of people; columns: likewise of posts; ground: the same as arrays;
    free: (n_posts,) seats empty before any move."""

    whole: Board
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    ground: Ground
    free: Ints
    terms: Terms
    policy: Policy

    @property
    def person_of(self) -> dict[int, int]:
        """Employee id -> place on the ground."""
        return {self.whole.people[row]: at for at, row in enumerate(self.rows)}

    @property
    def post_of(self) -> dict[int, int]:
        """Post id -> place on the ground."""
        return {self.whole.positions[column].pk: at for at, column in enumerate(self.columns)}


def gather(
    agency: Agency, programmes: Sequence[Programme], wanted: Wanted, policy: Policy, *, on: date
) -> Problem:
    """The people of these programmes over their own posts and the vacancies of their tiers. NobodyToPlace;
    TermsClash where the terms name whom or what is not there."""
    whole = board(agency, policy, on=on)
    rows, held = _taking_part(whole, programmes, _tiers(wanted, policy))
    tiers = {whole.positions[column].tier for column in held}
    empty = empty_seats(agency, on=on)
    column_of = whole.column
    vacant = {
        column_of[pk]
        for pk in empty
        if pk in column_of and whole.positions[column_of[pk]].tier in tiers
    }
    columns = tuple(sorted(set(held) | vacant))
    place = {column: index for index, column in enumerate(columns)}
    current = np.array([place[column] for column in held], dtype=np.int64)
    free = np.array([empty.get(whole.positions[one].pk, 0) for one in columns], dtype=np.int64)
    positions = [whole.positions[column] for column in columns]
    known = [whole.records[whole.people[row]] for row in rows]
    ground = Ground(
        people=[record.employee.full_name for record in known],
        posts=[f"{one.title} ({one.code})" for one in positions],
        fit=whole.fit[np.ix_(rows, columns)], current=current,
        seats=np.bincount(current, minlength=len(columns)) + free,
        unit=[one.unit.code for one in positions],
        location=[one.location or one.unit.location for one in positions],
        step=np.array([STEP[one.tier] for one in positions], dtype=np.int64),
        tenure=np.array([(on - r.since).days / 365.25 if r.since else np.inf for r in known]),
        eligible=_eligible(whole, rows, columns, policy=policy, on=on),
    )  # fmt: skip
    found = Problem(
        whole=whole,
        rows=rows,
        columns=columns,
        ground=ground,
        free=free,
        terms=Terms(),
        policy=policy,
    )
    return under(found, wanted)


def _tiers(wanted: Wanted, policy: Policy) -> set[str] | None:
    return set(policy["selection.stages"][wanted.stage - 1]) if wanted.stage else None


def _taking_part(
    whole: Board, programmes: Sequence[Programme], tiers: set[str] | None
) -> tuple[tuple[int, ...], list[int]]:
    """Rows of the people of the programmes whose own post is on the board, and the columns of those posts."""
    invited = {
        employee
        for programme in programmes
        for employee in programme.participants.values_list("employee_id", flat=True)
    }
    column_of = whole.column
    rows, held = [], []
    for row, person in enumerate(whole.people):
        post = column_of.get(whole.records[person].position or 0)
        if person not in invited or post is None or not np.isfinite(whole.fit[row, post]):
            continue
        if tiers is None or whole.positions[post].tier in tiers:
            rows.append(row)
            held.append(post)
    if not rows:
        raise NobodyToPlace
    return tuple(rows), held


def _eligible(
    whole: Board, rows: tuple[int, ...], columns: tuple[int, ...], *, policy: Policy, on: date
) -> NDArray[np.bool_]:
    """Rules look at a post's tier alone, so each person is judged once a tier.

    A climb is open only to those whom the talent map holds for succession.
    """
    tiers = sorted({whole.positions[column].tier for column in columns})
    succession = policy["talent.succession_boxes"]
    may = np.zeros((len(rows), len(tiers)), dtype=bool)
    for line, row in enumerate(rows):
        person = whole.people[row]
        for index, tier in enumerate(tiers):
            climbs = STEP[tier] > STEP[whole.records[person].tier]
            may[line, index] = not reasons_against(whole.records[person], tier, policy, on=on) and (
                not climbs or whole.boxes.get(person) in succession
            )
    return may[:, [tiers.index(whole.positions[column].tier) for column in columns]]


def under(problem: Problem, wanted: Wanted) -> Problem:
    """The same people and posts under other terms, by row numbers; the stage stays that of the problem."""
    person, post = _Places(problem.person_of, "Pegawai"), _Places(problem.post_of, "Jabatan")
    cost = problem.policy["posts.plan_min_gain"] if wanted.move_cost is None else wanted.move_cost
    terms = Terms(
        move_cost=cost, min_gain=wanted.min_gain, max_moves=wanted.max_moves,
        locks={person[one]: post[where] for one, where in wanted.locks},
        forbidden={(person[one], post[where]) for one, where in wanted.forbidden},
        must_fill={post[where] for where in wanted.must_fill},
        max_leaving=dict(wanted.max_leaving),
        couples=[(person[one], person[other]) for one, other in wanted.couples],
        conflicts=[(person[one], person[other]) for one, other in wanted.conflicts],
    )  # fmt: skip
    return replace(problem, terms=terms)


class _Places(dict[int, int]):
    """Id -> place, refusing what does not take part."""

    def __init__(self, known: dict[int, int], what: str) -> None:
        super().__init__(known)
        self._what = what

    def __missing__(self, key: int) -> int:
        message = f"{self._what} {key} tidak ikut dalam rencana ini."
        raise TermsClash(message)


def solved(problem: Problem) -> Rotation:
    """The best plan of the problem. TermsClash names what contradicts."""
    return solved_on(problem.ground, problem.terms)


def solved_on(ground: Ground, terms: Terms) -> Rotation:
    """The best plan on a ground under terms, by the refusals of this app."""
    try:
        return solve(ground, terms)
    except TooLarge as exc:
        message = "Papan terlalu besar untuk syarat yang mengikat beberapa orang."
        raise TermsClash(message) from exc
    except NoPlan as exc:
        raise TermsClash(
            f"Syarat yang saling bertentangan: {'; '.join(exc.clash)}." if exc.clash else ""
        ) from exc
