"""An exam place on its own network: take a session in, hold it, send its log to the centre."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from cakap.cli.frame import ERR, FAILED, OUT, Json, app, start_django, stop

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
        password = password or typer.prompt("Kata sandi", hide_input=True, confirmation_prompt=True)
        _staff(proctor, password, session)
    ERR.print(
        f"Sesi {session.pk} di {session.room}: {session.seats.count()} kursi. "
        "Jalankan: cakap serve",
        highlight=False,
    )


def _staff(name: str, password: str, session: Any) -> None:
    from django.utils import timezone

    from cakap.accounts.models import Role, User
    from cakap.accounts.services import give_roles, register_user

    now = timezone.now()
    user = User.objects.filter(username=name).first() or register_user(
        username=name, name=name, password=password, actor="cli", now=now
    )
    give_roles(
        user=user, agency=session.programme.organiser, roles=[Role.PROCTOR, Role.OPERATOR],
        actor="cli", now=now,
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
    while True:
        try:
            found = _send_all(to.rstrip("/"))
        except OSError as exc:
            if not every:
                stop(f"Pusat tidak terjangkau ({exc}); log tetap di sini. Ulangi nanti.", FAILED)
            ERR.print(f"Pusat tidak terjangkau; dicoba lagi dalam {every} detik.")
        else:
            if as_json:
                print(json.dumps(found))  # noqa: T201
            else:
                ERR.print(f"Terkirim; {found['missing']} catatan belum sampai.")
        if not every:
            return
        time.sleep(every)


def _send_all(to: str) -> dict[str, int]:
    import httpx
    from django.utils import timezone

    from cakap.delivery.sites.envelope import signed
    from cakap.delivery.sites.identity import identity
    from cakap.delivery.sites.log import events_after, head_of
    from cakap.programmes.models import Session

    own, missing, sent = identity(), 0, 0
    with httpx.Client(base_url=to, timeout=60, trust_env=False) as client:

        def tell(content: Any) -> dict[str, Any]:
            try:
                answer = client.post("/ujian/situs/log", content=signed(content, own))
            except httpx.HTTPError as exc:
                raise OSError(str(exc)) from exc
            if answer.status_code != 200:
                raise OSError(f"{answer.status_code} {answer.text[:200]}")
            return dict(answer.json())

        for session in Session.objects.order_by("pk"):
            standing = tell(head_of(session, now=timezone.now()))
            held = {int(seat): n for seat, n in standing["held"].items()}
            for part in events_after(session, held):
                standing = tell(part)
                sent += len(part["rows"])
            missing += standing["missing"]
    return {"sent": sent, "missing": missing}


@site.command(epilog="Contoh: cakap site export log.cakap-log")
def export(*, file: Annotated[Path, typer.Argument(help="Berkas tujuan.")]) -> None:
    """Tulis seluruh log ke berkas bertanda tangan, untuk dibawa ke pusat dengan tangan."""
    start_django()
    lines = list(_lines())
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    ERR.print(f"{file}: {len(lines)} bagian.", highlight=False)


def _lines() -> Iterator[bytes]:
    from django.utils import timezone

    from cakap.delivery.sites.envelope import signed
    from cakap.delivery.sites.identity import identity
    from cakap.delivery.sites.log import events_after, head_of
    from cakap.programmes.models import Session

    own = identity()
    for session in Session.objects.order_by("pk"):
        yield signed(head_of(session, now=timezone.now()), own)
        for part in events_after(session, {}):
            yield signed(part, own)
