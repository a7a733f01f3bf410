"""A room of thirty behind a line of 1 Mbit/s: one slow machine's browser beside twenty-nine that answer.

    python benchmarks/room.py [--quick] [--json]

Chromium with its processor six times slower opens the exam through the line, answers by touch, and what it
holds is asked; meanwhile twenty-nine people answer every ten seconds and are heard of every fifteen.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("CAKAP_DATA", tempfile.mkdtemp(prefix="cakap-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "cakap.settings.base"

import django

django.setup()

from crowd.load import hour
from crowd.people import seated, working
from crowd.waiting import await_serving, wait_until
from django.core.management import call_command
from django.db import connection
from lines import Line, Lines, options_of
from playwright.sync_api import sync_playwright

from cakap.cli.running import end_all, free_port, start_server
from cakap.delivery.models import Event

BYTES_A_SECOND, SLOWER, PEOPLE = 125_000, 6, 30
PAINTED = """async (nth) => {
  const input = document.querySelectorAll("#question label input")[nth];
  const start = performance.now();
  input.click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - start;
}"""


class SlowLine:
    """Passes connections on, all of them together no faster than the line, each way."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._free_at = [0.0, 0.0]

    async def serve(self, port: int) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        async with server:
            await server.serve_forever()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self._pass(reader, far_writer, 0), self._pass(far_reader, writer, 1),
            return_exceptions=True,
        )  # fmt: skip

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: int
    ) -> None:
        try:
            while part := await reader.read(1500):
                start = max(time.monotonic(), self._free_at[way])
                self._free_at[way] = start + len(part) / BYTES_A_SECOND
                await asyncio.sleep(max(self._free_at[way] - time.monotonic(), 0))
                writer.write(part)
                await writer.drain()
        finally:
            writer.close()


def measured(port: int, token: str, taps: int) -> dict[str, Any]:
    """Seconds until the first question, milliseconds until each tap was painted, MiB held."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{port}", viewport={"width": 390, "height": 844},
            has_touch=True, is_mobile=True, locale="id-ID",
        )  # fmt: skip
        context.add_cookies(
            [{"name": "cakap_ujian", "value": token, "domain": "127.0.0.1", "path": "/ujian/"}]
        )
        page = context.new_page()
        page.set_default_timeout(120_000)
        tools = context.new_cdp_session(page)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        start = time.perf_counter()
        page.goto("/ujian/kerja/", wait_until="commit")
        page.wait_for_selector("#question label input")
        first = time.perf_counter() - start
        painted = []
        for tap in range(taps):
            painted.append(page.evaluate(PAINTED, tap % 3))
            page.wait_for_timeout(400)
        page.wait_for_selector("#saved[data-state=saved]")
        tools.send("HeapProfiler.collectGarbage")
        held = page.evaluate("() => performance.memory.usedJSHeapSize") / 2**20
        browser.close()
    return {"first": first, "painted": painted, "heap": held}


def answering() -> int:
    """How many of the others have sent an answer."""
    return Event.objects.order_by().values("attempt").distinct().count()


def room(taps: int) -> Iterator[Line]:
    session = seated(PEOPLE, "RUANG")
    tokens, items = working(session, PEOPLE)
    connection.close()
    port, slow = free_port(), free_port()
    server, worker = start_server("127.0.0.1", port, 2)
    serve = SlowLine(port).serve
    threading.Thread(target=lambda: asyncio.run(serve(slow)), daemon=True).start()
    try:
        await_serving(server, slow)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            others = pool.apply_async(
                hour,
                (slow, (tokens[1:], items), (0, PEOPLE - 1)),
                {"seconds": 20 + taps, "first_seq": 1},
            )
            wait_until("everybody answers", lambda: others.ready() or answering() == PEOPLE - 1)
            found = measured(slow, tokens[0][1], taps)
            beside = others.get()
    finally:
        end_all(server, worker)
    name = f"a room of {PEOPLE} behind 1 Mbit/s, processor {SLOWER} times slower"
    painted = statistics.median(found["painted"])
    yield Line(
        name=f"{name}: first question", value=found["first"], unit="s", target="<= 5 s",
        ok=found["first"] <= 5,
    )  # fmt: skip
    yield Line(
        name=f"{name}: an answer painted", value=painted, unit="ms", target="<= 100 ms",
        ok=painted <= 100, note=f"{min(found['painted']):.0f} to {max(found['painted']):.0f} ms",
    )  # fmt: skip
    yield Line(
        name=f"{name}: heap", value=found["heap"], unit="MiB", target="<= 150 MiB",
        ok=found["heap"] <= 150,
    )  # fmt: skip
    yield Line(
        name=f"{name}: answers of the others", value=beside["acknowledged"], unit="answers",
        target="no error", ok=beside["errors"] == 0,
    )  # fmt: skip


def main() -> int:
    told = options_of(__doc__).parse_args()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    lines = Lines(as_json=told.json)
    lines.measure("room", "s", lambda: room(5 if told.quick else 20))
    return lines.end()


if __name__ == "__main__":
    sys.exit(main())
