"""Answers kept a second, over HTTP with token check and commit, beside the bare database on this machine.

    python benchmarks/delivery.py [--quick] [--json]                       SQLite: a bare loop, and oTree
    scripts/with-postgres python benchmarks/delivery.py [--quick] [--json]     PostgreSQL: pgbench

Everything, the load generator too, runs on the same cores. First the rate: 64 connections, each sends one
answer and waits for its receipt. Then the door: everybody signs in at once. Then the hour at the screen: many
open connections, one answer per 10 seconds each, a twentieth of them reconnecting every minute; every
acknowledged answer is counted in the log.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

AT_MOST = 15_000  # connections of one process of the load generator
POSTGRES = os.environ.get("CAKAP_DATABASE_URL", "")
os.environ.setdefault("CAKAP_DATA", tempfile.mkdtemp(prefix="cakap-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "cakap.settings.base"

import django

django.setup()

from crowd.bare import bare_pgbench, bare_sqlite
from crowd.doors import first_page, sign_ins
from crowd.load import CLIENTS, hour, rate
from crowd.otree import otree_rate
from crowd.people import nip_of, seated, working
from crowd.waiting import await_serving
from django.core.management import call_command
from django.db import connection
from lines import Line, Lines, options_of, rival_of

from cakap.cli.running import end_all, free_port, start_server
from cakap.delivery.models import Event

HOUR_SEQ, A_PROCESS = 1_000_000, 15_000


def memory_of(pid: int) -> float:
    """GiB of a process and its children now."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
            if int(fields[1]) == pid or int(entry.parent.name) == pid:
                total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            continue
    return total / 2**30


def day(
    lines: Lines, *, quick: bool, crowds: list[int], arriving: int, workers: int
) -> tuple[Line, ...]:
    """Rate, door and hour, each a measurement of its own. The same server throughout, as on a day."""
    port = free_port()
    at_work = max(*crowds, CLIENTS)
    tokens, items = working(seated(at_work, "KERJA"), at_work)
    pin = seated(arriving, "DATANG").pin
    connection.close()
    server, worker = start_server("127.0.0.1", port, workers)
    try:
        await_serving(server, port)
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            crowd = (tokens, items)
            lines.measure(
                "answers kept", "answers/s", lambda: rates(pool, port, crowd, quick=quick)
            )
            # Of somebody new: pgbench has written into the first one's log.
            lines.measure("first page", "ms", lambda: first(pool, port, tokens[-1][1]))
            nips = [nip_of("DATANG", k) for k in range(arriving)]
            lines.measure("the door", "s", lambda: door(pool, port, nips, pin))
            for at, n in enumerate(crowds):
                span = (at, 20 if quick else 300)
                lines.measure(
                    f"{n} people", "ms", partial(hours, pool, port, (tokens[:n], items), span)
                )
        lines.measure("memory", "GiB", lambda: [memory_line(server.pid)])
    finally:
        end_all(server, worker)
    return ()


def memory_line(pid: int) -> Line:
    return Line(name=f"memory of the server, {connection.vendor}", value=memory_of(pid), unit="GiB")


def first(pool: Any, port: int, token: str) -> Iterator[Line]:
    yield Line(
        name=f"first page, {connection.vendor}", value=pool.apply(first_page, (port, token, 40)),
        unit="ms",
    )  # fmt: skip


def door(pool: Any, port: int, nips: list[str], pin: str) -> Iterator[Line]:
    found = pool.apply(sign_ins, (port, nips, pin, len(nips) / 50))
    name = f"door, {len(nips)} people, {connection.vendor}"
    for key, value in found.items():
        if key != "errors" and isinstance(value, int | float):
            unit = "ms" if key.endswith("_ms") else ""
            yield Line(name=f"{name}: {key}", value=value, unit=unit)
    yield Line(
        name=f"{name}: errors", value=found["errors"], unit="", target="no error",
        ok=found["errors"] == 0, note="".join(found["first_error"]),
    )  # fmt: skip


def rates(pool: Any, port: int, crowd: tuple[list, list], *, quick: bool) -> Iterator[Line]:
    """Answers a second from CLIENTS connections and what the database does alone, in turns; then oTree."""
    runs, seconds = (3, 4) if quick else (5, 10)
    kept, bare, errors = [], [], 0
    for run in range(runs):
        n, wrong = pool.apply(rate, (port, *crowd, seconds, 1 + run * 100_000))
        kept.append(n / seconds)
        errors += wrong
        bare.append(bare_pgbench(seconds) if POSTGRES else bare_sqlite(seconds))
    ours, alone = statistics.median(kept), statistics.median(bare)
    name = f"answers kept, {CLIENTS} connections, {connection.vendor}"
    yield Line(
        name=name, value=ours, unit="answers/s", rival="pgbench" if POSTGRES else "a bare loop",
        rival_value=alone, ratio=ours / alone, target="no error", ok=errors == 0,
        note=f"{min(kept):.0f} to {max(kept):.0f} in {runs} runs, {errors} errors",
    )  # fmt: skip
    if not POSTGRES:
        yield beside_otree(name, ours, quick=quick)


def beside_otree(name: str, ours: float, *, quick: bool) -> Line:
    with tempfile.TemporaryDirectory() as folder:
        seconds = 5 if quick else 15
        rival = rival_of(
            "oTree", lambda: otree_rate(Path(folder), clients=CLIENTS, seconds=seconds)
        )
    return Line(
        name=f"{name}, beside oTree", value=ours, unit="answers/s", rival="oTree",
        rival_value=rival, ratio=ours / rival if rival else None,
    )  # fmt: skip


def hours(
    pool: Any, port: int, crowd: tuple[list, list], span: tuple[int, float]
) -> Iterator[Line]:
    """So many people for so long; what was acknowledged against what lies in the log."""
    at, seconds = span
    first = HOUR_SEQ * (at + 1)
    own = Event.objects.filter(seq__gte=first, seq__lt=first + HOUR_SEQ)
    tokens, items = crowd
    parts = [
        pool.apply_async(
            hour, (port, (tokens[start : start + AT_MOST], items), (start, len(tokens))),
            {"seconds": seconds, "first_seq": first},
        )
        for start in range(0, len(tokens), AT_MOST)
    ]  # fmt: skip
    spent = [part.get() for part in parts]
    stored, acknowledged = own.count(), sum(one["acknowledged"] for one in spent)
    latencies = sorted(took for one in spent for took in one["latencies"]) or [0.0]
    lost = max(acknowledged - stored, 0)
    errors = sum(one["errors"] for one in spent)
    name = f"{len(tokens)} people for {seconds:.0f} s, {connection.vendor}"
    yield Line(
        name=f"{name}: p99 of an answer", value=latencies[int(len(latencies) * 0.99)], unit="ms",
        note=f"p50 {latencies[len(latencies) // 2]:.0f} ms, {errors} errors",
    )  # fmt: skip
    yield Line(
        name=f"{name}: answers stored", value=stored, unit="answers", target="none lost, no error",
        ok=lost == 0 and errors == 0, note=f"{acknowledged} acknowledged, {lost} lost",
    )  # fmt: skip


def main() -> int:
    parser = options_of(__doc__)
    parser.add_argument("--people", type=int, nargs="*", default=[])
    parser.add_argument("--arriving", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    lines = Lines(as_json=given.json)
    crowds = given.people or ([500] if given.quick else [2901, 10_000])
    arriving = given.arriving or (200 if given.quick else 3000)
    lines.measure(
        "people and server", "", lambda: day(
            lines, quick=given.quick, crowds=crowds, arriving=arriving, workers=given.workers
        ),
    )  # fmt: skip
    return lines.end()


if __name__ == "__main__":
    sys.exit(main())
