"""The measurement engine on plain files: fit a model to answers, score people with it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from cakap.cli.frame import BAD_INPUT, ERR, OUT, app, stop
from cakap.science.irt.calibration import Calibration, calibrate
from cakap.science.irt.forms import ItemForm, form_errors, from_form, to_form
from cakap.science.irt.models import MODELS
from cakap.science.irt.scoring import METHODS, Fitted, marginal_reliability
from cakap.science.types import MISSING, Categories

irt = typer.Typer(
    no_args_is_help=True, help="Kalibrasi dan skor butir dari berkas, tanpa basis data."
)
app.add_typer(irt, name="irt")
Columns = Annotated[str, typer.Option(help="Kolom butir, dipisah koma; bawaan: semua selain --id.")]
Id = Annotated[str, typer.Option("--id", help="Kolom pengenal orang.")]


@irt.command(epilog="Contoh: cakap irt fit jawaban.csv --model 2pl --id nip --out fit.json")
def fit(
    *,
    responses: Annotated[
        Path, typer.Argument(help="CSV: satu baris seorang, kosong atau NA = hilang.")
    ],
    model: Annotated[str, typer.Option(help=", ".join(MODELS))],
    out: Annotated[Path, typer.Option(help="Berkas JSON hasil.")],
    items: Columns = "",
    id_: Id = "",
) -> None:
    """Kalibrasi butir dengan marginal maximum likelihood (61 titik pada [-6, 6])."""
    if model not in MODELS:
        stop(f"--model {model!r}: diharapkan {', '.join(MODELS)}.", BAD_INPUT)
    names, _, cells = _read(responses, items, id_)
    values = [np.unique(column[~np.isnan(column)]) for column in cells.T]
    try:
        found = calibrate(_coded(cells, values), model=model)
    except ValueError as exc:
        stop(f"{responses}: {_named(str(exc), names)}", BAD_INPUT)
    content = _content(found, names, values)
    out.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    OUT.print(
        f"{model}: {content['n_persons']} orang, {len(names)} butir, loglik {found.loglik:.4f}"
    )
    for warning in content["warnings"]:
        ERR.print(warning, style="yellow", highlight=False)


def _read(file: Path, items: str, id_: str) -> tuple[list[str], list[str], Any]:
    """Item names, person ids, and the answers as numbers with nan for what is missing."""
    try:
        table = pl.read_csv(file, infer_schema=False, null_values=["", "NA", "NaN"])
    except pl.exceptions.PolarsError as exc:
        stop(f"{file}: susunan CSV tidak terbaca ({str(exc).splitlines()[0]}).", BAD_INPUT)
    names = [one for one in items.split(",") if one] or [one for one in table.columns if one != id_]
    for name in [*names, *([id_] if id_ else [])]:
        if name not in table.columns:
            stop(f"{file}, baris 1: diharapkan kolom {name}; tidak ditemukan.", BAD_INPUT)
    ids = table[id_].to_list() if id_ else [str(n) for n in range(1, len(table) + 1)]
    columns = []
    for name in names:
        numbers = table[name].cast(pl.Float64, strict=False)
        wrong = (numbers.is_null() & table[name].is_not_null()).arg_true()
        if len(wrong):
            row = int(wrong[0])
            stop(
                f"{file}, baris {row + 2}, kolom {name}: diharapkan bilangan atau kosong; "
                f"ditemukan {table[name][row]!r}.",
                BAD_INPUT,
            )
        columns.append(numbers.fill_null(float("nan")).to_numpy())
    return names, ids, np.stack(columns, axis=1)


def _coded(cells: Any, values: list[Any]) -> Categories:
    """Written values as categories from 0, in their order, item by item."""
    coded = np.full(cells.shape, MISSING, dtype=np.int8)
    for item, known in enumerate(values):
        there = ~np.isnan(cells[:, item])
        coded[there, item] = np.searchsorted(known, cells[there, item])
    return coded


def _named(sentence: str, names: list[str]) -> str:
    """Items by name instead of by number."""
    head, _, rest = sentence.partition(":")
    number = head.removeprefix("item ")
    return f"butir {names[int(number)]}:{rest}" if number.isdigit() else sentence


def _content(found: Calibration, names: list[str], values: list[Any]) -> dict[str, Any]:
    fitted = Fitted(model=found.model, parameters=found.parameters, variance=found.variance)
    return {
        "model": found.model,
        "n_persons": found.n_persons,
        "n_items": len(names),
        "loglik": found.loglik,
        "n_parameters": found.n_parameters,
        "aic": found.aic,
        "bic": found.bic,
        "iterations": found.iterations,
        "converged": found.converged,
        "latent": {
            "mean": 0.0,
            "variance": found.variance,
            "se": {"variance": _plain(found.variance_error)},
        },
        "reliability": marginal_reliability(fitted),
        "warnings": [_named(one, names) for one in found.warnings],
        "items": _items(found, names, values),
    }


def _items(found: Calibration, names: list[str], values: list[Any]) -> list[dict[str, Any]]:
    rows, start = [], 0
    for name, parameters, known in zip(names, found.parameters, values, strict=True):
        span = slice(start, start + len(parameters))
        start = span.stop
        form = to_form(found.model, parameters)
        errors = form_errors(found.model, parameters, found.covariance[span, span])
        rows.append(
            {
                "name": name,
                "categories": [float(value) for value in known],
                "a": form.a,
                "b": _thresholds(form.b),
                "c": form.c,
                "se": {
                    "a": _plain(errors.a),
                    "b": _thresholds(errors.b),
                    "c": _plain(errors.c),
                },
            }
        )
    return rows


def _thresholds(values: Any) -> Any:
    plain = [_plain(float(value)) for value in values]
    return plain[0] if len(plain) == 1 else plain


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value


@irt.command(
    epilog="Contoh: cakap irt score jawaban.csv --params fit.json --method wle --out skor.csv"
)
def score(
    *,
    responses: Annotated[Path, typer.Argument(help="CSV dengan kolom butir yang sama.")],
    params: Annotated[Path, typer.Option(help="Hasil `cakap irt fit`.")],
    out: Annotated[Path, typer.Option(help="CSV: id, theta, se.")],
    method: Annotated[str, typer.Option(help=", ".join(METHODS))] = "eap",
    id_: Id = "",
) -> None:
    """Skor orang dengan parameter butir yang tersimpan."""
    if method not in METHODS:
        stop(f"--method {method!r}: diharapkan {', '.join(METHODS)}.", BAD_INPUT)
    fitted, names, values = _fitted(params)
    _, ids, cells = _read(responses, ",".join(names), id_)
    for item, known in enumerate(values):
        column = cells[:, item]
        strange = np.flatnonzero(~np.isnan(column) & ~np.isin(column, known))
        if len(strange):
            stop(
                f"{responses}, baris {strange[0] + 2}, kolom {names[item]}: diharapkan salah satu dari "
                f"{', '.join(f'{value:g}' for value in known)}; ditemukan {column[strange[0]]:g}.",
                BAD_INPUT,
            )
    found = METHODS[method](fitted, _coded(cells, values))
    pl.DataFrame({"id": ids, "theta": found.theta, "se": found.se}).write_csv(out)
    OUT.print(f"{len(ids)} orang diskor dengan {method}.")


def _fitted(params: Path) -> tuple[Fitted, list[str], list[Any]]:
    try:
        content = json.loads(params.read_text())
        forms = [
            ItemForm(a=row["a"], b=np.atleast_1d(np.asarray(row["b"], dtype=float)), c=row["c"])
            for row in content["items"]
        ]
        fitted = Fitted(
            model=content["model"],
            parameters=[from_form(content["model"], form) for form in forms],
            variance=content["latent"]["variance"],
        )
        names = [row["name"] for row in content["items"]]
        values = [np.asarray(row["categories"]) for row in content["items"]]
    except (ValueError, KeyError, TypeError) as exc:
        stop(f"{params}: diharapkan hasil `cakap irt fit` (JSON); {exc}.", BAD_INPUT)
    return fitted, names, values
