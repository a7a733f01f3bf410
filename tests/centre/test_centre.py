from __future__ import annotations

from decimal import Decimal

import pytest
from world import NOW, make_programme

from cakap.accounts.models import Role
from cakap.accounts.services import give_roles, register_user
from cakap.centre.errors import (
    AlreadyRated,
    AlreadySigned,
    BadRating,
    NotIndependent,
    NotInMatrix,
    RatingsMissing,
)
from cakap.centre.models import Rating
from cakap.centre.queries import agreed_levels, missing_ratings
from cakap.centre.ratings_in_meeting import integration
from cakap.centre.services import agree, assign, import_ratings, rate, set_matrix, sign
from cakap.programmes.models import Programme
from cakap.registry.imports.tables import read_table
from cakap.registry.models import Competency
from cakap.registry.services import link_user

MATRIX = {("LGD", "Diskusi"): ["M.02", "M.03"], ("BEI", "Wawancara"): ["M.02"]}


@pytest.fixture
def programme(world):
    made = make_programme(world, Programme.Method.CENTRE)
    set_matrix(programme=made, cells=MATRIX, actor="t", now=NOW)
    return made


@pytest.fixture
def assessors(world):
    found = []
    for name in ("satu", "dua"):
        user = register_user(
            username=name, name=name, password="rahasia-sekali", actor="t", now=NOW
        )
        give_roles(user=user, agency=world.agency, roles=[Role.ASSESSOR], actor="t", now=NOW)
        found.append(user)
    return found


@pytest.fixture
def assignments(programme, assessors):
    participant = programme.participants.first()
    return [assign(participant=participant, assessor=one, actor="t", now=NOW) for one in assessors]


def code(name):
    return Competency.objects.get(code=name)


def rate_all(assignment, level="3"):
    for simulation, competency in missing_ratings(assignment):
        rate(
            assignment=assignment, simulation=simulation, competency=competency,
            level=Decimal(level), evidence="Menyimak.", now=NOW,
        )  # fmt: skip


def agree_all(participant):
    for row in integration(participant):
        agree(
            participant=participant, competency=row.competency, level=Decimal("3.25"),
            reason="Bukti terkuat.", actor="satu", now=NOW,
        )  # fmt: skip


def test_nobody_assesses_oneself_or_a_colleague_of_the_same_office(world, programme, assessors):
    participant = programme.participants.get(employee=world.holder("KABID1"))
    colleague = world.holder("KASI1")
    link_user(employee=colleague, user=assessors[0], actor="t", now=NOW)

    assessors[0].refresh_from_db()
    with pytest.raises(NotIndependent):
        assign(participant=participant, assessor=assessors[0], actor="t", now=NOW)
    with pytest.raises(NotIndependent):
        assign(
            participant=programme.participants.get(employee=colleague), assessor=assessors[0],
            actor="t", now=NOW,
        )  # fmt: skip


def test_a_first_rating_stays_as_it_was_given(assignments):
    simulation, competency = missing_ratings(assignments[0])[0]
    words = {"assignment": assignments[0], "simulation": simulation, "competency": competency}
    rate(**words, level=Decimal(4), evidence="Menyimak.", now=NOW)

    with pytest.raises(AlreadyRated):
        rate(**words, level=Decimal(2), evidence="Berubah pikiran.", now=NOW)

    assert Rating.objects.get().level == 4


@pytest.mark.parametrize(("level", "evidence"), [("3", " "), ("6", "Ada."), ("-1", "Ada.")])
def test_a_rating_needs_a_level_and_evidence(assignments, level, evidence):
    simulation, competency = missing_ratings(assignments[0])[0]

    with pytest.raises(BadRating):
        rate(
            assignment=assignments[0], simulation=simulation, competency=competency,
            level=Decimal(level), evidence=evidence, now=NOW,
        )  # fmt: skip


def test_a_cell_outside_the_matrix_is_refused(assignments, programme):
    with pytest.raises(NotInMatrix):
        rate(
            assignment=assignments[0], simulation=programme.simulations.get(code="BEI"),
            competency=code("M.08"), level=Decimal(3), evidence="Ada.", now=NOW,
        )  # fmt: skip


def test_differences_are_shown_and_the_agreed_level_counts(assignments):
    rate_all(assignments[0], "2")
    rate_all(assignments[1], "4")
    participant = assignments[0].participant

    row = integration(participant)[0]
    agree_all(participant)
    for assignment in assignments:
        sign(assignment=assignment, now=NOW)

    assert (row.mean, row.spread) == (3.0, 2.0)
    found = agreed_levels(participant.programme)
    assert {(one.dimension, one.level, one.spread) for one in found} == {
        ("M.02", 3.25, 2.0), ("M.03", 3.25, 2.0),
    }  # fmt: skip


def test_all_rate_before_any_agreement_and_all_is_agreed_before_a_signature(assignments):
    rate_all(assignments[0])
    participant = assignments[0].participant

    with pytest.raises(RatingsMissing, match="dua belum menyelesaikan"):
        agree(
            participant=participant, competency=code("M.02"), level=Decimal(3), reason="x",
            actor="t", now=NOW,
        )  # fmt: skip
    with pytest.raises(RatingsMissing, match="belum disepakati"):
        sign(assignment=assignments[0], now=NOW)


def test_one_assessor_is_not_enough(programme, assessors):
    participant = programme.participants.last()
    rate_all(assign(participant=participant, assessor=assessors[0], actor="t", now=NOW))

    with pytest.raises(RatingsMissing, match="sedikitnya 2 asesor"):
        agree_all(participant)


def test_nothing_changes_after_a_signature(assignments, assessors):
    for assignment in assignments:
        rate_all(assignment)
    agree_all(assignments[0].participant)
    sign(assignment=assignments[0], now=NOW)

    with pytest.raises(AlreadySigned):
        agree_all(assignments[0].participant)
    assert agreed_levels(assignments[0].participant.programme) == []


def test_ratings_from_a_file_are_all_or_nothing(programme, assignments):
    nip = assignments[0].participant.employee.nip
    rows = f"nip,asesor,simulasi,kompetensi,tingkat,bukti\n{nip},satu,LGD,M.02,3,Ada\n"

    with pytest.raises(BadRating, match="baris 3.*kompetensi"):
        import_ratings(
            programme=programme, table=read_table("r.csv", f"{rows}{nip},satu,LGD,M.99,3,Ada\n".encode()),
            actor="t", now=NOW,
        )  # fmt: skip
    assert Rating.objects.count() == 0

    table = read_table("r.csv", rows.encode())
    assert import_ratings(programme=programme, table=table, actor="t", now=NOW) == 1
