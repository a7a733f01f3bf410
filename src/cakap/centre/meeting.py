"""The integration meeting: opened once all have submitted; levels are agreed in it and signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from django.db import transaction
from django.utils import timezone

from cakap.centre.errors import (
    AlreadySigned,
    BadRating,
    MeetingNotOpen,
    RatingsMissing,
)
from cakap.centre.models import Agreement, Assignment, Meeting, Rating
from cakap.centre.queries import (
    active_assignments,
    measured_competencies,
    meeting_is_open,
    missing_ratings,
)
from cakap.centre.ratings_in_meeting import ratings_in_meeting
from cakap.centre.services import lock, record_act
from cakap.errors import StalePage
from cakap.policy.queries import policy_in_force
from cakap.programmes.models import Participant
from cakap.registry.models import Competency
from cakap.science.ratings.integration import integrate


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One competency of one participant: who saw what, how far apart, what was agreed."""

    competency: Competency
    ratings: tuple[Rating, ...]
    mean: float
    spread: float
    agreement: Agreement | None


def integration(participant: Participant) -> list[Row]:
    """Return all competencies of a participant, as the meeting sees them.

    Raises `MeetingNotOpen` before the meeting was opened.
    """
    competencies = measured_competencies(participant.programme)
    agreed = {row.competency_id: row for row in participant.agreements.all()}
    place = {competency.pk: at for at, competency in enumerate(competencies)}
    taken = [r for r in ratings_in_meeting(participant) if r.competency_id in place]
    found = integrate(
        np.array([place[rating.competency_id] for rating in taken], dtype=np.int64),
        np.array([rating.assignment_id for rating in taken], dtype=np.int64),
        np.array([float(rating.level) for rating in taken]),
        n_targets=len(competencies),
    )
    return [
        Row(
            competency=competency,
            ratings=tuple(r for r in taken if r.competency_id == competency.pk),
            mean=float(found.mean[at]),
            spread=float(found.spread[at]),
            agreement=agreed.get(competency.pk),
        )
        for at, competency in enumerate(competencies)
    ]


def agreements_seen(participant: Participant) -> str:
    """Name the state of the agreed levels, so that a page can say which state it showed."""
    newest = participant.agreements.order_by("-agreed_at").first()
    return f"{participant.agreements.count()}-{newest.agreed_at.isoformat() if newest else ''}"


@transaction.atomic
def open_meeting(*, participant: Participant, actor: str, now: datetime) -> Meeting:
    """Open the meeting on a participant; every assessor has submitted, and they are enough."""
    lock(participant)
    assignments = list(active_assignments(participant))
    agency = participant.programme.organiser.code
    least = policy_in_force(agency=agency, on=timezone.localdate(now))["centre.min_assessors"]
    if len(assignments) < least:
        message = (
            f"Peserta ini memerlukan sedikitnya {least} asesor; ditugaskan {len(assignments)}."
        )
        raise RatingsMissing(message)
    for assignment in assignments:
        if assignment.submitted_at is None:
            message = f"{assignment.assessor.name} belum menyerahkan penilaian."
            raise RatingsMissing(message)
        if missing := missing_ratings(assignment):
            simulation, competency = missing[0]
            message = f"{assignment.assessor.name} belum menilai {competency} pada {simulation}."
            raise RatingsMissing(message)
    row, new = Meeting.objects.get_or_create(
        participant=participant, defaults={"opened_by": actor, "opened_at": now}
    )
    if new:
        record_act(participant.programme, "meeting.open", participant.employee.nip, actor, now)
    return row


@transaction.atomic
def agree(
    *,
    participant: Participant,
    competency: Competency,
    level: Decimal,
    reason: str,
    actor: str,
    now: datetime,
    seen: str | None = None,
) -> Agreement:
    """Write down the level on which the assessors agreed in their meeting.

    seen: the level that the page showed as agreed ("" for none); another one is `StalePage`.
    """
    lock(participant)
    if any(row.signed_at for row in active_assignments(participant)):
        raise AlreadySigned
    if not reason.strip() or not 0 <= level <= 5:
        message = f"{competency}: tingkat 0–5 dan alasan kesepakatan wajib diisi."
        raise BadRating(message)
    row = next((r for r in integration(participant) if r.competency == competency), None)
    if row is None or not row.ratings:
        message = f"{competency} tidak dinilai pada program ini."
        raise RatingsMissing(message)
    if seen is not None and seen != level_seen(row.agreement):
        message = f"Kesepakatan {competency} sudah berubah sejak halaman ini dibuka; tidak diubah."
        raise StalePage(message)
    agreement, _ = Agreement.objects.update_or_create(
        participant=participant,
        competency=competency,
        defaults={
            "level": level, "reason": reason.strip(), "agreed_at": now,
            "spread": row.spread, "ratings": len(row.ratings),
        },
    )  # fmt: skip
    subject = f"{participant.employee.nip} {competency.code}"
    record_act(participant.programme, "level.agree", subject, actor, now, level=level)
    return agreement


def level_seen(agreement: Agreement | None) -> str:
    """Name an agreement as a page showed it; "" where there was none."""
    return agreement.agreed_at.isoformat() if agreement else ""


@transaction.atomic
def sign(*, assignment: Assignment, now: datetime, seen: str | None = None) -> bool:
    """Sign a participant's agreed levels; nothing changes after that. False if signed before.

    seen: the state of the agreed levels that the page showed; another one is `StalePage`.
    """
    participant = assignment.participant
    lock(participant)
    missing = missing_ratings(assignment)
    if missing:
        simulation, competency = missing[0]
        message = f"Penilaian {competency} pada {simulation} belum diisi."
        raise RatingsMissing(message)
    if not meeting_is_open(participant):
        raise MeetingNotOpen
    agreed = set(participant.agreements.values_list("competency_id", flat=True))
    open_ = [c for c in measured_competencies(participant.programme) if c.pk not in agreed]
    if open_:
        message = f"Tingkat {open_[0]} belum disepakati."
        raise RatingsMissing(message)
    if seen is not None and seen != agreements_seen(participant):
        raise StalePage
    if not Assignment.objects.filter(pk=assignment.pk, signed_at__isnull=True).update(
        signed_at=now
    ):
        return False
    record_act(
        participant.programme, "levels.sign", participant.employee.nip,
        assignment.assessor.username, now,
    )  # fmt: skip
    return True
