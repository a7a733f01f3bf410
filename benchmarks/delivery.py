"""Answers kept a second, over HTTP with token check and commit, beside the bare database on this machine.

    python benchmarks/delivery.py [--quick] [--json]                       SQLite: a bare loop, and oTree
    scripts/with-postgres python benchmarks/delivery.py [--quick] [--json]     PostgreSQL: pgbench

Everything, the load generator too, runs on the same cores. First the rate: 64 connections, each sends one
answer and waits for its receipt. Then the door: everybody signs in at once. Then the hour at the screen: many
open connections, one answer per 10 seconds each, a twentieth of them reconnecting every minute; every
acknowledged answer is counted in the log.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
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
from django.core.management import call_command
from django.db import connection

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


def measured(*, quick: bool, crowds: list[int], arriving: int, workers: int) -> dict[str, Any]:
    """Rate, door and hour. The same server throughout, as on a day."""
    port = free_port()
    at_work = max(*crowds, CLIENTS)
    tokens, items = working(seated(at_work, "KERJA"), at_work)
    pin = seated(arriving, "DATANG").pin
    connection.close()
    server, worker = start_server("127.0.0.1", port, workers)
    try:
        _wait(port, tokens[0][1], items)
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            found = rates(pool, port, (tokens, items), quick=quick)
            # Of somebody new: pgbench has written into the first one's log.
            found["first_page_ms"] = pool.apply(first_page, (port, tokens[-1][1], 40))
            nips = [nip_of("DATANG", k) for k in range(arriving)]
            found["door"] = pool.apply(sign_ins, (port, nips, pin, arriving / 50))
            found["hours"] = [
                hours(pool, port, (tokens[:n], items), (at, 20 if quick else 300))
                for at, n in enumerate(crowds)
            ]
        found["server_gib"] = memory_of(server.pid)
    finally:
        end_all([server, worker])
    if not POSTGRES:
        with tempfile.TemporaryDirectory() as folder:
            rival = otree_rate(Path(folder), clients=CLIENTS, seconds=5 if quick else 15)
        found["otree_per_second"] = rival
        found["ratio_to_otree"] = found["answers_per_second"] / rival if rival else None
    return found


def rates(pool: Any, port: int, crowd: tuple[list, list], *, quick: bool) -> dict[str, Any]:
    """Answers a second from CLIENTS connections and what the database does alone, in turns."""
    runs, seconds = (3, 4) if quick else (5, 10)
    kept, bare, errors = [], [], 0
    for run in range(runs):
        n, wrong = pool.apply(rate, (port, *crowd, seconds, 1 + run * 100_000))
        kept.append(n / seconds)
        errors += wrong
        bare.append(bare_pgbench(seconds) if POSTGRES else bare_sqlite(seconds))
    return {
        "database": connection.vendor, "clients": CLIENTS, "runs": runs,
        "answers_per_second": statistics.median(kept), "least": min(kept), "most": max(kept),
        "bare_per_second": statistics.median(bare),
        "ratio": statistics.median(kept) / statistics.median(bare), "errors": errors,
    }  # fmt: skip


def hours(
    pool: Any, port: int, crowd: tuple[list, list], span: tuple[int, float]
) -> dict[str, Any]:
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
    return {
        "people": len(tokens), "seconds": seconds, "acknowledged": acknowledged, "stored": stored,
        "lost": max(acknowledged - stored, 0), "errors": sum(one["errors"] for one in spent),
        "p50_ms": latencies[len(latencies) // 2], "p99_ms": latencies[int(len(latencies) * 0.99)],
    }  # fmt: skip


def _wait(port: int, token: str, items: list) -> None:
    for _ in range(100):
        try:
            if rate(port, [(0, token)], items, 0.05, 90_000_000)[0]:
                return
        except (OSError, EOFError):
            pass
        time.sleep(0.2)
    message = "the server does not answer"
    raise RuntimeError(message)


def told(found: dict[str, Any]) -> None:
    """The table, for people."""
    for key, value in found.items():
        if isinstance(value, list):
            for one in value:
                print(f"  {key}: " + ", ".join(f"{k} {_short(v)}" for k, v in one.items()))
        elif isinstance(value, dict):
            print(f"  {key}: " + ", ".join(f"{k} {_short(v)}" for k, v in value.items()))
        else:
            print(f"  {key:<20} {_short(value)}")


def _short(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, nargs="*", default=[])
    parser.add_argument("--arriving", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    found = measured(
        quick=given.quick,
        crowds=given.people or ([500] if given.quick else [2901, 10_000]),
        arriving=given.arriving or (200 if given.quick else 3000),
        workers=given.workers,
    )
    print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}, {found['database']}")
    told(found)
    if given.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
