"""The day of an exam in Chromium: every kind of item, and a session of three with its proctor."""

from __future__ import annotations

import base64
import io
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from browser.test_journeys import accessible, begin, enter, picture, sign_in
from commands import wait_for
from django.utils import timezone
from itembank.test_kinds import DRAFTS, IMAGE, PICTURE
from world import NOW, make_form, make_open_session, make_world

from cakap.accounts.models import Role
from cakap.delivery.models import Attempt, CheckIn, Event
from cakap.delivery.queries import state_of
from cakap.itembank.models import Section
from cakap.itembank.services import SectionPlan, add_package, build_form
from cakap.programmes.models import Session
from cakap.programmes.services import accommodate
from cakap.registry.portraits import import_portraits

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0" + b"0" * 60


def form_of_all_kinds(world):
    add_package(
        agency=world.agency, drafts=[replace(one, stimulus="S1") for one in DRAFTS],
        stimuli={"S1": ("Bacaan", f'<p>Perhatikan <img src="{IMAGE}" alt="peta"></p>')},
        files=[replace(PICTURE, content=PNG)], actor="t", now=NOW,
    )  # fmt: skip
    plan = SectionPlan(
        title="Semua", instructions="", codes=[one.code for one in DRAFTS], shuffle=False
    )
    return build_form(
        agency=world.agency, code="K", name="Semua jenis", minutes=60, sections=[plan],
        actor="t", now=NOW,
    )  # fmt: skip


def tick(question, *places):
    for at in places:
        question.locator("label input").nth(at).click()


def cells(question):
    for row, column in ((1, 0), (0, 2)):
        question.locator("tbody tr").nth(row).locator("input").nth(column).check()


def pick(question, *options):
    for at, option in enumerate(options):
        question.locator("select").nth(at).select_option(option)


def up(question):
    question.locator("li").nth(2).get_by_text("↑").click()


def write(question, text):
    question.locator("input, textarea").fill(text)


# How a person answers each kind, and what the log must then hold.
ONE = (lambda q: tick(q, 1), "b")
ANSWERS = {
    "single": ONE, "graded": ONE, "likert": ONE, "hotspot": ONE,
    "multiple": (lambda q: tick(q, 2, 0, 1), "a c"),
    "matrix": (cells, "r1:c r2:a"),
    "rank": (up, "a c"),
    "order": (up, "a c b"),
    "match": (lambda q: pick(q, "b", "a"), "r1:b r2:a"),
    "gap": (lambda q: pick(q, "b", "a"), "G1:b G2:a"),
    "inline": (lambda q: pick(q, "y", "x"), "G1:y G2:x"),
    "numeric": (lambda q: write(q, "12,5"), "12.5"),
    "slider": (lambda q: write(q, "40"), "40"),
    "text": (lambda q: write(q, "Kota Serang"), "Kota Serang"),
    "essay": (lambda q: write(q, "Kota Serang"), "Kota Serang"),
}  # fmt: skip


def pictures_kept(page):
    """Of the pictures, those in the copy that the machine keeps for a reload without network."""
    return page.evaluate(
        """async () => {
          const found = [];
          for (const name of await caches.keys())
            for (const { url } of await (await caches.open(name)).keys())
              if (url.includes("/berkas/")) found.push(url);
          return found;
        }"""
    )


def test_every_kind_of_item_is_answered_and_kept(page):
    world = make_world()
    session = make_open_session(world, form=form_of_all_kinds(world))
    with page.expect_response("**/ujian/berkas/*") as asked:
        begin(page, session)
    assert asked.value.headers["cache-control"] == "no-store"
    shown = "() => document.querySelector('#question img')?.naturalWidth === 1"
    page.wait_for_function(shown)

    for draft in DRAFTS:
        assert page.locator("#question").get_attribute("data-kind") == draft.kind
        act, _ = ANSWERS[draft.kind]
        act(page.locator("#question"))
        if draft.kind in {"matrix", "gap", "hotspot", "order"}:
            accessible(page)
            picture(page, f"ujian-{draft.kind}")
        page.click("#next") if draft.kind != "slider" else page.click("#flag")

    page.wait_for_selector("#saved[data-state=saved]")
    wait_for("the picture in the machine's copy", lambda: pictures_kept(page))
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("#question fieldset")
    assert page.locator("#map .answered").count() == len(DRAFTS)
    page.wait_for_function(shown)
    page.context.set_offline(False)
    page.wait_for_selector("#saved[data-state=saved]")
    page.click("#finish")
    page.click("#yes")
    page.wait_for_url("**/tanda-terima/")
    wait_for("no picture", lambda: not pictures_kept(page))
    every_answer_is_kept()


def every_answer_is_kept():
    attempt = Attempt.objects.get()
    kinds = dict(attempt.events.values_list("item", "item__item__kind"))
    found = {kinds[item]: text for item, text in state_of(attempt).answers.items()}
    assert found == {kind: text for kind, (_, text) in ANSWERS.items()}
    assert attempt.events.filter(kind="shown").count() >= len(DRAFTS)


def test_larger_type_contrast_and_keys_alone(page):
    """An accommodation is on the screen without being asked for; the mouse is not needed."""
    session = make_open_session(make_world())
    seat = session.seats.order_by("number")[0]
    accommodate(
        participant=seat.participant, extra_percent=30, larger_type=True, reader=True,
        reason="Netra", actor="o", now=NOW,
    )  # fmt: skip
    begin(page, session)

    html = page.locator("html")
    assert html.get_attribute("data-zoom") == "2"
    assert page.inner_text("#clock").startswith(("01:17", "01:18"))
    page.focus("#contrast")
    page.keyboard.press("Enter")
    assert "exam-contrast" in html.get_attribute("class")
    accessible(page)
    picture(page, "ujian-kontras")
    # Whichever item the shuffle put first: some have two options only.
    page.keyboard.press("2")
    page.wait_for_selector("#map .answered")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("w")
    assert "Sisa waktu" in page.inner_text("#announce")
    page.wait_for_selector("#saved[data-state=saved]")
    assert list(state_of(Attempt.objects.get()).answers.values()) == ["b"]


def test_a_section_with_its_own_time_is_entered_and_left(page):
    world = make_world()
    form = make_form(world)
    own = form.sections.get()
    Section.objects.filter(pk=own.pk).update(minutes=10, title="Satu", shuffle=False)
    session = make_open_session(world, form=form)
    enter(page, session)
    page.check("[name=agree]")
    page.click("text=Lanjut ke latihan")
    page.click("text=Mulai ujian")
    page.wait_for_selector("text=Bagian ini memiliki waktu sendiri: 10 menit.")
    assert page.locator("#question input").count() == 0

    page.click("text=Mulai bagian ini")
    page.locator("#question input").nth(0).check()
    page.wait_for_selector("#saved[data-state=saved]")

    assert "00:0" in page.inner_text("#own-clock") or "00:10" in page.inner_text("#own-clock")
    assert len(state_of(Attempt.objects.get()).answers) == 1


def portraits(world, session):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for seat in session.seats.select_related("participant__employee"):
            archive.writestr(f"{seat.participant.employee.nip}.png", PNG)
    import_portraits(agency=world.agency, file="f.zip", content=out.getvalue(), actor="o", now=NOW)


@pytest.fixture
def machine(chromium, live_server):
    """Another machine with its own browser."""
    made = []

    def new():
        context = chromium.new_context(base_url=live_server.url, locale="id-ID")
        made.append(context)
        return context.new_page()

    yield new
    for context in made:
        context.close()


def at_the_desk(page, session, seat, *, by_hand):
    """A participant at the desk; the PIN that was given."""
    page.goto(f"/ujian/sesi/{session.pk}/meja/")
    page.fill("[name=told]", f"cakap:{seat.participant.employee.nip}")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Foto arsip")
    if by_hand:
        page.click("summary")
        page.fill("[name=reason]", "Kamera rusak")
        page.fill("[name=second]", "a-operator")
        page.fill("[name=password]", "rahasia-sekali")
        accessible(page)
        picture(page, "meja-pendaftaran")
        page.click("text=Identitas diperiksa; beri PIN")
    else:
        face = {"name": "f.jpg", "mimeType": "image/jpeg", "buffer": JPEG}
        page.set_input_files("[name=picture]", face)
        page.click("text=Wajah sama; beri PIN")
    return page.inner_text("#pin")


def goes_in(person, session, seat, pin):
    person.goto("/ujian/")
    person.fill("[name=nip]", seat.participant.employee.nip)
    person.fill("[name=registration]", pin)
    person.fill("[name=pin]", session.pin)
    person.click("main button")


def starts(person):
    person.check("[name=agree]")
    person.click("text=Lanjut ke latihan")
    person.click("text=Mulai ujian")
    person.wait_for_selector("#question input")
    person.locator("#question input").nth(0).check()
    person.wait_for_selector("#saved[data-state=saved]")


def room_is_paused_and_runs_on(page, person):
    """A sentence to everybody, and a pause of the room; both reach the screens by heartbeat."""
    page.fill("[name=text] >> nth=0", "Sepuluh menit lagi istirahat")
    page.click("text=Kirim ke semua layar")
    page.click("text=Jeda ruang")
    page.fill("[name=reason]", "Alarm kebakaran")
    page.click("text=Jeda sekarang")
    page.wait_for_selector("text=Ruang dijeda sejak")
    person.wait_for_selector("#paused:not([hidden])")
    assert person.locator("#work").is_hidden()
    assert "istirahat" in person.inner_text("#notices")
    picture(person, "ujian-dijeda")
    page.click("text=Lanjutkan ujian")
    person.wait_for_selector("#paused", state="hidden")


def one_moves_and_gets_time(page, spare, session, seat, pin):
    """A spare machine in two clicks, nothing lost; then five minutes on top."""
    page.click(f"[data-seat='{seat.number}']")
    page.click("text=Pindah komputer")
    goes_in(spare, session, seat, pin)
    spare.wait_for_selector("#question input")
    assert spare.locator("#map .answered").count() == 1
    page.click("text=Tambah waktu")
    page.fill("[name=minutes]", "5")
    page.fill("[name=reason]", "Layar mati")
    page.click("main button")
    page.wait_for_selector("text=Waktu ditambahkan")


def incident_is_written_down(page, session):
    page.goto(f"/ujian/sesi/{session.pk}/")
    page.fill("[name=seat]", "3")
    page.fill("[name=text] >> nth=1", "Tetikus diganti")
    page.click("text=Catat kejadian")
    page.wait_for_selector("#incidents >> text=Tetikus diganti")


def session_ends(page, people, session):
    for person in people:
        person.click("#finish")
        person.click("#yes")
        person.wait_for_url("**/tanda-terima/")
    page.wait_for_selector("#counts [data-standing=submitted] .cakap-number:text-is('3')")
    page.click("text=Tutup sesi")
    page.click("text=Tutup sesi sekarang")
    with page.expect_download() as download:
        page.click("text=Berita acara")
    assert download.value.suggested_filename == f"berita-acara-{session.pk}.pdf"


def trail_tells(page, seat):
    """What was shown, that the machine was changed, and what the old one still sent."""
    page.goto(f"/ujian/kursi/{seat.pk}/jejak/")
    text = page.inner_text("main")
    for words in (
        "soal ditampilkan",
        "dilepas oleh pengawas",
        "dari komputer lama, tidak dihitung",
    ):
        assert words in text
    picture(page, "jejak")


def soon(session):
    """The session begins in twenty minutes: the desk is open, and policy lets people begin."""
    coming = timezone.now() + timedelta(minutes=20)
    Session.objects.filter(pk=session.pk).update(
        starts_at=coming, ends_at=coming + timedelta(hours=2)
    )


@pytest.mark.long
def test_a_session_of_three_with_a_proctor_through_every_step(page, machine):
    """Desk, door, work, announcement, pause, spare machine, time given, incident, minutes, end."""
    world = make_world()
    session = make_open_session(world, seats=3)
    soon(session)
    portraits(world, session)
    world.user(Role.OPERATOR)
    seats = list(session.seats.select_related("participant__employee").order_by("number"))
    sign_in(page, world.user(Role.PROCTOR))
    pins = [at_the_desk(page, session, seat, by_hand=seat.number == 3) for seat in seats]
    assert sorted(CheckIn.objects.values_list("identity", flat=True)) == [
        "manual",
        "photo",
        "photo",
    ]

    people = [machine() for _ in seats]
    for person, seat, pin in zip(people, seats, pins, strict=True):
        goes_in(person, session, seat, pin)
        starts(person)
    page.goto(f"/ujian/sesi/{session.pk}/")
    page.wait_for_selector("#live[data-on=yes]")
    people[0].click("#next")
    people[0].locator("#question input").nth(1).check()
    page.wait_for_selector("[data-seat='1'] .progress-text:text-is('2/40')")
    accessible(page)
    picture(page, "papan-pengawas")
    room_is_paused_and_runs_on(page, people[1])
    old, people[1] = people[1], machine()
    one_moves_and_gets_time(page, people[1], session, seats[1], pins[1])
    incident_is_written_down(page, session)
    session_ends(page, people, session)

    # A heartbeat may have emptied this page already.
    old.evaluate("document.querySelectorAll('#question input')[1]?.click()")
    old.wait_for_selector("#trouble:not([hidden])")
    trail_tells(page, seats[1])
    assert Attempt.objects.filter(submitted_at__isnull=False).count() == 3
    assert Event.objects.filter(kind="answer", late=True).count() == 0
