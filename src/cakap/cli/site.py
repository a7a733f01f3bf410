"""An exam place on its own network: take a session in, hold it, send its log to the centre."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cakap.cli.frame import (
    BAD_INPUT,
    DONE,
    ERR,
    FAILED,
    OUT,
    Json,
    app,
    ask_password,
    start_django,
    stop,
)

site = typer.Typer(
    no_args_is_help=True, help="Tempat ujian dengan jaringannya sendiri: bawa, laksanakan, kirim."
)
app.add_typer(site, name="site")


@site.command(epilog="Contoh: cakap site card")
def card() -> None:
    """Cetak kartu pemasangan ini, untuk didaftarkan di pusat."""
    start_django()
    from cakap.delivery.sites.identity import identity

    OUT.print(identity().card.text, soft_wrap=True, highlight=False)


@site.command(epilog="Contoh: cakap site load sesi-12.cakap --centre KARTU --proctor pengawas1")
def load(
    *,
    file: Annotated[Path, typer.Argument(help="Paket sesi dari pusat.")],
    centre: Annotated[str, typer.Option(help="Kartu pusat.")],
    proctor: Annotated[str, typer.Option(help="Nama pengawas di situs ini.")] = "",
    to: Annotated[str, typer.Option(help="Alamat pusat, untuk mencocokkan jam.")] = "",
    password: Annotated[str, typer.Option(envvar="CAKAP_PROCTOR_PASSWORD", hidden=True)] = "",
) -> None:
    """Masukkan paket sesi; dengan --proctor, buat akun pengawasnya (kata sandi ditanyakan)."""
    from cakap.cli.running import init

    init()
    from django.utils import timezone

    from cakap.delivery.sites.package import take_in

    now = timezone.now()
    session = take_in(file.read_bytes(), centre=centre, now=now)
    if proctor:
        _give_account(proctor, password, session, ("proctor", "operator"))
    ERR.print(
        f"Sesi {session.pk} di {session.room}: {session.seats.count()} kursi. "
        "Jalankan untuk ruang: cakap serve --host 0.0.0.0",
        highlight=False,
    )
    _say_clock(session, to)


def _say_clock(session: Any, to: str) -> None:
    """Compare this computer's clock with the centre's, or with the making of the package."""
    from cakap.delivery.models import LoadedPackage
    from cakap.delivery.sites.clocks import load_clock_sentence
    from cakap.delivery.sites.sending import clock_of

    loaded = LoadedPackage.objects.filter(session=session)
    if to:
        loaded.update(clock_off=clock_of(to.rstrip("/")))
        if loaded.get().clock_off is None:
            ERR.print(
                f"Jam komputer ini belum dapat dicocokkan: pusat di {to} tidak menjawab. Cocokkan "
                "sendiri sebelum sesi dibuka.", style="red", highlight=False,
            )  # fmt: skip
    sentence = load_clock_sentence(loaded.get())
    if sentence:
        ERR.print(f"{sentence} Betulkan jam komputer ini.", style="red")


@site.command(epilog="Contoh: cakap site staff petugas2 --role proctor --role operator")
def staff(
    *,
    name: Annotated[str, typer.Argument(help="Nama pengguna, misalnya petugas2.")],
    role: Annotated[
        list[str], typer.Option(help="proctor, operator atau administrator; boleh berulang.")
    ],
    password: Annotated[str, typer.Option(envvar="CAKAP_STAFF_PASSWORD", hidden=True)] = "",
) -> None:
    """Buat petugas kedua, operator atau administrator di situs ini (kata sandi ditanyakan)."""
    start_django()
    from cakap.delivery.models import LoadedPackage

    wrong = next((one for one in role if one not in SITE_ROLES), "")
    if wrong:
        stop(f"Peran {wrong!r} tidak dikenal; pilih: {', '.join(SITE_ROLES)}.", BAD_INPUT)
    loaded = LoadedPackage.objects.select_related("session__programme__organiser")
    if not loaded:
        stop("Belum ada sesi yang dimuat di sini: cakap site load.", FAILED)
    organisers = {row.session.programme.organiser_id: row.session for row in loaded}
    for session in organisers.values():
        _give_account(name, password, session, role)
    ERR.print(f"{name}: {', '.join(role)}.", highlight=False)


SITE_ROLES = ("proctor", "operator", "administrator")


def _give_account(name: str, password: str, session: Any, roles: Sequence[str]) -> None:
    """An account with these roles; who has one keeps the password: cakap password."""
    from django.utils import timezone

    from cakap.accounts.models import Role, User
    from cakap.accounts.services import give_roles, register_user

    now = timezone.now()
    user = User.objects.filter(username=name).first() or register_user(
        username=name, name=name, password=ask_password(username=name, given=password),
        actor="cli", now=now,
    )  # fmt: skip
    give_roles(
        user=user, agency=session.programme.organiser, roles=[Role(one) for one in roles],
        actor="cli", now=now,
    )  # fmt: skip


@app.command(epilog="Contoh: cakap password pengawas1")
def password(
    *,
    name: Annotated[str, typer.Argument(help="Nama pengguna.")],
    given: Annotated[
        str, typer.Option("--password", envvar="CAKAP_NEW_PASSWORD", hidden=True)
    ] = "",
) -> None:
    """Ganti kata sandi yang lupa (kata sandi baru ditanyakan)."""
    start_django()
    from django.utils import timezone

    from cakap.accounts.models import User
    from cakap.accounts.services import set_password

    user = User.objects.filter(username=name).first()
    if user is None:
        stop(f"Pengguna {name!r} tidak terdaftar di sini.", BAD_INPUT)
    set_password(
        user=user, password=ask_password(username=name, given=given), actor="cli",
        now=timezone.now(),
    )  # fmt: skip
    ERR.print(f"Kata sandi {name} diganti.", highlight=False)


@site.command(epilog="Contoh: cakap site tls --name ruang.lebak.go.id")
def tls(
    *,
    name: Annotated[
        list[str] | None, typer.Option(help="Nama atau alamat server ini; boleh berulang.")
    ] = None,
) -> None:
    """Buat otoritas sertifikat situs dan sertifikat server untuk nama dan alamatnya."""
    start_django()
    from django.conf import settings

    from cakap.cli.room import own_addresses
    from cakap.delivery.sites.certificates import make_certificates
    from cakap.settings.reader import plain_host

    names = [*map(plain_host, name or []), *own_addresses(), "localhost", "127.0.0.1"]
    made = make_certificates(Path(settings.DATA) / "tls", names=list(dict.fromkeys(names)))
    OUT.print(
        f"Sertifikat server untuk: {', '.join(made.names)}\n"
        f"Otoritas situs: {made.authority}\n"
        f"Sidik SHA-256: {made.fingerprint}\n\n"
        "Pasanglah berkas otoritas itu sekali pada setiap komputer ruang, sesudah sidiknya dicocokkan:\n"
        "  Windows: certutil -addstore -f Root ca.pem (sebagai administrator)\n"
        "  Linux:   salin ke /usr/local/share/ca-certificates/cakap.crt lalu update-ca-certificates; "
        "peramban: impor sebagai otoritas\n"
        "Lalu: cakap serve --tls --host 0.0.0.0",
        highlight=False, soft_wrap=True,
    )  # fmt: skip


@site.command(epilog="Contoh: cakap site send --to https://pusat.go.id --every 30")
def send(
    *,
    to: Annotated[str, typer.Option(help="Alamat pusat.")],
    every: Annotated[int, typer.Option(help="Ulangi tiap sekian detik; 0: sekali.")] = 0,
    as_json: Json = False,
) -> None:
    """Kirim log ke pusat: yang belum ada di sana saja, aman diulang dan terputus."""
    start_django()
    from cakap.delivery.sites.sending import Sent, send_all

    def say(found: Sent) -> None:
        if as_json:
            told = {**asdict(found), "troubles": {str(k): v for k, v in found.troubles.items()}}
            print(json.dumps(told, ensure_ascii=False), flush=True)  # noqa: T201
        for session, trouble in found.troubles.items():
            ERR.print(f"Sesi {session}: {trouble} Log tetap di sini.", highlight=False)
        if found.clock_sentence:
            ERR.print(f"{found.clock_sentence} Betulkan jam komputer ini.", style="red")
        if not found.troubles:
            ERR.print(f"Terkirim; {found.missing} catatan belum sampai.", highlight=False)

    while True:
        found = send_all(to.rstrip("/"))
        say(found)
        if not every:
            raise SystemExit(FAILED if found.troubles else DONE)
        time.sleep(every)


@site.command(epilog="Contoh: cakap site export log.cakap-log")
def export(*, file: Annotated[Path, typer.Argument(help="Berkas tujuan.")]) -> None:
    """Tulis seluruh log ke berkas bertanda tangan, untuk dibawa ke pusat dengan tangan."""
    start_django()
    from django.utils import timezone

    from cakap.delivery.sites.carrying import log_file

    content = log_file(now=timezone.now())
    part = file.with_name(file.name + ".part")
    part.write_bytes(content)
    part.replace(file)
    lines = content.count(b"\n")
    ERR.print(f"{file}: {lines} bagian, {len(content)} bita.", highlight=False)
