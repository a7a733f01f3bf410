"""The ratings of all assessors of a participant: the only query that returns them to a page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cakap.centre.errors import RatingsNotOpen
from cakap.centre.models import Agreement, Rating
from cakap.centre.queries import measured_competencies, missing_ratings
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


def ratings_in_meeting(participant: Participant) -> list[Row]:
    """What the assessors' meeting sees; nobody's ratings before all assessors have rated all cells.

    A rating is kept as first given, so whoever has rated every cell can change nothing any more.
    Raises RatingsNotOpen with the number of assessors who are not ready, never their ratings.
    """
    assignments = participant.assignments.select_related("participant__programme")
    waiting = sum(bool(missing_ratings(assignment)) for assignment in assignments)
    if waiting:
        message = (
            "Penilaian asesor lain baru terbuka setelah semua asesor peserta ini menyelesaikan "
            f"penilaiannya; belum selesai: {waiting} asesor."
        )
        raise RatingsNotOpen(message)
    return integration(participant)


def integration(participant: Participant) -> list[Row]:
    """All competencies of a participant with every assessor's ratings, for those who oversee."""
    competencies = measured_competencies(participant.programme)
    ratings = list(
        Rating.objects.filter(assignment__participant=participant)
        .select_related("assignment__assessor", "simulation")
        .order_by("simulation__code", "assignment__assessor__name")
    )
    agreed = {row.competency_id: row for row in participant.agreements.all()}
    place = {competency.pk: at for at, competency in enumerate(competencies)}
    taken = [rating for rating in ratings if rating.competency_id in place]
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
