"""Scales: link two calibrations, set cut scores, ask how well they divide people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from cakap.cli.engine import irt
from cakap.cli.frame import BAD_INPUT, OUT, stop
from cakap.cli.irt.files import Out, Params, numbers_of, read_fit
from cakap.cli.tables import refuse_shortened, table_of
from cakap.science.irt.eap import Scores
from cakap.science.irt.forms import to_form
from cakap.science.irt.linking import METHODS, Method, drift, onto
from cakap.science.irt.linking import link as find_link
from cakap.science.irt.scoring import Fitted
from cakap.science.irt.standards import angoff, booklet, bookmark, classification
from cakap.science.irt.subscores import augment
from cakap.science.types import Floats


@irt.command(epilog="Contoh: cakap irt link --old lama.json --new baru.json --out sambung.json")
def link(
    *,
    old: Annotated[Path, typer.Option(help="FIT.json pada skala lama.")],
    new: Annotated[Path, typer.Option(help="FIT.json yang baru.")],
    out: Out,
    method: Annotated[str, typer.Option(help=", ".join(METHODS))] = "stocking-lord",
) -> None:
    """Sambungkan dua kalibrasi lewat butir yang sama; periksa pergeseran jangkar."""
    one, other = read_fit(old), read_fit(new)
    shared = [name for name in one.names if name in other.names]
    if method not in METHODS:
        stop(f"--method {method!r}: diharapkan {', '.join(METHODS)}.", BAD_INPUT)
    chosen: Method = method
    anchors_old = _only(one.fitted, one.names, shared)
    anchors_new = _only(other.fitted, other.names, shared)
    try:
        found = find_link(anchors_old, anchors_new, method=chosen)
        moved = drift(anchors_old, anchors_new)
    except ValueError as exc:
        stop(f"{new}: {exc}", BAD_INPUT)
    scaled = onto(other.fitted, found)
    content = {
        "method": method, "A": found.slope, "B": found.intercept, "anchors": len(shared),
        "drift": [
            {
                "name": name, "shift": float(moved.shift[i]), "robust_z": float(moved.robust_z[i]),
                "area": float(moved.area[i]), "drifted": bool(i in moved.drifted),
            }
            for i, name in enumerate(shared)
        ],
        "items": [
            _item(name, scaled, i) for i, name in enumerate(other.names)
        ],
        "latent": {"mean": scaled.mean, "variance": scaled.variance},
    }  # fmt: skip
    out.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    gone = ", ".join(shared[int(i)] for i in moved.drifted) or "tidak ada"
    OUT.print(f"A = {found.slope:.4f}, B = {found.intercept:.4f}; jangkar bergeser: {gone}")


def _only(fitted: Fitted, names: list[str], shared: list[str]) -> Fitted:
    return Fitted(
        model=fitted.model,
        parameters=[fitted.parameters[names.index(name)] for name in shared],
        mean=fitted.mean,
        variance=fitted.variance,
    )


def _item(name: str, fitted: Fitted, place: int) -> dict[str, Any]:
    form = to_form(fitted.model, fitted.parameters[place])
    b = form.b.tolist()
    return {"name": name, "a": form.a, "b": b[0] if len(b) == 1 else b, "c": form.c}


@irt.command(epilog="Contoh: cakap irt cut --params fit.json --angoff panel.csv --out batas.json")
def cut(
    *,
    params: Params,
    out: Out,
    angoff_: Annotated[
        Path | None, typer.Option("--angoff", help="CSV: satu baris seorang panelis, satu kolom sebutir.")
    ] = None,
    bookmark_: Annotated[
        Path | None, typer.Option("--bookmark", help="CSV, kolom page: halaman pertama yang tak dikuasai.")
    ] = None,
    mastery: Annotated[float, typer.Option(min=0.05, max=0.95, help="Peluang menguasai.")] = 2 / 3,
) -> None:  # fmt: skip
    """Batas skor dari penilaian panel: Angoff termodifikasi atau bookmark."""
    known = read_fit(params)
    file = angoff_ or bookmark_
    if file is None or (angoff_ and bookmark_):
        stop("diharapkan satu dari --angoff dan --bookmark.", BAD_INPUT)
    table = table_of(file)
    try:
        if angoff_:
            judged = np.stack([_judged(file, table, name) for name in known.names], axis=1)
            found = angoff(known.fitted, judged)
        else:
            pages = _judged(file, table, "page").astype(np.int64)
            found = bookmark(known.fitted, pages, mastery=mastery)
    except ValueError as exc:
        stop(f"{file}: {exc}", BAD_INPUT)
    content = {"theta": found.theta, "se": found.se, "panellists": found.panellists.tolist()}
    if bookmark_:
        order, places = booklet(known.fitted, mastery=mastery)
        content["booklet"] = [
            {"page": n, "item": known.names[item], "theta": float(place)}
            for n, (item, place) in enumerate(zip(order, places, strict=True), start=1)
        ]
    out.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    OUT.print(
        f"batas θ = {found.theta:.3f} (galat baku {found.se:.3f}, {len(found.panellists)} panelis)"
    )


def _judged(file: Path, table: pl.DataFrame, name: str) -> Floats:
    column = numbers_of(file, table, name)
    empty = np.flatnonzero(np.isnan(column))
    if len(empty):
        stop(f"{file}, baris {empty[0] + 2}, kolom {name}: diharapkan bilangan; kosong.", BAD_INPUT)
    return column


@irt.command(epilog="Contoh: cakap irt classify skor.csv --cut -0.5 --cut 0.7 --out kelas.json")
def classify(
    *,
    scores: Annotated[Path, typer.Argument(help="CSV dengan kolom theta dan se.")],
    cut_: Annotated[list[float], typer.Option("--cut", help="Batas, boleh diulang.")],
    out: Out,
) -> None:
    """Ketepatan dan keajekan klasifikasi untuk setiap batas."""
    table = table_of(scores)
    cuts = np.sort(np.asarray(cut_, dtype=np.float64))
    own = Scores(theta=_judged(scores, table, "theta"), se=_judged(scores, table, "se"))
    try:
        found = classification(own, cuts)
    except ValueError as exc:
        stop(f"{scores}: {exc}", BAD_INPUT)
    content = {
        "all": {"accuracy": found.accuracy[0], "consistency": found.consistency[0]},
        "cuts": [
            {"cut": float(c), "accuracy": found.accuracy[i], "consistency": found.consistency[i]}
            for i, c in enumerate(cuts, start=1)
        ],
    }
    out.write_text(json.dumps(content, indent=1))
    OUT.print(f"ketepatan {found.accuracy[0]:.3f}, keajekan {found.consistency[0]:.3f}")


@irt.command("augment", epilog="Contoh: cakap irt augment M01.csv M02.csv --out gabungan.csv")
def augment_scores(
    *,
    scores: Annotated[list[Path], typer.Argument(help="Skor WLE, satu berkas per kompetensi.")],
    out: Out,
) -> None:  # fmt: skip
    """Skor tiap kompetensi dengan bantuan kompetensi lain (korelasi laten)."""
    tables = [table_of(file) for file in scores]
    for file, table in zip(scores, tables, strict=True):
        for name in ("id", "theta", "se"):
            if name not in table.columns:
                stop(f"{file}, baris 1: diharapkan kolom {name}; tidak ditemukan.", BAD_INPUT)
        refuse_shortened(file, table, "id")
        if table["id"].to_list() != tables[0]["id"].to_list():
            stop(f"{file}: diharapkan orang yang sama dalam urutan yang sama.", BAD_INPUT)
    theta = np.stack([_judged(f, t, "theta") for f, t in zip(scores, tables, strict=True)], axis=1)
    se = np.stack([_judged(f, t, "se") for f, t in zip(scores, tables, strict=True)], axis=1)
    try:
        found = augment(theta, se)
    except ValueError as exc:
        stop(str(exc), BAD_INPUT)
    columns: dict[str, Any] = {"id": tables[0]["id"]}
    for place, file in enumerate(scores):
        columns[f"{file.stem}_theta"] = found.theta[:, place]
        columns[f"{file.stem}_se"] = found.se[:, place]
        OUT.print(
            f"{file.stem}: reliabilitas {found.alone[place]:.3f} → {found.together[place]:.3f}"
        )
    pl.DataFrame(columns).write_csv(out)
