"""Ordinary mishaps that must not spoil an exam, in Chromium: networks, reloads, Back, spare machines."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from commands import PATIENCE, wait_for

from outside.browser import Machine, choose, kept_until, later, ready, saved, sealed
from outside.exam import free, seats_of
from outside.installation import PASSWORD, words_of

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def of_server(page) -> dict:
    return page.evaluate("async () => (await fetch('/ujian/isi.json')).json()")


def beat(page) -> None:
    """The page asks how it stands, now and not in a quarter of a minute; it has heard the reply."""
    with page.expect_response("**/ujian/detak"):
        page.evaluate(
            "() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
        )


def held(page, path) -> list:
    """The page's requests to a path, none of which goes on by itself."""
    found = []

    def keep(route):
        found.append(route)

    page.route(path, keep)
    return found


def waited_for(page, found) -> None:
    """Let the page go on until something is in the list `found`."""
    until = time.monotonic() + PATIENCE
    while not found:
        assert time.monotonic() < until
        page.wait_for_timeout(20)


def test_back_stays_in_an_exam_that_is_worked_at_by_keyboard_alone(shared_agency, machines):
    page = machines(shared_agency).begin(shared_agency, 10)
    saved(page)
    page.keyboard.press("2")
    saved(page)
    page.go_back()
    page.go_back()

    assert page.url.endswith("/ujian/kerja/")
    assert page.locator("#question input:checked").count() == 1, "the same page"


@pytest.mark.long
def test_back_and_a_reload_without_network_keep_the_exam(shared_agency, machines):
    machine = machines(shared_agency)
    page = machine.begin(shared_agency, 0)
    choose(page, "satu")
    saved(page)
    page.click("#next")
    page.go_back()
    page.go_back()
    ready(page)
    assert page.url.endswith("/ujian/kerja/")

    page.wait_for_function("async () => (await caches.keys()).length > 0")
    page.wait_for_function(
        "async () => Boolean(await caches.match('/ujian/kerja/')) && (await caches.match("
        "document.querySelector('script[type=module]').src)) !== undefined"
    )
    machine.context.set_offline(True)
    choose(page, "dua")
    page.wait_for_selector("#saved[data-state=offline]")
    page.reload()
    ready(page)

    assert page.locator("#map .answered").count() == 2, "the exam as it stood"
    assert page.inner_text("#clock") not in {"–", "00:00:00"}
    choose(page, "tiga")
    machine.context.set_offline(False)
    saved(page)
    page.click("#finish")
    page.click("#yes")
    page.wait_for_url("**/tanda-terima/")
    assert int(page.inner_text("#answered")) == 3


def test_a_tab_that_is_taken_over_while_it_loads_shows_and_holds_nothing(shared_agency, machines):
    machine = machines(shared_agency)
    machine.begin(shared_agency, 3).close()
    slow, own = machine.tab(), machine.tab()
    opening = held(slow, "**/ujian/isi.json")
    slow.goto("/ujian/kerja/")
    waited_for(slow, opening)
    own.goto("/ujian/kerja/")
    own.click("#take")
    ready(own)
    slow.wait_for_selector("#elsewhere:not([hidden])")

    opening[0].continue_()
    choose(own, "satu")
    saved(own)
    beat(own)

    assert slow.locator("#question fieldset").count() == 0
    assert slow.locator("#elsewhere").is_visible()
    assert own.locator("#question").is_visible(), "the opening that came late holds nothing"


def test_an_opening_whose_reply_was_lost_is_no_other_tab(shared_agency, machines):
    """It may count on the server after the next one, or before a page that goes on from what is kept."""
    machine = machines(shared_agency)
    lost = []

    def lose_the_first(route):
        if lost:
            return route.continue_()
        lost.append(route.request.post_data)
        return route.abort()

    machine.context.route("**/ujian/isi.json", lose_the_first)
    page = machine.begin(shared_agency, 5)
    page.evaluate(
        """body => fetch("/ujian/isi.json", {
          method: "POST", headers: { "Content-Type": "application/json" }, body,
        })""",
        lost[0],
    )
    beat(page)
    choose(page, "satu")
    saved(page)
    machine.context.unroute("**/ujian/isi.json")

    asked = []

    def lose_the_reply(route):
        asked.append(route.fetch())
        route.abort()

    page.route("**/ujian/isi.json", lose_the_reply)
    page.reload()
    ready(page)
    beat(page)
    choose(page, "dua")
    saved(page)

    assert len(asked) == 1, "it goes on as it is"
    assert page.locator("#question").is_visible()
    page.unroute("**/ujian/isi.json")
    assert sorted(of_server(page)["answers"].values()) == ["a", "b"]


def test_a_refused_answer_is_set_aside_and_shown_and_holds_up_no_other(shared_agency, machines):
    machine = machines(shared_agency)
    page = machine.begin(shared_agency, 1)
    saved(page)
    spoiled = []

    def spoil(route):
        body = route.request.post_data_json
        for event in body["events"]:
            if event["kind"] == "answer" and event["response"] == "a":
                event["response"] = "tidak-ada"
                spoiled.append(event["seq"])
        route.continue_(post_data=body)

    page.route("**/ujian/jawaban", spoil)
    choose(page, "satu")
    page.wait_for_selector("#aside:not([hidden])")
    assert "1 jawaban tidak diterima" in page.inner_text("#aside")
    page.click("#next")
    choose(page, "dua")
    saved(page)

    assert list(of_server(page)["answers"].values()) == ["b"]
    choose(page, "satu")
    page.locator("#aside", has_text="2 jawaban tidak diterima").wait_for()
    with page.expect_request("**/ujian/selesai") as end:
        page.click("#finish")
        page.click("#yes")
    assert end.value.post_data_json["last_seq"] not in spoiled, "the newest that the server took"
    page.wait_for_url("**/tanda-terima/")
    assert page.inner_text("#answered") == "1"


def with_an_adaptive_end(route) -> None:
    """The paper as if its last section were one of which the server chooses what comes next."""
    told = route.fetch()
    paper = told.json()
    paper["parts"][-1]["adaptive"] = {"most": 99}
    route.fulfill(response=told, json=paper)


NO_ANSWERS = pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        pytest.param(503, {"Retry-After": "4"}, '{"code": "Busy"}', id="busy"),
        pytest.param(
            200,
            {"Content-Type": "text/html"},
            "<h1>Wi-Fi</h1>",
            id="captive portal",
            marks=pytest.mark.long,
        ),
        pytest.param(502, {}, "Bad Gateway", id="a broken proxy", marks=pytest.mark.long),
    ],
)


def not_answered(page, path, *, status, headers, body) -> list[float]:
    """When the page asks for a path, from here on without an answer."""
    asked: list[float] = []

    def fail(route):
        asked.append(time.monotonic())
        route.fulfill(status=status, headers=headers, body=body)

    page.route(path, fail)
    return asked


def asked_later_each_time(page, asked, headers) -> None:
    """Until it has asked again: as late as it was told to, or later each time."""
    until = time.monotonic() + PATIENCE
    while len(asked) < (2 if "Retry-After" in headers else 3):
        assert time.monotonic() < until
        page.wait_for_timeout(50)
    waits = [later - earlier for earlier, later in pairwise(asked)]

    assert waits[0] >= (3.9 if "Retry-After" in headers else 0.4), waits
    assert waits[-1] >= 0.9, "longer each time"


@NO_ANSWERS
@pytest.mark.parametrize("path", ["jawaban", pytest.param("selesai", marks=pytest.mark.long)])
def test_what_does_not_answer_is_asked_again_later_and_not_hammered(
    agency, machines, path, status, headers, body
):
    page = machines(agency).begin(agency, 0)
    saved(page)
    asked = not_answered(page, f"**/ujian/{path}", status=status, headers=headers, body=body)
    choose(page, "dua")
    if path == "selesai":
        saved(page)
    # Pressing is no way round what was asked.
    pressed = path == "selesai" or "Retry-After" in headers
    if pressed:
        page.click("#finish")
        page.click("#yes")

    asked_later_each_time(page, asked, headers)
    page.unroute(f"**/ujian/{path}")
    if not pressed:
        saved(page)
        page.click("#finish")
        page.click("#yes")
    page.wait_for_url("**/tanda-terima/")
    assert page.inner_text("#answered") == "1"


@pytest.mark.long
@NO_ANSWERS
def test_a_next_item_that_does_not_come_is_asked_for_again_later(
    agency, machines, status, headers, body
):
    machine = machines(agency)
    machine.context.route("**/ujian/isi.json", with_an_adaptive_end)
    page = machine.begin(agency, 0)
    page.locator("#map button").last.click()
    choose(page, "dua")
    saved(page)
    asked = not_answered(page, "**/ujian/berikut", status=status, headers=headers, body=body)
    page.click("#next")

    asked_later_each_time(page, asked, headers)
    page.route("**/ujian/berikut", lambda route: route.fulfill(json={"question": None}))
    page.locator("#trouble").wait_for(state="hidden")
    page.click("#finish")
    page.click("#yes")
    page.wait_for_url("**/tanda-terima/")
    assert page.inner_text("#answered") == "1"


def test_an_older_state_of_the_server_takes_nothing_back_that_was_answered_since(
    shared_agency, machines
):
    page = machines(shared_agency).begin(shared_agency, 6)
    saved(page)
    older = []

    def spoil(route):
        route.continue_(
            post_data=route.request.post_data.replace('"response":"a"', '"response":"?"')
        )

    def delay(route):
        older.append((route, route.fetch()))

    page.route("**/ujian/jawaban", spoil)
    page.route("**/ujian/isi.json?*", delay)
    choose(page, "satu")
    waited_for(page, older)
    page.click("#next")
    choose(page, "dua")
    saved(page)
    route, reply = older[0]
    route.fulfill(response=reply)

    page.wait_for_selector("#map button:nth-child(1):not(.answered)")
    assert page.locator("#map button:nth-child(2)").get_attribute("class").split()[-2:] == [
        "answered",
        "here",
    ]
    assert page.locator("#question input:checked").evaluate(
        "input => input === document.activeElement"
    )


def test_a_clock_at_zero_waits_as_long_as_a_busy_server_asks(shared_agency, machines):
    machine = machines(shared_agency)
    machine.context.clock.install()
    page = machine.begin(shared_agency, 7)
    saved(page)
    asked = []

    def end_then_fail(route):
        asked.append(route)
        if len(asked) == 1:
            told = route.fetch()
            return route.fulfill(response=told, json={**told.json(), "seconds_left": 0})
        return route.fulfill(status=503, headers={"Retry-After": "20"}, body="{}")

    page.route("**/ujian/detak", end_then_fail)
    beat(page)
    for _ in range(20):
        page.clock.run_for(1000)
        page.wait_for_timeout(20)

    assert len(asked) == 2, "the first after three seconds, no other before twenty more"


def test_a_refused_end_is_asked_for_again_by_hand_and_by_itself_when_time_is_up(
    shared_agency, machines
):
    page = machines(shared_agency).begin(shared_agency, 11)
    choose(page, "dua")
    saved(page)
    asked: list[float] = []

    def refuse_thrice(route):
        asked.append(time.monotonic())
        if len(asked) > 3:
            return route.continue_()
        told = {"code": "AnswersMissing", "message": f"Belum sampai, {len(asked)}."}
        return route.fulfill(status=409, json=told)

    def end(route):
        told = route.fetch()
        ended = {"by": "time", "message": "Waktu ujian habis."}
        route.fulfill(response=told, json={**told.json(), "ended": ended})

    page.route("**/ujian/selesai", refuse_thrice)
    for press in (1, 2):
        page.click("#finish")
        page.click("#yes")
        page.locator("#trouble", has_text=f"Belum sampai, {press}.").wait_for()
    page.route("**/ujian/detak", end)
    beat(page)

    page.wait_for_url("**/tanda-terima/")
    assert page.inner_text("#answered") == "1"
    assert len(asked) == 4
    assert asked[3] - asked[2] >= 0.4, "not at once"


REPLIES = [
    ({}, '{"kept": 0}', 200, "kept"), ({}, "{}", 200, 0), ({}, "[]", 200, 0), ({}, '{"code": "?"}', 201, 0),
    ({"Retry-After": "7"}, "{}", 503, 7),
    (
        {"Retry-After": "Wed, 01 Jan 2025 00:01:00 GMT", "Date": "Wed, 01 Jan 2025 00:00:00 GMT"},
        "{}", 503, 60,
    ),
    ({"Retry-After": "nanti"}, "{}", 503, 0),
]  # fmt: skip


def test_what_is_no_answer_is_asked_again_as_late_as_was_asked_for(shared_agency, machines):
    page = machines(shared_agency).tab()
    page.goto("/ujian/")
    replies = iter(REPLIES)

    def answer(route):
        headers, body, status, _ = next(replies)
        route.fulfill(headers=headers, body=body, status=status)

    page.route("**/ujian/coba", answer)
    found = page.evaluate(
        """async (times) => {
          const { ask } = await import("/static/delivery/exam/net.js");
          const found = [];
          for (let n = 0; n < times; n += 1)
            await ask("/ujian/coba", {}, { has: "kept" })
              .then(() => found.push("kept"), (error) => found.push(error.retryAfter));
          return found;
        }""",
        len(REPLIES),
    )

    assert found == [wait for _, _, _, wait in REPLIES]


def test_what_a_proxy_finds_too_much_is_sent_in_smaller_parts(shared_agency, machines):
    """nginx answers a body over its limit with 413 and a page of its own; what waited must not stay."""
    page = machines(shared_agency).begin(shared_agency, 8)
    saved(page)
    page.context.set_offline(True)
    for turn in range(12):
        choose(page, ("satu", "dua")[turn % 2])
    refused = []

    def limited(route):
        body = route.request.post_data or ""
        if len(body) <= 700:
            return route.continue_()
        refused.append(len(body))
        return route.fulfill(status=413, content_type="text/html", body="<h1>413</h1>")

    page.route("**/ujian/jawaban", limited)
    page.context.set_offline(False)
    saved(page)

    assert refused
    assert list(of_server(page)["answers"].values()) == ["b"]


def test_a_broken_note_of_how_the_page_looks_ends_no_exam(shared_agency, machines):
    machine = machines(shared_agency)
    page = machine.begin(shared_agency, 9)
    page.evaluate("() => localStorage.setItem('cakap-exam', '{')")
    page.reload()

    choose(page, "dua")
    saved(page)


def test_the_first_machine_comes_back_and_its_answers_can_be_accepted(shared_agency, machines):
    first, second = machines(shared_agency), machines(shared_agency)
    page = first.begin(shared_agency, 2)
    choose(page, "satu")
    saved(page)
    first.context.set_offline(True)
    page.click("#next")
    choose(page, "dua")
    page.wait_for_selector("#saved[data-state=offline]")
    page.close()  # the machine loses its power

    free(shared_agency, 2)
    other = second.tab()
    second.sign_in(other, shared_agency, 2)
    other.goto("/ujian/kerja/")
    ready(other)
    choose(other, "tiga")
    saved(other)
    free(shared_agency, 2)
    first.context.set_offline(False)
    back = first.tab()
    first.sign_in(back, shared_agency, 2)
    back.goto("/ujian/kerja/")
    ready(back)
    saved(back)

    accept_evidence(shared_agency, 2)
    assert sorted(of_server(back)["answers"].values()) in (["a", "b"], ["a", "c"], list("abc"))


def test_a_tab_of_an_earlier_sign_in_leaves_and_what_it_held_is_evidence(shared_agency, machines):
    machine = machines(shared_agency)
    old = machine.begin(shared_agency, 4)
    saved(old)
    old.route("**/ujian/jawaban", lambda route: route.abort())
    choose(old, "satu")
    old.wait_for_selector("#saved[data-state=offline]")
    free(shared_agency, 4)
    own = machine.tab()
    machine.sign_in(own, shared_agency, 4)
    own.click("#take")
    ready(own)
    old.unroute("**/ujian/jawaban")

    old.wait_for_selector("#trouble:not([hidden])")
    assert "masuk lagi" in old.inner_text("#trouble")
    assert old.locator("#question fieldset").count() == 0
    choose(own, "dua")
    saved(own)
    assert list(of_server(own)["answers"].values()) == ["b"]
    assert [row for store, row in machine.kept(own)["rows"] if store == "papers"], (
        "its questions stay"
    )
    accept_evidence(shared_agency, 4)
    assert list(of_server(own)["answers"].values()) == ["b"], "the newer answer stays the newest"


@pytest.mark.long
def test_a_server_in_a_broken_ones_place_makes_no_machine_forget_an_unsent_answer(agency, machines):
    """One machine's page stays open, the other's closes; then the broken server is there again."""
    server, open_, closed = agency.installation, machines(agency), machines(agency)
    key = server.data / "secret.key"
    first = key.read_text()

    def in_its_place_the_one_with(secret):
        server.stop()
        key.write_text(secret)
        server.start("--workers", "1")

    def not_known(kept):
        return sealed(kept) and all("asked" in row for row in sealed(kept))

    pages = [machine.begin(agency, number) for number, machine in enumerate((open_, closed))]
    for page in pages:
        saved(page)
        page.context.set_offline(True)
        choose(page, "dua")
        page.wait_for_selector("#saved[data-state=offline]")
    pages[1].close()
    in_its_place_the_one_with("pengganti" * 8)
    open_.context.set_offline(False)
    kept_until(open_, pages[0], not_known)
    pages[0].close()
    closed.context.set_offline(False)
    other = closed.begin(agency, 2)
    kept_until(closed, other, not_known)
    assert of_server(other)["answers"] == {}
    in_its_place_the_one_with(first)

    for number, machine in enumerate((open_, closed)):
        later(machine, minutes=11)
        back = machine.tab()
        machine.sign_in(back, agency, number)
        ready(back)
        kept_until(machine, back, lambda kept: not sealed(kept))
        assert list(of_server(back)["answers"].values()) == ["b"]


def accept_evidence(agency, number):
    """Two officers accept what comes of an earlier machine, as soon as it is there."""
    proctor = agency.sign_in("proctor")
    path = f"/ujian/kursi/{seats_of(agency, proctor)[number]}/bukti/"
    strays = wait_for(
        "what the first machine held",
        lambda: re.findall(r'name="strays" value="(\d+)"', proctor.get(path).text),
    )
    answer = proctor.fill(
        path, strays=strays, accepted="yes", reason="Listrik padam.", second="second",
        password=PASSWORD,
    )  # fmt: skip
    assert answer.status_code == 302, words_of(answer)


NUMBERS = [
    ("id", "1.500", "1500", "1.500"), ("id", "1,5", "1.5", "1,5"), ("id", "12.5", "12.5", "12,5"),
    ("id", "1.500,25", "1500.25", "1.500,25"), ("id", "１２", "12", "12"), ("id", "١٢", "12", "12"),
    ("id", "-3", "-3", "-3"), ("id", "\u22123", "-3", "-3"), ("id", "007", "7", "7"),
    ("id", "1 500", "1500", "1.500"), ("id", "\u200b15", "15", "15"), ("id", "1.2.3", None, ""),
    ("id", "\u200e1.500\u200f", "1500", "1.500"), ("id", "\u2066-3\u2069", "-3", "-3"),
    ("id", "\u202a12\ufe0f\u180e\u202c", "12", "12"),
    ("id", "lima", None, ""), ("id", "1e5", None, ""), ("id", "1,000", "1.000", "1,000"),
    ("id", "0.500", "0.500", "0,500"), ("id", "0.125.000", None, ""), ("en", "0,5000", "0.5000", "0.5000"),
    ("en", "1,500", "1500", "1,500"), ("en", "1.5", "1.5", "1.5"), ("en", "12,5", "12.5", "12.5"),
]  # fmt: skip


def test_numbers_are_read_as_the_pages_language_writes_them(shared_agency, machines):
    page = machines(shared_agency).tab()
    page.goto("/ujian/")
    found = page.evaluate(
        """async (cases) => {
          const { readNumber, showNumber } = await import("/static/delivery/exam/numbers.js");
          return cases.map(([language, text]) => {
            const read = readNumber(text, language);
            return [read, read === null ? "" : showNumber(read, language)];
          });
        }""",
        [[language, text] for language, text, _, _ in NUMBERS],
    )

    assert found == [[read, shown] for _, _, read, shown in NUMBERS]


def test_over_the_sites_tls_a_browser_with_cookies_of_others_answers_and_submits(
    agency_at_rest, chromium
):
    """A browser that is offered HTTP/2 sends each cookie by itself, and a portal of the same domain may
    have left cookies that a strict reader finds no name in."""
    installation = agency_at_rest.installation
    installation.run("site", "tls")
    installation.authority = installation.data / "tls" / "ca.pem"
    installation.start("--workers", "1", "--tls")
    machine = Machine(chromium, installation.base, ignore_https_errors=True)
    foreign = [
        {"name": "a@b", "value": "1", "url": installation.base},
        {"name": "nama", "value": "Budi Santoso", "url": installation.base},
    ]
    machine.context.add_cookies(foreign)

    page = machine.begin(agency_at_rest, 0)
    choose(page, "satu")
    saved(page)
    page.click("#finish")
    page.click("#yes")

    page.wait_for_url("**/tanda-terima/")
    assert int(page.inner_text("#answered")) == 1
    machine.close()
    assert machine.troubles == []
