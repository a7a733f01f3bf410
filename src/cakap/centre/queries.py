from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cakap.accounts.models import User
from cakap.centre.models import Agreement, Assignment, Measure, Rating, Simulation
from cakap.programmes.models import Programme
from cakap.registry.models import Competency
from cakap.science.ratings.integration import integrate


def measured_competencies(programme: Programme) -> list[Competency]:
    """The competencies that some simulation of the programme shows."""
    rows = Competency.objects.filter(measure__simulation__programme=programme)
    return list(rows.distinct().order_by("code"))


def matrix(programme: Programme) -> dict[int, frozenset[int]]:
    """Simulation id -> the competency ids that it shows."""
    cells: dict[int, set[int]] = {
        pk: set() for pk in programme.simulations.values_list("pk", flat=True)
    }
    rows = Measure.objects.filter(simulation__programme=programme)
    for simulation, competency in rows.values_list("simulation_id", "competency_id"):
        cells[simulation].add(competency)
    return {simulation: frozenset(found) for simulation, found in cells.items()}


def missing_ratings(assignment: Assignment) -> list[tuple[Simulation, Competency]]:
    """Cells of the matrix that this assessor has not rated for this participant."""
    done = set(assignment.ratings.values_list("simulation_id", "competency_id"))
    cells = Measure.objects.filter(
        simulation__programme=assignment.participant.programme
    ).select_related("simulation", "competency")
    return [
        (cell.simulation, cell.competency)
        for cell in cells.order_by("simulation__code", "competency__code")
        if (cell.simulation_id, cell.competency_id) not in done
    ]


def named_cell(assignment: Assignment, name: str) -> tuple[Simulation, Competency] | None:
    """The cell of the matrix that a rating form names as simulation-competency (their numbers)."""
    cells = Measure.objects.filter(
        simulation__programme=assignment.participant.programme
    ).select_related("simulation", "competency")
    return next(
        (
            (cell.simulation, cell.competency)
            for cell in cells
            if f"{cell.simulation_id}-{cell.competency_id}" == name
        ),
        None,
    )


def is_kept(
    assignment: Assignment,
    simulation: Simulation,
    competency: Competency,
    *,
    level: Decimal,
    evidence: str,
) -> bool:
    """Whether exactly this rating is kept already: the form was sent twice."""
    return assignment.ratings.filter(
        simulation=simulation, competency=competency, level=level, evidence=evidence.strip()
    ).exists()


def signed_participants(programme: Programme) -> set[int]:
    """Participants whose every assessor has signed the agreed levels."""
    rows = Assignment.objects.filter(participant__programme=programme)
    signed: dict[int, bool] = {}
    for participant, at in rows.values_list("participant_id", "signed_at"):
        signed[participant] = signed.get(participant, True) and at is not None
    return {participant for participant, whole in signed.items() if whole}


def observed_participants(programme: Programme) -> set[int]:
    """Participants whom some assessor has rated."""
    rows = Rating.objects.filter(assignment__participant__programme=programme)
    return set(rows.values_list("assignment__participant_id", flat=True))


def assigned_participants(programme: Programme) -> set[int]:
    """Participants who have assessors."""
    rows = Assignment.objects.filter(participant__programme=programme)
    return set(rows.values_list("participant_id", flat=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreed:
    """An agreed level with the assessors' spread, for scoring."""

    participant: int
    dimension: str
    level: float
    spread: float
    ratings: int


def agreed_levels(programme: Programme) -> list[Agreed]:
    """Every agreed level of the participants whose assessors have all signed."""
    signed = signed_participants(programme)
    agreements = list(
        Agreement.objects.filter(participant__in=signed)
        .select_related("competency")
        .order_by("participant_id", "competency__code")
    )
    place = {(row.participant_id, row.competency_id): at for at, row in enumerate(agreements)}
    rows = [
        (place[participant, competency], assignment, float(level))
        for participant, competency, assignment, level in Rating.objects.filter(
            assignment__participant__in=signed
        ).values_list("assignment__participant_id", "competency_id", "assignment_id", "level")
        if (participant, competency) in place
    ]
    target, assessor, level = (np.array(column) for column in zip(*rows, strict=True)) if rows else (
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    )  # fmt: skip
    found = integrate(target, assessor, level, n_targets=len(agreements))
    counts = np.bincount(target, minlength=len(agreements))
    return [
        Agreed(
            participant=row.participant_id,
            dimension=row.competency.code,
            level=float(row.level),
            spread=float(np.nan_to_num(found.spread[at])),
            ratings=int(counts[at]),
        )
        for at, row in enumerate(agreements)
    ]


def own_assignments(user: User) -> list[Assignment]:
    """What an assessor has to do, newest programme first."""
    rows = user.assignments.select_related("participant__employee", "participant__programme")
    return list(rows.order_by("-participant__programme__starts", "participant__employee__name"))
