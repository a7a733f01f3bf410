"""A plan from its making to its decree, and a letter from its writing to its answer, in a browser."""

from __future__ import annotations

import pytest
from browser.test_journeys import accessible, picture, sign_in
from centre_results import publish_centre
from world import make_world

from cakap.accounts.models import Agency, Role
from cakap.accounts.services import give_roles, register_user
from cakap.placement.advising import check_letter
from cakap.placement.models import Advice, Plan
from cakap.programmes.models import Programme
from cakap.registry.models import Appointment
from cakap.talent.services import map_talent

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world(live_server):
    from django.utils import timezone

    world = make_world()
    publish_centre(world)
    map_talent(agency=world.agency, actor="t", now=timezone.now())
    return world


def sign_out(page):
    page.context.clear_cookies()


def builds(page):
    page.goto("/penempatan/rencana/susun/")
    page.fill("[name=name]", "Rotasi 2025")
    page.check("[name=programmes]")
    page.click("main form button")
    page.wait_for_selector("text=terbukti terbaik")
    accessible(page)
    return Plan.objects.get()


def asks_for_fewer_moves(page, plan):
    page.click("text=Skenario lain")
    page.fill("[name=name]", "Paling banyak dua")
    page.fill("[name=max_moves]", "2")
    accessible(page)
    page.click("text=Susun skenario")
    page.wait_for_selector("li:text('Paling banyak 2 perpindahan')")
    page.click("text=Bandingkan")
    page.wait_for_selector("th:text('Rantai terpanjang')")
    assert page.locator("thead a").count() == 2
    accessible(page)
    picture(page, "banding")


def drags(page, plan):
    """By mouse, then the same by keys; the second is kept."""
    page.goto(f"/penempatan/rencana/{plan.pk}/papan/")
    accessible(page)
    moved = plan.lines.exclude(source_id=None).order_by("pk")
    line = next(one for one in moved if one.source_id != one.target_id)
    chip, home = f"[data-url$='/orang/{line.pk}/coba/']", f"[data-post='{line.source_id}']"
    page.drag_and_drop(chip, home)
    page.wait_for_selector("#trial >> text=kecocokan seluruhnya turun")
    picture(page, "papan-rotasi")
    page.evaluate("document.getElementById('trial').replaceChildren()")

    page.focus(chip)
    page.keyboard.press("Enter")
    assert page.get_attribute(chip, "aria-pressed") == "true"
    page.focus(home)
    page.keyboard.press("Enter")
    page.wait_for_selector("#trial >> text=Simpan sebagai skenario")
    page.click("#trial button")
    page.wait_for_selector("text=Syarat skenario ini")
    kept = Plan.objects.latest("pk")
    assert kept.lines.get(employee=line.employee_id).target_id == line.source_id
    return kept


def asks_why_not(page, plan):
    line = next(one for one in plan.lines.all() if one.source_id != one.target_id)
    page.goto(f"/penempatan/rencana/{plan.pk}/orang/{line.pk}/")
    accessible(page)
    page.select_option("[name=position]", value=str(line.source_id))
    page.click("text=Coba")
    page.wait_for_selector("#trial >> text=Yang ikut berubah")
    picture(page, "mengapa-bukan")
    page.click("text=Bila menolak pindah")
    page.wait_for_selector("text=Rencana terbaik bila orang ini tetap di tempatnya")
    accessible(page)


def test_a_scenario_is_built_compared_dragged_and_approved(page, world):
    sign_in(page, world.user(Role.TALENT_MANAGER))
    plan = builds(page)
    asks_for_fewer_moves(page, plan)
    drags(page, plan)
    asks_why_not(page, plan)
    page.goto(f"/penempatan/rencana/{plan.pk}/")
    page.fill("[name=text]", "Sudah dibahas dengan para kepala dinas.")
    page.click("text=Kirim tanggapan")
    page.wait_for_selector(".card >> text=Sudah dibahas")
    page.click("text=Tandai ditelaah")
    page.click("text=Usulkan kepada pejabat")
    page.wait_for_selector(".cakap-number:text('Diusulkan')")

    sign_out(page)
    sign_in(page, world.user(Role.DECISION_MAKER))
    page.goto(f"/penempatan/rencana/{plan.pk}/")
    page.click("text=Setujui")
    page.fill("[name=decree]", "821.2/{n}/2025")
    page.click("main form button")
    page.wait_for_selector("text=pengangkatan dicatat")

    moves = sum(line.source_id != line.target_id for line in plan.lines.all())
    assert Appointment.objects.filter(decree__startswith="821.2/").count() == moves
    assert Appointment.objects.filter(decree="821.2/1/2025").count() == 1


def office_staff(office):
    from django.utils import timezone

    people = {}
    for role in (Role.TALENT_MANAGER, Role.DECISION_MAKER):
        people[role] = register_user(
            username=f"kantor-{role}", name=f"Kantor {role}", password="rahasia-sekali", actor="t",
            now=timezone.now(),
        )  # fmt: skip
        give_roles(user=people[role], agency=office, roles=[role], actor="t", now=timezone.now())
    return people


def test_an_office_recommends_and_the_agency_answers(page, world):
    office = Agency.objects.create(code="KANREG", name="Kantor Regional", accreditation="A")
    Programme.objects.filter(initiator=world.agency).update(organiser=office)
    staff = office_staff(office)
    sign_in(page, staff[Role.TALENT_MANAGER])
    page.goto("/penempatan/surat/susun/")
    page.fill("[name=number]", "R-12/2025")
    page.select_option("[name=recipient]", label=str(world.agency))
    page.click("main form button")
    page.wait_for_selector("h1:text('R-12/2025')")
    accessible(page)

    sign_out(page)
    sign_in(page, staff[Role.DECISION_MAKER])
    letter = Advice.objects.get()
    page.goto(f"/penempatan/surat/{letter.pk}/")
    page.click("text=Tandatangani dan kirim")
    page.wait_for_selector("text=Surat ditandatangani")
    picture(page, "surat-rekomendasi")

    sign_out(page)
    sign_in(page, world.user(Role.TALENT_MANAGER))
    page.goto("/penempatan/surat/masuk/")
    page.click("tbody a >> nth=0")
    page.select_option("[name=answer]", "accepted")
    page.fill("[name=note]", "Diusulkan pada rotasi berikut")
    page.click("main form button")
    page.wait_for_selector("td:text('Diterima')")

    line = letter.lines.get(answer="accepted")
    told = page.request.get(f"/penempatan/surat/masuk/{line.pk}/dokumen.json").json()
    assert any(one["id"] == line.pk for one in check_letter(told)["lines"])
