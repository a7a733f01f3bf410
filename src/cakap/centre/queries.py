from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from cakap.accounts.models import Role, User
from cakap.centre.models import Agreement, Assignment, Measure, Meeting, Simulation
from cakap.programmes.models import Participant, Programme
from cakap.registry.models import Competency


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


def active_assignments(participant: Participant) -> QuerySet[Assignment]:
    """The assignments of a participant that were not withdrawn, by the assessor's name."""
    rows = participant.assignments.filter(withdrawn_at__isnull=True)
    return rows.select_related("assessor").order_by("assessor__name")


def meeting_is_open(participant: Participant) -> bool:
    """Whether the integration meeting on a participant was opened."""
    return Meeting.objects.filter(participant=participant).exists()


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


def signed_participants(programme: Programme) -> set[int]:
    """Participants whose every assessor has signed the agreed levels."""
    signed: dict[int, bool] = {}
    for participant, at in _active(programme).values_list("participant_id", "signed_at"):
        signed[participant] = signed.get(participant, True) and at is not None
    return {participant for participant, whole in signed.items() if whole}


def observed_participants(programme: Programme) -> set[int]:
    """Participants whom some assessor has rated."""
    rows = _active(programme).filter(ratings__isnull=False)
    return set(rows.values_list("participant_id", flat=True))


def assigned_participants(programme: Programme) -> set[int]:
    """Participants who have assessors."""
    return set(_active(programme).values_list("participant_id", flat=True))


def _active(programme: Programme) -> QuerySet[Assignment]:
    return Assignment.objects.filter(participant__programme=programme, withdrawn_at__isnull=True)


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
    agreements = (
        Agreement.objects.filter(participant__in=signed_participants(programme))
        .select_related("competency")
        .order_by("participant_id", "competency__code")
    )
    return [
        Agreed(
            participant=row.participant_id,
            dimension=row.competency.code,
            level=float(row.level),
            spread=row.spread,
            ratings=row.ratings,
        )
        for row in agreements
    ]


def own_assignments(user: User) -> QuerySet[Assignment]:
    """What an assessor has to do, newest programme first, where the organiser has the user as assessor."""
    rows = user.assignments.filter(
        withdrawn_at__isnull=True,
        participant__programme__organiser__in=user.agencies([Role.ASSESSOR]),
    ).select_related("participant__employee", "participant__programme")
    return rows.order_by("-participant__programme__starts", "participant__employee__name")
