"""Results without a sitting: a small assessment centre with levels as a test wishes them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from world import NINE, NOW, World, make_programme

from cakap.accounts.models import Role
from cakap.accounts.services import give_roles, register_user
from cakap.centre.meeting import agree, open_meeting, sign
from cakap.centre.queries import missing_ratings
from cakap.centre.services import assign, rate, set_matrix, submit
from cakap.programmes.models import Programme
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
            row = assign(participant=one, assessor=assessor, actor="t", now=NOW)
            for simulation, competency in missing_ratings(row):
                rate(
                    assignment=row, simulation=simulation, competency=competency,
                    level=level(number, competency.code), evidence="Ada.", now=NOW,
                )  # fmt: skip
            submit(assignment=row, now=NOW)
        open_meeting(participant=one, actor="t", now=NOW)
        for competency in Competency.objects.filter(code__in=NINE):
            agree(
                participant=one, competency=competency, level=level(number, competency.code),
                reason="Sejalan.", actor="t", now=NOW,
            )  # fmt: skip
        for row in one.assignments.all():
            sign(assignment=row, now=NOW)
    run = score_programme(programme=programme, actor="t", now=NOW)
    publish_results(run=run, actor="t", now=NOW)
    return list(Result.objects.select_related("employee", "run").order_by("employee__nip"))
