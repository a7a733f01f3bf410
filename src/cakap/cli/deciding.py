"""Recommendations, plans, and whether every figure comes out again."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cakap.cli.frame import (
    BAD_INPUT,
    ERR,
    FAILED,
    OUT,
    AgencyCode,
    Json,
    agency_of,
    app,
    start_django,
    stop,
)


class Jpm(StrEnum):
    """Which formula of Job Person Match."""

    CAPPED = "capped-mean"
    RATIO = "ratio"


PeopleFile = Annotated[
    Path | None, typer.Option("--people", help="CSV orang: id, tingkat per kompetensi.")
]
PostsFile = Annotated[
    Path | None, typer.Option("--posts", help="CSV jabatan: id, headcount, tingkat diminta.")
]
Dask = Annotated[
    str, typer.Option(envvar="CAKAP_DASK", help="Alamat penjadwal Dask untuk papan yang besar.")
]


@app.command(
    epilog="Contoh: cakap recommend --agency BANTEN --post OPD01-KEPALA --top 10; "
    "cakap recommend --people orang.csv --posts jabatan.csv --top 5 --json"
)
def recommend(
    *,
    agency: AgencyCode = "",
    post: Annotated[str, typer.Option(help="Kode jabatan: siapa untuk jabatan ini?")] = "",
    person: Annotated[str, typer.Option(help="NIP: jabatan apa untuk orang ini?")] = "",
    top: Annotated[int, typer.Option(help="Banyaknya usulan.")] = 10,
    people: PeopleFile = None,
    posts: PostsFile = None,
    dask: Dask = "",
    as_json: Json = False,
) -> None:
    """Rekomendasi dua arah, dengan alasan; dengan --people dan --posts dari berkas, tanpa basis data."""
    if people and posts:
        _recommend_from_files(people, posts, top, dask=dask, as_json=as_json)
        return
    if bool(post) == bool(person):
        stop("Berikan salah satu: --post KODE atau --person NIP.", BAD_INPUT)
    start_django()
    from django.utils import timezone

    from cakap.placement.queries import people_for, posts_for
    from cakap.registry.models import Employee, Position

    body, today = agency_of(agency), timezone.localdate()
    if post:
        position = Position.objects.filter(agency=body, code=post).first()
        if position is None:
            stop(f"Jabatan {post!r} tidak terdaftar pada {agency}.", BAD_INPUT)
        found = people_for(position, on=today, most=top)
    else:
        employee = Employee.objects.filter(agency=body, nip=person).first()
        if employee is None:
            stop(f"NIP {person!r} tidak terdaftar pada {agency}.", BAD_INPUT)
        found = posts_for(employee, on=today, most=top)
    rows = [
        {
            "nip": one.employee.nip, "name": one.employee.full_name, "post": one.position.code,
            "title": one.position.title, "fit": round(one.fit, 4), "box": one.box,
            "strengths": list(one.strengths), "gaps": list(one.gaps),
            "findings": list(one.findings),
        }
        for one in found.proposed
    ]  # fmt: skip
    excluded = [
        {"nip": one.employee.nip, "post": one.position.code, "reasons": list(one.reasons)}
        for one in found.excluded
    ]
    if as_json:
        print(json.dumps({"proposed": rows, "excluded": excluded}, ensure_ascii=False))  # noqa: T201
        return
    table = Table("#", "NIP", "Nama", "Jabatan", "%", "Di bawah standar")
    for rank, row in enumerate(rows, start=1):
        table.add_row(
            str(rank), str(row["nip"]), str(row["name"]), str(row["title"]), f"{row['fit']:.2f}",
            "; ".join(str(gap) for gap in found.proposed[rank - 1].gaps),
        )  # fmt: skip
    OUT.print(table)
    OUT.print(f"{len(excluded)} tidak diusulkan; alasannya dengan --json atau di halaman.")


def _recommend_from_files(people: Path, posts: Path, top: int, *, dask: str, as_json: bool) -> None:
    from cakap.cli.placing.work import recommend_files

    found = recommend_files(people, posts, top=top, dask=dask)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))  # noqa: T201
        return
    for title, rows in (("Orang", found["for_people"]), ("Jabatan", found["for_posts"])):
        table = Table(title, "Terbaik (%)")
        for row in rows:
            table.add_row(
                row["id"], "; ".join(f"{one['id']} {one['fit']:.2f}" for one in row["best"])
            )
        OUT.print(table)


@app.command(
    epilog="Contoh: cakap plan CAT-2025 AC-2025 --name 'Rotasi 2025'; "
    "cakap plan --people orang.csv --posts jabatan.csv --out rencana.csv --json"
)
def plan(
    *,
    programmes: Annotated[list[str] | None, typer.Argument(help="Kode program.")] = None,
    name: Annotated[str, typer.Option(help="Nama rencana.")] = "Rencana rotasi",
    people: PeopleFile = None,
    posts: PostsFile = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="TOML aturan: move_cost, max_moves, locks, …; lihat panduan."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV rencana.")] = None,
    jpm: Annotated[Jpm, typer.Option(help="Rumus kecocokan.")] = Jpm.CAPPED,
    dask: Dask = "",
    as_json: Json = False,
) -> None:
    """Susun rencana rotasi terbaik bagi peserta program, atau dari berkas tanpa basis data."""
    if people and posts:
        from cakap.cli.placing.work import plan_files

        figures = plan_files(people, posts, rules=rules, out=out, jpm=jpm.value, dask=dask)
        _show_plan(figures, as_json=as_json)
        return
    if not programmes:
        stop("Berikan kode program, atau --people dan --posts.", BAD_INPUT)
    start_django()
    from django.utils import timezone

    from cakap.placement.services import make_plan
    from cakap.programmes.models import Programme

    found = list(Programme.objects.filter(code__in=programmes))
    missing = sorted(set(programmes) - {row.code for row in found})
    if missing:
        stop(f"Program {missing[0]!r} tidak terdaftar.", BAD_INPUT)
    row = make_plan(programmes=found, name=name, actor="cli", now=timezone.now())
    moves = sum(s != t for s, t in row.lines.values_list("source_id", "target_id"))
    figures = {
        "id": row.pk, "moves": moves, "optimal": row.optimal, "bound": row.bound,
        "total_before": row.total_before, "total_after": row.total_after,
    }  # fmt: skip
    _show_plan(figures, as_json=as_json)


def _show_plan(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures))  # noqa: T201
    else:
        before, after = figures["total_before"], figures["total_after"]
        OUT.print(f"{figures['moves']} perpindahan; kecocokan {before:.2f} → {after:.2f}")


@app.command(epilog="Contoh: cakap verify --json")
def verify(*, as_json: Json = False) -> None:
    """Periksa rantai audit dan hitung ulang skor, hasil, kotak, dan rencana."""
    start_django()
    from cakap.web.services import first_trouble

    trouble = first_trouble()
    if as_json:
        print(json.dumps({"ok": not trouble, "trouble": trouble}, ensure_ascii=False))  # noqa: T201
    elif trouble:
        ERR.print(trouble, style="red", highlight=False)
    else:
        OUT.print("Utuh: rantai audit dan semua angka dapat dihitung ulang.")
    if trouble:
        raise SystemExit(FAILED)


LARGEST_LETTER = 64 * 2**20


@app.command("check-letter", epilog="Contoh: cakap check-letter dokumen.json --json")
def check_letter_file(
    file: Annotated[Path, typer.Argument(help="Berkas JSON surat rekomendasi.")],
    *,
    as_json: Json = False,
) -> None:
    """Periksa surat rekomendasi terhadap kunci kantor yang terdaftar di sini, dan cetak isinya."""
    start_django()
    from cakap.placement.advising import check_letter

    if file.stat().st_size > LARGEST_LETTER:
        stop(f"{file}: lebih dari {LARGEST_LETTER // 2**20} MiB; bukan surat.", BAD_INPUT)
    try:
        told = json.loads(file.read_text())
    except (ValueError, RecursionError):
        stop(f"{file}: diharapkan JSON.", BAD_INPUT)
    content = check_letter(told if isinstance(told, dict) else {})
    if as_json:
        print(json.dumps(content, ensure_ascii=False))  # noqa: T201
        return
    OUT.print(f"Sah: {content['number']}, dari {content['issuer']} kepada {content['recipient']}.")
    for line in content["lines"]:
        OUT.print(f"{line['name']} → {line['title']} ({line['fit']:.2f} %)")
