"""Bodies and their files: agency, import, export."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cakap.cli.frame import (
    BAD_INPUT,
    ERR,
    OUT,
    AgencyCode,
    Json,
    agency_of,
    app,
    ask_password,
    start_django,
    stop,
    watched,
)

SHOWN = 20


@app.command(
    epilog="Contoh: cakap agency BANTEN 'Pemerintah Provinsi Banten' --accreditation B "
    "--accredited-until 2028-01-31"
)
def agency(
    *,
    code: Annotated[str, typer.Argument(help="Kode, misalnya BANTEN.")],
    name: Annotated[str, typer.Argument(help="Nama lengkap.")],
    accreditation: Annotated[
        str | None,
        typer.Option(help="Kelas akreditasi penyelenggara: A, B, C; '' mengakhirinya."),
    ] = None,
    accredited_until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Akreditasi berlaku sampai tanggal ini."),
    ] = None,
    admin: Annotated[str, typer.Option(help="Nama pengguna administrator.")] = "",
    admin_email: Annotated[str, typer.Option(help="Surel administrator itu.")] = "",
) -> None:
    """Daftarkan instansi atau ubah yang sudah ada; --admin memberi peran administrator.

    Kata sandi ditanyakan hanya bila pengguna itu belum ada.
    """
    start_django()
    from django.utils import timezone

    from cakap.accounts.services import save_agency

    _check_address(admin, admin_email)
    now = timezone.now()
    found = save_agency(
        code=code, name=name, accreditation=accreditation,
        accredited_until=accredited_until.date() if accredited_until else None,
        actor="cli", now=now,
    )  # fmt: skip
    if found.is_new:
        ERR.print(f"{code} terdaftar.", highlight=False)
    elif not found.changes:
        ERR.print(f"{code} sudah terdaftar; tidak ada yang berubah.", highlight=False)
    for field, (before, after) in found.changes.items():
        ERR.print(
            f"{code}: {FIELDS[field]} {_told(before)} menjadi {_told(after)}.", highlight=False
        )
    row = found.agency
    if row.accreditation and row.accredited_until is None:
        ERR.print(f"{code}: masa berlaku akreditasi belum diisi (--accredited-until).")
    elif row.accreditation and not row.accredited_on(timezone.localdate(now)):
        ERR.print(f"{code}: akreditasi sudah tidak berlaku sejak {row.accredited_until}.")
    if admin:
        _make_administrator(row, admin, now, email=admin_email)


FIELDS = {
    "name": "nama", "accreditation": "akreditasi", "accredited_until": "akreditasi berlaku sampai"
}  # fmt: skip


def _told(value: object) -> str:
    return "kosong" if value in {None, ""} else str(value)


def _check_address(admin: str, email: str) -> None:
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    if email and not admin:
        stop("--admin-email memerlukan --admin.", BAD_INPUT)
    try:
        if email:
            validate_email(email)
    except ValidationError:
        stop(f"{email!r} bukan alamat surel.", BAD_INPUT)


def _make_administrator(agency: Any, name: str, now: datetime, *, email: str) -> None:
    from cakap.accounts.models import Role, User
    from cakap.accounts.services import give_roles, register_user, set_address

    user = User.objects.filter(username=name).first()
    if user is None:
        password = ask_password(username=name)
        user = register_user(username=name, name=name, password=password, actor="cli", now=now)
    given = give_roles(user=user, agency=agency, roles=[Role.ADMINISTRATOR], actor="cli", now=now)
    what = "menjadi" if given else "sudah menjadi"
    ERR.print(f"{name} {what} administrator {agency.code}.", highlight=False)
    if email and set_address(user=user, email=email, actor="cli", now=now):
        ERR.print(f"Surel {name}: {email.lower()}.", highlight=False)


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
