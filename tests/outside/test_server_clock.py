"""The server's wall clock steps, or is wrong at a start: it pauses people, it ends nobody's exam."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from commands import wait_for
from faketime import SteppingClock

from outside.agency import OpenAgency
from outside.exam import Participant
from outside.installation import words_of

pytestmark = pytest.mark.slow
HOURS = 3600


@pytest.fixture
def clock(tmp_path):
    return SteppingClock(tmp_path / "clock")


def serve(agency: OpenAgency, clock: SteppingClock) -> None:
    agency.installation.start("--workers", "2", **clock.settings)


def beat(person: Participant) -> dict:
    answer = person.post("/ujian/detak", {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def confirm(agency: OpenAgency, choice: str, right_at: datetime | None = None) -> str:
    """The proctor says which time is right; the page that follows."""
    local = f"{right_at + timedelta(hours=7):%Y-%m-%dT%H:%M:%S}" if right_at else ""
    page = agency.sign_in("proctor").done(
        "/ujian/jam/", choice=choice, right_at=local, reason="Jam dinding ruang"
    )
    return words_of(page)


def start_of_another_day(agency: OpenAgency) -> None:
    """The machine itself was switched off: its readings are of an earlier start."""
    with contextlib.closing(sqlite3.connect(agency.installation.data / "cakap.sqlite3")) as kept:
        kept.execute("UPDATE delivery_clockreading SET boot_id = 'an earlier start'")
        kept.commit()


@pytest.mark.parametrize(
    ("step", "choice"),
    [
        (2 * HOURS, "old"),
        pytest.param(-30 * HOURS, "old", marks=pytest.mark.long),
        pytest.param(-HOURS // 3, "new", marks=pytest.mark.long),
        pytest.param(400 * 24 * HOURS, "typed", marks=pytest.mark.long),
    ],
)
def test_a_step_pauses_everybody_until_the_proctor_says_which_time_is_right(
    agency_at_rest, clock, step, choice
):
    agency = agency_at_rest
    serve(agency, clock)
    working, waiting = Participant(agency, 0), Participant(agency, 1, begin=False)
    waiting.browser.done("/ujian/persetujuan/", agree="on")
    working.answer(working.items[0], "b")
    before = beat(working)["seconds_left"]

    clock.step(step)
    wait_for("a pause", lambda: beat(working)["paused"], said=agency.installation.said)
    told = working.answer(working.items[1], "a").json()
    assert (told["ended"], told["paused"]) == (None, True)
    assert told["seconds_left"] == pytest.approx(before, abs=60)
    assert working.submit().status_code == 503, "the page asks again until it is confirmed"
    assert waiting.browser.fill("/ujian/mulai/").status_code != 302
    console = words_of(agency.sign_in("proctor").get(f"/ujian/sesi/{agency.session}/"))
    assert "jam" in console.lower()
    assert "/ujian/jam/" in agency.sign_in("proctor").get(f"/ujian/sesi/{agency.session}/").text

    confirm(agency, choice, datetime.now(UTC) if choice == "typed" else None)
    wait_for("the end of the pause", lambda: not beat(working)["paused"])
    assert beat(working)["seconds_left"] == pytest.approx(before, abs=60)
    waiting.begin()
    waiting.answer(waiting.items[0], "b")
    done = working.submit().json()
    assert done["answered"] == 2, "nothing of it counts as late"


@pytest.mark.long
def test_a_dead_clock_battery_and_a_gap_ask_the_proctor_but_a_night_does_not(agency_at_rest, clock):
    agency = agency_at_rest
    serve(agency, clock)
    person = Participant(agency, 0)
    person.answer(person.items[0], "b")
    before = beat(person)["seconds_left"]

    agency.installation.stop(signal.SIGKILL)
    start_of_another_day(agency)
    clock.step(-9000 * 24 * HOURS)  # a machine without a battery begins in another century
    serve(agency, clock)
    assert beat(person)["paused"]
    assert person.answer(person.items[1], "a").status_code == 200
    assert "Jam dipastikan" in confirm(agency, "typed", datetime.now(UTC))
    wait_for("the end of the pause", lambda: not beat(person)["paused"])
    assert beat(person)["seconds_left"] == pytest.approx(before, abs=90)

    agency.installation.stop(signal.SIGKILL)
    start_of_another_day(agency)
    clock.step(9000 * 24 * HOURS + HOURS)  # the battery is changed; an hour without power
    serve(agency, clock)
    assert beat(person)["paused"]
    confirm(agency, "new")
    wait_for("the end of the pause", lambda: not beat(person)["paused"])
    assert beat(person)["seconds_left"] == pytest.approx(before, abs=120)
    assert person.submit().json()["answered"] == 2

    agency.installation.stop()
    start_of_another_day(agency)
    clock.step(9 * HOURS)  # a night switched off, nobody at work
    serve(agency, clock)
    assert "berjalan wajar" in words_of(agency.sign_in("proctor").get("/ujian/jam/"))


def test_a_time_that_was_confirmed_by_mistake_is_put_right_by_the_proctor(agency_at_rest, clock):
    """A doubt of people stops time as a step does, in every worker, and what was left is left."""
    agency = agency_at_rest
    serve(agency, clock)
    person = Participant(agency, 0)
    person.answer(person.items[0], "b")
    before = beat(person)["seconds_left"]
    proctor = agency.sign_in("proctor")
    now = datetime.now(UTC)

    for answered, right_at in enumerate(
        (now + timedelta(hours=5), now), 1
    ):  # mistyped, then put right
        proctor.get("/ujian/jam/")
        proctor.done("/ujian/jam/periksa/", reason="Berbeda dengan jam dinding")
        assert beat(person)["paused"]
        assert person.submit().status_code == 503
        said = confirm(agency, "typed", right_at)
        assert f"{right_at + timedelta(hours=7):%d-%m-%Y %H.%M}" in said
        person.answer(person.items[answered], "a")
        for _ in range(20):  # whichever worker answers, at once
            told = beat(person)
            assert not told["paused"]
            assert told["seconds_left"] == pytest.approx(before, abs=60)
    assert person.submit().json()["answered"] == 3, "nothing of it counts as late"
