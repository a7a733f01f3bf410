"""Bodies and their files: agency, import, export."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cakap.cli.frame import (
    BAD_INPUT,
    ERR,
    OUT,
    AgencyCode,
    Json,
    agency_of,
    app,
    start_django,
    stop,
    watched,
)

SHOWN = 20


@app.command(epilog="Contoh: cakap agency BANTEN 'Pemerintah Provinsi Banten' --accreditation B")
def agency(
    *,
    code: Annotated[str, typer.Argument(help="Kode, misalnya BANTEN.")],
    name: Annotated[str, typer.Argument(help="Nama lengkap.")],
    accreditation: Annotated[str, typer.Option(help="Kelas akreditasi penyelenggara.")] = "",
    admin: Annotated[str, typer.Option(help="Nama pengguna administrator pertama.")] = "",
) -> None:
    """Daftarkan instansi; dengan --admin, buat administratornya (kata sandi ditanyakan)."""
    start_django()
    from django.utils import timezone

    from cakap.accounts.models import Role
    from cakap.accounts.services import give_roles, register_agency, register_user

    now = timezone.now()
    row = register_agency(code=code, name=name, accreditation=accreditation, actor="cli", now=now)
    if admin:
        password = typer.prompt("Kata sandi", hide_input=True, confirmation_prompt=True)
        user = register_user(username=admin, name=admin, password=password, actor="cli", now=now)
        give_roles(user=user, agency=row, roles=[Role.ADMINISTRATOR], actor="cli", now=now)
    ERR.print(f"{row.code} terdaftar.")


@app.command(
    "import", epilog="Contoh: cakap import employees pegawai.csv --agency BANTEN --dry-run"
)
def import_(
    *,
    kind: Annotated[str, typer.Argument(help="units, positions, employees, appointments, …")],
    file: Annotated[Path, typer.Argument(help="Berkas .csv atau .xlsx.")],
    agency: AgencyCode,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Hanya pratinjau.")] = False,
    as_json: Json = False,
) -> None:
    """Masukkan berkas kepegawaian: seluruhnya atau tidak sama sekali."""
    start_django()
    from django.utils import timezone

    from cakap.registry.imports.doors import DOORS
    from cakap.registry.services import import_file, preview_file

    if kind not in DOORS:
        stop(f"Jenis {kind!r} tidak dikenal; pilih: {', '.join(DOORS)}.", BAD_INPUT)
    body = agency_of(agency)
    content = file.read_bytes()
    with watched(file.name) as progress:
        if dry_run:
            found = preview_file(kind=kind, file=file.name, content=content, agency=body)
        else:
            found = import_file(
                kind=kind, file=file.name, content=content, agency=body,
                actor="cli", now=timezone.now(), progress=progress,
            )  # fmt: skip
    figures = {"new": found.new, "changed": found.changed, "same": found.same}
    details = {
        "problems": [str(one) for one in found.problems],
        "findings": [str(one) for one in found.findings],
        "dropped": list(found.dropped),
    }
    if as_json:
        print(json.dumps({**figures, **details}, ensure_ascii=False))  # noqa: T201
    else:
        OUT.print(f"{found.new} baru, {found.changed} berubah, {found.same} tetap")
        _tell(details)
    if found.problems:
        raise SystemExit(BAD_INPUT)


def _tell(details: Mapping[str, Sequence[str]]) -> None:
    for name, lines in details.items():
        for line in lines[:SHOWN]:
            OUT.print(f"{name}: {line}", highlight=False)
        if len(lines) > SHOWN:
            OUT.print(f"{name}: dan {len(lines) - SHOWN} lagi; semuanya dengan --json")


@app.command(epilog="Contoh: cakap export positions jabatan.xlsx --agency BANTEN")
def export(*, kind: str, file: Path, agency: AgencyCode) -> None:
    """Tulis data kepegawaian ke berkas yang dapat diimpor kembali."""
    start_django()
    from cakap.registry.imports.doors import DOORS
    from cakap.ui.files import WRITERS

    suffix = file.suffix.removeprefix(".")
    if kind not in DOORS or suffix not in WRITERS:
        stop(f"Diharapkan jenis {', '.join(DOORS)} dan berkas .csv atau .xlsx.", BAD_INPUT)
    headers, rows = DOORS[kind].export(agency_of(agency))
    part = file.with_name(file.name + ".part")
    part.write_bytes(WRITERS[suffix](headers, rows))
    part.replace(file)
    ERR.print(f"{len(rows)} baris ke {file}", highlight=False)
