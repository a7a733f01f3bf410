"""How sure a plan is: in how many draws from the uncertainty of levels it stands, and under other weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cakap.placement.board import measured_criteria
from cakap.placement.criteria import CRITERIA, weighed
from cakap.placement.models import Line, Plan
from cakap.placement.problem import Problem
from cakap.placement.services import fresh_problem
from cakap.placement.terms import Ground, Terms, preferring, solve
from cakap.policy.book import Policy
from cakap.science.types import Floats, Ints
from cakap.science.workers import Workers

LOWEST, HIGHEST = 0.0, 5.0
BATCH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What a worker needs to draw and solve: the board of one problem without its rows of the database."""

    shown: Floats
    se: Floats
    asked: Floats
    criteria: dict[str, Floats]
    ground: Ground
    terms: Terms
    policy: Policy
    planned: Ints


def measure_plan(plan: Plan, *, workers: Workers, progress: Callable[[int, int], None]) -> None:
    """Fill in for every line the share of draws in which its post is the same, and for every criterion the
    share of people whose post stays when it is given weight. Draws are numbered, so the same plan gives the
    same shares however many workers there are. PlanIsStale where posts or results have changed since."""
    problem = fresh_problem(plan)
    lines = list(plan.lines.order_by("pk"))
    task = _task(problem, lines)
    stands = _stands(task, problem.policy["placement.draws"], workers, progress)
    for line, share in zip(lines, stands, strict=True):
        line.standing = float(share)
    Line.objects.bulk_update(lines, ["standing"], batch_size=BATCH)
    plan.sensitivity = sensitivity(task)
    plan.save(update_fields=["sensitivity"])


def _task(problem: Problem, lines: list[Line]) -> Task:
    rows, columns = list(problem.rows), list(problem.columns)
    place = problem.post_of
    block = np.ix_(rows, columns)
    return Task(
        shown=problem.whole.shown[rows], se=problem.whole.se[rows],
        asked=problem.whole.asked[columns], ground=problem.ground, terms=problem.terms,
        criteria={name: values[block] for name, values in problem.whole.criteria.items()},
        policy=problem.policy, planned=np.array([place[line.target_id] for line in lines]),
    )  # fmt: skip


def _stands(
    task: Task, draws: int, workers: Workers, progress: Callable[[int, int], None]
) -> Floats:
    done, same = 0, np.zeros(len(task.planned))
    size = max(workers.size, 1)
    for start in range(0, draws, 5 * size):
        block = list(range(start, min(start + 5 * size, draws)))
        same += np.sum(workers.each(draw_stands, workers.hold(block), task), axis=0)
        done += len(block)
        progress(done, draws)
    return same / draws


def draw_stands(number: int, task: Task) -> Floats:
    """Of one draw: 1 where the best plan at the levels drawn gives the planned post, else 0. (n_people,)."""
    rng = np.random.default_rng([2025, number])
    drawn = np.clip(rng.normal(task.shown, np.nan_to_num(task.se)), LOWEST, HIGHEST)
    anew = measured_criteria(drawn, task.se, task.asked, task.policy)
    return (
        _best(task, task.criteria | anew, task.policy["placement.weights"]) == task.planned
    ).astype(float)


def sensitivity(task: Task) -> dict[str, float]:
    """Criterion -> share of people whose post stays when it is given the weight of policy beside the rest."""
    weights, extra = task.policy["placement.weights"], task.policy["placement.sensitivity_weight"]
    total = sum(weights.values())
    found = {}
    for name in CRITERIA:
        told = dict(weights) | {name: weights.get(name, 0) + total * extra / (100 - extra)}
        found[name] = float((_best(task, task.criteria, told) == task.planned).mean())
    return found


def _best(task: Task, criteria: dict[str, Floats], weights: dict[str, float]) -> Ints:
    fit = weighed(criteria, weights)
    return solve(preferring(replace(task.ground, fit=fit), task.planned), task.terms).target
