from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from world import NOW, make_programme

from cakap.accounts.models import Role
from cakap.accounts.services import give_roles, register_user
from cakap.centre.models import Rating
from cakap.centre.queries import missing_ratings
from cakap.centre.services import assign, rate, set_matrix
from cakap.programmes.models import Programme

MATRIX = {("LGD", "Diskusi"): ["M.02", "M.03"], ("BEI", "Wawancara"): ["M.02"]}


@pytest.fixture
def assignments(world):
    made = make_programme(world, Programme.Method.CENTRE)
    set_matrix(programme=made, cells=MATRIX, actor="t", now=NOW)
    participant = made.participants.first()
    found = []
    for name in ("satu", "dua"):
        user = register_user(
            username=name, name=name, password="rahasia-sekali", actor="t", now=NOW
        )
        give_roles(user=user, agency=world.agency, roles=[Role.ASSESSOR], actor="t", now=NOW)
        found.append(assign(participant=participant, assessor=user, actor="t", now=NOW))
    return found


def pages_of(assignment):
    client = Client()
    client.force_login(assignment.assessor)
    return client


def rate_all(assignment, evidence):
    for simulation, competency in missing_ratings(assignment):
        rate(
            assignment=assignment, simulation=simulation, competency=competency,
            level=Decimal("4.75"), evidence=evidence, now=NOW,
        )  # fmt: skip


def sent(assignment, **fields):
    page = f"/asesmen/saya/{assignment.pk}/"
    return pages_of(assignment).post(page, {"level": "3", "evidence": "Memimpin.", **fields})


def cell(assignment, at):
    simulation, competency = missing_ratings(assignment)[at]
    return f"{simulation.pk}-{competency.pk}"


def test_a_rating_form_sent_twice_rates_once_and_nothing_else(assignments):
    own = assignments[0]
    named = cell(own, 0)

    assert sent(own, cell=named).status_code == 302
    assert sent(own, cell=named).status_code == 302

    assert Rating.objects.count() == 1


def test_a_form_of_a_cell_rated_otherwise_meanwhile_is_refused(assignments):
    own = assignments[0]
    named = cell(own, 0)
    sent(own, cell=named)

    assert sent(own, cell=named, level="5").status_code == 409
    assert [row.level for row in Rating.objects.all()] == [3]


@pytest.mark.parametrize("told", [{}, {"cell": ""}, {"cell": "999-999"}])
def test_a_form_that_names_no_cell_of_the_matrix_rates_nothing(assignments, told):
    assert sent(assignments[0], **told).status_code == 409
    assert not Rating.objects.exists()


def test_a_form_with_a_wrong_level_comes_back_with_its_own_cell(assignments):
    named = cell(assignments[0], 2)

    page = sent(assignments[0], cell=named, level="7").content.decode()

    assert f'value="{named}" selected' in page


def test_an_assessor_sees_nobody_elses_ratings_before_all_have_rated(assignments):
    first, second = assignments
    rate_all(second, "Rahasia asesor dua.")
    meeting = f"/asesmen/saya/{first.pk}/rapat/"

    early = pages_of(first).get(meeting)
    assert early.status_code == 409
    assert "Rahasia asesor dua." not in early.content.decode()
    assert "4,75" not in early.content.decode()

    rate_all(first, "Milik asesor satu.")
    assert "Rahasia asesor dua." in pages_of(first).get(meeting).content.decode()


def test_an_operator_who_also_assesses_a_person_sees_no_more_than_the_meeting(assignments, world):
    first, second = assignments
    rate_all(second, "Rahasia asesor dua.")
    roles = [Role.ASSESSOR, Role.OPERATOR]
    give_roles(user=first.assessor, agency=world.agency, roles=roles, actor="t", now=NOW)

    page = pages_of(first).get(f"/asesmen/peserta/{first.participant_id}/")

    assert page.status_code == 409
    assert "Rahasia" not in page.content.decode()
