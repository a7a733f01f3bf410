"""Answers kept a second, over HTTP with token check and commit, beside the bare database on this machine.

    python benchmarks/delivery.py [--quick] [--json]                       SQLite: a bare sqlite3 loop
    scripts/with-postgres python benchmarks/delivery.py [--quick] [--json]     PostgreSQL: pgbench

Everything, the load generator too, runs on the same cores. First the rate: 64 connections, each sends one
answer and waits for its receipt. Then the hour at the screen: many open connections, one answer per 10
seconds each, a twentieth of them reconnecting every minute; every acknowledged answer is counted in the log.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

POSTGRES = os.environ.get("CAKAP_DATABASE_URL", "")
os.environ.setdefault("CAKAP_DATA", tempfile.mkdtemp(prefix="cakap-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "cakap.settings.base"

import django

django.setup()

from django.core import signing
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from cakap.accounts.services import register_agency
from cakap.cli.running import end_all, free_port, start_server
from cakap.delivery.models import Attempt, Event
from cakap.delivery.token import COOKIE, SALT
from cakap.demo.bank import demo_bank
from cakap.programmes.models import Participant, Programme, Seat
from cakap.programmes.services import add_room, open_session, plan_programme, plan_session
from cakap.registry.models import Employee

CLIENTS = 64
BASE = datetime(2025, 1, 22, tzinfo=UTC)


def participants(n: int) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """n people at their screens, by the rows they leave; their tokens and the items with an option."""
    now = timezone.now()
    agency = register_agency(
        code="BEBAN", name="Beban", accreditation="A", accredited_until=date(2040, 1, 1),
        actor="bench", now=now,
    )  # fmt: skip
    form = demo_bank(agency=agency, seed=1, actor="bench", now=now)
    programme = plan_programme(
        initiator=agency, organiser=agency, code="B", name="Beban", purpose=Programme.Purpose.MAPPING,
        method=Programme.Method.CAT, dates=(now.date(), now.date()), actor="bench", now=now,
    )  # fmt: skip
    room = add_room(
        agency=agency, name="R", seats=min(n, 32000), location="", actor="bench", now=now
    )
    session = plan_session(
        programme=programme, room=room, form=form, starts_at=now, actor="bench", now=now
    )
    open_session(session=session, actor="bench", now=now)
    people = Employee.objects.bulk_create(
        [
            Employee(
                agency=agency, nip=f"19700101{k:010d}",
                name=f"Orang {k}", birth_date=date(1970, 1, 1), sex="L", rank="III/a", education="S-1",
                synthetic=True,
            )
            for k in range(n)
        ],
        batch_size=2000,
    )  # fmt: skip
    invited = Participant.objects.bulk_create(
        [Participant(programme=programme, employee=one, source="rule") for one in people],
        batch_size=2000,
    )
    seats = Seat.objects.bulk_create(
        [Seat(session=session, participant=one, number=k) for k, one in enumerate(invited, 1)],
        batch_size=2000,
    )
    attempts = Attempt.objects.bulk_create(
        [
            Attempt(
                seat=seat, seed=k, device=f"{k:032d}", signed_in_at=now, consented_at=now,
                begun_at=now, closes_at=now + timedelta(hours=8),
            )
            for k, seat in enumerate(seats)
        ],
        batch_size=2000,
    )  # fmt: skip
    tokens = [(one.pk, signing.dumps([one.pk, one.device], salt=SALT)) for one in attempts]
    items = [
        (row.version_id, row.version.options[0]["id"])
        for section in form.sections.all()
        for row in section.items.select_related("version")
    ]
    return tokens, items


def request_of(token: str, seq: int, item: int, option: str) -> bytes:
    body = json.dumps(
        {"events": [{"seq": seq, "kind": "answer", "item": item, "response": option,
                     "at": "2025-01-22T01:00:00+00:00"}]}
    ).encode()  # fmt: skip
    return (
        b"POST /ujian/jawaban HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nCookie: "
        + f"{COOKIE}={token}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


class Line:
    """One open connection, as a browser keeps it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: Any = None
        self.writer: Any = None

    async def send(self, request: bytes) -> int:
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
        await self.reader.readexactly(length)
        return int(head[9:12])

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None


def rate(port: int, tokens: list, items: list, seconds: float, first_seq: int) -> tuple[int, int]:
    """Answers acknowledged by CLIENTS connections in so many seconds, and errors."""

    async def one(token: str, until: float) -> tuple[int, int]:
        line, kept, errors = Line(port), 0, 0
        while time.perf_counter() < until:
            item, option = items[kept % len(items)]
            status = await line.send(request_of(token, first_seq + kept, item, option))
            if status == 200:
                kept += 1
            else:
                errors += 1
        line.close()
        return kept, errors

    async def everybody() -> tuple[int, int]:
        until = time.perf_counter() + seconds
        found = await asyncio.gather(*(one(token, until) for _, token in tokens[:CLIENTS]))
        return sum(kept for kept, _ in found), sum(errors for _, errors in found)

    return asyncio.run(everybody())


def hour(port: int, tokens: list, items: list, seconds: float, every: float) -> dict[str, Any]:
    """Everybody answers once per `every` seconds; latencies in ms, what was acknowledged, errors.

    People come in over a while, as through a door; latencies count once all are there.
    """
    ramp = max(every, len(tokens) / 400)
    settled = time.perf_counter() + ramp + 1
    until = settled + seconds

    async def one(place: int, token: str, out: dict[str, Any]) -> None:
        line, seq = Line(port), 0
        await asyncio.sleep(ramp * place / len(tokens))
        while time.perf_counter() < until:
            start = time.perf_counter()
            status = await answer(line, token, seq)
            took = time.perf_counter() - start
            seq += status == 200
            out["acknowledged"] += status == 200
            out["errors"] += status != 200
            if start > settled:
                out["latencies"].append(1000 * took)
            if (place + seq) % 120 == 0:
                line.close()
            await asyncio.sleep(max(every - took, 0))
        line.close()

    async def answer(line: Line, token: str, seq: int) -> int:
        item, option = items[seq % len(items)]
        try:
            return await line.send(request_of(token, 1_000_000 + seq, item, option))
        except (OSError, asyncio.IncompleteReadError, TypeError):
            line.close()
            return 0

    async def everybody() -> dict[str, Any]:
        out: dict[str, Any] = {"latencies": [], "acknowledged": 0, "errors": 0}
        await asyncio.gather(*(one(k, token, out) for k, (_, token) in enumerate(tokens)))
        return out

    return asyncio.run(everybody())


def bare_sqlite(seconds: float) -> float:
    """Rows a second of a loop that commits one such row at a time with synchronous=FULL."""
    with tempfile.TemporaryDirectory(dir=os.environ["CAKAP_DATA"]) as folder:
        database = sqlite3.connect(Path(folder) / "bare.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(
            "CREATE TABLE event (id INTEGER PRIMARY KEY, attempt_id INT, seq INT, kind TEXT, item_id INT, "
            "response TEXT, client_at TEXT, received_at TEXT, late INT, device TEXT, address TEXT, "
            "UNIQUE (attempt_id, seq))"
        )
        n, until = 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            database.execute(
                "INSERT INTO event (attempt_id, seq, kind, item_id, response, client_at, received_at, late, "
                "device, address) VALUES (?, ?, 'answer', 7, 'a', ?, ?, 0, ?, '127.0.0.1') "
                "ON CONFLICT (attempt_id, seq) DO NOTHING",
                (n % 64, n, str(BASE), str(BASE), "0" * 32),
            )
            n += 1
        database.close()
        return n / seconds


def bare_pgbench(seconds: int) -> float:
    """Single-row upserts a second by pgbench, 64 clients, on the table itself."""
    binary = shutil.which("pgbench") or str(
        sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))[-1]
    )
    attempt = Attempt.objects.order_by("pk").first()
    item = Event.objects.order_by("pk").values_list("item_id", flat=True).first()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(
            "\\set seq random(10000000, 2000000000)\n"
            "INSERT INTO delivery_event (attempt_id, seq, kind, item_id, response, client_at, received_at, "
            f"late, device, address) VALUES ({attempt.pk}, :seq, 'answer', {item}, 'a', now(), now(), false, "
            "repeat('0', 32), '127.0.0.1') ON CONFLICT (attempt_id, seq) DO UPDATE SET late = false;\n"
        )
        script.flush()
        done = subprocess.run(
            [binary, "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-f", script.name, POSTGRES],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return float(re.search(r"tps = ([\d.]+)", done.stdout)[1])


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


def measured(*, quick: bool, people: int, workers: int) -> dict[str, Any]:
    runs, seconds = (3, 4) if quick else (5, 10)
    port = free_port()
    tokens, items = participants(max(people, CLIENTS))
    connection.close()
    server, worker = start_server("127.0.0.1", port, workers)
    try:
        _wait(port, tokens[0][1], items)
        alone = multiprocessing.get_context("spawn")
        with alone.Pool(1) as pool:
            rates, bare, errors = [], [], 0
            for run in range(runs):
                kept, wrong = pool.apply(rate, (port, tokens, items, seconds, 1 + run * 100_000))
                rates.append(kept / seconds)
                errors += wrong
                bare.append(bare_pgbench(seconds) if POSTGRES else bare_sqlite(seconds))
            span = 20 if quick else 300
            before = Event.objects.filter(seq__gte=1_000_000, seq__lt=2_000_000).count()
            spent = pool.apply(hour, (port, tokens[:people], items, span, 10.0))
        held = memory_of(server.pid)
        stored = Event.objects.filter(seq__gte=1_000_000, seq__lt=2_000_000).count() - before
    finally:
        end_all([server, worker])
    latencies = sorted(spent["latencies"])
    return {
        "database": connection.vendor, "clients": CLIENTS, "runs": runs,
        "answers_per_second": statistics.median(rates), "least": min(rates), "most": max(rates),
        "bare_per_second": statistics.median(bare),
        "ratio": statistics.median(rates) / statistics.median(bare), "errors": errors,
        "people": people, "seconds": span, "acknowledged": spent["acknowledged"], "stored": stored,
        "lost": max(spent["acknowledged"] - stored, 0), "hour_errors": spent["errors"],
        "p50_ms": latencies[len(latencies) // 2], "p99_ms": latencies[int(len(latencies) * 0.99)],
        "server_gib": held,
    }  # fmt: skip


def _wait(port: int, token: str, items: list) -> None:
    for _ in range(100):
        try:
            if rate(port, [(0, token)], items, 0.05, 90_000_000)[0]:
                return
        except (OSError, asyncio.IncompleteReadError):
            pass
        time.sleep(0.2)
    message = "the server does not answer"
    raise RuntimeError(message)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    told = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    people = told.people or (500 if told.quick else 10_000)
    found = measured(quick=told.quick, people=people, workers=told.workers)
    print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}, {found['database']}")
    for key, value in found.items():
        print(f"  {key:<20} {value:.3f}" if isinstance(value, float) else f"  {key:<20} {value}")
    if told.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
