"""A bank as a file: FIT.json, or BANK.csv with item, a, b (or b1, b2, ...) and, as wished, c, content,
seconds, enemies and whatever columns a blueprint speaks of.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from cakap.cli.frame import BAD_INPUT, stop
from cakap.cli.irt.files import numbers_of, read_fit
from cakap.cli.tables import table_of
from cakap.science.adaptive import kernel
from cakap.science.adaptive.pool import Pool
from cakap.science.irt.forms import to_form
from cakap.science.types import Floats, Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Bank:
    """names, pool, and the file's other columns: labels as written, amounts as numbers."""

    names: list[str]
    pool: Pool
    table: pl.DataFrame
    file: Path
    areas: list[str]

    def labels(self, column: str) -> tuple[Ints, list[str]]:
        """A column of words as numbers from 0, and the words."""
        if column not in self.table.columns:
            stop(f"{self.file}, baris 1: diharapkan kolom {column}; tidak ditemukan.", BAD_INPUT)
        words = [one or "" for one in self.table[column]]
        known = sorted(set(words))
        return np.array([known.index(one) for one in words], dtype=np.int64), known

    def amounts(self, column: str) -> Floats:
        """A column of numbers; every item must have one."""
        found = numbers_of(self.file, self.table, column)
        missing = np.flatnonzero(np.isnan(found))
        if len(missing):
            stop(
                f"{self.file}, baris {missing[0] + 2}, kolom {column}: diharapkan bilangan; kosong.",
                BAD_INPUT,
            )
        return found

    def information(self, points: Floats) -> Floats:
        """(n_items, n_points)."""
        pool = self.pool
        return np.array(
            [
                [kernel.information(a, row, c, theta) for theta in points]
                for a, row, c in zip(pool.slopes, pool.thresholds, pool.guess, strict=True)
            ]
        )


def read_bank(file: Path) -> Bank:
    """A bank from CSV or FIT.json; one sentence on what cannot be."""
    return _from_fit(file) if file.suffix.lower() == ".json" else _from_csv(file)


def _from_fit(file: Path) -> Bank:
    known = read_fit(file)
    model = known.fitted.model
    if model == "gpcm":
        stop(f"{file}: model gpcm belum dapat dipakai untuk tes adaptif dan perakitan.", BAD_INPUT)
    forms = [to_form(model, row) for row in known.fitted.parameters]
    pool = Pool.of(
        [form.a for form in forms], [form.b.tolist() for form in forms],
        guess=[form.c for form in forms],
    )  # fmt: skip
    table = pl.DataFrame({"item": known.names})
    return Bank(names=known.names, pool=pool, table=table, file=file, areas=[""])


def _from_csv(file: Path) -> Bank:
    table = table_of(file)
    for name in ("item", "a"):
        if name not in table.columns:
            stop(f"{file}, baris 1: diharapkan kolom {name}; tidak ditemukan.", BAD_INPUT)
    steps = (
        ["b"]
        if "b" in table.columns
        else [n for n in table.columns if n[0] == "b" and n[1:].isdigit()]
    )
    if not steps:
        stop(f"{file}, baris 1: diharapkan kolom b, atau b1, b2, …; tidak ditemukan.", BAD_INPUT)
    columns = {name: numbers_of(file, table, name) for name in ["a", *steps]}
    thresholds = [
        [float(columns[name][row]) for name in steps if not np.isnan(columns[name][row])]
        for row in range(len(table))
    ]
    for row, (a, own) in enumerate(zip(columns["a"], thresholds, strict=True)):
        if np.isnan(a) or not own:
            stop(f"{file}, baris {row + 2}: diharapkan a dan sedikitnya satu b.", BAD_INPUT)
    names = table["item"].to_list()
    areas, content = _areas(table)
    try:
        pool = Pool.of(
            columns["a"].tolist(), thresholds,
            guess=_numbers_or(file, table, "c", 0.0), content=content,
            seconds=_numbers_or(file, table, "seconds", 60.0), enemies=_enemies(table),
        )  # fmt: skip
    except ValueError as exc:
        stop(f"{file}: {exc}", BAD_INPUT)
    return Bank(names=names, pool=pool, table=table, file=file, areas=areas)


def _areas(table: pl.DataFrame) -> tuple[list[str], list[int]]:
    if "content" not in table.columns:
        return [""], [0] * len(table)
    words = [one or "" for one in table["content"]]
    known = sorted(set(words))
    return known, [known.index(one) for one in words]


def _numbers_or(file: Path, table: pl.DataFrame, name: str, default: float) -> list[float]:
    if name not in table.columns:
        return [default] * len(table)
    return np.nan_to_num(numbers_of(file, table, name), nan=default).tolist()


def _enemies(table: pl.DataFrame) -> list[list[int]]:
    """Items with the same word in the column `enemies`."""
    groups: dict[str, list[int]] = defaultdict(list)
    if "enemies" in table.columns:
        for row, word in enumerate(table["enemies"]):
            if word:
                groups[word].append(row)
    return [rows for rows in groups.values() if len(rows) > 1]
