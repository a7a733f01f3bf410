"""An exam as its requests are: which attempt, which answers, what is refused and what is kept."""

from __future__ import annotations

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from nacl.public import Box, PrivateKey, PublicKey
from nacl.utils import random

from outside.exam import Participant, free, seats_of
from outside.installation import PASSWORD, words_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def person(shared_agency):
    """A participant by number, signed in once."""
    known: dict[int, Participant] = {}

    def of(number: int) -> Participant:
        if number not in known:
            known[number] = Participant(shared_agency, number)
        known[number].read()
        return known[number]

    return of


def test_a_participant_answers_and_submits(person):
    own = person(0)

    assert own.answer(own.items[0], "b").status_code == 200
    assert own.submit().json()["answered"] == 1


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"response": "b\ud83d"}, id="half a surrogate pair"),
        pytest.param({"response": "b\x00"}, id="NUL"),
        pytest.param({"response": None}, id="null"),
        pytest.param({"response": ["b"]}, id="a list"),
        pytest.param({"response": "b" * 30_000}, id="too long"),
        pytest.param({"seq": 3.7}, id="a broken number"),
        pytest.param({"seq": "4"}, id="a number as text"),
        pytest.param({"seq": True}, id="true"),
        pytest.param({"seq": 2**40}, id="a number beyond the column"),
        pytest.param({"item": "1"}, id="an item as text"),
        pytest.param({"kind": "shout"}, id="an unknown kind"),
        pytest.param({"at": "kemarin"}, id="no time"),
        pytest.param({"at": "2025-01-22T01:00:00"}, id="a time without its zone"),
    ],
)
def test_one_bad_event_is_refused_alone_whoever_else_saves(person, bad):
    culprit, other = person(1), person(2)
    item = culprit.items[0]

    answer = culprit.send(
        culprit.event(item, "a"), culprit.event(item, "b") | bad, culprit.event(item, "c")
    )

    assert answer.status_code == 400, answer.text
    assert len(answer.json()["refused"]) == 1
    assert other.answer(other.items[0], "b").status_code == 200
    assert culprit.read()["answers"] == {str(item): "c"}, "what came after it is saved"


@pytest.mark.parametrize("path", ["jawaban", "detak", "berikut", "bagian", "selesai", "isi.json"])
@pytest.mark.parametrize(("named", "status"), [(1, 409), (None, 400), ("1", 400), (True, 400)])
def test_a_request_that_names_another_attempt_or_none_does_nothing(person, path, named, status):
    own = person(3)
    body = {"events": [own.event(own.items[0], "b")], "section": 1, "last_seq": 0}
    told = body if named is None else {**body, "attempt": named}
    assert own.attempt != 1

    answer = own.browser.post(f"/ujian/{path}", json=told)

    assert answer.status_code == status, answer.text
    assert answer.json()["message"]
    assert own.read()["answers"] == {}


def device_of(own: Participant) -> str:
    """The sign-in that the exam page names with every request."""
    return re.search(r'data-device="(\w+)"', own.browser.get("/ujian/kerja/").text)[1]


def test_a_page_of_an_earlier_sign_in_adds_nothing_undecided(shared_agency, person):
    old = person(11)
    device, item = device_of(old), old.items[0]
    free(shared_agency, 11)
    own = Participant(shared_agency, 11, begin=False, browser=old.browser)
    body = {"events": [old.event(item, "b")], "section": 1, "last_seq": 0}

    for path in ("jawaban", "detak", "berikut", "bagian", "selesai", "isi.json"):
        answer = old.post(f"/ujian/{path}", {**body, "device": device})
        assert (answer.status_code, answer.json()["code"]) == (409, "OtherAttempt"), path
        assert "masuk lagi" in answer.json()["message"]
    assert own.read()["answers"] == {}
    assert old.post("/ujian/jawaban", {**body, "device": device_of(own)}).status_code == 200
    assert own.read()["answers"] == {str(item): "b"}


def test_gaps_and_pages_hold_up_no_submission(person):
    own = person(4)
    own.answer(own.items[0], "a")
    own.seq += 7
    own.answer(own.items[1], "b")
    first = own.hold()
    own.answer(own.items[0], "b")
    second = own.hold()
    assert second["seq_from"] > first["seq_from"] > 0
    own.answer(own.items[0], "c")

    assert own.read()["answers"] == {str(own.items[0]): "c", str(own.items[1]): "b"}
    assert own.submit().json()["answered"] == 2


def test_each_of_many_openings_at_one_moment_has_numbers_of_its_own(person):
    own = person(5)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: own.post("/ujian/isi.json", {}).json(), range(16)))

    assert len({paper["seq_from"] for paper in told}) == 16
    assert all(
        paper["seq_from"] == paper["page"] * told[0]["seq_from"] / told[0]["page"] for paper in told
    )


def test_an_older_page_hears_that_another_holds_the_attempt(person):
    own = person(5)
    old = own.hold()["page"]
    new = own.hold()["page"]

    told = own.post("/ujian/detak", {}).json()

    assert told["page"] == new > old


def decide(agency, number, accepted, second="second"):
    proctor = agency.sign_in("proctor")
    path = f"/ujian/kursi/{seats_of(agency, proctor)[number]}/bukti/"
    page = proctor.get(path)
    strays = re.findall(r'name="strays" value="(\d+)"', page.text)
    answer = proctor.fill(
        path, strays=strays, accepted="yes" if accepted else "no", reason="Listrik padam.",
        second=second, password=PASSWORD,
    )  # fmt: skip
    return page, answer


def trail_of(agency, number):
    proctor = agency.sign_in("proctor")
    return words_of(proctor.get(f"/ujian/kursi/{seats_of(agency, proctor)[number]}/jejak/"))


def test_machine_one_two_one_drops_nothing_and_accepted_evidence_counts(shared_agency, person):
    first = person(6)
    first.hold()
    first.answer(first.items[0], "a")
    unsent = [first.event(first.items[1], "b"), first.event(first.items[2], "c")]
    free(shared_agency, 6)
    second = Participant(shared_agency, 6, begin=False)
    second.browser.get("/ujian/kerja/")
    second.read()
    second.hold()
    second.answer(second.items[2], "a")

    late = first.send(*unsent)

    assert (late.status_code, late.json()["code"]) == (409, "OtherDevice")
    assert [event["evidence"] for event in late.json()["refused"]] == [True, True]
    assert "dari komputer lama, tidak dihitung" in trail_of(shared_agency, 6)
    assert second.read()["answers"] == {str(second.items[0]): "a", str(second.items[2]): "a"}

    page, alone = decide(shared_agency, 6, accepted=True, second="proctor")
    assert alone.status_code == 400, "one officer alone does not decide"
    assert "sudah dijawab lagi" in words_of(page)
    assert second.read()["answers"] == {str(second.items[0]): "a", str(second.items[2]): "a"}

    _, done = decide(shared_agency, 6, accepted=True)
    assert done.status_code == 302, words_of(done)
    assert second.read()["answers"] == {
        str(second.items[0]): "a", str(second.items[1]): "b", str(second.items[2]): "a",
    }  # fmt: skip
    assert second.submit().json()["answered"] == 3


def test_other_content_under_a_number_goes_to_the_evidence(shared_agency, person):
    own = person(7)
    own.answer(own.items[0], "a")
    again = own.send(
        {**own.event(own.items[0], "b"), "seq": own.seq - 1}, own.event(own.items[1], "c")
    )

    assert (again.status_code, again.json()["code"]) == (409, "AnswerConflict")
    assert own.read()["answers"] == {str(own.items[0]): "a", str(own.items[1]): "c"}
    _, done = decide(shared_agency, 7, accepted=False)
    assert done.status_code == 302
    assert own.read()["answers"] == {str(own.items[0]): "a", str(own.items[1]): "c"}


def test_what_is_no_answer_is_evidence_that_cannot_count_and_blocks_nothing(shared_agency, person):
    own = person(11)
    own.answer(own.items[0], "b")
    wrong = [{"response": "tidak-ada"}, {"item": 10**6}, {"kind": "shout"}, {"response": None}]
    refused = own.send(*[{**own.event(own.items[1], "a"), **how} for how in wrong])

    assert [event["evidence"] for event in refused.json()["refused"]] == [True] * 4
    assert own.submit().json()["answered"] == 1, "the last number of all was refused"
    page, counted = decide(shared_agency, 11, accepted=True)
    assert words_of(page).count("tidak dikenali sebagai jawaban") == 4
    assert counted.status_code == 400
    assert decide(shared_agency, 11, accepted=False)[1].status_code == 302


def test_accepted_evidence_of_one_page_counts_before_what_was_answered_since(shared_agency, person):
    own = person(10)
    answered, open_ = own.items[:2]
    for item, response in ((answered, "a"), (open_, "a")):
        own.answer(item, response)
        own.send({**own.event(item, "b"), "seq": own.seq - 1})
        own.seq -= 1
    own.answer(answered, "c")

    page, done = decide(shared_agency, 10, accepted=True)

    assert "jawaban itu tetap yang terbaru" in words_of(page)
    assert done.status_code == 302, words_of(done)
    assert own.read()["answers"] == {str(answered): "c", str(open_): "b"}
    told = trail_of(shared_agency, 10)
    assert "bukti, isi lain dengan nomor urut yang sama: diterima" in told
    assert "belum diputuskan" not in told


def test_what_waited_sealed_reaches_its_own_attempt_and_no_other(shared_agency, person):
    owner, bringer = person(8), person(9)
    token = owner.read()["deposit"]
    page = owner.browser.get("/ujian/kerja/").text
    key = base64.b64decode(re.search(r'data-seal-to="([^"]+)"', page)[1])
    own = PrivateKey.generate()
    content = json.dumps({"token": token, "events": [owner.event(owner.items[0], "b")]}).encode()
    nonce = random(24)
    cipher = Box(own, PublicKey(key)).encrypt(content, nonce).ciphertext
    package = base64.b64encode(bytes(own.public_key) + nonce + cipher).decode()
    forged = base64.b64encode(bytes(own.public_key) + nonce + cipher[:-1] + b"x").decode()

    for _ in range(2):
        answer = bringer.browser.post("/ujian/titipan", json={"sealed": [package, forged, "?"]})
        assert answer.json() == {"taken": [True, False, True]}

    assert owner.read()["answers"] == {str(owner.items[0]): "b"}
    assert bringer.read()["answers"] == {}
