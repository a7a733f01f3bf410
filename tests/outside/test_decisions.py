"""What people decide about seats and sittings, by page: reasons, two officers, and how it is undone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from commands import wait_for

from outside.agency import OpenAgency, open_session, plan_session
from outside.exam import Participant, close
from outside.installation import PASSWORD, words_of

pytestmark = pytest.mark.slow
SIGNED = {"reason": "Listrik padam di deret B", "second": "second", "password": PASSWORD}


@pytest.fixture(scope="module")
def decided(shared_agency):
    """The agency with a second open session, an hour long, in its room at a later time."""
    starts = datetime.now(UTC) + timedelta(minutes=100)
    shared_agency.other = plan_session(shared_agency, starts)
    return shared_agency


def seat_of(agency: OpenAgency, nip: str, session: int | None = None) -> int:
    """The page of a person's seat, as the console lists it."""
    return _seat(agency, nip, session)[0]


def seat_number(agency: OpenAgency, nip: str) -> int:
    return _seat(agency, nip, None)[1]


def _seat(agency: OpenAgency, nip: str, session: int | None) -> tuple[int, int]:
    path = f"/ujian/sesi/{session or agency.session}/"
    console = agency.sign_in("proctor").get(path).text
    for seat in re.findall(r'<a class="seat".*?</a>', console, re.S):
        if f"Orang {agency.nips.index(nip):03d}" in seat:
            page = re.search(r"/ujian/kursi/(\d+)/", seat)[1]
            return int(page), int(re.search(r'data-seat="(\d+)"', seat)[1])
    message = f"{nip} has no seat in session {session or agency.session}"
    raise AssertionError(message)


def beat(person: Participant) -> dict[str, Any]:
    told: dict[str, Any] = person.post("/ujian/detak", {}).json()
    return told


def left(person: Participant) -> float:
    return float(beat(person)["seconds_left"])


def test_time_given_and_an_accommodation_reach_the_exam_within_a_heartbeat(decided):
    person = Participant(decided, 0)
    seat = seat_of(decided, person.nip)
    before = left(person)

    decided.sign_in("proctor").done(f"/ujian/kursi/{seat}/waktu/", minutes=5, reason="Layar mati")
    assert left(person) == pytest.approx(before + 300, abs=30)

    operator = decided.sign_in("operator")
    page = operator.get(f"/program/{decided.programme}/peserta/").text
    row = next(r for r in re.findall(r"<tr.*?</tr>", page, re.S) if person.nip in r)
    link = re.search(r"/program/peserta/\d+/penyesuaian/", row)[0]
    operator.done(link, extra_percent=50, reason="Tunanetra", larger_type="on", reader="on")
    wait_for("the accommodation", lambda: left(person) > before + 300 + 1700)
    aids = {"larger_type": True, "reader": True}
    wait_for("what the page does for it", lambda: beat(person)["aids"] == aids)

    operator.done(link, extra_percent=0, reason="Keliru orang")
    wait_for("its end", lambda: left(person) < before + 400)


def test_a_submitted_exam_goes_on_only_when_two_people_decide_so(decided):
    person = Participant(decided, 1)
    person.answer(person.items[0], "b")
    person.submit()
    assert person.answer(person.items[1], "a").json()["ended"]["by"] == "submitted"
    path = f"/ujian/kursi/{seat_of(decided, person.nip)}/buka-kembali/"
    proctor = decided.sign_in("proctor")

    for wrong in (
        {"second": "proctor"}, {"password": "salah-sekali-7"}, {"reason": " "},
        {"second": "assessor"}, {"second": ""},
    ):  # fmt: skip
        assert proctor.fill(path, **(SIGNED | wrong)).status_code != 302, wrong
    assert person.post("/ujian/detak", {}).json()["ended"]["by"] == "submitted"

    proctor.done(path, **SIGNED, minutes=3)
    assert person.post("/ujian/detak", {}).json()["ended"] is None
    assert person.read()["answers"][str(person.items[0])] == "b"
    assert person.answer(person.items[2], "c").status_code == 200
    assert person.submit().json()["answered"] == 2


def test_a_closed_session_goes_on_and_the_time_of_its_closing_is_nobodys(agency):
    person = Participant(agency, 0)
    person.answer(person.items[0], "b")
    before = left(person)
    close(agency)
    late = person.answer(person.items[1], "b").json()
    assert late["ended"]["by"] == "closed"

    proctor = agency.sign_in("proctor")
    board = proctor.done(f"/ujian/sesi/{agency.session}/buka-kembali/", **SIGNED)

    assert "1 jawaban tiba selagi sesi ditutup" in words_of(board)
    assert person.post("/ujian/detak", {}).json()["ended"] is None
    assert left(person) == pytest.approx(before, abs=20)
    assert person.answer(person.items[2], "c").status_code == 200
    assert str(person.items[0]) in person.read()["answers"]
    minutes = agency.sign_in("proctor").get(f"/ujian/sesi/{agency.session}/berita-acara.pdf")
    assert minutes.content.startswith(b"%PDF")

    operator = agency.sign_in("operator")
    page = operator.fill(f"/ujian/sesi/{agency.session}/batal/", begun=0, **SIGNED)
    assert page.status_code == 200, "one more has begun than was asked about"
    assert "1 peserta sudah mulai" in words_of(page)
    cancelled = operator.done(f"/ujian/sesi/{agency.session}/batal/", begun=1, **SIGNED)
    assert f"{len(agency.nips)} peserta kembali tanpa kursi" in words_of(cancelled)
    assert person.post("/ujian/detak", {}).json()["ended"]["by"] == "cancelled"


def test_who_is_removed_is_told_and_keeps_a_place_in_the_programme(decided):
    begun, waiting = Participant(decided, 2), decided.nips[3]
    begun.answer(begun.items[0], "b")
    operator = decided.sign_in("operator")
    mine = f"/ujian/kursi/{seat_of(decided, begun.nip)}/keluarkan/"

    unsigned = operator.fill(mine, reason="Salah sesi", second="", password="")
    assert unsigned.status_code in {400, 409}
    assert begun.post("/ujian/detak", {}).json()["ended"] is None
    operator.done(mine, **SIGNED)
    told = begun.post("/ujian/detak", {}).json()["ended"]
    assert (told["by"], told["answered"]) == ("removed", 0)
    assert begun.browser.get("/ujian/isi.json").status_code == 409

    operator.done(
        f"/ujian/kursi/{seat_of(decided, waiting)}/keluarkan/",
        reason="Sakit", second="", password="",
    )  # fmt: skip
    without = words_of(operator.get(f"/program/{decided.programme}/tanpa-kursi/"))
    assert "Orang 002" in without
    console = operator.get(f"/ujian/sesi/{decided.session}/").text
    assert mine.removesuffix("keluarkan/") in console
    restore = mine.replace("keluarkan", "kembalikan")
    assert restore in operator.get(mine.removesuffix("keluarkan/")).text
    operator.done(restore, **SIGNED)
    assert begun.post("/ujian/detak", {}).json()["ended"] is None
    assert "Orang 003" in without

    page = operator.get(f"/program/{decided.programme}/peserta/").text
    row = next(r for r in re.findall(r"<tr.*?</tr>", page, re.S) if waiting in r)
    by_hand = re.search(r"/program/peserta/\d+/kursi/", row)[0]
    taken = operator.fill(by_hand, session=decided.session, number=1)
    assert "Kursi 1 terisi" in words_of(taken)
    operator.done(by_hand, session=decided.session, number=29)
    assert Participant(decided, 3).answer(1, "x").status_code in {200, 400}


def test_seats_are_exchanged_and_people_moved_before_they_begin(decided):
    proctor = decided.sign_in("proctor")
    one, two = decided.nips[4], decided.nips[5]
    before = seat_number(decided, one), seat_number(decided, two)

    path = f"/ujian/kursi/{seat_of(decided, one)}/tukar/"
    proctor.done(path, number=before[1], reason="Kursi roda")
    assert (seat_number(decided, one), seat_number(decided, two)) == before[::-1]
    assert proctor.fill(path, number=99, reason="Kursi roda").status_code == 409

    moved = f"/ujian/kursi/{seat_of(decided, one)}/sesi-lain/"
    proctor.done(moved, session=decided.other, reason="Datang sore")
    refused = decided.installation.visitor().fill("/ujian/", nip=one, pin=decided.pin)
    assert refused.status_code != 302
    pin = open_session(replace(decided), decided.other)
    entered = decided.installation.visitor().fill("/ujian/", nip=one, pin=pin)
    assert entered.status_code == 302

    begun = Participant(decided, 6)
    held = proctor.fill(
        f"/ujian/kursi/{seat_of(decided, begun.nip)}/sesi-lain/", session=decided.other,
        reason="Mau pulang",
    )  # fmt: skip
    assert held.status_code == 409
    assert begun.post("/ujian/detak", {}).json()["ended"] is None


def test_a_spoilt_sitting_is_sat_again_and_which_one_counts_is_decided(decided):
    first = Participant(decided, 7)
    first.answer(first.items[0], "b")
    proctor = decided.sign_in("proctor")
    path = f"/ujian/kursi/{seat_of(decided, first.nip)}"
    proctor.done(f"{path}/pindah/")
    moved = Participant(decided, 7, begin=False)
    moved.read()
    assert first.answer(first.items[1], "a").status_code == 409, "now it is evidence"
    assert proctor.fill(
        f"{path}/ujian-ulang/", **(SIGNED | {"password": "x"}), session=decided.session
    ).status_code != 302  # fmt: skip
    proctor.done(f"{path}/ujian-ulang/", **SIGNED, session=decided.session)

    assert moved.answer(moved.items[1], "a").json()["ended"]
    again = Participant(decided, 7)
    assert again.attempt != first.attempt
    assert again.paper["answers"] == {}
    again.answer(again.items[3], "a")
    assert again.submit().json()["answered"] == 1

    new = f"/ujian/kursi/{seat_of(decided, first.nip)}"
    page = proctor.get(new + "/")
    assert "Ujian ulang" in words_of(page)
    assert f'href="{path}/jejak/"' in page.text
    evidence_of_the_first_is_decided_and_read(decided, path)
    proctor.done(f"{new}/yang-dihitung/", **SIGNED, counts="old")
    assert again.post("/ujian/detak", {}).json()["ended"]["answered"] == 0


def evidence_of_the_first_is_decided_and_read(decided: OpenAgency, path: str) -> None:
    """Its seat was taken away; two officers decide all the same, and what was answered is the auditor's."""
    proctor = decided.sign_in("proctor")
    stray, *_later = re.findall(r'name="strays" value="(\d+)"', proctor.get(f"{path}/bukti/").text)
    page = proctor.done(f"{path}/bukti/", **SIGNED, strays=stray, accepted="no")
    assert "1 jawaban diputuskan" in words_of(page)
    answered = re.compile(r">\s*[ab]\s*</td>")
    assert not answered.search(proctor.get(f"{path}/jejak/").text)
    assert answered.search(decided.sign_in("auditor").get(f"{path}/jejak/").text)


def test_nothing_begins_before_the_window_and_no_session_lies_outside_its_programme(decided):
    starts = datetime.now(UTC) + timedelta(days=3)
    session = plan_session(decided, starts)
    proctor = decided.sign_in("proctor")
    proctor.done(
        f"/ujian/kursi/{seat_of(decided, decided.nips[8])}/sesi-lain/", session=session,
        reason="Tugas luar",
    )  # fmt: skip
    early = replace(decided, pin=open_session(replace(decided), session))
    person = Participant(early, 8, begin=False)
    person.browser.done("/ujian/persetujuan/", agree="on")

    refused = person.browser.fill("/ujian/mulai/")
    assert refused.status_code != 302 or "kerja" not in refused.headers["location"]
    assert person.browser.get("/ujian/isi.json").status_code == 409

    outside = proctor.fill(
        f"/ujian/sesi/{session}/tunda/", starts_at=f"{starts + timedelta(days=90):%Y-%m-%dT%H:%M}",
        reason="Banjir",
    )  # fmt: skip
    assert outside.status_code != 302
    assert "berlangsung" in words_of(outside)
    assert proctor.fill(
        f"/ujian/sesi/{session}/tunda/", starts_at=f"{starts + timedelta(days=1):%Y-%m-%dT%H:%M}",
        reason="Banjir",
    ).status_code == 302  # fmt: skip
