"""What is pressed twice, or was shown before something changed, acts once and for whom it was meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from commands import wait_for

from outside.agency import open_session, plan_session
from outside.exam import Participant, hidden, seats_of
from outside.installation import PASSWORD, words_of

pytestmark = pytest.mark.slow


def test_a_sign_in_that_is_sent_twice_is_one_and_another_browser_is_refused(shared_agency):
    agency = shared_agency
    browser = agency.installation.visitor()
    told = {"nip": agency.nips[0], "pin": agency.pin}
    first = browser.fill("/ujian/", **told)
    token = browser.cookies["cakap_ujian"]
    browser.cookies.delete("cakap_ujian")  # the reply was lost, or the button was pressed again

    again = browser.fill("/ujian/", **told)

    assert (first.status_code, again.status_code) == (302, 302)
    assert browser.cookies["cakap_ujian"] == token
    other = agency.installation.visitor().fill("/ujian/", **told)
    assert "perangkat lain" in words_of(other)


def test_a_form_of_another_participant_consents_to_nothing_and_begins_nothing(shared_agency):
    agency = shared_agency
    mine, after = Participant(agency, 1, begin=False), Participant(agency, 2, begin=False)
    own = hidden(mine.browser.get("/ujian/persetujuan/"))

    refused = after.browser.fill("/ujian/persetujuan/", agree="on", **own)
    assert refused.status_code == 409
    after.browser.done("/ujian/persetujuan/", agree="on")
    assert after.browser.fill("/ujian/mulai/", **own).status_code == 409
    assert "NotBegun" in after.browser.get("/ujian/isi.json").text


def test_time_is_given_once_and_a_machine_is_freed_once(shared_agency):
    agency = shared_agency
    person = Participant(agency, 3)
    proctor = agency.sign_in("proctor")
    seat = f"/ujian/kursi/{seats_of(agency, proctor)[3]}"
    shown = hidden(proctor.get(f"{seat}/waktu/"))
    told = {"minutes": 5, "reason": "Layar mati", **shown}

    assert proctor.fill(f"{seat}/waktu/", **told).status_code == 302
    again = proctor.fill(f"{seat}/waktu/", **told)
    assert (again.status_code, "tidak sesuai dengan keadaan sekarang" in words_of(again)) == (
        409,
        True,
    )

    shown = hidden(proctor.get(f"{seat}/"))
    assert proctor.fill(f"{seat}/pindah/", **shown).status_code == 302
    moved = Participant(agency, 3, begin=False)
    assert proctor.fill(f"{seat}/pindah/", **shown).status_code == 409
    assert moved.browser.get("/ujian/isi.json").status_code == 200
    assert person.browser.get("/ujian/isi.json").status_code == 409


def test_closing_asks_again_when_somebody_who_was_not_named_is_at_work(agency):
    first, second = Participant(agency, 0), Participant(agency, 1)
    first.submit()
    second.submit()
    proctor = agency.sign_in("proctor")
    close = f"/ujian/sesi/{agency.session}/tutup/"
    asked = hidden(proctor.get(close))
    seat = seats_of(agency, proctor)[0]
    officers = {"second": "second", "password": PASSWORD}
    proctor.done(f"/ujian/kursi/{seat}/buka-kembali/", minutes=5, reason="Keliru", **officers)

    again = proctor.fill(close, **asked)

    assert again.status_code == 200
    assert "Masih mengerjakan: 1" in words_of(again)


def test_a_time_zone_that_a_database_does_not_know_disturbs_nobody(shared_agency):
    """Evidence of an earlier machine, its time written with +23:00; others save at the same moment."""
    agency = shared_agency
    old = Participant(agency, 4)
    proctor = agency.sign_in("proctor")
    proctor.done(f"/ujian/kursi/{seats_of(agency, proctor)[4]}/pindah/")
    Participant(agency, 4, begin=False)
    answer = old.send(old.event(old.items[0], "b", at="2026-01-01T00:00:00+23:00"))

    assert answer.json()["code"] == "OtherDevice"
    assert Participant(agency, 5).answer(old.items[0], "b").status_code == 200


def test_an_old_page_ends_no_pause_of_somebody_else_and_words_are_said_once(shared_agency):
    agency = shared_agency
    proctor = agency.sign_in("proctor")
    board = f"/ujian/sesi/{agency.session}"
    proctor.done(f"{board}/jeda/", reason="Listrik")
    old = hidden(proctor.get(f"{board}/"))
    assert "pause" in old
    proctor.done(f"{board}/lanjut/", **old)
    agency.sign_in("second").done(f"{board}/jeda/", reason="Alarm kebakaran")

    assert proctor.fill(f"{board}/lanjut/", **old).status_code == 409
    assert "Lanjutkan ujian" in proctor.get(f"{board}/").text
    proctor.done(f"{board}/lanjut/", **hidden(proctor.get(f"{board}/")))

    for _ in range(2):
        proctor.done(f"{board}/umumkan/", text="Waktu tinggal sepuluh menit.")
        proctor.done(f"{board}/kejadian/", text="Pintu dibuka.")
    assert proctor.get(f"{board}/kejadian/daftar/").text.count("Pintu dibuka.") == 1
    person = Participant(agency, 6)
    # Each process asks for announcements every few seconds.
    told = wait_for(
        "the announcement at a participant's page",
        lambda: person.post("/ujian/detak", {}).json()["notices"], said=agency.installation.said,
    )  # fmt: skip
    assert [text for _number, text in told] == ["Waktu tinggal sepuluh menit."]


def test_what_was_on_its_way_when_a_session_was_postponed_counts(agency):
    person = Participant(agency, 0)
    person.answer(person.items[0], "b")
    later = datetime.now(UTC) + timedelta(hours=9)
    proctor, postpone = agency.sign_in("proctor"), f"/ujian/sesi/{agency.session}/tunda/"
    told = {
        "starts_at": f"{later:%Y-%m-%dT%H:%M}", "reason": "Jaringan putus",
        **hidden(proctor.get(postpone)),
    }  # fmt: skip
    proctor.done(postpone, **told)

    assert person.answer(person.items[1], "b").status_code == 200
    for refused in (person.browser.get("/ujian/isi.json"), person.submit()):
        assert refused.status_code == 409
        assert "dijadwalkan ulang ke" in words_of(refused)
    assert person.post("/ujian/detak", {}).json()["ended"]["by"] == "postponed"
    assert person.browser.get("/ujian/kerja/").status_code == 200
    assert person.browser.get("/ujian/tanda-terima/").headers["location"] == "/ujian/kerja/"
    assert "sudah dijadwalkan ke waktu itu" in words_of(proctor.done(postpone, **told))
    other = told | {"starts_at": f"{later + timedelta(hours=1):%Y-%m-%dT%H:%M}"}
    assert proctor.fill(postpone, **other).status_code == 409
    open_session(agency)

    assert set(person.read()["answers"]) == {str(person.items[0]), str(person.items[1])}


def test_no_rehearsal_takes_the_place_of_a_sitting(agency):
    starts = datetime.now(UTC) + timedelta(hours=3)
    rehearsal = plan_session(agency, starts, is_rehearsal="on")
    person = Participant(agency, 0)
    proctor = agency.sign_in("proctor")
    seat = seats_of(agency, proctor)[0]
    officers = {"reason": "Layar mati", "second": "second", "password": PASSWORD}

    page = proctor.fill(f"/ujian/kursi/{seat}/ujian-ulang/", session=rehearsal, **officers)

    assert page.status_code == 200
    assert f'value="{rehearsal}"' not in page.text
    assert person.answer(person.items[0], "b").status_code == 200
