"""Fit a model to answers, and score people with it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer

from cakap.cli.engine import irt
from cakap.cli.frame import BAD_INPUT, ERR, OUT, stop
from cakap.cli.irt.files import (
    Columns,
    Group,
    Id,
    Out,
    Params,
    Responses,
    answers_for,
    coded,
    content_of,
    named,
    read_fit,
    read_sheet,
)
from cakap.cli.irt.report import fit_report
from cakap.science.irt.calibration import MOST_ITERATIONS, Calibration, Options, Priors, calibrate
from cakap.science.irt.itemfit import ItemFit, s_x2
from cakap.science.irt.models import MODELS
from cakap.science.irt.plausible import plausible_values
from cakap.science.irt.scoring import METHODS
from cakap.science.irt.sums import sum_score_eap
from cakap.science.types import Categories, Floats


@irt.command(epilog="Contoh: cakap irt fit jawaban.csv --model 2pl --id nip --out fit.json")
def fit(
    *,
    responses: Responses,
    model: Annotated[str, typer.Option(help=", ".join(MODELS))],
    out: Out,
    items: Columns = "",
    id_: Id = "",
    group: Group = "",
    anchors: Annotated[
        Path | None, typer.Option(help="FIT.json: butir di dalamnya tetap, yang lain dikalibrasi.")
    ] = None,
    guess_prior: Annotated[
        str, typer.Option(help="3PL: rata-rata,sd dari logit c; misalnya -1.4,0.5.")
    ] = "",
    slope_prior: Annotated[str, typer.Option(help="rata-rata,sd dari a; misalnya 1,0.5.")] = "",
    latent: Annotated[str, typer.Option(help="normal atau histogram.")] = "normal",
    most_iterations: Annotated[int, typer.Option(min=1, help="Batas langkah.")] = MOST_ITERATIONS,
    report: Annotated[
        Path | None, typer.Option(help="Laporan HTML dengan kurva butir dan informasi.")
    ] = None,
) -> None:
    """Kalibrasi butir dengan marginal maximum likelihood (61 titik pada [-6, 6])."""
    if model not in MODELS:
        stop(f"--model {model!r}: diharapkan {', '.join(MODELS)}.", BAD_INPUT)
    if latent not in {"normal", "histogram"}:
        stop(f"--latent {latent!r}: diharapkan normal atau histogram.", BAD_INPUT)
    sheet = read_sheet(responses, items, id_, group)
    values = sheet.values()
    options = Options(
        priors=Priors(
            guess=_pair("--guess-prior", guess_prior), slope=_pair("--slope-prior", slope_prior)
        ),
        anchors=_anchors(anchors, model, sheet.names, values) if anchors else {},
        shape=latent,
        most_iterations=most_iterations,
    )
    answers = coded(sheet, values)
    try:
        found = calibrate(
            answers, model=model, options=options, groups=sheet.groups if group else None
        )
    except ValueError as exc:
        stop(f"{responses}: {named(exc, sheet.names)}", BAD_INPUT)
    content = content_of(found, sheet, values, _item_fit(found, answers))
    out.write_text(json.dumps(content, ensure_ascii=False, indent=1))
    if report:
        report.write_text(fit_report(found, content, values))
    OUT.print(
        f"{model}: {found.n_persons} orang, {len(sheet.names)} butir, loglik {found.loglik:.4f}"
    )
    for warning in content["warnings"]:
        ERR.print(warning, style="yellow", highlight=False)


def _pair(option: str, text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        mean, sd = (float(part) for part in text.split(","))
    except ValueError:
        mean, sd = 0.0, 0.0
    if not (math.isfinite(mean) and 0 < sd < math.inf):
        stop(f"{option} {text!r}: diharapkan rata-rata,sd dengan sd di atas 0.", BAD_INPUT)
    return mean, sd


def _anchors(file: Path, model: str, names: list[str], values: list[Floats]) -> dict[int, Floats]:
    known = read_fit(file)
    if known.fitted.model != model:
        stop(f"{file}: model {known.fitted.model}, diharapkan {model}.", BAD_INPUT)
    places = {name: place for place, name in enumerate(names)}
    shared = [(place, name) for place, name in enumerate(known.names) if name in places]
    if not shared:
        stop(f"{file}: tidak ada butir yang juga ada di berkas jawaban.", BAD_INPUT)
    for place, name in shared:
        values[places[name]] = known.values[place]
    return {places[name]: known.fitted.parameters[place] for place, name in shared}


def _item_fit(found: Calibration, answers: Categories) -> ItemFit | None:
    """S-X2 by the caller's items; none where too few people were given every item."""
    kept = found.kept
    if len(kept) < 3 or len(found.latent.mean) > 1:
        return None
    own = s_x2(found.fitted, answers[:, kept], n_latent=int((found.latent_errors > 0).sum()))
    statistic, p = np.full(len(found.parameters), np.nan), np.full(len(found.parameters), np.nan)
    df = np.zeros(len(found.parameters), dtype=np.int64)
    statistic[kept], df[kept], p[kept] = own.statistic, own.df, own.p
    return ItemFit(statistic=statistic, df=df, p=p)


@irt.command(
    epilog="Contoh: cakap irt score jawaban.csv --params fit.json --method wle --out skor.csv"
)
def score(
    *,
    responses: Responses,
    params: Params,
    out: Out,
    method: Annotated[str, typer.Option(help=", ".join(METHODS))] = "eap",
    id_: Id = "",
    plausible: Annotated[int, typer.Option(min=0, help="Nilai plausibel per orang.")] = 0,
    seed: Annotated[int, typer.Option(help="Benih nilai plausibel.")] = 1,
) -> None:
    """Skor orang dengan parameter butir yang tersimpan."""
    if method not in METHODS:
        stop(f"--method {method!r}: diharapkan {', '.join(METHODS)}.", BAD_INPUT)
    known, sheet, answers = answers_for(responses, params, id_)
    found = METHODS[method](known.fitted, answers)
    columns = {"id": sheet.ids, "theta": found.theta, "se": found.se}
    if plausible:
        draws = plausible_values(
            known.fitted, answers, n_draws=plausible, rng=np.random.default_rng(seed)
        )
        columns |= {f"pv{n}": column for n, column in enumerate(draws.T, start=1)}
    pl.DataFrame(columns).fill_nan(None).write_csv(out)
    OUT.print(f"{len(sheet.ids)} orang diskor dengan {method}.")


@irt.command(epilog="Contoh: cakap irt table --params fit.json --out tabel.csv")
def table(*, params: Params, out: Out) -> None:
    """Tabel jumlah skor ke kemampuan (EAP, Lord–Wingersky)."""
    found = sum_score_eap(read_fit(params).fitted)
    sums = list(range(len(found.theta)))
    pl.DataFrame({"sum": sums, "theta": found.theta, "se": found.se}).write_csv(out)
    OUT.print(f"{len(sums)} jumlah skor.")
