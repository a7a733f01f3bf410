"""Answers and fits as files: CSV and JSON in, and back out."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from cakap.cli.frame import BAD_INPUT, stop
from cakap.cli.tables import refuse_shortened, table_of
from cakap.science.irt.calibration import Calibration
from cakap.science.irt.forms import ItemForm, form_errors, from_form, to_form
from cakap.science.irt.itemfit import ItemFit
from cakap.science.irt.reliability import marginal_reliability
from cakap.science.irt.scoring import Fitted
from cakap.science.types import MISSING, Categories, Floats, Ints
from cakap.scoring.words import sentence

Responses = Annotated[
    Path, typer.Argument(help="CSV: satu baris seorang, kosong atau NA = hilang.")
]
Params = Annotated[Path, typer.Option(help="Hasil `cakap irt fit`.")]
Columns = Annotated[str, typer.Option(help="Kolom butir, dipisah koma; bawaan: semua yang lain.")]
Id = Annotated[str, typer.Option("--id", help="Kolom pengenal orang.")]
Group = Annotated[str, typer.Option("--group", help="Kolom kelompok, misalnya jenis kelamin.")]
Out = Annotated[Path, typer.Option(help="Berkas hasil.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A file of answers: cells (n_persons, n_items) as written, nan where missing."""

    file: Path
    names: list[str]
    ids: list[str]
    cells: Floats
    groups: Ints
    group_names: list[str]

    def values(self) -> list[Floats]:
        """The values written in each column, rising."""
        return [np.unique(column[~np.isnan(column)]) for column in self.cells.T]


def numbers_of(file: Path, table: pl.DataFrame, name: str) -> Floats:
    """One column as numbers, nan where missing."""
    if name not in table.columns:
        stop(f"{file}, baris 1: diharapkan kolom {name}; tidak ditemukan.", BAD_INPUT)
    numbers = table[name].cast(pl.Float64, strict=False)
    wrong = (numbers.is_null() & table[name].is_not_null()).arg_true()
    if len(wrong):
        row = int(wrong[0])
        stop(
            f"{file}, baris {row + 2}, kolom {name}: diharapkan bilangan atau kosong; "
            f"ditemukan {table[name][row]!r}.",
            BAD_INPUT,
        )
    return numbers.fill_null(float("nan")).to_numpy()


def read_sheet(file: Path, items: str = "", id_: str = "", group: str = "") -> Sheet:
    """Answers, person ids and groups; one sentence on the first cell that cannot be."""
    table = table_of(file)
    names = [one.strip() for one in items.split(",") if one.strip()]
    names = names or [one for one in table.columns if one not in {id_, group}]
    for name in [id_, group]:
        if name and name not in table.columns:
            stop(f"{file}, baris 1: diharapkan kolom {name}; tidak ditemukan.", BAD_INPUT)
    if len(table) == 0 or not names:
        stop(f"{file}: diharapkan sedikitnya satu orang dan satu butir.", BAD_INPUT)
    if id_:
        refuse_shortened(file, table, id_)
    cells = np.stack([numbers_of(file, table, name) for name in names], axis=1)
    groups, group_names = _groups(file, table, group)
    ids = table[id_].to_list() if id_ else [str(n) for n in range(1, len(table) + 1)]
    return Sheet(
        file=file, names=names, ids=ids, cells=cells, groups=groups, group_names=group_names
    )


def _groups(file: Path, table: pl.DataFrame, group: str) -> tuple[Ints, list[str]]:
    if not group:
        return np.zeros(len(table), dtype=np.int64), [""]
    empty = table[group].is_null().arg_true()
    if len(empty):
        stop(f"{file}, baris {int(empty[0]) + 2}, kolom {group}: kelompok kosong.", BAD_INPUT)
    known = sorted(table[group].unique().to_list())
    return np.array([known.index(one) for one in table[group]], dtype=np.int64), known


def coded(sheet: Sheet, values: Sequence[Floats]) -> Categories:
    """Written values as categories from 0, item by item; one sentence on a value not among them."""
    found = np.full(sheet.cells.shape, MISSING, dtype=np.int8)
    for item, known in enumerate(values):
        column = sheet.cells[:, item]
        strange = np.flatnonzero(~np.isnan(column) & ~np.isin(column, known))
        if len(strange):
            stop(
                f"{sheet.file}, baris {strange[0] + 2}, kolom {sheet.names[item]}: diharapkan salah "
                f"satu dari {', '.join(f'{value:g}' for value in known)}; "
                f"ditemukan {column[strange[0]]:g}.",
                BAD_INPUT,
            )
        there = ~np.isnan(column)
        found[there, item] = np.searchsorted(known, column[there])
    return found


def content_of(
    found: Calibration, sheet: Sheet, values: Sequence[Floats], fit: ItemFit | None
) -> dict[str, Any]:
    """A calibration as FIT.json."""
    errors = found.latent_errors
    return {
        "model": found.model,
        "n_persons": found.n_persons,
        "n_items": len(sheet.names),
        "loglik": found.loglik,
        "n_parameters": found.n_parameters,
        "aic": found.aic,
        "bic": found.bic,
        "iterations": found.iterations,
        "converged": found.converged,
        "latent": _latent(found, 0),
        "groups": [
            {"name": name, **_latent(found, place)} for place, name in enumerate(sheet.group_names)
        ]
        if len(errors) > 1
        else [],
        "reliability": marginal_reliability(found.fitted),
        "warnings": [sentence(note, sheet.names) for note in found.warnings],
        "items": _items(found, sheet.names, values, fit),
    }


def _latent(found: Calibration, group: int) -> dict[str, Any]:
    mean_error, variance_error = found.latent_errors[group]
    return {
        "mean": float(found.latent.mean[group]),
        "variance": float(found.latent.variance[group]),
        "se": {"mean": plain(mean_error), "variance": plain(variance_error)},
    }


def _items(
    found: Calibration, names: Sequence[str], values: Sequence[Floats], fit: ItemFit | None
) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "categories": [float(value) for value in values[place]],
            **_parameters(found, place),
            "fit": _fit(fit, place),
        }
        for place, name in enumerate(names)
    ]


def _fit(fit: ItemFit | None, place: int) -> dict[str, Any]:
    if fit is None or math.isnan(fit.statistic[place]):
        return {"s_x2": None, "df": None, "p": None}
    return {
        "s_x2": float(fit.statistic[place]),
        "df": int(fit.df[place]),
        "p": plain(fit.p[place]),
    }


def _parameters(found: Calibration, place: int) -> dict[str, Any]:
    row, span = found.parameters[place], found.spans[place]
    if np.isnan(row).any():
        return {"a": None, "b": None, "c": None, "se": {"a": None, "b": None, "c": None}}
    form = to_form(found.model, row)
    covariance = found.covariance[span, span]
    if len(covariance) != len(row):
        covariance = np.zeros((len(row), len(row)))
    errors = form_errors(found.model, row, covariance)
    return {
        "a": form.a,
        "b": _thresholds(form.b),
        "c": form.c,
        "se": {"a": plain(errors.a), "b": _thresholds(errors.b), "c": plain(errors.c)},
    }


def _thresholds(values: Floats) -> Any:
    found = [plain(value) for value in values]
    return found[0] if len(found) == 1 else found


def plain(value: float) -> float | None:
    """A number for JSON, or null for what is not one."""
    return float(value) if math.isfinite(value) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """What FIT.json says, without the items that were left out."""

    fitted: Fitted
    names: list[str]
    values: list[Floats]


def read_fit(params: Path) -> Fit:
    """FIT.json as parameters; one sentence where it is not one."""
    try:
        content = json.loads(params.read_text())
        rows = [row for row in content["items"] if row["a"] is not None]
        forms = [
            ItemForm(a=row["a"], b=np.atleast_1d(np.asarray(row["b"], dtype=float)), c=row["c"])
            for row in rows
        ]
        return Fit(
            fitted=Fitted(
                model=content["model"],
                parameters=[from_form(content["model"], form) for form in forms],
                variance=content["latent"]["variance"],
                mean=content["latent"]["mean"],
            ),
            names=[row["name"] for row in rows],
            values=[np.asarray(row["categories"], dtype=np.float64) for row in rows],
        )
    except (ValueError, KeyError, TypeError) as exc:
        stop(f"{params}: diharapkan hasil `cakap irt fit` (JSON); {exc}.", BAD_INPUT)


def answers_for(responses: Path, params: Path, id_: str) -> tuple[Fit, Sheet, Categories]:
    """Answers to the items of a fit."""
    known = read_fit(params)
    sheet = read_sheet(responses, ",".join(known.names), id_)
    return known, sheet, coded(sheet, known.values)


def named(exc: ValueError, names: Sequence[str]) -> str:
    """The engine's sentence, with the item by its name."""
    head, _, rest = str(exc).partition(":")
    number = head.removeprefix("item ")
    return f"butir {names[int(number)]}:{rest}" if number.isdigit() else str(exc)
