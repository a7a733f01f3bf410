from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client
from world import NOW, make_programme, make_world

from cakap.accounts.models import Role
from cakap.accounts.services import give_roles, register_user, take_role
from cakap.audit.models import Entry
from cakap.centre.models import Rating
from cakap.centre.queries import missing_ratings
from cakap.centre.services import assign, rate, set_matrix, submit
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

    submit(assignment=second, now=NOW)

    early = pages_of(first).get(meeting)
    assert "dua: sudah diserahkan" in early.content.decode()
    assert "Rahasia asesor dua." not in early.content.decode()
    assert "4,75" not in early.content.decode()
    assert pages_of(first).post(f"{meeting}buka/").status_code == 409

    rate_all(first, "Milik asesor satu.")
    submit(assignment=first, now=NOW)
    assert "Rahasia asesor dua." not in pages_of(first).get(meeting).content.decode()
    pages_of(first).post(f"{meeting}buka/")
    assert "Rahasia asesor dua." in pages_of(first).get(meeting).content.decode()


def test_an_operator_who_also_assesses_a_person_sees_no_more_than_the_meeting(assignments, world):
    first, second = assignments
    rate_all(second, "Rahasia asesor dua.")
    roles = [Role.ASSESSOR, Role.OPERATOR]
    give_roles(user=first.assessor, agency=world.agency, roles=roles, actor="t", now=NOW)

    page = pages_of(first).get(f"/asesmen/peserta/{first.participant_id}/")

    assert "Rahasia" not in page.content.decode()


@pytest.mark.parametrize("roles", [[Role.ASSESSOR], [r for r in Role if r != Role.ADMINISTRATOR]])
def test_no_page_that_the_other_assessor_can_reach_holds_what_was_rated(assignments, world, roles):
    """Every link from the front page on, files too, as an assessor and as one who has every other role."""
    first, second = assignments
    rate_all(second, "Rahasia asesor dua.")
    submit(assignment=second, now=NOW)
    give_roles(user=first.assessor, agency=world.agency, roles=roles, actor="t", now=NOW)
    client = pages_of(first)

    waiting, seen = ["/"], {"/"}
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        content = b"".join(answer) if answer.streaming else answer.content
        assert b"Rahasia asesor dua." not in content, path
        assert b"4,75" not in content, path
        links = re.findall(rb'href="(/[^"#]*)', content)
        new = {link.decode() for link in links if not link.startswith(b"/statis/")} - seen
        seen |= new
        waiting += new

    assert f"/asesmen/saya/{first.pk}/rapat/" in seen


def test_an_assessor_whose_role_ended_reads_nothing_though_another_agency_has_it(
    assignments, world
):
    other = make_world("B")
    assessor = assignments[0].assessor
    give_roles(user=assessor, agency=other.agency, roles=[Role.ASSESSOR], actor="t", now=NOW)
    client, page = pages_of(assignments[0]), f"/asesmen/saya/{assignments[0].pk}/"
    assert client.get(f"{page}rapat/").status_code == 200

    row = assessor.memberships.get(agency=world.agency)
    take_role(membership=row, actor="t", now=NOW)

    assert client.get(f"{page}rapat/").status_code == 404
    assert client.get(page).status_code == 404
    person = assignments[0].participant.employee.full_name
    assert person not in client.get("/asesmen/saya/").content.decode()


def test_a_form_of_another_participant_rates_nothing(assignments):
    own = assignments[0]

    answer = sent(own, cell=cell(own, 0), participant=own.participant_id + 1)

    assert answer.status_code == 409
    assert not Rating.objects.exists()


def test_a_level_is_not_in_the_audit_trail_before_the_meeting(assignments):
    rate_all(assignments[0], "Ada.")

    entries = Entry.objects.filter(action="rating.give")
    assert entries
    assert not any("4.75" in str(entry.detail) for entry in entries)


def test_a_meeting_page_that_is_old_changes_no_agreement_and_signs_nothing(assignments):
    first, second = assignments
    for one in assignments:
        rate_all(one, "Ada.")
        submit(assignment=one, now=NOW)
    meeting = f"/asesmen/saya/{first.pk}/rapat/"
    pages_of(first).post(f"{meeting}buka/")
    words = {"level": "3", "reason": "Sejalan.", "seen": ""}
    for code in ("M.02", "M.03"):
        assert pages_of(first).post(f"{meeting}{code}/", words).status_code == 302

    late = pages_of(second).post(f"/asesmen/saya/{second.pk}/rapat/M.02/", {**words, "level": "5"})
    unseen = pages_of(second).post(f"/asesmen/saya/{second.pk}/tanda-tangan/")

    assert (late.status_code, unseen.status_code) == (409, 409)
    agreements = first.participant.agreements.all()
    assert {row.level for row in agreements} == {3}
    second.refresh_from_db()
    assert second.signed_at is None


def test_an_old_page_of_a_correction_corrects_nothing(assignments):
    own = assignments[0]
    sent(own, cell=cell(own, 0))
    rating = Rating.objects.get()
    page = f"/asesmen/saya/{own.pk}/ubah/{rating.pk}/"
    shown = re.search(r'name="seen" value="(\d+)"', pages_of(own).get(page).content.decode())
    told = {"evidence": "Memimpin.", "reason": "Salah ketik.", "seen": shown[1]}

    assert pages_of(own).post(page, {**told, "level": "4"}).status_code == 302
    assert pages_of(own).post(page, {**told, "level": "4"}).status_code == 302  # a double click
    assert pages_of(own).post(page, {**told, "level": "5"}).status_code == 409

    rating.refresh_from_db()
    assert (rating.level, rating.corrections.count()) == (4, 1)
