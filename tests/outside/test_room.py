"""A day in the room, by HTTP: which machines are ready, and what is asked before the session is opened."""

from __future__ import annotations

import io
import json
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from outside.agency import OpenAgency, plan_session
from outside.exam import hidden
from outside.installation import words_of

pytestmark = pytest.mark.slow
GOOD = {
    "missing": [], "clock_off": 0.4, "round_trip": 12.5, "lost": 0, "asked": 8, "download": 9000,
    "kept": True, "free": 512,
}  # fmt: skip
KEY = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def rehearsal(shared_agency) -> int:
    """A rehearsal in which everybody has a seat, planned for an hour from now."""
    session = plan_session(shared_agency, datetime.now(UTC) + timedelta(hours=1), is_rehearsal="on")
    shared_agency.sign_in("operator").done(f"/program/{shared_agency.programme}/kursi/")
    return session


def tell(agency: OpenAgency, session: int, number: int, key: str = KEY, **more):
    """A machine reports, as its page does."""
    body = json.dumps({**GOOD, "number": number, "key": key, **more})
    return agency.installation.visitor().post(
        f"/ujian/kesiapan/{session}/lapor", content=body,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip


def standing(agency: OpenAgency, session: int) -> dict[str, str]:
    """Seat -> how the board shows its machine."""
    page = agency.sign_in("proctor").get(f"/ujian/sesi/{session}/kesiapan/")
    return dict(re.findall(r'data-seat="(\d+)" data-ready="(\w+)"', page.text))


def test_a_machine_is_judged_by_the_server_and_shown_on_the_board(shared_agency, rehearsal):
    good = tell(shared_agency, rehearsal, 1)
    bad = tell(shared_agency, rehearsal, 2, "a" * 32, clock_off=-500, kept=False)
    board = words_of(shared_agency.sign_in("proctor").get(f"/ujian/sesi/{rehearsal}/kesiapan/"))

    assert good.json()["ready"] is True
    assert set(bad.json()["problems"]) == {"clock", "storage"}
    assert "500 detik lebih lambat" in bad.json()["problems"]["clock"]
    assert "500 detik lebih lambat" in board
    assert "1 dari 12 kursi berpeserta memiliki komputer yang siap" in board
    shown = standing(shared_agency, rehearsal)
    assert (shown["1"], shown["2"], shown["3"]) == ("ready", "not_ready", "unheard")


WRONG = [
    {"number": 0}, {"number": 31}, {"number": True}, {"number": "1"}, {"key": "x"},
    {"clock_off": float("nan")}, {"lost": -1}, {"kept": 1}, {"missing": ["<script>"]},
    {"missing": "fetch"}, {"missing": [[]]}, {"free": "x"}, {"download": 10**400},
    {"key": "0" * 5000},
]  # fmt: skip


def test_a_report_that_is_none_is_refused_and_keeps_nothing(shared_agency, rehearsal):
    before = standing(shared_agency, rehearsal)

    answers = [tell(shared_agency, rehearsal, **{"number": 9, **wrong}) for wrong in WRONG]

    found = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert found == [(400, "BadReport")] * (len(WRONG) - 1) + [(413, "TooLarge")]
    assert standing(shared_agency, rehearsal) == before


def test_a_seat_belongs_to_the_machine_that_told_it_and_reports_are_bounded(
    shared_agency, rehearsal
):
    first = tell(shared_agency, rehearsal, 5, "5" * 32)
    at_once = tell(shared_agency, rehearsal, 5, "5" * 32)
    moved = tell(shared_agency, rehearsal, 6, "5" * 32)

    assert first.status_code == moved.status_code == 200
    assert (at_once.status_code, at_once.json()["code"]) == (429, "TooOften")
    shown = standing(shared_agency, rehearsal)
    assert (shown["5"], shown["6"]) == ("unheard", "ready")


def test_another_network_sees_and_tells_nothing(shared_agency):
    operator = shared_agency.sign_in("operator")
    operator.done(
        "/program/ruang/", name="Ruang jauh", seats=3, networks="10.99.0.0/16", location=""
    )
    operator.done(
        "/program/ruang/", name="Ruang sini", seats=3, networks="127.0.0.0/8", location=""
    )
    soon = datetime.now(UTC) + timedelta(hours=2)
    away = plan_session(shared_agency, soon, room="Ruang jauh")
    here = plan_session(shared_agency, soon, room="Ruang sini")
    visitor = shared_agency.installation.visitor()

    assert visitor.get(f"/ujian/kesiapan/{away}/").status_code == 403
    assert tell(shared_agency, away, 1).status_code == 403
    listed = visitor.get("/ujian/kesiapan/").text
    assert f"/ujian/kesiapan/{here}/" in listed
    assert f"/ujian/kesiapan/{away}/" not in listed
    assert tell(shared_agency, 10**6, 1).status_code == 404


def test_the_rooms_paper_is_made_without_network(shared_agency, rehearsal):
    proctor = shared_agency.sign_in("proctor")
    for name, mark in (("daftar-hadir", "LATIHAN – Daftar Hadir"), ("kartu-meja", "LATIHAN")):
        content = proctor.get(f"/ujian/sesi/{rehearsal}/{name}.pdf").content
        read = PdfReader(io.BytesIO(content))
        text = " ".join(page.extract_text() for page in read.pages)
        fonts = [
            font.get_object()["/DescendantFonts"][0]["/FontDescriptor"]
            for page in read.pages
            for font in page["/Resources"]["/Font"].values()
        ]

        assert mark in text
        assert all(nip in text for nip in shared_agency.nips)
        assert fonts
        assert all({"/FontFile2", "/FontFile3"} & set(font) for font in fonts)
    for path in (f"/ujian/sesi/{rehearsal}/", f"/ujian/sesi/{rehearsal}/kesiapan/", "/ujian/"):
        page = proctor.get(path).text
        assert re.findall(r'<(?:link|script|img)[^>]*(?:href|src)="(?:https?:)?//', page) == []
    programme = proctor.get(f"/program/{shared_agency.programme}/").text
    assert "/kartu-meja.pdf" not in programme
    programme = shared_agency.sign_in("operator").get(f"/program/{shared_agency.programme}/").text
    assert f"/ujian/sesi/{rehearsal}/kartu-meja.pdf" in programme


def test_the_code_of_the_card_finds_the_seat_at_the_desk(shared_agency, rehearsal):
    proctor = shared_agency.sign_in("proctor")
    seat = proctor.done(f"/ujian/sesi/{rehearsal}/meja/", told=f"cakap:{shared_agency.nips[3]}")
    unknown = proctor.fill(f"/ujian/sesi/{rehearsal}/meja/", told="cakap:190001012000011001")

    assert shared_agency.nips[3] in words_of(seat)
    assert unknown.status_code == 403
    assert "tidak terdaftar pada sesi ini" in words_of(unknown)


def test_opening_asks_while_machines_are_not_ready_and_forbids_nothing(shared_agency, rehearsal):
    proctor = shared_agency.sign_in("proctor")
    path = f"/ujian/sesi/{rehearsal}/buka/"
    asked = proctor.fill(path)
    count = int(hidden(asked)["asked"])

    assert asked.status_code == 200
    assert f"{count} kursi berpeserta belum memiliki komputer yang siap" in words_of(asked)
    assert "Direncanakan" in words_of(proctor.get(f"/ujian/sesi/{rehearsal}/"))
    again = proctor.fill(path, asked=count - 1)
    assert "Sejak Anda ditanya" in words_of(again)
    assert "Sesi dibuka" in words_of(proctor.done(path, asked=count))


@pytest.mark.browser
def test_a_machine_examines_itself_in_its_browser(shared_agency, rehearsal, machines):
    path = f"/ujian/kesiapan/{rehearsal}/"
    good, ahead = machines(shared_agency), machines(shared_agency)
    page = good.tab()
    page.goto(path)
    page.fill("#number", "7")
    page.click("#again")
    page.wait_for_selector("#verdict[data-state=ready]")
    assert "kursi 7" in page.inner_text("#verdict")
    assert [row.get_attribute("data-state") for row in page.locator(".check").all()] == ["fine"] * 5
    good.context.set_offline(True)
    page.click("#again")
    page.wait_for_selector("#verdict[data-state=wrong]")
    assert "Server tidak menjawab" in page.inner_text("#verdict")
    good.context.set_offline(False)

    page = ahead.tab()
    page.add_init_script("const now = Date.now; Date.now = () => now() + 600000")
    page.goto(path)
    page.fill("#number", "8")
    page.click("#again")
    page.wait_for_selector("#check-clock[data-state=wrong]")
    assert "lebih cepat" in page.inner_text("#check-clock")
    shown = standing(shared_agency, rehearsal)
    assert (shown["7"], shown["8"]) == ("ready", "not_ready")
    kept = good.kept(good.context.pages[0])
    assert list(kept["local"]) == ["cakap-kesiapan"]
    assert kept["rows"] == []


@pytest.mark.long
def test_a_room_at_a_server_that_is_short_gets_in_by_waves(agency_at_rest):
    agency = agency_at_rest
    agency.installation.start("--workers", "1", CAKAP_SIGN_INS="1")
    waited: list[str] = []

    def enter(nip: str) -> int:
        visitor = agency.installation.visitor()
        visitor.get("/ujian/")
        answer = visitor.fill("/ujian/", nip=nip, pin=agency.pin)
        for _ in range(60):
            if answer.status_code != 503:
                break
            waited.append(answer.headers["retry-after"])
            assert f'name="nip" value="{nip}"' in answer.text
            assert f'name="pin" value="{agency.pin}"' in answer.text
            time.sleep(random.random())
            answer = visitor.fill("/ujian/", **hidden(answer))
        return answer.status_code

    with ThreadPoolExecutor(len(agency.nips)) as room:
        found = list(room.map(enter, agency.nips))

    assert found == [302] * len(agency.nips)
    assert waited
    assert set(waited) == {"5"}
