"""Response times and likeness of answers: reasons to ask, never verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer

from cakap.cli.engine import irt
from cakap.cli.frame import BAD_INPUT, OUT, stop
from cakap.cli.irt.files import Id, Out, Params, Responses, answers_for, read_sheet
from cakap.cli.tables import table_of
from cakap.science.integrity.similarity import Similarity, leaked_key, neighbours
from cakap.science.integrity.times import lognormal_times, rapid_guessing

ALPHA = Annotated[
    float, typer.Option(min=1e-6, max=0.5, help="Alarm palsu yang diterima, seluruhnya.")
]


@irt.command(epilog="Contoh: cakap irt times detik.csv --id nip --out waktu.csv")
def times(
    *,
    seconds: Annotated[
        Path, typer.Argument(help="CSV: detik tiap orang (baris) dan butir (kolom).")
    ],
    out: Out,
    id_: Id = "",
) -> None:
    """Kecepatan kerja (model lognormal), tebakan kilat, dan kesungguhan (RTE)."""
    sheet = read_sheet(seconds, "", id_)
    try:
        found = lognormal_times(sheet.cells)
    except ValueError as exc:
        stop(f"{seconds}: {exc}", BAD_INPUT)
    effort = rapid_guessing(sheet.cells, np.full(sheet.cells.shape, np.nan))
    pl.DataFrame(
        {
            "id": sheet.ids,
            "speed": found.speed,
            "fit": found.fit,
            "p": found.p,
            "rte": effort.effort,
        }
    ).write_csv(out)
    low = int((effort.effort < 0.9).sum())
    odd = int((found.p < 0.01).sum())
    OUT.print(
        f"{len(sheet.ids)} orang; {low} dengan RTE di bawah 0,9; {odd} dengan pola waktu p < 0,01 "
        f"(sekitar {0.01 * len(sheet.ids):.0f} alarm palsu diharapkan)."
    )


@irt.command(
    epilog="Contoh: cakap irt similar jawaban.csv --params fit.json --pairs p.csv --out mirip.csv"
)
def similar(
    *,
    responses: Responses,
    params: Params,
    out: Out,
    pairs: Annotated[Path | None, typer.Option(help="CSV: a,b – dua pengenal yang bersebelahan.")] = None,
    leaked: Annotated[Path | None, typer.Option(help="CSV: item,category – daftar jawaban bocor.")] = None,
    id_: Id = "",
    alpha: ALPHA = 0.01,
) -> None:  # fmt: skip
    """Jawaban yang lebih mirip daripada yang dijelaskan kemampuan (GBT), atau dengan kunci bocor."""
    known, sheet, answers = answers_for(responses, params, id_)
    if (pairs is None) == (leaked is None):
        stop("diharapkan satu dari --pairs dan --leaked.", BAD_INPUT)
    if pairs:
        rows = [(row["a"], row["b"]) for row in _rows(pairs, ("a", "b"), sheet.ids)]
        places = [(sheet.ids.index(a), sheet.ids.index(b)) for a, b in rows]
        found = neighbours(known.fitted, answers, places, alpha=alpha)
        who = {"a": [a for a, _ in rows], "b": [b for _, b in rows]}
    elif leaked:
        listed = {row["item"]: row["category"] for row in _rows(leaked, ("item", "category"), None)}
        unknown = [name for name in listed if name not in known.names]
        if unknown:
            stop(f"{leaked}: butir {unknown[0]} tidak ada dalam {params}.", BAD_INPUT)
        key = np.zeros(len(known.names), dtype=np.int8)
        for name, value in listed.items():
            place = known.names.index(name)
            at = np.flatnonzero(known.values[place] == float(value))
            if len(at) == 0:
                stop(f"{leaked}: butir {name} tidak mempunyai nilai {value}.", BAD_INPUT)
            key[place] = at[0]
        spots = np.array([known.names.index(name) for name in listed], dtype=np.int64)
        try:
            found = leaked_key(known.fitted, answers, key, spots, alpha=alpha)
        except ValueError as exc:
            stop(f"{leaked}: {exc}", BAD_INPUT)
        who = {"id": sheet.ids}
    _keep(found, who, out, alpha)


def _rows(file: Path, names: tuple[str, str], ids: list[str] | None) -> list[dict[str, str]]:
    table = table_of(file)
    for name in names:
        if name not in table.columns:
            stop(f"{file}, baris 1: diharapkan kolom {name}; tidak ditemukan.", BAD_INPUT)
    rows = list(table.select(names).iter_rows(named=True))
    for number, row in enumerate(rows, start=2):
        for name in names:
            if row[name] is None or (ids is not None and row[name] not in ids):
                stop(
                    f"{file}, baris {number}, kolom {name}: {row[name]!r} tidak dikenal.", BAD_INPUT
                )
    return rows


def _keep(found: Similarity, who: dict[str, list[str]], out: Path, alpha: float) -> None:
    flags = np.isin(np.arange(len(found.p)), found.flagged)
    pl.DataFrame(
        {**who, "matches": found.matches, "expected": found.expected, "p": found.p, "flag": flags}
    ).write_csv(out)
    OUT.print(
        f"{len(found.p)} dibandingkan, {len(found.flagged)} ditandai untuk ditanyakan, bukan putusan; "
        f"peluang ada alarm palsu {alpha:.2%}."
    )
