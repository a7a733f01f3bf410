"""People and posts as plain files: read, checked, refused with file, row, column and what was expected."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cakap.cli.frame import BAD_INPUT, stop
from cakap.cli.tables import table_of
from cakap.science.types import Floats, Ints

HIGHEST = 5
ABOUT_POSTS = {"id", "title", "headcount", "unit", "tier", "location"}
RULES = {"min_gain", "min_tenure_years", "locks", "forbidden", "must_fill"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """People by posts. current: (n_people,) the post held, -1 where none; tenure: years, inf where untold."""

    people: list[str]
    posts: list[str]
    competencies: list[str]
    shown: Floats
    asked: Floats
    current: Ints
    headcount: Ints
    tenure: Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What a plan must keep to, by row numbers of the board; min_gain in percent points a move."""

    min_gain: float = 0.0
    min_tenure: float = 0.0
    locks: dict[int, int] = field(default_factory=dict)
    forbidden: set[tuple[int, int]] = field(default_factory=set)
    must_fill: set[int] = field(default_factory=set)


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
        tenure=_tenure(people_file, people),
    )  # fmt: skip


def _table(file: Path) -> pl.DataFrame:
    table = table_of(file)
    if "id" not in table.columns:
        stop(f"{file}, baris 1: diharapkan kolom id; tidak ditemukan.", BAD_INPUT)
    if len(table) == 0:
        stop(f"{file}: diharapkan sedikitnya satu baris.", BAD_INPUT)
    return table


def _ids(file: Path, table: pl.DataFrame) -> list[str]:
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


def read_rules(file: Path | None, board: Board) -> Rules:
    """Rules of a TOML file; contradictions and unknown names are sentences."""
    if file is None:
        return Rules()
    try:
        told = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        stop(f"{file}: bukan TOML ({exc}).", BAD_INPUT)
    unknown = sorted(set(told) - RULES)
    if unknown:
        stop(
            f"{file}: aturan {unknown[0]!r} tidak dikenal; yang ada: {', '.join(sorted(RULES))}.",
            BAD_INPUT,
        )
    locks: dict[int, int] = {}
    for person, post in _pairs(file, told, "locks", board):
        if locks.setdefault(person, post) != post:
            stop(
                f"{file}, locks: {board.people[person]} dikunci pada dua jabatan, "
                f"{board.posts[locks[person]]} dan {board.posts[post]}.",
                BAD_INPUT,
            )
    forbidden = set(_pairs(file, told, "forbidden", board))
    clash = next(((p, q) for p, q in locks.items() if (p, q) in forbidden), None)
    if clash:
        stop(
            f"{file}: {board.people[clash[0]]} dikunci pada {board.posts[clash[1]]} yang dilarang "
            "baginya.",
            BAD_INPUT,
        )
    _refuse_crowded(file, locks, board)
    must_fill = {_place(file, "must_fill", one, board.posts) for one in told.get("must_fill", [])}
    closed = next((post for post in must_fill if board.headcount[post] == 0), None)
    if closed is not None:
        stop(f"{file}, must_fill: {board.posts[closed]} tidak memiliki kursi.", BAD_INPUT)
    return Rules(
        min_gain=_number(file, told, "min_gain"), min_tenure=_number(file, told, "min_tenure_years"),
        locks=locks, forbidden=forbidden,
        must_fill=must_fill,
    )  # fmt: skip


def _refuse_crowded(file: Path, locks: dict[int, int], board: Board) -> None:
    held = np.bincount(list(locks.values()) or [0], minlength=len(board.posts))
    held[0] -= not locks
    over = np.flatnonzero(held > board.headcount)
    if len(over):
        post = int(over[0])
        stop(
            f"{file}, locks: {held[post]} orang dikunci pada {board.posts[post]} yang memiliki "
            f"{board.headcount[post]} kursi.",
            BAD_INPUT,
        )


def _pairs(file: Path, told: dict[str, Any], name: str, board: Board) -> list[tuple[int, int]]:
    found = []
    for one in told.get(name, []):
        if not isinstance(one, list) or len(one) != 2:
            stop(
                f"{file}, {name}: diharapkan pasangan [orang, jabatan]; ditemukan {one!r}.",
                BAD_INPUT,
            )
        found.append(
            (_place(file, name, one[0], board.people), _place(file, name, one[1], board.posts))
        )
    return found


def _place(file: Path, name: str, wanted: object, names: list[str]) -> int:
    try:
        return names.index(str(wanted))
    except ValueError:
        stop(f"{file}, {name}: {wanted!r} tidak ada dalam berkas.", BAD_INPUT)


def _number(file: Path, told: dict[str, Any], name: str) -> float:
    value = told.get(name, 0.0)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 1e6:
        stop(f"{file}, {name}: diharapkan bilangan 0 atau lebih; ditemukan {value!r}.", BAD_INPUT)
    return float(value)
