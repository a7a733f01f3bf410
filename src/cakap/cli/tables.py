"""Plain tables as commands read them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cakap.cli.frame import BAD_INPUT, stop
from cakap.registry.imports.long_numbers import ADVICE, is_scientific


def table_of(file: Path) -> pl.DataFrame:
    """A CSV with every cell as text."""
    try:
        return pl.read_csv(file, infer_schema=False, null_values=["", "NA", "NaN"])
    except pl.exceptions.PolarsError as exc:
        stop(f"{file}: susunan CSV tidak terbaca ({str(exc).splitlines()[0]}).", BAD_INPUT)


def refuse_shortened(file: Path, table: pl.DataFrame, name: str) -> None:
    """Stop where a column that names people or things has numbers that lost digits (1.98609E+17)."""
    cells = [
        f"baris {row}: {cell}"
        for row, cell in enumerate(table[name].fill_null("").to_list(), start=2)
        if is_scientific(cell)
    ]
    if cells:
        stop(f"{file}, kolom {name}: diharapkan {ADVICE}; ditemukan {'; '.join(cells)}.", BAD_INPUT)
