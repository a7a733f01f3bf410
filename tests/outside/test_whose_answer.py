"""Whose answer it is: shared machines, several tabs, old tabs, and what a machine keeps, in Chromium.

Each test plays in a room that is a secure context and in one that is none, see the fixture `room`.
"""

from __future__ import annotations

import json
import time

import pytest
from commands import PATIENCE

from outside.browser import choose, ready, saved

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def of_server(page) -> dict:
    """The attempt as the server holds it, asked with the token of this machine."""
    return page.evaluate("async () => (await fetch('/ujian/isi.json')).json()")


def kept_until(machine, page, found) -> None:
    """Until what the machine keeps is as is looked for."""
    until = time.monotonic() + PATIENCE
    while not found(kept := machine.kept(page)):
        assert time.monotonic() < until, kept
        page.wait_for_timeout(50)


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
