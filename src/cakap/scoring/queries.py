from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from cakap.centre.queries import agreed_levels
from cakap.delivery.queries import finished_sheets
from cakap.itembank.queries import form_versions, scored_items
from cakap.policy.book import Policy
from cakap.programmes.models import Programme
from cakap.scoring.compute import Scored, score_agreed, score_answers
from cakap.scoring.models import Run, Score


def computed_scores(programme: Programme, policy: Policy, *, at: datetime) -> list[Scored]:
    """Gather a programme's answers and agreed levels as of a moment, and score them."""
    sheets: dict[int, dict[int, dict[int, str]]] = defaultdict(dict)
    for sheet in finished_sheets(programme, now=at):
        sheets[sheet.form][sheet.participant] = sheet.answers
    scored: list[Scored] = []
    for form, answers in sheets.items():
        scored += score_answers(answers, scored_items(form_versions(form), at=at), policy)
    return scored + score_agreed(agreed_levels(programme), policy)


def scores_of(run: Run) -> dict[int, list[Score]]:
    """Participant id -> the scores of a run."""
    found: dict[int, list[Score]] = defaultdict(list)
    for score in run.scores.order_by("participant_id", "dimension"):
        found[score.participant_id].append(score)
    return dict(found)


def newest_run(programme: Programme) -> Run | None:
    """The last scoring of a programme."""
    return programme.runs.order_by("-made_at", "-pk").first()
