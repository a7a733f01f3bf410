"""Whose answer it is: shared machines, several tabs, old tabs, and what a machine keeps, in Chromium.

Each test plays in a room that is a secure context and in one that is none, see the fixture `room`.
"""

from __future__ import annotations

import json

import pytest

from outside.browser import choose, kept_until, later, ready, saved, sealed

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def of_server(page) -> dict:
    """The attempt as the server holds it, asked with the token of this machine."""
    return page.evaluate("async () => (await fetch('/ujian/isi.json')).json()")


def waiting(kept) -> list:
    """Answers on their way, in the clear or sealed."""
    return [row for store, row in kept["rows"] if store in {"outbox", "sealed"}]


def test_a_tab_of_one_person_never_writes_for_the_next(room, machines):
    machine = machines(room)
    first = machine.begin(room, 0)
    choose(first, "satu")
    saved(first)

    second = machine.begin(room, 1)
    first.bring_to_front()
    if first.locator("#question fieldset").count():
        choose(first, "tiga")
    first.wait_for_selector("#trouble:not([hidden])")

    assert "ujian lain" in first.inner_text("#trouble")
    assert first.locator("#question fieldset").count() == 0, "no question of the first is shown"
    assert of_server(second)["answers"] == {}, "nothing came into the second person's attempt"
    choose(second, "dua")
    saved(second)
    assert list(of_server(second)["answers"].values()) == ["b"]


def test_what_waited_of_the_first_person_reaches_that_attempt(room, machines):
    machine = machines(room)
    first = machine.begin(room, 2)
    question = first.inner_text("#question legend")
    machine.context.set_offline(True)
    choose(first, "dua")
    first.wait_for_selector("#saved[data-state=offline]")
    first.close()
    machine.context.set_offline(False)

    # Once the script that seals does not come: the questions go all the same, and the answers later.
    machine.context.route("**/nacl-fast*", lambda route: route.abort())
    second = machine.tab()
    machine.sign_in(second, room, 3)
    kept_until(machine, second, lambda kept: question not in json.dumps(kept["rows"]))
    assert waiting(machine.kept(second))
    machine.context.unroute("**/nacl-fast*")
    second.close()

    second = machine.begin(room, 3)
    kept_until(machine, second, lambda kept: not waiting(kept))
    assert of_server(second)["answers"] == {}
    report = room.sign_in("auditor").get("/audit/")
    assert report.status_code == 200


def test_after_the_receipt_a_machine_keeps_no_question_and_no_answer(room, machines):
    machine = machines(room)
    page = machine.begin(room, 4)
    question = page.inner_text("#question legend")
    choose(page, "dua")
    saved(page)
    assert question in json.dumps(machine.kept(page)), "while it is worked at, for a reload offline"

    page.click("#finish")
    page.click("#yes")
    page.wait_for_url("**/tanda-terima/")

    kept_until(
        machine, page,
        lambda kept: kept["rows"] == [] and not any("/ujian/" in url for url in kept["cached"]),
    )  # fmt: skip


def test_two_tabs_of_one_exam_answer_in_turn_and_submit(room, machines):
    machine = machines(room)
    first = machine.begin(room, 5)
    choose(first, "satu")
    saved(first)

    second = machine.tab()
    second.goto("/ujian/kerja/")
    second.wait_for_selector("#elsewhere:not([hidden])")
    second.click("#take")
    ready(second)
    first.wait_for_selector("#elsewhere:not([hidden])")
    choose(second, "dua")
    saved(second)

    first.bring_to_front()
    first.click("#take")
    ready(first)
    second.wait_for_selector("#elsewhere:not([hidden])")
    choose(first, "tiga")
    saved(first)
    first.click("#finish")
    first.click("#yes")
    first.wait_for_url("**/tanda-terima/")

    assert first.inner_text("#answered") == "3", "each tab went on with the next open question"


def test_what_no_server_here_knows_stays_sealed_and_is_asked_about_seldom(room, machines):
    """Another server in a broken one's place knows neither the cookie nor what was sealed for the first."""
    machine = machines(room)
    first = machine.begin(room, 6)
    saved(first)
    question, asked = first.inner_text("#question legend"), []

    def not_known(route):
        asked.append(route)
        route.fulfill(json={"taken": [False]})

    machine.context.route("**/ujian/titipan", not_known)
    not_signed_in = {"code": "NotSignedIn", "message": "Anda belum masuk."}
    machine.context.route(
        "**/ujian/jawaban", lambda route: route.fulfill(status=401, json=not_signed_in)
    )
    choose(first, "dua")
    kept_until(machine, first, lambda kept: [own for own in sealed(kept) if "asked" in own])
    assert question not in json.dumps(machine.kept(first)["rows"])
    assert len(waiting(machine.kept(first))) == 1, "no answer in the clear"
    first.close()
    machine.context.unroute("**/ujian/jawaban")
    second = machine.begin(room, 7)
    choose(second, "tiga")
    saved(second)
    assert len(asked) == 1, "the next person's pages leave it alone"
    machine.context.unroute("**/ujian/titipan")  # the first server is back
    later(machine, minutes=11)

    second.reload()
    ready(second)
    kept_until(machine, second, lambda kept: not sealed(kept))
    back = machine.tab()
    machine.sign_in(back, room, 6)
    ready(back)
    assert list(of_server(back)["answers"].values()) == ["b"]


PUT = """row => new Promise((done) => {
  const asked = indexedDB.open("cakap");
  asked.onsuccess = () => {
    const transaction = asked.result.transaction("outbox", "readwrite");
    transaction.objectStore("outbox").put(row);
    transaction.oncomplete = () => { asked.result.close(); done(); };
  };
})"""


def test_no_event_takes_the_place_of_one_that_another_server_numbered_the_same(room, machines):
    """A new server numbers attempts and pages from the beginning again."""
    machine = machines(room)
    page = machine.begin(room, 8)
    saved(page)
    told = of_server(page)
    first_of_next_page = told["seq_from"] + 100_001
    row = {"attempt": told["attempt"], "seq": first_of_next_page, "token": "S1", "response": "b"}
    page.evaluate(PUT, row)
    machine.context.route("**/nacl-fast*", lambda route: route.abort())
    page.reload()
    ready(page)
    choose(page, "satu")
    saved(page)

    assert ["outbox", row] in machine.kept(page)["rows"]
    assert of_server(page)["last_seq"] > first_of_next_page
