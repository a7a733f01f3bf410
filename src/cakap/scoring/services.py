"""Scores a programme, and can say whether the scores that are kept come out again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cakap import __version__
from cakap.audit.services import record
from cakap.delivery.sites.queries import amended_participants
from cakap.policy.queries import policy_kept
from cakap.programmes.models import Programme
from cakap.programmes.services import freeze_policy
from cakap.scoring.errors import NothingToScore
from cakap.scoring.models import Run, Score
from cakap.scoring.queries import computed_scores, refuse_measured_twice

SAME = 1e-9


@transaction.atomic
def score_programme(*, programme: Programme, actor: str, now: datetime) -> Run:
    """Score everybody who is finished, under the programme's own policy; earlier runs stay."""
    digest = freeze_policy(programme=programme, now=now)
    scored = computed_scores(programme, policy_kept(digest), at=now)
    refuse_measured_twice(programme, scored, at=now)
    if not scored:
        raise NothingToScore
    run = Run.objects.create(
        programme=programme, made_at=now, policy_digest=digest, engine_version=__version__
    )
    Score.objects.bulk_create(
        (
            Score(
                run=run,
                participant_id=one.participant,
                dimension=one.dimension,
                scale=one.scale,
                value=one.value,
                se=one.se,
                answered=one.answered,
                input_digest=one.input_digest,
            )
            for one in scored
        ),
        batch_size=5000,
    )
    record(
        actor=actor, action="programme.score", subject=programme.code,
        agency=programme.organiser.code, detail={"scores": len(scored), "policy": digest}, now=now,
    )  # fmt: skip
    return run


def first_difference(run: Run) -> str:
    """Recompute a run; a sentence on the first score that does not come out again, or nothing.

    Scores of people whose answers were added to since then are stale and said to be so elsewhere.
    """
    stale = amended_participants(run.programme, since=run.made_at)
    again = {
        (one.participant, one.dimension): one
        for one in computed_scores(run.programme, policy_kept(run.policy_digest), at=run.made_at)
    }
    for kept in run.scores.select_related("participant__employee").order_by("pk"):
        if kept.participant_id in stale:
            continue
        one = again.get((kept.participant_id, kept.dimension))
        whose = f"skor {kept.dimension} milik {kept.participant.employee.nip}"
        if one is None or one.input_digest != kept.input_digest:
            return f"{whose}: bahan skor tidak sama lagi"
        if abs(one.value - kept.value) > SAME or abs(one.se - kept.se) > SAME:
            return f"{whose}: tersimpan {kept.value:.6f}, dihitung ulang {one.value:.6f}"
    return ""
