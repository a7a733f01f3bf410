"""Organisers' work over the pages, form by form, as their users do it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from world import NOW, TODAY, make_form

from cakap.accounts.models import Membership, Role, User
from cakap.itembank.models import Form, ItemVersion
from cakap.policy.services import override_rule
from cakap.programmes.models import Participant, Programme, Session
from cakap.results.models import Report, Result
from cakap.selection.models import Bidding


def post(client, address, /, *args, **data):
    return client.post(reverse(address, args=args), data)


def test_an_operator_plans_a_programme_to_the_last_seat(client, world):
    form = make_form(world)
    client.force_login(world.user(Role.OPERATOR))

    post(
        client, "programmes:plan", code="P1", name="Program", organiser=world.agency.pk,
        purpose="mapping", method="cat", starts="2025-01-22", ends="2025-01-30",
    )  # fmt: skip
    pk = Programme.objects.get(code="P1").pk
    post(client, "programmes:add_by_rule", pk, due_only="on", tiers=["pengawas"])
    post(client, "programmes:room", name="R1", seats=10)
    post(
        client, "programmes:session", pk, room=world.agency.rooms.get().pk, form=form.pk,
        starts_at="2025-01-23T08:00",
    )  # fmt: skip
    post(client, "programmes:seat", pk)
    post(client, "programmes:invite", pk)

    people = Participant.objects.filter(programme=pk)
    assert people.count() == 6
    assert people.filter(seats__isnull=False).count() == 5  # half of each office at the most
    assert people.filter(invited_at__isnull=False).count() == 6
    assert Session.objects.get().state == "planned"
    page = client.get(reverse("programmes:participants", args=[pk]) + "?format=csv")
    assert page.content.decode().count("\n") == 7


def test_a_session_at_the_same_time_in_the_same_room_is_refused_on_the_page(client, world, session):
    client.force_login(world.user(Role.OPERATOR))

    answer = post(
        client, "programmes:session", session.programme.pk, room=session.room.pk,
        form=session.form.pk, starts_at="2025-01-22T08:00",
    )  # fmt: skip

    assert "sudah dipakai pada waktu tersebut" in answer.content.decode()


def test_a_psychometrician_imports_items_and_builds_a_form(client, world):
    client.force_login(world.user(Role.PSYCHOMETRICIAN))
    content = client.get(reverse("itembank:template")).content

    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = client.post(
        reverse("itembank:upload"), {"file": SimpleUploadedFile("b.csv", content)}, follow=True
    )
    post(client, "itembank:build", code="F", name="Formulir", minutes=30, dimensions=["M.01"])

    assert "1 butir baru" in answer.content.decode()
    assert ItemVersion.objects.get().options[0]["text"] == "Menolak dan melapor"
    assert Form.objects.get().sections.get().items.count() == 1
    again = {"code": "F", "name": "Lain", "minutes": 45, "dimensions": ["M.01"]}
    refused = post(client, "itembank:build", **again)
    assert "sudah dipakai formulir lain" in refused.content.decode()
    assert Form.objects.get().name == "Formulir"
    post(client, "itembank:build", **again, replace="on")
    assert Form.objects.get().name == "Lain"


def test_an_operator_has_a_programme_scored_in_the_background(client, world, published):
    client.force_login(world.user(Role.OPERATOR))
    programme = Programme.objects.get()

    answer = client.post(reverse("results:score", args=[programme.pk]), follow=True)

    assert "11 hasil terbit, 11 laporan dibuat" in answer.content.decode()
    assert Result.objects.filter(superseded_at__isnull=True).count() == 11
    assert Report.objects.count() == 11


def test_nothing_is_scored_while_the_time_is_in_doubt(client, world, published):
    """By a clock that is ahead, people would be scored who are still at work."""
    from cakap.delivery.models import ClockAlarm
    from cakap.scoring.models import Run

    client.force_login(world.user(Role.OPERATOR))
    ClockAlarm.objects.create(host="x", kind="step", expected_at=NOW, found_at=NOW, since=NOW)
    before = Run.objects.count()

    answer = client.post(reverse("results:score", args=[Programme.objects.get().pk]))

    assert "Jam server belum dipastikan" in answer.content.decode()
    assert Run.objects.count() == before


def test_a_programme_with_nobody_finished_says_so_on_its_job(client, world, session):
    client.force_login(world.user(Role.OPERATOR))

    answer = client.post(reverse("results:score", args=[session.programme.pk]), follow=True)

    assert "Belum ada peserta yang selesai" in answer.content.decode()


def test_an_assessor_rates_meets_and_signs_on_pages(client, world):
    from world import make_programme

    from cakap.centre.services import assign, set_matrix

    programme = make_programme(world, Programme.Method.CENTRE)
    set_matrix(programme=programme, cells={("BEI", "Wawancara"): ["M.01"]}, actor="t", now=NOW)
    override_rule(
        agency="A", key="centre.min_assessors", value=1, reason="uji", since=TODAY,
        actor="t", now=NOW,
    )  # fmt: skip
    user = world.user(Role.ASSESSOR)
    row = assign(participant=programme.participants.first(), assessor=user, actor="t", now=NOW)
    client.force_login(user)

    cell = programme.simulations.get().measures.get()
    post(
        client, "centre:rate", row.pk, participant=row.participant_id,
        cell=f"{cell.simulation_id}-{cell.competency_id}", level="3.25",
        evidence="Menyimak sampai selesai.",
    )  # fmt: skip
    post(client, "centre:submit", row.pk)
    post(client, "centre:open_meeting", row.pk)
    post(client, "centre:agree", row.pk, "M.01", level="3.25", reason="Sejalan.")
    page = client.get(reverse("centre:meeting", args=[row.pk])).content.decode()
    post(client, "centre:sign", row.pk, seen=re.search('name="seen" value="([^"]*)"', page)[1])

    row.refresh_from_db()
    assert row.signed_at
    assert row.participant.agreements.get().level == 3.25
    assert "3,25" in client.get(reverse("centre:meeting", args=[row.pk])).content.decode()


def test_an_operator_announces_and_the_public_reads_it(client, world):
    client.force_login(world.user(Role.OPERATOR))
    post(client, "selection:announce", position=world.post("KADIS2").pk, text="Dibuka.")
    client.logout()

    page = client.get(reverse("selection:public")).content.decode()
    detail = client.get(reverse("selection:announcement", args=[Bidding.objects.get().pk]))

    assert "Jabatan KADIS2" in page
    assert "IV/a" in detail.content.decode()


def test_an_administrator_gives_and_takes_roles(client, world):
    client.force_login(world.user(Role.ADMINISTRATOR))

    weak = post(
        client, "accounts:add", username="u1", name="U", password="pendek", roles=["auditor"]
    )
    post(
        client,
        "accounts:add",
        username="u1",
        name="U",
        password="kuda-baterai-7",
        roles=["auditor"],
    )
    row = Membership.objects.get(user__username="u1")
    post(client, "accounts:take", row.pk)

    assert weak.status_code == 200
    assert User.objects.filter(username="u1").exists()
    assert not Membership.objects.filter(user__username="u1").exists()


def test_an_administrator_resets_passwords_of_the_own_agency_only(client, world):
    from world import make_world

    other = make_world("B")
    shared, own = world.user(Role.ASSESSOR), world.user(Role.OPERATOR)
    Membership.objects.create(user=shared, agency=other.agency, role=Role.ASSESSOR)
    client.force_login(world.user(Role.ADMINISTRATOR))

    refused = post(client, "accounts:password", shared.pk, password="kuda-baterai-7")
    post(client, "accounts:password", own.pk, password="kuda-baterai-7")

    assert refused.status_code == 403
    shared.refresh_from_db()
    own.refresh_from_db()
    assert shared.check_password("rahasia-sekali")
    assert own.check_password("kuda-baterai-7")


@pytest.mark.parametrize("axis", ["performance", "potential"])
def test_the_orientation_of_the_boxes_is_a_setting_and_moves_nobody(client, world, published, axis):
    from cakap.talent.services import map_talent

    override_rule(
        agency="A", key="talent.axes", value=axis, reason="selera", since=TODAY, actor="t", now=NOW
    )
    made = map_talent(agency=world.agency, actor="t", now=NOW)
    client.force_login(world.user(Role.TALENT_MANAGER))

    page = client.get(reverse("talent:map")).content.decode()

    numbers = [int(part.split("<")[0]) for part in page.split("<strong>")[1:10]]
    assert numbers == {
        "performance": [4, 7, 9, 2, 5, 8, 1, 3, 6], "potential": [6, 8, 9, 3, 5, 7, 1, 2, 4],
    }[axis]  # fmt: skip
    box = made.placements.first().box
    inside = client.get(reverse("talent:box", args=[box])).content.decode()
    assert made.placements.first().employee.name in inside


def test_a_list_is_searched_sorted_and_exported(client, world):
    client.force_login(world.user(Role.AUDITOR))
    url = reverse("registry:positions")

    found = client.get(url, {"q": "kadis jpt"}).content.decode()
    down = client.get(url, {"sort": "-1", "format": "csv"}).content.decode().splitlines()

    assert "KADIS1" in found
    assert "KASI1" not in found
    assert down[1].startswith("SEKDA")
    assert client.get(url, {"format": "xlsx"}).content.startswith(b"PK")


def test_the_front_page_leads_to_the_people_behind_each_number(client, world):
    client.force_login(world.user(Role.DECISION_MAKER))

    page = client.get("/").content.decode()

    assert f'href="{reverse("registry:employees")}"' in page
    assert f'href="{reverse("programmes:due")}"' not in page


def test_a_percentage_is_rounded_not_cut(db):
    from django.utils import translation

    from cakap.ui.templatetags.cakap import percent, short

    with translation.override("id"):
        assert percent(55.5555) == "55,56 %"
        assert (short(4.0), short(3.25), short(None)) == ("4", "3,25", "–")
