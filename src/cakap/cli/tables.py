"""Plain tables as commands read them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cakap.cli.frame import BAD_INPUT, stop


def table_of(file: Path) -> pl.DataFrame:
    """A CSV with every cell as text."""
    try:
        return pl.read_csv(file, infer_schema=False, null_values=["", "NA", "NaN"])
    except pl.exceptions.PolarsError as exc:
        stop(f"{file}: susunan CSV tidak terbaca ({str(exc).splitlines()[0]}).", BAD_INPUT)
