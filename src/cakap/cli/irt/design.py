"""Before a test is given: simulate an adaptive programme, assemble parallel forms."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer

from cakap.cli.engine import irt
from cakap.cli.frame import BAD_INPUT, FAILED, OUT, Json, stop, watched
from cakap.cli.irt.bank import Bank, read_bank
from cakap.cli.irt.files import Out
from cakap.science.adaptive.pool import CRITERIA, Pool, Rules
from cakap.science.adaptive.simulation import REASONS, Simulated, sympson_hetter
from cakap.science.adaptive.simulation import simulate as run
from cakap.science.assembly.blueprint import Blueprint, Stock
from cakap.science.assembly.forms import Assembled, Infeasible
from cakap.science.assembly.forms import assemble as build
from cakap.scoring.adaptive_report import simulation_report

BankFile = Annotated[Path, typer.Argument(help="BANK.csv atau FIT.json.")]


@irt.command(epilog="Contoh: cakap irt simulate bank.csv --items 30 --persons 10000 --out sim.json")
def simulate(
    *,
    bank: BankFile,
    out: Out,
    items: Annotated[int, typer.Option(min=1, help="Paling banyak butir per orang.")],
    least: Annotated[int, typer.Option(min=1, help="Paling sedikit butir.")] = 1,
    persons: Annotated[int, typer.Option(min=2, help="Banyaknya orang simulasi.")] = 10000,
    mean: Annotated[float, typer.Option(help="Rata-rata kemampuan.")] = 0.0,
    sd: Annotated[float, typer.Option(min=0, help="Simpangan baku kemampuan.")] = 1.0,
    criterion: Annotated[str, typer.Option(help=", ".join(CRITERIA))] = "information",
    randomesque: Annotated[int, typer.Option(min=1, help="Butir dipilih acak di antara n terbaik.")] = 1,
    precision: Annotated[float, typer.Option(min=0, help="Berhenti pada galat baku ini.")] = 0.0,
    cut: Annotated[list[float] | None, typer.Option(help="Batas klasifikasi (SPRT), boleh diulang.")] = None,
    most_exposed: Annotated[
        float, typer.Option(min=0.01, max=1, help="Sympson–Hetter: paparan terbesar butir.")
    ] = 1.0,
    seconds: Annotated[float, typer.Option(min=1, help="Batas waktu harapan, detik.")] = 1e9,
    content: Annotated[
        list[str] | None, typer.Option(help="area=bagian, misalnya aljabar=0.3; boleh diulang.")
    ] = None,
    bound: Annotated[
        list[str] | None, typer.Option(help="Tes bayangan: area=paling sedikit:paling banyak.")
    ] = None,
    shadow: Annotated[bool, typer.Option(help="Pilih lewat tes bayangan (HiGHS).")] = False,
    seed: Annotated[int, typer.Option(help="Benih acak.")] = 1,
    report: Annotated[Path | None, typer.Option(help="Laporan HTML dengan gambar.")] = None,
) -> None:  # fmt: skip
    """Simulasi seluruh program tes adaptif: paparan, tumpang tindih, bias, dan ketelitian."""
    known = read_bank(bank)
    rules = Rules(
        most_items=items, least_items=least, criterion=criterion, randomesque=randomesque,  # type: ignore[arg-type]
        precision=precision, cuts=tuple(cut or ()), most_seconds=seconds,
        content=_shares(known, content or []), bounds=_bounds(known, bound or []),
        shadow=shadow, prior=(mean, sd or 1.0),
    )  # fmt: skip
    true = np.random.default_rng(seed).normal(mean, sd, persons)
    try:
        with watched("Simulasi") as progress:
            pool = _controlled(known.pool, rules, most_exposed, (mean, sd), seed)
            found = run(pool, rules, true, seed=seed, progress=progress)
    except ValueError as exc:
        stop(f"{bank}: {exc}", BAD_INPUT)
    out.write_text(json.dumps(_simulated(found, known, pool), ensure_ascii=False, indent=1))
    if report:
        report.write_text(simulation_report(found, known.names))
    OUT.print(
        f"{persons} orang, {found.lengths.mean():.1f} butir rata-rata; bias {found.bias:+.3f}, "
        f"RMSE {found.rmse:.3f}, paparan terbesar {found.exposure.max():.2f}, "
        f"tumpang tindih {found.overlap:.2f}"
    )


def _controlled(
    pool: Pool, rules: Rules, most_exposed: float, ability: tuple[float, float], seed: int
) -> Pool:
    if most_exposed >= 1:
        return pool
    sample = np.random.default_rng(seed + 1).normal(*ability, 2000)
    return sympson_hetter(pool, rules, sample, most_exposed=most_exposed, seed=seed)


def _area(known: Bank, word: str) -> int:
    if word not in known.areas:
        stop(f"area {word!r} tidak ada di bank; yang ada: {', '.join(known.areas)}.", BAD_INPUT)
    return known.areas.index(word)


def _shares(known: Bank, texts: list[str]) -> dict[int, float]:
    found: dict[int, float] = {}
    for text in texts:
        word, _, share = text.partition("=")
        try:
            found[_area(known, word)] = float(share)
        except ValueError:
            stop(f"--content {text!r}: diharapkan area=bagian.", BAD_INPUT)
    return found


def _bounds(known: Bank, texts: list[str]) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for text in texts:
        word, _, ends = text.partition("=")
        try:
            least, most = (int(end) for end in ends.split(":"))
        except ValueError:
            stop(f"--bound {text!r}: diharapkan area=paling sedikit:paling banyak.", BAD_INPUT)
        found[_area(known, word)] = (least, most)
    return found


def _simulated(found: Simulated, known: Bank, pool: Pool) -> dict[str, Any]:
    ends = np.quantile(found.true, np.linspace(0, 1, 11))
    place = np.clip(np.searchsorted(ends, found.true, side="right") - 1, 0, 9)
    gaps = found.theta - found.true
    return {
        "persons": len(found.true),
        "bias": found.bias,
        "rmse": found.rmse,
        "mean_length": float(found.lengths.mean()),
        "overlap": found.overlap,
        "reasons": {
            name: int((found.reasons == k).sum()) for k, name in enumerate(REASONS)
        },
        "by_ability": [
            {
                "theta": float(found.true[place == k].mean()), "n": int((place == k).sum()),
                "bias": float(gaps[place == k].mean()),
                "rmse": float(np.sqrt((gaps[place == k] ** 2).mean())),
                "se": float(found.se[place == k].mean()),
                "length": float(found.lengths[place == k].mean()),
            }
            for k in np.unique(place)
        ],
        "items": [
            {"item": name, "exposure": float(found.exposure[i]), "control": float(pool.exposure[i])}
            for i, name in enumerate(known.names)
        ],
    }  # fmt: skip


@irt.command(epilog="Contoh: cakap irt assemble bank.csv --blueprint kisi.toml --out formulir.csv")
def assemble(
    *,
    bank: BankFile,
    blueprint: Annotated[
        Path, typer.Option(help="TOML: forms, length, points, shape, [counts.kolom], [limits].")
    ],
    out: Out,
    as_json: Json = False,
) -> None:
    """Rakit formulir setara dari kisi-kisi dengan MIP; celah ke optimum dibuktikan."""
    known = read_bank(bank)
    plan, stock = _plan(blueprint, known)
    start = time.perf_counter()
    try:
        found = build(stock, plan)
    except Infeasible as exc:
        stop(
            f"{blueprint}: aturan ini tidak dapat dipenuhi bersama: {', '.join(exc.rules)}.", FAILED
        )
    except ValueError as exc:
        stop(f"{blueprint}: {exc}", BAD_INPUT)
    pl.DataFrame(
        [
            {"form": number, "place": place, "item": known.names[item]}
            for number, form in enumerate(found.forms, start=1)
            for place, item in enumerate(form, start=1)
        ]
    ).write_csv(out)
    _say(found, time.perf_counter() - start, as_json)


def _say(found: Assembled, seconds: float, as_json: bool) -> None:  # noqa: FBT001
    if as_json:
        content = {
            "forms": len(found.forms), "least": found.least, "bound": found.bound,
            "gap": found.gap, "information": found.information.tolist(), "seconds": seconds,
        }  # fmt: skip
        print(json.dumps(content))  # noqa: T201 - for machines
    else:
        OUT.print(
            f"{len(found.forms)} formulir; informasi terkecil {found.least:.3f}, tidak mungkin "
            f"lebih dari {found.bound:.3f} (celah {100 * found.gap:.2f} %)."
        )


def _plan(file: Path, known: Bank) -> tuple[Blueprint, Stock]:
    try:
        told = tomllib.loads(file.read_text())
        points = np.asarray(told["points"], dtype=np.float64)
        labels, counts = {}, {}
        for column, wanted in told.get("counts", {}).items():
            labels[column], words = known.labels(column)
            for word, (least, most) in wanted.items():
                if word not in words:
                    stop(f"{file}: {column} {word!r} tidak ada di bank.", BAD_INPUT)
                counts[column, words.index(word)] = (int(least), int(most))
        limits = {
            column: (float(least), float(most))
            for column, (least, most) in told.get("limits", {}).items()
        }
        least = told.get("least_information")
        plan = Blueprint(
            n_forms=int(told["forms"]),
            length=int(told["length"]),
            shape=np.asarray(told.get("shape", [1.0] * len(points)), dtype=np.float64),
            least_information=None if least is None else np.asarray(least, dtype=np.float64),
            counts=counts,
            limits=limits,
            most_uses=int(told.get("most_uses", 1)),
            most_overlap=told.get("most_overlap"),
        )
    except (KeyError, ValueError, TypeError) as exc:
        stop(f"{file}: kisi-kisi tidak terbaca: {type(exc).__name__} {exc}.", BAD_INPUT)
    stock = Stock(
        information=known.information(points),
        labels=labels,
        amounts={column: known.amounts(column) for column in limits},
        enemies=known.pool.enemies,
    )
    return plan, stock
