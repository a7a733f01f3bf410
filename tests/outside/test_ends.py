"""How exams end: by people who were asked, said to those who sit, and the paper is shut after it."""

from __future__ import annotations

import pytest

from outside.exam import Participant, close, hidden
from outside.installation import words_of

pytestmark = pytest.mark.slow


def test_closing_names_who_still_works_and_asks_again_when_more_have_begun(agency):
    first, second = Participant(agency, 0), Participant(agency, 1)
    first.answer(first.items[0], "b")
    second.submit()
    proctor = agency.sign_in("proctor")
    path = f"/ujian/sesi/{agency.session}/tutup/"

    unasked = proctor.fill(path)
    assert unasked.status_code == 200
    asked = proctor.get(path)
    assert "Masih mengerjakan: 1 (kursi" in words_of(asked)
    assert "Sudah menyelesaikan: 1" in words_of(asked)
    assert "1 jawaban mereka" in words_of(asked)
    Participant(agency, 2)

    again = proctor.fill(path, **hidden(asked))
    assert again.status_code == 200
    assert "Masih mengerjakan: 2" in words_of(again)
    assert first.answer(first.items[1], "a").json()["ended"] is None
    assert proctor.fill(path, **hidden(again)).status_code == 302
    assert "Ditutup" in words_of(proctor.get(f"/ujian/sesi/{agency.session}/"))


def test_a_closed_session_is_announced_with_what_counts_and_serves_no_paper(agency):
    person = Participant(agency, 0)
    for item in person.items[:3]:
        person.answer(item, "b")
    close(agency)

    told = person.post("/ujian/detak", {}).json()["ended"]
    assert (told["by"], told["answered"]) == ("closed", 3)
    assert "3 jawaban" in told["message"]
    late = person.answer(person.items[4], "a").json()
    assert (late["ended"]["by"], late["ended"]["answered"]) == ("closed", 3)
    assert_shut(person)
    receipt = words_of(person.browser.get("/ujian/kerja/", follow_redirects=True))
    assert "Jawaban tersimpan: 3" in receipt


@pytest.mark.long
def test_a_submitted_exam_serves_no_paper_and_shows_its_receipt(agency):
    person = Participant(agency, 0)
    person.answer(person.items[0], "b")
    code = person.submit().json()["code"]

    assert_shut(person)
    assert person.post("/ujian/detak", {}).json()["ended"]["by"] == "submitted"
    receipt = words_of(person.browser.get("/ujian/kerja/", follow_redirects=True))
    assert code in receipt
    assert "Jawaban tersimpan: 1" in receipt


def assert_shut(person: Participant) -> None:
    paper = person.browser.get("/ujian/isi.json", headers={"Accept": "application/json"})
    assert paper.status_code == 409, paper.text[:200]
    assert "parts" not in paper.json()
    assert person.post("/ujian/isi.json", {}).status_code == 409
    assert person.browser.get("/ujian/berkas/" + "0" * 64).status_code in {404, 409}
    assert person.post("/ujian/berikut", {"section": 1}).status_code == 409
