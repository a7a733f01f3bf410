"""The life of a rotation plan: made, reviewed, proposed, signed; what it was made from comes out again."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

import numpy as np
from django.db import transaction
from django.utils import timezone

from cakap.audit.services import record
from cakap.placement.board import match_of
from cakap.placement.criteria import weighed
from cakap.placement.errors import NotYourPlan, PlanIsDecided, PlanIsStale, WrongStep
from cakap.placement.keeping import digest_of, keep
from cakap.placement.market import stable_rotation
from cakap.placement.models import Comment, Line, Plan
from cakap.placement.problem import Problem, Wanted, gather, solved
from cakap.policy.book import Policy
from cakap.policy.queries import policy_in_force, policy_kept
from cakap.programmes.models import Programme
from cakap.registry.queries import current_appointments, standard_lines
from cakap.registry.services import appoint, leaves
from cakap.results.queries import levels_of

SAME = 1e-6


@transaction.atomic
def make_plan(
    *,
    programmes: list[Programme],
    name: str,
    actor: str,
    now: datetime,
    wanted: Wanted | None = None,
    method: Plan.Method = Plan.Method.OPTIMUM,
    parent: Plan | None = None,
) -> Plan:
    """The best placement of these programmes' people over their own posts and the vacancies, under terms."""
    agency, on, told = programmes[0].initiator, timezone.localdate(now), wanted or Wanted()
    policy = policy_in_force(agency=agency.code, on=on)
    problem = gather(agency, programmes, told, policy, on=on)

    found = FINDERS[method](problem)

    plan = Plan(
        agency=agency, name=name, method=method, terms=told.kept(), parent=parent, made_by=actor,
        made_at=now, on=on,
    )  # fmt: skip
    keep(plan, problem, found)
    plan.programmes.set(programmes)
    record(
        actor=actor, action="plan.make", subject=f"{plan.pk} {name}", agency=agency.code, now=now,
        detail={"people": len(problem.rows), "before": found.total_before, "after": found.total_after},
    )  # fmt: skip
    return plan


FINDERS = {Plan.Method.OPTIMUM: solved, Plan.Method.STABLE: stable_rotation}


def make_variant(*, plan: Plan, wanted: Wanted, name: str, actor: str, now: datetime) -> Plan:
    """Another scenario over the same people, under other terms."""
    return make_plan(
        programmes=list(plan.programmes.all()), name=name, actor=actor, now=now, wanted=wanted,
        parent=plan,
    )  # fmt: skip


def fresh_problem(plan: Plan) -> Problem:
    """The problem of a plan as of its day, where nothing has changed since it was made. PlanIsStale."""
    policy = policy_in_force(agency=plan.agency.code, on=plan.on)
    told = Wanted(**plan.terms)
    problem = gather(plan.agency, list(plan.programmes.all()), told, policy, on=plan.on)
    if digest_of(problem) != plan.input_digest:
        raise PlanIsStale
    return problem


@transaction.atomic
def review_plan(*, plan: Plan, actor: str, now: datetime) -> None:
    """Somebody has looked at every line of a draft."""
    _step(plan, Plan.State.DRAFT, Plan.State.REVIEWED, actor=actor, now=now)


@transaction.atomic
def propose_plan(*, plan: Plan, actor: str, now: datetime) -> None:
    """Lay a reviewed plan before the decision maker."""
    _step(plan, Plan.State.REVIEWED, Plan.State.PROPOSED, actor=actor, now=now)


def _step(plan: Plan, source: str, target: str, *, actor: str, now: datetime) -> None:
    by = {f"{target}_by": actor}
    if not Plan.objects.filter(pk=plan.pk, state=source).update(state=target, **by):
        plan.refresh_from_db()
        message = f"Rencana ini {plan.get_state_display().lower()}; langkah itu tidak berlaku lagi."
        raise WrongStep(message)
    plan.refresh_from_db()
    record(
        actor=actor, action=f"plan.{target}", subject=f"{plan.pk} {plan.name}",
        agency=plan.agency.code, now=now,
    )  # fmt: skip


def comment_on(*, plan: Plan, text: str, actor: str, now: datetime) -> Comment:
    """Say something about a plan."""
    return Comment.objects.create(plan=plan, author=actor, text=text, made_at=now)


@transaction.atomic
def approve_plan(*, plan: Plan, decree: str, start: date, actor: str, now: datetime) -> int:
    """The decision maker signs: every move becomes an appointment. Returns how many.

    decree: its number; `{n}` in it counts the moves, for a decree of each person's own.
    """
    _refuse_decided(plan)
    if plan.state != Plan.State.PROPOSED:
        message = "Rencana ini belum diusulkan; telaah dan usulkan dahulu."
        raise WrongStep(message)
    if plan.proposed_by == actor:
        raise NotYourPlan
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
    for n, line in enumerate(moves, start=1):
        appoint(
            employee=line.employee, position=line.target, start=start,
            decree=decree.replace("{n}", str(n)), actor=actor, now=now,
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
    plan.state = Plan.objects.select_for_update().get(pk=plan.pk).state
    if plan.state in (Plan.State.APPROVED, Plan.State.REJECTED):
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
        for kept, criteria, standard in (
            (line.fit_before, line.criteria_before, line.source_standard_id),
            (line.fit_after, line.criteria_after, line.target_standard_id),
        ):
            again = _fit_again(levels[line.pk], asked[standard], criteria, policy)
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


def _fit_again(
    shown: dict[str, tuple[float, float]],
    asked: dict[str, int],
    criteria: dict[str, float],
    policy: Policy,
) -> float:
    """The weighted fit, its match computed anew; other criteria as they were kept on their day."""
    codes = sorted(asked)
    levels = np.array([[shown.get(code, (np.nan,))[0] for code in codes]])
    match = match_of(levels, np.array([[asked[code] for code in codes]], dtype=float), policy)
    known = {name: np.array([[value]]) for name, value in criteria.items()} | {"match": match}
    return float(weighed(known, policy.get("placement.weights") or {"match": 1})[0, 0])
