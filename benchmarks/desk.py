"""Three hundred people at the door and three desks, on the server's shifted clock.

    python benchmarks/desk.py [--people 300] [--desks 3] [--quick] [--json]

An installation of its own is made by commands and pages; its server's clock stands at half past seven of the
exam's morning. Each desk is a Chromium with a camera (its test picture) and an officer, who scans the code of
an invitation, compares the faces and gives the PIN, as the pages offer it. Whoever has a PIN walks to a seat
and signs in by HTTP, through consent to the practice page. What people do themselves takes the seconds below:
our assumption, not a measurement. Nothing is hurried: with 300 people it takes as long as it says.
"""

from __future__ import annotations

import queue
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from faketime import SteppingClock
from lines import Line, Lines, options_of
from outside.agency import (
    OpenAgency,
    give_accounts,
    give_portraits,
    make_agency,
    make_form,
    make_programme,
    open_session,
)
from outside.browser import CAMERA, sign_in
from outside.installation import Installation
from playwright.sync_api import Page, sync_playwright

# Seconds of a person's own: come forward and show the code; look at two faces; say the PIN; walk to the seat;
# type NIP and two PINs; read the consent.
FORWARD, LOOK, SAY, WALK, TYPE, READ = 2, 4, 2, 40, 25, 15
BEFORE, MINUTES, ALL = timedelta(minutes=30), 20, 300


def morning() -> datetime:
    """When the exam starts: eight o'clock (WIB) of tomorrow."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1, hours=7)).date()
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, 1, tzinfo=UTC)


@contextmanager
def chromium() -> Iterator[Page]:
    """A page of a browser that has a camera."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", *CAMERA],
        )
        page = browser.new_page(locale="id-ID")
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def face(agency: OpenAgency) -> bytes:
    """A picture of a passport photo's size."""
    with chromium() as page:
        page.set_viewport_size({"width": 480, "height": 640})
        page.goto(agency.installation.base)
        return page.screenshot(type="jpeg", quality=80)


def at_the_desk(page: Page, nip: str) -> tuple[str, float]:
    """The PIN that the desk gives, and how many seconds the pages took of it."""
    time.sleep(FORWARD)
    start = time.perf_counter()
    page.fill("[name=told]", f"cakap:{nip}")
    page.keyboard.press("Enter")
    page.wait_for_selector("#live:not([hidden])")
    shown = time.perf_counter()
    time.sleep(LOOK)
    pressed = time.perf_counter()
    page.keyboard.press("Enter")
    pin = page.inner_text("#pin")
    took = time.perf_counter() - pressed + shown - start
    time.sleep(SAY)
    return pin, took


def sits(agency: OpenAgency, nip: str, pin: str) -> datetime:
    """Walk, sign in and read the consent; what the server's clock says when the practice page is there."""
    time.sleep(WALK + TYPE)
    with agency.installation.visitor() as browser:
        answer = browser.fill("/ujian/", nip=nip, registration=pin, pin=agency.pin)
        while answer.status_code == 503:  # as the page of the queue does
            time.sleep(5)
            answer = browser.fill("/ujian/", nip=nip, registration=pin, pin=agency.pin)
        if answer.status_code != 302:
            message = f"{nip} is refused: {answer.status_code}"
            raise RuntimeError(message)
        time.sleep(READ)
        browser.done("/ujian/persetujuan/", agree="on")
        return parsedate_to_datetime(browser.get("/ujian/latihan/").headers["date"])


class Registration:
    """Everybody in one line, before as many desks as there are officers."""

    def __init__(self, agency: OpenAgency) -> None:
        self.agency = agency
        self.waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for nip in agency.nips:
            self.waiting.put(nip)
        self.pages: list[float] = []  # seconds of each person that were spent on pages
        self.seated: list[Future[datetime]] = []

    def desk(self, officer: str, walking: ThreadPoolExecutor) -> datetime:
        """One officer takes whoever is next until nobody waits; when the first one came."""
        with chromium() as page:
            sign_in(page, self.agency.installation.base, officer)
            desk = f"{self.agency.installation.base}/ujian/sesi/{self.agency.session}/meja/"
            with page.expect_response(desk) as came:
                page.goto(desk)
            opened = parsedate_to_datetime(came.value.headers["date"])
            while True:
                try:
                    nip = self.waiting.get_nowait()
                except queue.Empty:
                    return opened
                pin, took = at_the_desk(page, nip)
                self.pages.append(took)
                self.seated.append(walking.submit(sits, self.agency, nip, pin))


def open_morning(installation: Installation, people: int, officers: list[str]) -> OpenAgency:
    """An agency whose session is open, its server at half past seven; a desk for each officer."""
    clock, starts = SteppingClock(installation.data.parent / "clock"), morning()
    agency = make_agency(installation, people=people)
    agency.installation.start()
    give_accounts(agency, **dict.fromkeys(officers, "proctor"))
    make_form(agency)
    make_programme(agency, seats=people, starts=starts)
    give_portraits(agency, face(agency))
    agency.installation.stop()
    clock.step(round((starts - BEFORE - datetime.now(UTC)).total_seconds()))
    agency.installation.start(**clock.settings)
    open_session(agency)
    return agency


def door(people: int, desks: int) -> Iterator[Line]:
    installation = Installation(Path(tempfile.mkdtemp(prefix="cakap-bench-")) / "data")
    officers = [f"meja{n}" for n in range(desks)]
    try:
        registration = Registration(open_morning(installation, people, officers))
        with ThreadPoolExecutor(people) as walking, ThreadPoolExecutor(desks) as open_desks:
            opened = [
                open_desks.submit(registration.desk, officer, walking) for officer in officers
            ]
            first = min(one.result() for one in opened)
            last = max(one.result() for one in registration.seated)
    finally:
        installation.stop()
    name = f"{people} people at the door, {desks} desks"
    took = (last - first) / timedelta(minutes=1)
    promised = people >= ALL
    yield Line(
        name=f"{name}: until the last one sits, by the server's clock", unit="min",
        value=took, target=f"<= {MINUTES} min" if promised else None,
        ok=took <= MINUTES if promised else None,
        note=f"a person's own: {FORWARD + LOOK + SAY} s at the desk, {WALK + TYPE + READ} s after it",
    )  # fmt: skip
    yield Line(
        name=f"{name}: a person's time at a desk that the pages take", unit="s",
        value=median(registration.pages), note=f"longest {max(registration.pages):.1f} s",
    )  # fmt: skip


def main() -> int:
    parser = options_of(__doc__)
    parser.add_argument("--people", type=int, default=ALL)
    parser.add_argument("--desks", type=int, default=3)
    told = parser.parse_args()
    lines = Lines(as_json=told.json)
    people = 30 if told.quick else told.people
    lines.measure("door", "min", lambda: door(people, told.desks))
    return lines.end()


if __name__ == "__main__":
    sys.exit(main())
