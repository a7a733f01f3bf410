from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from cakap.accounts.models import Agency
from cakap.policy.book import Policy
from cakap.policy.queries import policy_kept
from cakap.registry.models import Employee
from cakap.results.models import Result
from cakap.results.queries import ForPost, results_for_post
from cakap.selection.models import Application, Bidding

UNDER_WAY = (Bidding.State.ANNOUNCED, Bidding.State.ASSESSING, Bidding.State.PROPOSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """An admitted applicant with the scores by stage and the weighted total, if complete."""

    application: Application
    scores: Mapping[str, float]
    total: float | None
    competence: Competence


@dataclass(frozen=True, kw_only=True, slots=True)
class Competence:
    """Where the score of the competence stage comes from; `score` is None where there is none."""

    score: float | None
    result: Result | None
    source: str


def competence_stage(policy: Policy) -> str:
    """The stage whose score is read from results; a bidding from before the rule has the usual one."""
    return str(policy.get("selection.competence_stage") or "kompetensi")


def stage_of(tier: str, policy: Policy) -> int:
    """The place of a tier in the order of filling posts, from 1; 0 where it has none."""
    stages = policy["selection.stages"]
    return next((at for at, tiers in enumerate(stages, start=1) if tier in tiers), 0)


def stages_left_open(agency: Agency, policy: Policy, *, before: int) -> list[int]:
    """Stages ahead of one that the decision maker has not declared closed."""
    closed = set(agency.stage_closures.values_list("stage", flat=True))
    return [stage for stage in range(1, before) if stage not in closed]


def ranking(bidding: Bidding, *, on: date) -> list[Ranked]:
    """Admitted applicants, the best first; those without all scores come last.

    While the bidding is assessed, competence is what a result valid on the day `on` says.
    """
    policy = policy_kept(bidding.policy_digest)
    applications = list(
        bidding.applications.filter(standing=Application.Standing.ADMITTED)
        .select_related("employee")
        .prefetch_related("scores__result__participant__programme__organiser")
    )
    competences = _competences(bidding, applications, competence_stage(policy), on)
    ranked = [_ranked(row, competences[row.pk], policy) for row in applications]
    return sorted(
        ranked,
        key=lambda row: (row.total is None, -(row.total or 0), row.application.employee.nip),
    )


def _competences(
    bidding: Bidding, applications: list[Application], stage: str, on: date
) -> dict[int, Competence]:
    """Application id -> competence: as the results say while assessing goes on, then as kept.

    While it goes on nothing kept counts: what was typed before results were read was never one.
    """
    if bidding.state == Bidding.State.ASSESSING:
        read = results_for_post([row.employee_id for row in applications], bidding.position, on=on)
        return {row.pk: _read(read[row.employee_id]) for row in applications}
    found = {row.pk: _read(None) for row in applications}
    for row in applications:
        for score in row.scores.all():
            if score.stage == stage:
                source = source_of(score.result) if score.result else _("diketik")
                found[row.pk] = Competence(score=score.score, result=score.result, source=source)
    return found


def _read(told: ForPost | None) -> Competence:
    if told is None or told.result is None or told.jpm is None:
        return Competence(score=None, result=None, source=told.reason if told else "")
    # More than the post asks does not lift a stage above its full score.
    return Competence(score=min(told.jpm, 100.0), result=told.result, source=source_of(told.result))


def source_of(result: Result) -> str:
    """The programme of a result, who held it, its day and how long it is valid, in words."""
    programme = result.participant.programme
    return (
        f"{programme.code} {programme.name} ({programme.organiser.name}), "
        f"{result.valid_from:%d-%m-%Y}, {_('berlaku sampai')} {result.valid_until:%d-%m-%Y}"
    )


def _ranked(application: Application, competence: Competence, policy: Policy) -> Ranked:
    weights: Mapping[str, float] = policy["selection.stage_weights"]
    read = competence_stage(policy)
    scores = {row.stage: row.score for row in application.scores.all() if row.stage != read}
    if competence.score is not None:
        scores[read] = competence.score
    whole = set(weights) <= set(scores)
    total = sum(weights[s] * scores[s] for s in weights) / sum(weights.values()) if whole else None
    return Ranked(application=application, scores=scores, total=total, competence=competence)


def open_for_application(*, on: date) -> list[Bidding]:
    """What the public page shows: biddings under way, the newest first."""
    rows = Bidding.objects.filter(state__in=UNDER_WAY, announced_on__lte=on)
    return list(rows.select_related("position__unit", "position__agency"))


def own_applications(employee: Employee) -> dict[int, Application]:
    """Bidding id -> application of a person."""
    return {row.bidding_id: row for row in employee.applications.all()}
