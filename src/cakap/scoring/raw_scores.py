"""Raw scores on the spot, where policy wants them: what is marked without people, and no result.

With the rule off nothing here is computed. At a site there is nothing to compute: keys stay at the centre.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.utils import timezone

from cakap.delivery.models import Attempt
from cakap.delivery.queries import rule_of, state_of
from cakap.itembank import marking
from cakap.itembank.queries import ScoredItem, adaptive_pools, form_versions, scored_items
from cakap.programmes.models import Session

ON_RECEIPT, ON_BOARD, WITH_NAMES = (
    "sessions.score_on_receipt", "sessions.live_scores", "sessions.live_score_names",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Raw:
    """Points of `most` over so many marked items; by_people: items that people judge, not in it."""

    value: int
    most: int
    items: int
    by_people: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A submitted attempt on the board; name: empty where policy shows seats alone."""

    seat: int
    name: str
    score: Raw
    submitted_at: datetime


def receipt_score(attempt: Attempt) -> Raw | None:
    """What the receipt shows of an ended attempt; None where the rule is off or nothing can be scored.

    A rehearsal, a cancelled session, an attempt that does not count and one that may yet go on have none.
    """
    session = attempt.seat.session
    off = session.is_rehearsal or session.state == Session.State.CANCELLED
    if off or attempt.set_aside_at or not rule_of(session, ON_RECEIPT):
        return None
    if attempt.submitted_at is None and session.state != Session.State.CLOSED:
        return None  # the time is over and may yet be given back: nobody goes on knowing a score
    return _score(state_of(attempt).answers, *_items(session.form_id))


def live_scores(session: Session) -> list[Line] | None:
    """Submitted attempts of a session, the highest first; None where the rule is off or nothing can be."""
    if session.is_rehearsal or not rule_of(session, ON_BOARD):
        return None
    marked, by_people = _items(session.form_id)
    if not marked:
        return None
    named = bool(rule_of(session, WITH_NAMES))
    corrections = session.late_corrections.count()
    rows = Attempt.objects.filter(
        seat__session=session, submitted_at__isnull=False, set_aside_at__isnull=True
    ).exclude(seat__session__state=Session.State.CANCELLED)
    lines = []
    for row in rows.select_related("seat__participant__employee"):
        answers = _answers(row.pk, row.submitted_at, row.amended_at, corrections)
        score = _score(answers, marked, by_people)
        if score and row.submitted_at:
            name = row.seat.participant.employee.full_name if named else ""
            lines.append(
                Line(seat=row.seat.number, name=name, score=score, submitted_at=row.submitted_at)
            )
    return sorted(lines, key=lambda line: (-line.score.value, line.submitted_at))


@lru_cache(maxsize=20000)
def _answers(
    attempt: int, submitted_at: datetime, amended_at: datetime | None, corrections: int
) -> Mapping[int, str]:
    """The answers of an attempt that was submitted: read once a process while nothing changes them."""
    del submitted_at, amended_at, corrections
    return state_of(Attempt(pk=attempt)).answers


def _items(form: int) -> tuple[Sequence[ScoredItem], int]:
    """The marked items of a form, and how many others it has; none of a form with adaptive sections,
    where sums of different items compare nobody."""
    if adaptive_pools(form):
        return [], 0
    versions = form_versions(form)
    marked = [row for row in scored_items(versions, at=timezone.now()) if row.is_marked]
    return marked, len(versions) - len(marked)


def _score(answers: Mapping[int, str], marked: Sequence[ScoredItem], by_people: int) -> Raw | None:
    if not marked:
        return None
    return Raw(
        value=sum(row.category(answers[row.version]) for row in marked if row.version in answers),
        most=sum(marking.highest(row.kind, row.scores) for row in marked),
        items=len(marked), by_people=by_people,
    )  # fmt: skip
