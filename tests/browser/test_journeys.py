"""What people do here, done in a browser; the pictures of the documentation are made on the way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from centre_results import publish_centre
from delivery.test_adaptive import open_adaptive
from django.utils import timezone
from scoring.test_calibrations import csv_of
from world import make_open_session, make_world

from cakap.accounts.models import Role
from cakap.delivery.models import Attempt, Event
from cakap.delivery.queries import state_of
from cakap.itembank.models import ItemParameters
from cakap.placement.services import make_plan, propose_plan, review_plan
from cakap.programmes.models import Programme
from cakap.registry.models import Unit
from cakap.talent.services import map_talent

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


def picture(page, name):
    """Keep a picture for the docs when asked to: CAKAP_PICTURES=yes."""
    import os

    if os.environ.get("CAKAP_PICTURES") == "yes":
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png")


def accessible(page):
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]})
    serious = [
        f"{one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in found.response["violations"]
        if one["impact"] in {"serious", "critical"}
    ]

    assert serious == []


def sign_in(page, user):
    page.goto("/akun/login/")
    page.fill("[name=login]", user.username)
    page.fill("[name=password]", "rahasia-sekali")
    page.click("main button")
    page.wait_for_url("**/")


def enter(page, session):
    seat = session.seats.select_related("participant__employee").first()
    page.goto("/ujian/")
    page.fill("[name=nip]", seat.participant.employee.nip)
    page.fill("[name=pin]", session.pin)
    page.click("main button")


def begin(page, session):
    enter(page, session)
    page.check("[name=agree]")
    page.click("text=Lanjut ke latihan")
    page.check("[value=Serang]")
    page.click("text=Simpan jawaban latihan")
    page.click("text=Mulai ujian")
    page.wait_for_selector("#question input")


def test_a_person_answers_loses_the_page_resumes_and_submits(page):
    session = make_open_session(make_world())
    begin(page, session)
    accessible(page)
    assert page.locator("#sure").is_hidden()
    picture(page, "ujian")
    page.locator("#question input").nth(1).check()
    page.click("#next")
    page.keyboard.press("2")
    page.keyboard.press("r")
    page.wait_for_selector("#saved[data-state=saved]")

    page.goto("about:blank")
    page.goto("/ujian/kerja/")
    page.wait_for_selector("#question input")

    assert page.locator("#map .answered").count() == 2
    assert page.locator("#map .flagged").count() == 1
    page.click("#finish")
    page.click("#yes")
    page.wait_for_url("**/tanda-terima/")
    assert page.inner_text("#answered") == "2"
    accessible(page)
    attempt = Attempt.objects.get()
    assert attempt.submitted_at
    assert len(state_of(attempt).answers) == 2


def test_answers_given_offline_survive_a_reload_and_reach_the_server(page):
    """Kill the network, answer, reload, finish: the server holds what the screen shows."""
    session = make_open_session(make_world())
    begin(page, session)
    page.locator("#question input").nth(0).check()
    page.wait_for_selector("#saved[data-state=saved]")

    page.route("**/ujian/jawaban", lambda route: route.abort())
    page.click("#next")
    page.locator("#question input").nth(1).check()
    page.wait_for_selector("#saved[data-state=offline]")
    assert "menunggu" in page.inner_text("#saved")
    page.reload()
    page.wait_for_selector("#question input")
    assert page.locator("#map .answered").count() == 2
    assert Event.objects.filter(kind="answer").count() == 1

    page.unroute("**/ujian/jawaban")
    page.wait_for_selector("#saved[data-state=saved]")
    page.click("#finish")
    page.click("#yes")
    page.wait_for_url("**/tanda-terima/")

    assert page.inner_text("#answered") == "2"
    assert len(state_of(Attempt.objects.get()).answers) == 2


def choose_where_it_may_be_over(page):
    """Click an option of a page that a heartbeat may have emptied already."""
    page.evaluate("document.querySelectorAll('#question input')[1]?.click()")


def test_a_spare_machine_goes_on_in_two_clicks_and_the_first_is_told(page, chromium, live_server):
    """The second machine is refused until the proctor moves the participant: seat, then move."""
    world = make_world()
    session = make_open_session(world)
    begin(page, session)
    page.locator("#question input").nth(0).check()
    page.wait_for_selector("#saved[data-state=saved]")

    other = chromium.new_context(base_url=live_server.url).new_page()
    enter(other, session)
    assert "perangkat lain" in other.inner_text("main")
    proctor = chromium.new_context(base_url=live_server.url, locale="id-ID").new_page()
    sign_in(proctor, world.user(Role.PROCTOR))
    proctor.goto(f"/ujian/sesi/{session.pk}/")
    proctor.click(".seat[data-standing=working]")
    proctor.click("text=Pindah komputer")
    proctor.wait_for_selector("text=Peserta dapat masuk di komputer lain")
    enter(other, session)
    other.wait_for_selector("#question input")
    choose_where_it_may_be_over(page)

    page.wait_for_selector("#trouble:not([hidden])")
    assert "perangkat lain" in page.inner_text("#trouble")
    assert other.locator("#map .answered").count() == 1
    other.context.close()
    proctor.context.close()


def test_an_operator_sees_the_error_in_a_file_and_then_imports_it(page):
    world = make_world()
    sign_in(page, world.user(Role.OPERATOR))
    page.goto("/kepegawaian/impor/")
    page.select_option("[name=kind]", "units")

    def upload(text):
        page.set_input_files(
            "[name=file]", {"name": "unit.csv", "mimeType": "text/csv", "buffer": text.encode()}
        )
        page.click("main button")

    upload("kode,nama\nBARU,Unit Baru\n,Tanpa Kode\n")
    assert "1 kesalahan" in page.inner_text("main")
    assert page.locator("tbody tr").inner_text().split("\t")[:2] == ["3", "kode"]
    picture(page, "impor")
    accessible(page)
    assert not Unit.objects.filter(code="BARU").exists()

    page.click("a:text('Unggah lagi')")
    page.select_option("[name=kind]", "units")
    upload("kode,nama\nBARU,Unit Baru\n")
    page.click("text=Jalankan impor")
    page.wait_for_selector("text=1 baru")

    assert Unit.objects.filter(code="BARU").exists()


def test_a_decision_maker_reads_a_recommendation_and_signs_a_plan(page):
    world = make_world()
    publish_centre(world)
    now = timezone.now()
    map_talent(agency=world.agency, actor="t", now=now)
    plan = make_plan(
        programmes=list(Programme.objects.all()), name="Rotasi", actor="t",
        now=now - timedelta(minutes=1),
    )  # fmt: skip
    review_plan(plan=plan, actor="penelaah", now=now)
    propose_plan(plan=plan, actor="talenta", now=now)
    sign_in(page, world.user(Role.DECISION_MAKER))

    page.goto("/talenta/")
    accessible(page)
    picture(page, "sembilan-kotak")
    page.goto("/penempatan/jabatan/")
    page.click("text=Jabatan KADIS2")
    assert "Tidak diusulkan, dan mengapa" in page.inner_text("main")
    assert page.locator("tbody").first.inner_text()
    accessible(page)
    picture(page, "rekomendasi")

    page.goto(f"/penempatan/rencana/{plan.pk}/")
    picture(page, "rencana")
    page.click("text=Setujui")
    assert "tidak dapat dibatalkan" in page.inner_text("main")
    page.fill("[name=decree]", "SK-1/2025")
    page.click("main form button")
    page.wait_for_url(f"**/rencana/{plan.pk}/")
    assert "Disetujui" in page.inner_text("main")


def test_a_proctor_opens_a_session_and_reads_the_pin(page):
    world = make_world()
    session = make_open_session(world)
    other = session.programme.sessions.exclude(pk=session.pk)[0]
    sign_in(page, world.user(Role.PROCTOR))

    page.goto(f"/ujian/sesi/{other.pk}/")
    page.click("text=Buka sesi")
    page.click("text=Buka sesi sekarang")

    assert other.pin in page.inner_text("main")
    accessible(page)
    picture(page, "pengawas")


def test_the_pages_speak_english_when_asked(page):
    page.goto("/")
    page.click("text=English")
    page.wait_for_load_state()

    assert page.locator("html").get_attribute("lang") == "en"
    assert "Sign in" in page.inner_text("header")


def test_a_psychometrician_takes_a_csv_to_items_in_force(page, tmp_path):
    """Upload, look at curves and the comparison, choose, adopt."""
    world = make_world()
    make_open_session(world)
    file = tmp_path / "jawaban.csv"
    file.write_bytes(csv_of(persons=800))
    sign_in(page, world.user(Role.PSYCHOMETRICIAN))
    page.click("nav >> text=Kalibrasi")
    page.click("text=Dari berkas CSV")
    page.set_input_files("[name=file]", file)
    page.fill("[name=id_column]", "nip")
    accessible(page)
    page.click("text=Mulai")

    page.wait_for_selector("text=Parameter lama dan baru")
    page.wait_for_load_state("networkidle")
    accessible(page)
    picture(page, "kalibrasi")
    page.click("text=TIU-0")
    page.wait_for_load_state("networkidle")
    accessible(page)
    picture(page, "kartu-butir")
    page.go_back()
    page.check("[aria-label='Tetapkan TIU-0']")
    page.click("text=Tetapkan yang dipilih")
    page.wait_for_selector("text=Parameter 1 butir ditetapkan.")

    page.goto("/bank-soal/tinjauan/")
    accessible(page)
    assert ItemParameters.objects.filter(source="calibrated", retired_at__isnull=True).count() == 1


def test_an_adaptive_section_gives_its_items_one_by_one(page):
    session = open_adaptive(make_world())
    begin(page, session)

    page.click("#next")
    page.wait_for_selector("text=Jawab soal ini dahulu")
    for n in range(8):
        page.locator("#question input").nth(0).check()
        page.click("#next")
        page.wait_for_selector(f"#map [aria-current]:text-is('{n + 2}')")
    accessible(page)
    picture(page, "ujian-adaptif")
    page.click("#previous")
    page.click("#previous")
    assert page.locator("#question input").first.is_disabled()
    page.click("#map button:last-child")
    page.locator("#question input").nth(0).check()
    page.wait_for_selector("#saved[data-state=saved]")
    page.click("#finish")
    page.click("#yes")
    page.wait_for_url("**/tanda-terima/")

    attempt = Attempt.objects.get()
    assert attempt.offers.count() == 8
    assert len(state_of(attempt).answers) == 9
