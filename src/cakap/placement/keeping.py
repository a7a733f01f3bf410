"""What is kept of a plan: its figures, a line a person with reasons, who waits for whom, what stays open."""

from __future__ import annotations

import numpy as np

from cakap import __version__
from cakap.audit.chain import digest
from cakap.placement.board import explained
from cakap.placement.market import blocking_of
from cakap.placement.models import Line, OpenPost, Plan
from cakap.placement.problem import Problem
from cakap.placement.queries import criteria_at
from cakap.policy.services import keep_policy
from cakap.registry.models import Competency, Position
from cakap.registry.queries import empty_seats
from cakap.science.matching.chains import NOBODY, waits_for
from cakap.science.matching.rotation import Rotation

BATCH = 2000


def keep(plan: Plan, problem: Problem, found: Rotation) -> None:
    """Save a plan that is not saved yet, with all its rows."""
    plan.total_before, plan.total_after = found.total_before, found.total_after
    plan.bound, plan.optimal = found.bound, found.optimal
    plan.input_digest = digest_of(problem)
    plan.policy_digest = keep_policy(problem.policy)
    plan.engine_version = __version__
    plan.blocking = len(blocking_of(problem, found.target))
    plan.save(force_insert=True)
    names = dict(Competency.objects.values_list("code", "name"))
    lines = Line.objects.bulk_create(
        [
            _line(plan, problem, person, int(target), names)
            for person, target in enumerate(found.target)
        ],
        batch_size=BATCH,
    )
    _keep_order(lines, problem, found)
    _keep_open_posts(plan, problem, found)


def _line(plan: Plan, problem: Problem, person: int, target: int, names: dict[str, str]) -> Line:
    whole, row, ground = problem.whole, problem.rows[person], problem.ground
    source = int(ground.current[person])
    before, after = problem.columns[source], problem.columns[target]
    return Line(
        plan=plan,
        employee_id=whole.people[row],
        source=whole.positions[before],
        target=whole.positions[after],
        result=whole.results[whole.people[row]],
        source_standard_id=whole.standards[before],
        target_standard_id=whole.standards[after],
        fit_before=float(ground.fit[person, source]),
        fit_after=float(ground.fit[person, target]),
        criteria_before=criteria_at(whole, row, before),
        criteria_after=criteria_at(whole, row, after),
        reason=_reason(problem, person, target, names),
    )


def _reason(problem: Problem, person: int, target: int, names: dict[str, str]) -> str:
    ground, source = problem.ground, int(problem.ground.current[person])
    before, after = ground.fit[person, source], ground.fit[person, target]
    _, gaps = explained(problem.whole, problem.rows[person], problem.columns[target], names)
    short = (
        f" Perlu dikembangkan: {'; '.join(gaps[:3])}." if gaps else " Seluruh standar terpenuhi."
    )
    if source == target:
        stays = f"Tetap: kecocokan {after:.2f} %.".replace(".", ",", 1)
        return stays + short + _too_long(problem, person)
    words = f"Kecocokan {before:.2f} % menjadi {after:.2f} %".replace(".", ",")
    if problem.terms.locks.get(person) == target:
        words += ", ditetapkan oleh penyusun"
    elif after < before:
        words += ", membuka jabatan bagi pegawai lain sehingga kecocokan seluruhnya naik"
    return f"{words}.{short}"


def _too_long(problem: Problem, person: int) -> str:
    """A word on who stays beyond the years after which policy asks for a look."""
    years, most = problem.ground.tenure[person], problem.policy["posts.rotation_max_years"]
    if not most < years < np.inf:
        return ""
    told = f" Sudah {years:.1f} tahun dalam jabatan;".replace(".", ",")
    return f"{told} kebijakan meminta evaluasi sesudah {most} tahun."


def _keep_order(lines: list[Line], problem: Problem, found: Rotation) -> None:
    """Each move knows the move whose seat it enters."""
    current = problem.ground.current
    movers = np.flatnonzero(found.target != current)
    awaited = waits_for(
        current[movers].tolist(),
        found.target[movers].tolist(),
        dict(enumerate(problem.free.tolist())),
    )
    later = []
    for mover, first in zip(movers, awaited, strict=True):
        if first != NOBODY:
            lines[mover].awaits = lines[movers[first]]
            later.append(lines[mover])
    Line.objects.bulk_update(later, ["awaits"], batch_size=500)


def _keep_open_posts(plan: Plan, problem: Problem, found: Rotation) -> None:
    """Vacancies that stay, in the order of the stages: open bidding next, Sekda last."""
    ground = problem.ground
    free = ground.seats - np.bincount(found.target, minlength=len(ground.seats))
    left = {
        problem.whole.positions[column].pk: int(free[index])
        for index, column in enumerate(problem.columns)
    }
    stage_of = {
        tier: number
        for number, tiers in enumerate(problem.policy["selection.stages"], start=1)
        for tier in tiers
    }
    seats = empty_seats(plan.agency, on=plan.on) | left
    posts = Position.objects.in_bulk([position for position, n in seats.items() if n > 0])
    opened = [one for one in posts.values() if one.tier in stage_of]
    actors = _actors(problem, found, opened)
    OpenPost.objects.bulk_create(
        OpenPost(
            plan=plan, position=one, seats=seats[one.pk], stage=stage_of[one.tier],
            acting_id=actors.get(one.pk),
        )
        for one in opened
    )  # fmt: skip


def _actors(problem: Problem, found: Rotation, opened: list[Position]) -> dict[int, int]:
    """Post -> who of its own unit could act in it (Plt): the best fit of the same rung or the one below,
    nobody twice, posts in the order given."""
    whole, taken = problem.whole, set[int]()
    unit_of = [whole.positions[problem.columns[int(at)]].unit_id for at in found.target]
    step_of = problem.ground.step[found.target]
    column_of, actors = whole.column, {}
    for position in opened:
        column = column_of.get(position.pk)
        if column is None:
            continue
        near = [
            person
            for person, unit in enumerate(unit_of)
            if unit == position.unit_id and person not in taken
            and 0 <= whole.facts.step[column] - step_of[person] <= 1
            and np.isfinite(whole.fit[problem.rows[person], column])
            and not _disciplined(problem, person)
        ]  # fmt: skip
        if near:
            best = max(near, key=lambda person: whole.fit[problem.rows[person], column])
            taken.add(best)
            actors[position.pk] = whole.people[problem.rows[best]]
    return actors


def _disciplined(problem: Problem, person: int) -> bool:
    known = problem.whole.records[problem.whole.people[problem.rows[person]]]
    return known.discipline is not None


def digest_of(problem: Problem) -> str:
    """The name of exactly this problem: people, posts, fits, seats and who may go where."""
    whole, ground = problem.whole, problem.ground
    return digest(
        {
            "people": [whole.people[row] for row in problem.rows],
            "posts": [whole.positions[column].pk for column in problem.columns],
            "fit": np.round(np.nan_to_num(ground.fit), 9).tolist(),
            "current": ground.current.tolist(),
            "seats": ground.seats.tolist(),
            "eligible": ground.eligible.tolist(),
        }
    )
