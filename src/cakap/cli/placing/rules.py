"""The rules of a plan as a TOML file; contradictions and unknown names are sentences."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from cakap.cli.frame import BAD_INPUT, stop
from cakap.cli.placing.files import Board
from cakap.placement.terms import Terms

RULES = {
    "move_cost", "min_gain", "min_tenure_years", "no_demotion", "locks", "forbidden", "must_fill",
    "max_moves", "max_leaving", "couples", "conflicts",
}  # fmt: skip


def read_rules(file: Path | None, board: Board) -> Terms:
    """Rules of a TOML file."""
    if file is None:
        return Terms()
    told = _toml(file)
    locks = _locks(file, told, board)
    forbidden = set(_pairs(file, told, "forbidden", (board.people, board.posts)))
    clash = next(((p, q) for p, q in locks.items() if (p, q) in forbidden), None)
    if clash:
        stop(
            f"{file}: {board.people[clash[0]]} dikunci pada {board.posts[clash[1]]} yang dilarang "
            "baginya.",
            BAD_INPUT,
        )
    return Terms(
        move_cost=_number(file, told, "move_cost"),
        min_gain=_number(file, told, "min_gain") if "min_gain" in told else None,
        min_tenure=_number(file, told, "min_tenure_years"),
        no_demotion=_no_demotion(file, told, board),
        locks=locks, forbidden=forbidden, must_fill=_must_fill(file, told, board),
        max_moves=_count(file, "max_moves", told["max_moves"]) if "max_moves" in told else None,
        max_leaving=_max_leaving(file, told, board),
        couples=_two_people(file, told, "couples", board, "location"),
        conflicts=_two_people(file, told, "conflicts", board, "unit"),
    )  # fmt: skip


def _toml(file: Path) -> dict[str, Any]:
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
    return told


def _locks(file: Path, told: dict[str, Any], board: Board) -> dict[int, int]:
    locks: dict[int, int] = {}
    for person, post in _pairs(file, told, "locks", (board.people, board.posts)):
        if locks.setdefault(person, post) != post:
            stop(
                f"{file}, locks: {board.people[person]} dikunci pada dua jabatan, "
                f"{board.posts[locks[person]]} dan {board.posts[post]}.",
                BAD_INPUT,
            )
    if not locks:
        return {}
    held = np.bincount(list(locks.values()), minlength=len(board.posts))
    over = np.flatnonzero(held > board.headcount)
    if len(over):
        post = int(over[0])
        stop(
            f"{file}, locks: {held[post]} orang dikunci pada {board.posts[post]} yang memiliki "
            f"{board.headcount[post]} kursi.",
            BAD_INPUT,
        )
    return locks


def _must_fill(file: Path, told: dict[str, Any], board: Board) -> set[int]:
    posts = {_place(file, "must_fill", one, board.posts) for one in _list(file, told, "must_fill")}
    closed = next((post for post in posts if board.headcount[post] == 0), None)
    if closed is not None:
        stop(f"{file}, must_fill: {board.posts[closed]} tidak memiliki kursi.", BAD_INPUT)
    return posts


def _max_leaving(file: Path, told: dict[str, Any], board: Board) -> dict[str, int]:
    found = told.get("max_leaving", {})
    if not isinstance(found, dict):
        stop(f"{file}, max_leaving: diharapkan tabel unit = jumlah.", BAD_INPUT)
    _needs(file, "max_leaving", "unit", board.unit, found)
    for unit in found:
        if unit not in board.unit:
            stop(f"{file}, max_leaving: unit {unit!r} tidak ada dalam berkas jabatan.", BAD_INPUT)
    return {unit: _count(file, "max_leaving", n) for unit, n in found.items()}


def _two_people(
    file: Path, told: dict[str, Any], name: str, board: Board, column: str
) -> list[tuple[int, int]]:
    found = list(_pairs(file, told, name, (board.people, board.people)))
    _needs(file, name, column, getattr(board, column), found)
    same = next((one for one, other in found if one == other), None)
    if same is not None:
        stop(f"{file}, {name}: {board.people[same]} dipasangkan dengan dirinya.", BAD_INPUT)
    return found


def _no_demotion(file: Path, told: dict[str, Any], board: Board) -> bool:
    value = told.get("no_demotion", False)
    if not isinstance(value, bool):
        stop(f"{file}, no_demotion: diharapkan true atau false; ditemukan {value!r}.", BAD_INPUT)
    _needs(file, "no_demotion", "tier", board.tier, [value] if value else [])
    return value


def _needs(file: Path, rule: str, column: str, words: list[str], told: Iterable[object]) -> None:
    if any(True for _ in told) and not any(words):
        stop(f"{file}, {rule}: memerlukan kolom {column} dalam berkas jabatan.", BAD_INPUT)


def _list(file: Path, told: dict[str, Any], name: str) -> list[Any]:
    value = told.get(name, [])
    if not isinstance(value, list):
        stop(f"{file}, {name}: diharapkan daftar; ditemukan {value!r}.", BAD_INPUT)
    return value


def _pairs(
    file: Path, told: dict[str, Any], name: str, names: tuple[list[str], list[str]]
) -> Iterable[tuple[int, int]]:
    what = "[orang, jabatan]" if name in ("locks", "forbidden") else "[orang, orang]"
    for one in _list(file, told, name):
        if not isinstance(one, list) or len(one) != 2:
            stop(f"{file}, {name}: diharapkan pasangan {what}; ditemukan {one!r}.", BAD_INPUT)
        first, second = (
            _place(file, name, wanted, where) for wanted, where in zip(one, names, strict=True)
        )
        yield first, second


def _place(file: Path, name: str, wanted: object, names: list[str]) -> int:
    try:
        return names.index(str(wanted))
    except ValueError:
        stop(f"{file}, {name}: {wanted!r} tidak ada dalam berkas.", BAD_INPUT)


def _count(file: Path, name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        stop(
            f"{file}, {name}: diharapkan bilangan bulat 0 atau lebih; ditemukan {value!r}.",
            BAD_INPUT,
        )
    return value


def _number(file: Path, told: dict[str, Any], name: str) -> float:
    value = told.get(name, 0.0)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 1e6:
        stop(f"{file}, {name}: diharapkan bilangan 0 atau lebih; ditemukan {value!r}.", BAD_INPUT)
    return float(value)
