"""What the databases do alone, one such row at a time."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

from cakap.delivery.models import Attempt, Event
from crowd.load import CLIENTS

POSTGRES = os.environ.get("CAKAP_DATABASE_URL", "")
BASE = "2025-01-22 01:00:00+00:00"


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
                (n % 64, n, BASE, BASE, "0" * 32),
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
