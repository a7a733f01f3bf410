"""The proctor's console with a province in one room: how long a look takes, and whether it stays smooth.

    python benchmarks/console.py [--quick] [--json]

Chromium shows the room while everybody answers once per 10 seconds; for a quarter of a minute it scrolls, and
the time between its frames is measured. All of it on the same cores.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("CAKAP_DATA", tempfile.mkdtemp(prefix="cakap-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "cakap.settings.base"

import django

django.setup()

from crowd.load import hour
from crowd.people import seated, working
from crowd.waiting import await_serving
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from lines import Line, Lines, options_of
from playwright.sync_api import Page, sync_playwright

from cakap.accounts.models import Role
from cakap.accounts.services import give_roles, register_user
from cakap.cli.running import end_all, free_port, start_server
from cakap.delivery.live import Board, changes

PASSWORD = "rahasia-sekali"  # noqa: S105 - of a database that is thrown away
FRAMES = """seconds => new Promise(resolve => {
  const times = []; let last = performance.now(); const end = last + 1000 * seconds;
  const frame = now => {
    times.push(now - last); last = now;
    scrollBy(0, (now % 2000) < 1000 ? 40 : -40);
    if (now < end) requestAnimationFrame(frame);
    else resolve(times.sort((a, b) => a - b));
  };
  requestAnimationFrame(frame);
})"""
OTHER_THAN = """text => document.querySelector("#room").innerText !== text"""


def proctor(session: Any) -> None:
    now = timezone.now()
    user = register_user(
        username="pengawas", name="pengawas", password=PASSWORD, actor="b", now=now
    )
    agency = session.programme.organiser
    give_roles(user=user, agency=agency, roles=[Role.PROCTOR], actor="b", now=now)


def looks(session: int) -> dict[str, float]:
    """Milliseconds of the first look at a room, of the next one, and the bytes of a whole message."""
    board = Board(session)
    start = time.perf_counter()
    rows = board.refresh(timezone.now())
    first = time.perf_counter()
    again = board.refresh(timezone.now())
    whole = len(json.dumps(changes({}, again)))
    return {
        "first_look_ms": 1000 * (first - start), "look_ms": 1000 * (time.perf_counter() - first),
        "message_kib": whole / 1024, "seats": len(rows),
    }  # fmt: skip


def watched(page: Page, base: str, session: int, seconds: float) -> dict[str, float]:
    """The console in Chromium: seconds until it is live, and its frames while it scrolls."""
    page.goto(f"{base}/akun/login/")
    page.fill("[name=login]", "pengawas")
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    start = time.perf_counter()
    page.goto(f"{base}/ujian/sesi/{session}/")
    page.wait_for_selector("#live[data-on=yes]")
    loaded = time.perf_counter() - start
    page.wait_for_function(OTHER_THAN, arg=page.inner_text("#room"), timeout=120_000)
    before = page.inner_text("#room")
    frames = page.evaluate(FRAMES, seconds)
    return {
        "live_after_s": loaded, "frames": len(frames), "frame_p50_ms": frames[len(frames) // 2],
        "frame_p99_ms": frames[int(len(frames) * 0.99)], "longest_frame_ms": frames[-1],
        "changed": float(page.inner_text("#room") != before),
    }  # fmt: skip


def room(people: int) -> Iterator[Line]:
    session = seated(people, "LAYAR")
    tokens, items = working(session, people)
    proctor(session)
    connection.close()
    port = free_port()
    server, worker = start_server("127.0.0.1", port, 2)
    try:
        with multiprocessing.get_context("spawn").Pool(1) as pool, sync_playwright() as playwright:
            await_serving(server, port)
            crowd = pool.apply_async(
                hour, (port, (tokens, items)), {"seconds": 30, "every": 10.0, "first_seq": 1}
            )
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            found = watched(browser.new_page(), f"http://127.0.0.1:{port}", session.pk, 15)
            browser.close()
            found["answer_errors"] = crowd.get()["errors"]
    finally:
        end_all(server, worker)
    found |= looks(session.pk)
    units = {"live_after_s": "s", "message_kib": "KiB", "first_look_ms": "ms", "look_ms": "ms"}
    for key, value in found.items():
        unit = units.get(key, "ms" if key.endswith("_ms") else "")
        target, ok = ("no error", value == 0) if key == "answer_errors" else (None, None)
        name = f"console, {people} people: {key}"
        yield Line(name=name, value=value, unit=unit, target=target, ok=ok)


def main() -> int:
    told = options_of(__doc__).parse_args()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    lines = Lines(as_json=told.json)
    lines.measure("console", "", lambda: room(300 if told.quick else 3000))
    return lines.end()


if __name__ == "__main__":
    sys.exit(main())
