"""Import of employees: rows a second into the registry, beside a plain csv + bulk_create loop.

The rival does what a script without checks would do: parse dates, insert in batches. Run:
    python benchmarks/imports.py [--quick] [--json]      (CAKAP_DATABASE_URL for PostgreSQL)
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from statistics import median

os.environ.setdefault("CAKAP_DATA", tempfile.mkdtemp(prefix="cakap-bench-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "cakap.settings.base"

import django

django.setup()

import csv
import io

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from lines import Line, Lines, options_of

from cakap.accounts.models import Agency
from cakap.accounts.services import register_agency
from cakap.registry.models import Employee
from cakap.registry.services import import_file
from cakap.ui.files import as_csv

HEADERS = (
    "nip",
    "nama",
    "tanggal_lahir",
    "jenis_kelamin",
    "jenis_pegawai",
    "golongan",
    "pendidikan",
)
TARGET = 10_000


def people(n: int) -> bytes:
    rows = []
    for number in range(n):
        birth = date(1968, 1, 1) + timedelta(days=number % 10000)
        nip = f"{birth:%Y%m%d}{birth.year + 24}{1 + number // 10000:02d}1{number % 1000:03d}"
        rows.append([nip, f"Orang {number}", birth, "L", "PNS", "III/a", "S-1"])
    return as_csv(HEADERS, rows)


def ours(agency: Agency, content: bytes) -> float:
    start = time.perf_counter()
    import_file(
        kind="employees", file="p.csv", content=content, agency=agency, actor="bench",
        now=timezone.now(),
    )  # fmt: skip
    return time.perf_counter() - start


def plain(agency: Agency, content: bytes) -> float:
    start = time.perf_counter()
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    with transaction.atomic():
        Employee.objects.bulk_create(
            (
                Employee(
                    agency=agency, nip=row["nip"], name=row["nama"],
                    birth_date=date.fromisoformat(row["tanggal_lahir"]), sex=row["jenis_kelamin"],
                    type=row["jenis_pegawai"], rank=row["golongan"], education=row["pendidikan"],
                )
                for row in reader
            ),
            batch_size=5000,
        )  # fmt: skip
    return time.perf_counter() - start


def imported(n: int, runs: int) -> Iterator[Line]:
    agency = register_agency(code="BENCH", name="Bench", actor="bench", now=timezone.now())
    content = people(n)
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    for _ in range(runs):
        for name, act in (("ours", ours), ("plain", plain)):
            Employee.objects.filter(agency=agency).delete()
            seconds[name].append(act(agency, content))
    Employee.objects.filter(agency=agency).delete()
    rate, rival = (n / median(seconds[name]) for name in ("ours", "plain"))
    yield Line(
        name=f"import employees, {n} rows, {connection.vendor}", value=round(rate), unit="rows/s",
        rival="csv + bulk_create, no checks", rival_value=round(rival), ratio=rate / rival,
        target=f">= {TARGET} rows/s", ok=rate >= TARGET,
        note="runs: " + ", ".join(f"{n / took:.0f}" for took in sorted(seconds["ours"])),
    )  # fmt: skip


def main() -> int:
    told = options_of(__doc__).parse_args()
    call_command("migrate", verbosity=0, interactive=False)
    lines = Lines(as_json=told.json)
    size = (20_000, 3) if told.quick else (100_000, 5)
    lines.measure("import employees", "rows/s", lambda: imported(*size))
    return lines.end()


if __name__ == "__main__":
    sys.exit(main())
