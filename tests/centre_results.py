"""Results without a sitting: a small assessment centre with levels as a test wishes them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from world import NINE, NOW, World, make_programme

from cakap.accounts.models import Role
from cakap.accounts.services import give_roles, register_user
from cakap.centre.models import Agreement, Meeting, Rating, Simulation
from cakap.centre.services import assign, set_matrix
from cakap.programmes.models import Participant, Programme
from cakap.registry.models import Competency
from cakap.results.models import Result
from cakap.results.services import publish_results
from cakap.scoring.services import score_programme


def levels_by_number(number: int, code: str) -> Decimal:
    """Person by person another profile, between 1 and 5."""
    return Decimal(1 + (number + NINE.index(code)) % 5)


def publish_centre(
    world: World, level: Callable[[int, str], Decimal] = levels_by_number
) -> list[Result]:
    """Rate, agree, sign, score and publish everybody; the results by NIP."""
    programme = make_programme(world, Programme.Method.CENTRE)
    set_matrix(programme=programme, cells={("BEI", "Wawancara"): NINE}, actor="t", now=NOW)
    assessors = []
    for name in ("penilai1", "penilai2"):
        user = register_user(
            username=name, name=name, password="rahasia-sekali", actor="t", now=NOW
        )
        give_roles(user=user, agency=world.agency, roles=[Role.ASSESSOR], actor="t", now=NOW)
        assessors.append(user)
    people = programme.participants.select_related("employee").order_by("employee__nip")
    for number, one in enumerate(people):
        for assessor in assessors:
            assign(participant=one, assessor=assessor, actor="t", now=NOW)
        _rated_agreed_signed(one, lambda code, number=number: level(number, code))
    run = score_programme(programme=programme, actor="t", now=NOW)
    publish_results(run=run, actor="t", now=NOW)
    return list(Result.objects.select_related("employee", "run").order_by("employee__nip"))


def _rated_agreed_signed(person: Participant, level: Callable[[str], Decimal]) -> None:
    """As the assessors leave it. The rows themselves: some 400 acts took three seconds a test, and are
    tested in tests/centre."""
    simulation = Simulation.objects.get(programme=person.programme)
    competencies = list(Competency.objects.filter(code__in=NINE))
    Rating.objects.bulk_create(
        Rating(
            assignment=row, simulation=simulation, competency=competency,
            level=level(competency.code), evidence="Ada.", rated_at=NOW,
        )
        for row in person.assignments.all()
        for competency in competencies
    )  # fmt: skip
    Meeting.objects.create(participant=person, opened_by="t", opened_at=NOW)
    Agreement.objects.bulk_create(
        Agreement(
            participant=person, competency=competency, level=level(competency.code),
            spread=0.0, ratings=2, reason="Sejalan.", agreed_at=NOW,
        )
        for competency in competencies
    )  # fmt: skip
    person.assignments.update(submitted_at=NOW, signed_at=NOW)
