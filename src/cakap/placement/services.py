"""The rotation plan: gather the board, let the solver find the best, keep it with its reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from cakap import __version__
from cakap.accounts.models import Agency
from cakap.audit.chain import digest
from cakap.audit.services import record
from cakap.placement.eligibility import reasons_against
from cakap.placement.errors import NobodyToPlace, PlanIsDecided, PlanIsStale
from cakap.placement.models import Line, OpenPost, Plan
from cakap.placement.queries import Board, board, explained, fit_of
from cakap.policy.book import Policy
from cakap.policy.queries import policy_in_force, policy_kept
from cakap.policy.services import keep_policy
from cakap.programmes.models import Programme
from cakap.registry.models import Competency, Position
from cakap.registry.queries import current_appointments, empty_seats, standard_lines
from cakap.registry.reference import STEP
from cakap.registry.services import appoint, leaves
from cakap.results.queries import levels_of
from cakap.science.matching.rotation import Rotation, best_rotation
from cakap.science.types import Floats, Ints
from cakap.talent.queries import boxes_of

SAME = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """The board of one plan: who takes part, over which posts, under which rules.

    rows: places on the board's list of people; columns: likewise of posts; current: (n_people,)
    index into columns; seats: (n_posts,); eligible, fit: (n_people, n_posts).
    """

    whole: Board
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    current: Ints
    seats: Ints
    eligible: NDArray[np.bool_]
    fit: Floats


@transaction.atomic
def make_plan(*, programmes: list[Programme], name: str, actor: str, now: datetime) -> Plan:
    """The best placement of these programmes' people over their own posts and the vacancies."""
    agency, on = programmes[0].initiator, now.date()
    policy = policy_in_force(agency=agency.code, on=on)
    problem = _gather(agency, programmes, policy, on)

    found = best_rotation(
        problem.fit,
        current=problem.current,
        seats=problem.seats,
        eligible=problem.eligible,
        min_gain=policy["posts.plan_min_gain"],
    )

    plan = _keep(agency, name, problem, found, policy=policy, now=now)
    record(
        actor=actor, action="plan.make", subject=f"{plan.pk} {name}", agency=agency.code, now=now,
        detail={"people": len(problem.rows), "before": found.total_before, "after": found.total_after},
    )  # fmt: skip
    return plan


def _gather(agency: Agency, programmes: list[Programme], policy: Policy, on: date) -> Problem:
    whole = board(agency, policy, on=on)
    taking_part = {
        employee
        for programme in programmes
        for employee in programme.participants.values_list("employee_id", flat=True)
    }
    at = {position.pk: place for place, position in enumerate(whole.positions)}
    rows = tuple(
        row
        for row, person in enumerate(whole.people)
        for post in [at.get(whole.records[person].position or 0)]
        if person in taking_part and post is not None and np.isfinite(whole.fit[row][post])
    )
    if not rows:
        raise NobodyToPlace
    held = [at[whole.records[whole.people[row]].position or 0] for row in rows]
    tiers = {whole.positions[column].tier for column in held}
    empty = empty_seats(agency, on=on)
    vacant = {at[pk] for pk in empty if pk in at and whole.positions[at[pk]].tier in tiers}
    columns = tuple(sorted(set(held) | vacant))
    place = {column: index for index, column in enumerate(columns)}
    current = np.array([place[column] for column in held], dtype=np.int64)
    seats = np.bincount(current, minlength=len(columns)) + np.array(
        [empty.get(whole.positions[column].pk, 0) for column in columns]
    )
    return Problem(
        whole=whole,
        rows=rows,
        columns=columns,
        current=current,
        seats=seats.astype(np.int64),
        eligible=_eligible(agency, whole, rows, columns, policy=policy, on=on),
        fit=whole.fit[np.ix_(rows, columns)],
    )


def _eligible(
    agency: Agency,
    whole: Board,
    rows: tuple[int, ...],
    columns: tuple[int, ...],
    *,
    policy: Policy,
    on: date,
) -> NDArray[np.bool_]:
    """Rules look at a post's tier alone, so each person is judged once a tier.

    A climb is open only to those whom the talent map holds for succession.
    """
    tiers = sorted({whole.positions[column].tier for column in columns})
    boxes, succession = boxes_of(agency), policy["talent.succession_boxes"]
    may = np.zeros((len(rows), len(tiers)), dtype=bool)
    for line, row in enumerate(rows):
        person = whole.people[row]
        for index, tier in enumerate(tiers):
            climbs = STEP[tier] > STEP[whole.records[person].tier]
            may[line, index] = not reasons_against(whole.records[person], tier, policy, on=on) and (
                not climbs or boxes.get(person) in succession
            )
    return may[:, [tiers.index(whole.positions[column].tier) for column in columns]]


def _keep(
    agency: Agency, name: str, problem: Problem, found: Rotation, *, policy: Policy, now: datetime
) -> Plan:
    plan = Plan.objects.create(
        agency=agency,
        name=name,
        made_at=now,
        on=now.date(),
        total_before=found.total_before,
        total_after=found.total_after,
        bound=found.bound,
        optimal=found.optimal,
        input_digest=_digest(problem),
        policy_digest=keep_policy(policy),
        engine_version=__version__,
    )
    names = dict(Competency.objects.values_list("code", "name"))
    Line.objects.bulk_create(
        [
            _line(plan, problem, person, int(target), names)
            for person, target in enumerate(found.target)
        ],
        batch_size=2000,
    )
    _keep_open_posts(plan, problem, found, policy)
    return plan


def _line(plan: Plan, problem: Problem, person: int, target: int, names: dict[str, str]) -> Line:
    whole, row = problem.whole, problem.rows[person]
    source = int(problem.current[person])
    return Line(
        plan=plan,
        employee_id=whole.people[row],
        source=whole.positions[problem.columns[source]],
        target=whole.positions[problem.columns[target]],
        result=whole.results[whole.people[row]],
        source_standard_id=whole.standards[problem.columns[source]],
        target_standard_id=whole.standards[problem.columns[target]],
        fit_before=float(problem.fit[person, source]),
        fit_after=float(problem.fit[person, target]),
        reason=_reason(problem, person, target, names),
    )


def _reason(problem: Problem, person: int, target: int, names: dict[str, str]) -> str:
    source = int(problem.current[person])
    before, after = problem.fit[person, source], problem.fit[person, target]
    _, gaps = explained(problem.whole, problem.rows[person], problem.columns[target], names)
    short = (
        f" Perlu dikembangkan: {'; '.join(gaps[:3])}." if gaps else " Seluruh standar terpenuhi."
    )
    if source == target:
        return f"Tetap: kecocokan {after:.2f} %.".replace(".", ",", 1) + short
    words = f"Kecocokan {before:.2f} % menjadi {after:.2f} %".replace(".", ",")
    if after < before:
        words += ", membuka jabatan bagi pegawai lain sehingga kecocokan seluruhnya naik"
    return f"{words}.{short}"


def _keep_open_posts(plan: Plan, problem: Problem, found: Rotation, policy: Policy) -> None:
    """Vacancies that stay, in the order of the stages: open bidding next, Sekda last."""
    free = problem.seats - np.bincount(found.target, minlength=len(problem.seats))
    left = {
        problem.whole.positions[column].pk: int(free[index])
        for index, column in enumerate(problem.columns)
    }
    stage_of = {
        tier: number
        for number, tiers in enumerate(policy["selection.stages"], start=1)
        for tier in tiers
    }
    seats = empty_seats(plan.agency, on=plan.on) | left
    tiers = dict(Position.objects.filter(pk__in=seats).values_list("pk", "tier"))
    OpenPost.objects.bulk_create(
        OpenPost(plan=plan, position_id=position, seats=n, stage=stage_of[tiers[position]])
        for position, n in seats.items()
        if n > 0 and tiers[position] in stage_of
    )


def _digest(problem: Problem) -> str:
    whole = problem.whole
    return digest(
        {
            "people": [whole.people[row] for row in problem.rows],
            "posts": [whole.positions[column].pk for column in problem.columns],
            "fit": np.round(np.nan_to_num(problem.fit), 9).tolist(),
            "current": problem.current.tolist(),
            "seats": problem.seats.tolist(),
            "eligible": problem.eligible.tolist(),
        }
    )


@transaction.atomic
def approve_plan(*, plan: Plan, decree: str, start: date, actor: str, now: datetime) -> int:
    """The decision maker signs: every move becomes an appointment. Returns how many."""
    _refuse_decided(plan)
    if not decree.strip():
        message = "Nomor keputusan wajib diisi."
        raise PlanIsDecided(message)
    moves = [
        line
        for line in plan.lines.select_related("employee", "source", "target__agency")
        if line.source_id != line.target_id
    ]
    _refuse_stale(plan, moves, start)
    for line in moves:
        leaves(employee=line.employee, on=start)
    for line in moves:
        appoint(
            employee=line.employee, position=line.target, start=start, decree=decree,
            actor=actor, now=now,
        )  # fmt: skip
    _decide(plan, Plan.State.APPROVED, decree=decree, actor=actor, now=now)
    return len(moves)


@transaction.atomic
def reject_plan(*, plan: Plan, reason: str, actor: str, now: datetime) -> None:
    """The decision maker turns a plan down; it stays readable."""
    _refuse_decided(plan)
    _decide(plan, Plan.State.REJECTED, decree=reason[:100], actor=actor, now=now)


def _decide(plan: Plan, state: Plan.State, *, decree: str, actor: str, now: datetime) -> None:
    Plan.objects.filter(pk=plan.pk).update(
        state=state, decree=decree, decided_by=actor, decided_at=now
    )
    record(
        actor=actor, action=f"plan.{state}", subject=f"{plan.pk} {plan.name}",
        agency=plan.agency.code, detail={"decree": decree}, now=now,
    )  # fmt: skip


def _refuse_decided(plan: Plan) -> None:
    if Plan.objects.select_for_update().get(pk=plan.pk).state != Plan.State.DRAFT:
        raise PlanIsDecided


def _refuse_stale(plan: Plan, moves: list[Line], start: date) -> None:
    held = dict(
        current_appointments(plan.agency, on=start).values_list("employee_id", "position_id")
    )
    moved = next((line for line in moves if held.get(line.employee_id) != line.source_id), None)
    if moved:
        message = f"{moved.employee} tidak lagi menduduki {moved.source}; susun rencana baru."
        raise PlanIsStale(message)
    counts = Counter(held.values())
    counts.subtract(Counter(line.source_id for line in moves))
    counts.update(Counter(line.target_id for line in moves))
    for line in moves:
        if counts[line.target_id] > line.target.headcount:
            message = f"{line.target} telah terisi sejak rencana disusun; susun rencana baru."
            raise PlanIsStale(message)


def first_difference(plan: Plan) -> str:
    """Compute the fits of a plan's lines again from the results and standards they were made from."""
    policy = policy_kept(plan.policy_digest)
    lines = list(plan.lines.select_related("employee", "result").order_by("pk"))
    levels = levels_of({line.pk: line.result for line in lines})
    asked = standard_lines(
        standard
        for line in lines
        for standard in (line.source_standard_id, line.target_standard_id)
    )
    for line in lines:
        for kept, standard in (
            (line.fit_before, line.source_standard_id),
            (line.fit_after, line.target_standard_id),
        ):
            again = _fit_again(levels[line.pk], asked[standard], policy)
            if abs(again - kept) > SAME:
                return (
                    f"rencana {plan.pk}, {line.employee.nip}: kecocokan tersimpan {kept:.6f}, "
                    f"dihitung ulang {again:.6f}"
                )
    before, after = (
        sum(getattr(line, name) for line in lines) for name in ("fit_before", "fit_after")
    )
    if abs(before - plan.total_before) > SAME or abs(after - plan.total_after) > SAME:
        return f"rencana {plan.pk}: jumlah kecocokan tidak sama dengan baris-barisnya"
    return ""


def _fit_again(shown: dict[str, float], asked: dict[str, int], policy: Policy) -> float:
    codes = sorted(asked)
    levels = np.array([[shown.get(code, np.nan) for code in codes]])
    return float(
        fit_of(levels, np.array([[asked[code] for code in codes]], dtype=float), policy)[0, 0]
    )
