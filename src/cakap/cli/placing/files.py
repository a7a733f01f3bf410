"""People and posts as plain files: read, checked, refused with file, row, column and what was expected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cakap.cli.frame import BAD_INPUT, stop
from cakap.cli.tables import refuse_shortened, table_of
from cakap.registry.reference import STEP
from cakap.science.types import Floats, Ints

HIGHEST = 5
ABOUT_POSTS = {"id", "title", "headcount", "unit", "tier", "location"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """People by posts. current: (n_people,) the post held, -1 where none; tenure: years, inf where untold;
    unit, location, tier: (n_posts,) as written, empty where the file does not say."""

    people: list[str]
    posts: list[str]
    competencies: list[str]
    shown: Floats
    asked: Floats
    current: Ints
    headcount: Ints
    tenure: Floats
    unit: list[str]
    location: list[str]
    tier: list[str]


def read_board(people_file: Path, posts_file: Path) -> Board:
    """Both files. What a post's columns besides its own ask are the competencies."""
    posts, people = _table(posts_file), _table(people_file)
    competencies = [name for name in posts.columns if name not in ABOUT_POSTS]
    if not competencies:
        stop(f"{posts_file}: diharapkan sedikitnya satu kolom kompetensi.", BAD_INPUT)
    missing = [name for name in competencies if name not in people.columns]
    if missing:
        stop(f"{people_file}, baris 1: diharapkan kolom {missing[0]}; tidak ditemukan.", BAD_INPUT)
    asked = _levels(posts_file, posts, competencies)
    empty = np.flatnonzero((asked > 0).sum(axis=1) == 0)
    if len(empty):
        stop(f"{posts_file}, baris {empty[0] + 2}: jabatan tidak meminta kompetensi.", BAD_INPUT)
    names = _ids(posts_file, posts)
    return Board(
        people=_ids(people_file, people), posts=names, competencies=competencies,
        shown=_levels(people_file, people, competencies), asked=asked,
        current=_current(people_file, people, names), headcount=_headcount(posts_file, posts),
        tenure=_tenure(people_file, people), tier=_tiers(posts_file, posts),
        unit=_words(posts, "unit"), location=_words(posts, "location"),
    )  # fmt: skip


def _table(file: Path) -> pl.DataFrame:
    table = table_of(file)
    if "id" not in table.columns:
        stop(f"{file}, baris 1: diharapkan kolom id; tidak ditemukan.", BAD_INPUT)
    if len(table) == 0:
        stop(f"{file}: diharapkan sedikitnya satu baris.", BAD_INPUT)
    return table


def _ids(file: Path, table: pl.DataFrame) -> list[str]:
    refuse_shortened(file, table, "id")
    found = table["id"].fill_null("").to_list()
    seen: set[str] = set()
    for row, one in enumerate(found, start=2):
        if not one or one in seen:
            what = "kosong" if not one else f"{one} untuk kedua kali"
            stop(
                f"{file}, baris {row}, kolom id: diharapkan id tersendiri; ditemukan {what}.",
                BAD_INPUT,
            )
        seen.add(one)
    return found


def _levels(file: Path, table: pl.DataFrame, names: list[str]) -> Floats:
    return np.stack(
        [_numbers(file, table, name, (0, HIGHEST), f"tingkat 0–{HIGHEST}") for name in names],
        axis=1,
    )


def _numbers(
    file: Path, table: pl.DataFrame, name: str, span: tuple[float, float], expected: str
) -> Floats:
    values = table[name].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    with np.errstate(invalid="ignore"):
        inside = (values >= span[0]) & (values <= span[1])
    _refuse_first(file, table[name], ~inside, expected)
    return values


def _refuse_first(file: Path, column: pl.Series, wrong: NDArray[np.bool_], expected: str) -> None:
    if not wrong.any():
        return
    row = int(wrong.argmax())
    found = column[row] if column[row] is not None else "kosong"
    stop(
        f"{file}, baris {row + 2}, kolom {column.name}: diharapkan {expected}; ditemukan {found}.",
        BAD_INPUT,
    )


def _headcount(file: Path, table: pl.DataFrame) -> Ints:
    if "headcount" not in table.columns:
        return np.ones(len(table), dtype=np.int64)
    expected = "bilangan bulat 0 atau lebih"
    values = _numbers(file, table, "headcount", (0, 1e9), expected)
    _refuse_first(file, table["headcount"], values != np.floor(values), expected)
    return values.astype(np.int64)


def _current(file: Path, table: pl.DataFrame, posts: list[str]) -> Ints:
    if "current_post" not in table.columns:
        return np.full(len(table), -1, dtype=np.int64)
    place = {name: at for at, name in enumerate(posts)}
    found = np.full(len(table), -1, dtype=np.int64)
    for row, name in enumerate(table["current_post"].fill_null("").to_list()):
        if name and name not in place:
            stop(
                f"{file}, baris {row + 2}, kolom current_post: jabatan {name} tidak ada dalam "
                "berkas jabatan.",
                BAD_INPUT,
            )
        found[row] = place.get(name, -1)
    return found


def _tenure(file: Path, table: pl.DataFrame) -> Floats:
    if "tenure_years" not in table.columns:
        return np.full(len(table), np.inf)
    return _numbers(file, table, "tenure_years", (0, 80), "tahun 0–80")


def _words(table: pl.DataFrame, name: str) -> list[str]:
    if name not in table.columns:
        return [""] * len(table)
    return [str(one) if one is not None else "" for one in table[name].to_list()]


def _tiers(file: Path, table: pl.DataFrame) -> list[str]:
    tiers = _words(table, "tier")
    for row, tier in enumerate(tiers, start=2):
        if tier and tier not in STEP:
            stop(
                f"{file}, baris {row}, kolom tier: diharapkan salah satu dari {', '.join(STEP)}; "
                f"ditemukan {tier}.",
                BAD_INPUT,
            )
    return tiers
