"""Offices whose letters are believed here: their keys, entered by hand."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cakap.cli.frame import ERR, OUT, Json, app, start_django

signer = typer.Typer(
    no_args_is_help=True, help="Kunci kantor yang suratnya dipercaya di sini: daftarkan, cabut."
)
app.add_typer(signer, name="signer")
Issuer = Annotated[str, typer.Argument(help="Kode kantor seperti dalam suratnya, misalnya BKN-3.")]


@signer.command(epilog="Contoh: cakap signer add BKN-3 KARTU")
def add(
    *,
    issuer: Issuer,
    card: Annotated[str, typer.Argument(help="Kartu kantor itu (di sana: cakap site card).")],
) -> None:
    """Daftarkan kunci sebuah kantor. Terimalah kartunya dari kantor itu sendiri, bukan dari suratnya."""
    start_django()
    from django.utils import timezone

    from cakap.placement.signers import add_signer

    row = add_signer(issuer=issuer, card=card, actor="cli", now=timezone.now())
    ERR.print(f"Kunci {row.issuer} terdaftar.", highlight=False)


@signer.command(epilog="Contoh: cakap signer withdraw BKN-3 --reason 'kunci lama bocor'")
def withdraw(*, issuer: Issuer, reason: Annotated[str, typer.Option(help="Alasan.")]) -> None:
    """Cabut kunci sebuah kantor: surat yang ditandatangani dengannya tidak lagi dipercaya."""
    start_django()
    from django.utils import timezone

    from cakap.placement.signers import withdraw_signer

    withdraw_signer(issuer=issuer, reason=reason, actor="cli", now=timezone.now())
    ERR.print(f"Kunci {issuer} dicabut.", highlight=False)


@signer.command("list", epilog="Contoh: cakap signer list --json")
def show(*, as_json: Json = False) -> None:
    """Kunci yang terdaftar, juga yang sudah dicabut."""
    start_django()
    from cakap.placement.models import LetterSigner

    rows = [
        {
            "issuer": row.issuer, "card": row.card, "added_at": row.added_at.isoformat(),
            "withdrawn_at": row.withdrawn_at.isoformat() if row.withdrawn_at else None,
            "reason": row.reason,
        }
        for row in LetterSigner.objects.all()
    ]  # fmt: skip
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))  # noqa: T201
        return
    for row in rows:
        ended = f" (dicabut: {row['reason']})" if row["withdrawn_at"] else ""
        OUT.print(f"{row['issuer']} {row['card']}{ended}", highlight=False, soft_wrap=True)
