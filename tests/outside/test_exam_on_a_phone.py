"""The exam in a hand: 390 × 844, touch; what a finger meets is large enough and near enough."""

from __future__ import annotations

import os

import phone
import pytest

from outside.agency import give_accounts, make_agency, make_form, make_programme, open_session
from outside.browser import Machine, choose, ready, saved
from outside.exam import close
from outside.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.browser]
# Behind 1 Mbit/s the first question is there within 5 s (benchmarks/room.py): two of them may carry it.
MOST_BYTES = 2 * 1_000_000 / 8
CARRIED = "() => performance.getEntries().reduce((sum, one) => sum + (one.encodedBodySize ?? 0), 0)"


@pytest.fixture(scope="module")
def long_exam(tmp_path_factory):
    installation = Installation(tmp_path_factory.mktemp("phone") / "data")
    agency = make_agency(installation, people=4)
    installation.start("--workers", "1")
    give_accounts(agency)
    make_form(agency, items={"LOGIKA": 80, "BAHASA": 80})
    make_programme(agency)
    open_session(agency)
    yield agency
    installation.stop()


@pytest.fixture
def hands(long_exam, chromium):
    """Make phones; no page of theirs may have an error in its script."""
    made: list[Machine] = []

    def hand() -> Machine:
        made.append(Machine(chromium, long_exam.installation.base, **phone.LOOKS))
        return made[-1]

    yield hand
    for one in made:
        one.close()
        assert one.troubles == []


class Look:
    """What is no use on a phone, by where it was looked at."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def __call__(self, page, where: str) -> None:
        assert where not in self.found
        self.found[where] = phone.unfit(page)

    def all_is_fit(self) -> None:
        assert {where: found for where, found in self.found.items() if found} == {}


def press(page) -> None:
    page.locator("main button.btn-primary").last.tap()


def examines_the_machine(page, look, session) -> None:
    page.goto("/ujian/kesiapan/")
    look(page, "which session")
    page.goto(f"/ujian/kesiapan/{session}/")
    look(page, "readiness, not yet examined")
    page.fill("#number", "7")
    page.locator("#again").tap()
    page.wait_for_selector("#verdict:not([hidden])")
    look(page, "readiness")
    taken = {"code": "SeatOfOther", "message": "Kursi ini sudah diperiksa di komputer lain."}
    page.route("**/lapor", lambda route: route.fulfill(status=409, json=taken))
    page.locator("#again").tap()
    page.wait_for_selector("#replace:not([hidden])")
    look(page, "readiness of a seat of another machine")


def types(page, nip: str, pin: str) -> None:
    page.goto("/ujian/")
    page.fill("[name=nip]", nip)
    page.fill("[name=pin]", pin)
    press(page)


def consents_and_practises(page, look) -> None:
    look(page, "consent")
    press(page)
    page.wait_for_selector(".text-danger")
    look(page, "consent not given")
    page.locator("label").tap()
    press(page)
    page.wait_for_url("**/latihan/")
    look(page, "practice")
    page.locator("label").first.tap()
    page.locator("main button").first.tap()
    page.wait_for_selector("[role=status]")
    look(page, "practice answered")
    press(page)
    page.wait_for_url("**/kerja/")
    ready(page)


def test_the_way_to_the_exam_is_large_enough(long_exam, hands):
    look, hand, nip = Look(), hands(), long_exam.nips[1]
    page = hand.tab()
    examines_the_machine(page, look, long_exam.session)
    page.goto("/ujian/")
    look(page, "sign-in")
    types(page, "1", "1")
    page.wait_for_selector(".text-danger")
    look(page, "sign-in with mistakes")
    types(page, nip, f"{(int(long_exam.pin) + 1) % 10**6:06d}")
    page.wait_for_selector(".alert")
    look(page, "sign-in refused")
    hand.sign_in(page, long_exam, 1)
    consents_and_practises(page, look)
    page.goto("/ujian/")
    look(page, "sign-in while at work")
    other = hands().tab()
    types(other, nip, long_exam.pin)
    other.wait_for_selector("text=perangkat lain")
    look(other, "at work elsewhere")
    look.all_is_fit()


def hear(page, **told) -> None:
    """The page hears at a heartbeat, and at those that follow, that it stands otherwise."""

    def change(route):
        reply = route.fetch()
        route.fulfill(response=reply, json={**reply.json(), **told})

    page.unroute("**/ujian/detak")
    if told:
        page.route("**/ujian/detak", change)
    with page.expect_response("**/ujian/detak"):
        page.evaluate(
            "() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
        )


def hears_what_the_server_says(page, look) -> None:
    hear(page, notices=[[9001, "Sepuluh menit lagi istirahat."]], seconds_left=3650)
    page.wait_for_selector(".exam-notice >> nth=1")
    look(page, "announcement and more time")
    for _ in range(2):
        page.locator(".exam-notice button").first.tap()
    hear(page, paused=True)
    page.wait_for_selector("#paused:not([hidden])")
    look(page, "paused")
    for _ in range(20):  # a page that stands still for a second does not show that one
        hear(page, seconds_left=61)
        page.wait_for_timeout(2000)
        if page.locator("#warning").is_visible():
            break
    assert page.locator("#warning").is_visible()
    look(page, "a minute left")
    hear(page, ended={"by": "closed", "message": "Sesi ditutup oleh pengawas."})
    page.wait_for_selector("#ended:not([hidden])")
    look(page, "closed")
    hear(page)
    page.wait_for_selector("#work:not([hidden])")


def hands_in_without_a_network(page, look) -> None:
    page.locator("#finish").tap()
    look(page, "asked before the end")
    page.route("**/ujian/selesai", lambda route: route.abort())
    page.locator("#yes").tap()
    page.wait_for_selector("#trouble:not([hidden])")
    look(page, "no network")
    page.unroute("**/ujian/selesai")
    page.wait_for_url("**/tanda-terima/")
    look(page, "receipt")


def test_every_notice_of_the_exam_is_large_enough(long_exam, hands):
    look, hand = Look(), hands()
    page = hand.begin(long_exam, 2)
    saved(page)
    second = hand.tab()
    second.goto("/ujian/kerja/")
    second.wait_for_selector("#elsewhere:not([hidden])")
    look(second, "open in another tab")
    second.close()
    hears_what_the_server_says(page, look)

    def spoil(route):
        text = route.request.post_data
        route.continue_(post_data=text.replace('"response":"a"', '"response":"?"'))

    page.route("**/ujian/jawaban", spoil)
    choose(page, "satu")
    page.wait_for_selector("#aside:not([hidden])")
    look(page, "an answer set aside")
    page.unroute("**/ujian/jawaban")
    hands_in_without_a_network(page, look)
    look.all_is_fit()


def test_everything_is_large_enough_and_the_end_is_in_reach(long_exam, hands):
    look, hand = Look(), hands()
    page = hand.begin(long_exam, 0)
    assert 0 < page.evaluate(CARRIED) < MOST_BYTES
    choose(page, "dua")
    saved(page)

    look(page, "a question")
    assert page.locator("#map button").count() == 160
    assert not page.locator("#map").is_visible(), "the map is closed until it is asked for"
    bottom = page.evaluate(
        "() => document.getElementById('finish').getBoundingClientRect().bottom + scrollY"
    )
    assert bottom < 2 * 844
    page.locator("#map-box summary").tap()
    look(page, "the map")
    page.locator("#map-box summary").tap()
    page.locator("#smaller").tap()
    look(page, "smallest type")
    for _ in range(6):
        page.locator("#larger").tap()
    look(page, "largest type")
    page.locator("#contrast").tap()
    look(page, "largest type in high contrast")
    for _ in range(6):
        page.locator("#smaller").tap()
    page.locator("#contrast").tap()
    if os.environ.get("CAKAP_PICTURES"):
        page.screenshot(path="docs/pictures/ujian-ponsel.png")
    look.all_is_fit()


def test_the_receipt_of_a_session_that_was_closed_is_large_enough(long_exam, hands):
    look = Look()
    page = hands().begin(long_exam, 3)
    saved(page)
    close(long_exam)
    page.goto("/ujian/tanda-terima/")
    assert page.locator("main a").is_visible(), "the way back to an exam that is opened again"
    look(page, "receipt of a closed session")
    look.all_is_fit()
