from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cakap.accounts.models import Agency
from cakap.policy.book import Policy
from cakap.policy.queries import policy_kept
from cakap.registry.models import Employee
from cakap.selection.models import Application, Bidding

UNDER_WAY = (Bidding.State.ANNOUNCED, Bidding.State.ASSESSING, Bidding.State.PROPOSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """An admitted applicant with the scores by stage and the weighted total, if complete."""

    application: Application
    scores: Mapping[str, float]
    total: float | None


def stage_of(tier: str, policy: Policy) -> int:
    """The place of a tier in the order of filling posts, from 1; 0 where it has none."""
    stages = policy["selection.stages"]
    return next((at for at, tiers in enumerate(stages, start=1) if tier in tiers), 0)


def stages_left_open(agency: Agency, policy: Policy, *, before: int) -> list[int]:
    """Stages ahead of one that the decision maker has not declared closed."""
    closed = set(agency.stage_closures.values_list("stage", flat=True))
    return [stage for stage in range(1, before) if stage not in closed]


def ranking(bidding: Bidding) -> list[Ranked]:
    """Admitted applicants, the best first; those without all scores come last."""
    weights = policy_kept(bidding.policy_digest)["selection.stage_weights"]
    rows = bidding.applications.filter(standing=Application.Standing.ADMITTED)
    ranked = [
        _ranked(row, weights) for row in rows.select_related("employee").prefetch_related("scores")
    ]
    return sorted(
        ranked,
        key=lambda row: (row.total is None, -(row.total or 0), row.application.employee.nip),
    )


def _ranked(application: Application, weights: Mapping[str, float]) -> Ranked:
    scores = {row.stage: row.score for row in application.scores.all()}
    whole = set(weights) <= set(scores)
    total = sum(weights[s] * scores[s] for s in weights) / sum(weights.values()) if whole else None
    return Ranked(application=application, scores=scores, total=total)


def open_for_application(*, on: date) -> list[Bidding]:
    """What the public page shows: biddings under way, the newest first."""
    rows = Bidding.objects.filter(state__in=UNDER_WAY, announced_on__lte=on)
    return list(rows.select_related("position__unit", "position__agency"))


def own_applications(employee: Employee) -> dict[int, Application]:
    """Bidding id -> application of a person."""
    return {row.bidding_id: row for row in employee.applications.all()}
