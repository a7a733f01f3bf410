"""Look before and after: classical statistics, fit of items, persons and model, DIF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from cakap.cli.engine import irt
from cakap.cli.frame import BAD_INPUT, OUT, stop
from cakap.cli.irt.files import (
    Columns,
    Group,
    Id,
    Out,
    Params,
    Responses,
    answers_for,
    coded,
    named,
    plain,
    read_sheet,
)
from cakap.science.irt import dif as dif_
from cakap.science.irt.classical import classical
from cakap.science.irt.modelfit import m2, q3
from cakap.science.irt.models import MODELS
from cakap.science.irt.personfit import mean_squares, person_fit
from cakap.science.irt.reliability import marginal_reliability


@irt.command(epilog="Contoh: cakap irt check jawaban.csv --params fit.json --out periksa.json")
def check(*, responses: Responses, params: Params, out: Out, id_: Id = "") -> None:
    """Statistik klasik, infit/outfit, M2, dan ketergantungan lokal (Q3)."""
    known, _, answers = answers_for(responses, params, id_)
    plain_ = classical(answers)
    infit, outfit = mean_squares(known.fitted, answers, axis=0)
    residual = q3(known.fitted, answers)
    rows = [
        {
            "name": name, "n": int(plain_.n[i]), "p": plain(plain_.p[i]),
            "rit": plain(plain_.rit[i]), "rir": plain(plain_.rir[i]),
            "infit": plain(infit[i]), "outfit": plain(outfit[i]),
        }
        for i, name in enumerate(known.names)
    ]  # fmt: skip
    content = {
        "alpha": plain(plain_.alpha), "omega": plain(plain_.omega),
        "reliability": marginal_reliability(known.fitted),
        "m2": _m2(known.fitted, answers), "items": rows, "q3": _pairs(residual, known.names),
    }  # fmt: skip
    out.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    OUT.print(f"alpha {plain_.alpha:.3f}, omega {plain_.omega:.3f}; {len(rows)} butir diperiksa.")


def _m2(fitted: Any, answers: Any) -> dict[str, Any] | str:
    try:
        found = m2(fitted, answers)
    except ValueError as exc:
        return f"tidak dihitung: {exc}"
    return {
        "m2": found.m2,
        "df": found.df,
        "p": found.p,
        "rmsea": found.rmsea,
        "srmsr": found.srmsr,
    }


def _pairs(residual: Any, names: list[str]) -> list[dict[str, Any]]:
    """The twenty pairs that depend most, largest first."""
    one, other = np.triu_indices(len(names), 1)
    values = residual[one, other]
    order = [k for k in np.argsort(-np.abs(values)) if np.isfinite(values[k])][:20]
    return [{"items": [names[one[k]], names[other[k]]], "q3": float(values[k])} for k in order]


@irt.command(epilog="Contoh: cakap irt persons jawaban.csv --params fit.json --out orang.csv")
def persons(*, responses: Responses, params: Params, out: Out, id_: Id = "") -> None:
    """Kecocokan orang: Zh, lz*, infit, outfit."""
    known, sheet, answers = answers_for(responses, params, id_)
    found = person_fit(known.fitted, answers)
    pl.DataFrame(
        {
            "id": sheet.ids, "zh": found.zh, "lz_star": found.lz_star,
            "infit": found.infit, "outfit": found.outfit,
        }
    ).write_csv(out)  # fmt: skip
    odd = int((found.lz_star < -2.326).sum())
    OUT.print(f"{len(sheet.ids)} orang; {odd} dengan lz* di bawah -2,326 (1 % bila jujur).")


@irt.command(
    epilog="Contoh: cakap irt dif jawaban.csv --group gender --model graded --out dif.json"
)
def dif(
    *,
    responses: Responses,
    group: Group,
    out: Out,
    model: Annotated[str, typer.Option(help=", ".join(MODELS))] = "2pl",
    method: Annotated[str, typer.Option(help="lr atau mh.")] = "lr",
    purify: Annotated[bool, typer.Option(help="Ulangi tanpa butir yang ditandai.")] = False,
    items: Columns = "",
    id_: Id = "",
) -> None:
    """Butir yang menguntungkan satu kelompok pada kemampuan yang sama."""
    if model not in MODELS or method not in {"lr", "mh"}:
        stop(f"diharapkan --model {', '.join(MODELS)} dan --method lr atau mh.", BAD_INPUT)
    sheet = read_sheet(responses, items, id_, group)
    if len(sheet.group_names) < 2:
        stop(f"{responses}, kolom {group}: diharapkan sedikitnya dua kelompok.", BAD_INPUT)
    answers = coded(sheet, sheet.values())
    try:
        rows = _mantel(answers, sheet) if method == "mh" else _ratio(answers, sheet, model, purify)
    except ValueError as exc:
        stop(f"{responses}: {named(exc, sheet.names)}", BAD_INPUT)
    content = {"method": method, "model": model, "groups": sheet.group_names, "items": rows}
    out.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    flagged = [row["name"] for row in rows if row["flagged"]]
    OUT.print(f"{len(flagged)} dari {len(rows)} butir ditandai: {', '.join(flagged) or '–'}")


def _ratio(answers: Any, sheet: Any, model: str, purify: bool) -> list[dict[str, Any]]:  # noqa: FBT001
    if purify:
        found, flagged = dif_.purified_likelihood_ratio(answers, sheet.groups, model=model)
    else:
        found = dif_.likelihood_ratio(answers, sheet.groups, model=model)
        flagged = tuple(int(i) for i in np.flatnonzero(found.p_adjusted < dif_.ALPHA))
    return [
        {
            "name": name, "x2": plain(found.chi2[i]), "df": int(found.df[i]),
            "p": plain(found.p[i]), "adj_p": plain(found.p_adjusted[i]),
            "effect": plain(found.effect[i]), "flagged": i in flagged,
        }
        for i, name in enumerate(sheet.names)
    ]  # fmt: skip


def _mantel(answers: Any, sheet: Any) -> list[dict[str, Any]]:
    if len(sheet.group_names) != 2:
        message = f"{len(sheet.group_names)} kelompok; Mantel–Haenszel membandingkan dua"
        raise ValueError(message)
    found = dif_.mantel_haenszel(answers, sheet.groups)
    return [
        {
            "name": name, "x2": plain(found.chi2[i]), "df": 1, "p": plain(found.p[i]),
            "effect": plain(found.effect[i]), "level": found.level[i],
            "flagged": i in found.flagged,
        }
        for i, name in enumerate(sheet.names)
    ]  # fmt: skip


@irt.command(epilog="Contoh: cakap irt distractors pilihan.csv --key kunci.csv --out pengecoh.csv")
def distractors(
    *,
    responses: Responses,
    key: Annotated[Path, typer.Option(help="CSV: item,key.")],
    out: Out,
    id_: Id = "",
) -> None:
    """Berapa kali tiap pilihan dipilih, dan skor sisa pemilihnya."""
    from cakap.cli.tables import table_of
    from cakap.science.irt.classical import distractors as of_item

    chosen = table_of(responses)
    keys = table_of(key)
    for name in ("item", "key"):
        if name not in keys.columns:
            stop(f"{key}, baris 1: diharapkan kolom {name}; tidak ditemukan.", BAD_INPUT)
    right = dict(keys.select("item", "key").iter_rows())
    names = [one for one in chosen.columns if one != id_]
    unknown = [name for name in names if name not in right]
    if unknown:
        stop(f"{key}: tidak ada kunci butir {unknown[0]}.", BAD_INPUT)
    scores = np.stack(
        [(chosen[n] == right[n]).fill_null(value=False).to_numpy() for n in names], axis=1
    )
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(names):
        options = sorted(chosen[name].drop_nulls().unique().to_list())
        codes = np.array([options.index(o) if o is not None else -1 for o in chosen[name]])
        found = of_item(codes, scores.sum(axis=1) - scores[:, place], n_options=len(options))
        rows += [
            {"item": name, "option": option, "key": option == right[name],
             "share": found.share[k], "rest": found.rest[k]}
            for k, option in enumerate(options)
        ]  # fmt: skip
    pl.DataFrame(rows).write_csv(out)
    OUT.print(f"{len(rows)} pilihan dari {len(names)} butir.")
