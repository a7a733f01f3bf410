"""A plan and recommendations from plain files, without a database."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cakap.cli.frame import BAD_INPUT, FAILED, stop
from cakap.cli.placing.files import Board, Rules, read_board, read_rules
from cakap.science.matching.jpm import capped_mean, ratio
from cakap.science.matching.rotation import Rotation, best_plan
from cakap.science.matching.topk import top_both_ways
from cakap.science.types import Floats, Ints

FORMULAE = {"capped-mean": capped_mean, "ratio": ratio}
LARGEST_BOARD = 60_000_000


def plan_files(
    people: Path, posts: Path, *, rules: Path | None, out: Path | None, jpm: str
) -> dict[str, Any]:
    """Everybody into one post with the greatest total fit; the figures of the plan."""
    start = time.perf_counter()
    board = read_board(people, posts)
    told = read_rules(rules, board)
    _refuse_too_few(people, board)
    if len(board.people) * len(board.posts) > LARGEST_BOARD:
        stop(
            f"Papan {len(board.people)} × {len(board.posts)} lebih besar daripada yang dapat disusun "
            f"sekaligus ({LARGEST_BOARD:,} pasangan).",
            FAILED,
        )
    fit = FORMULAE[jpm](board.shown, board.asked)
    found = _solved(board, fit, told)
    if out is not None:
        _write(out, board, fit, found)
    return {
        "people": len(board.people), "posts": len(board.posts),
        "moves": int((found.target != board.current).sum()),
        "total_before": found.total_before, "total_after": found.total_after,
        "optimal": found.optimal, "bound": found.bound, "seconds": time.perf_counter() - start,
    }  # fmt: skip


def _refuse_too_few(file: Path, board: Board) -> None:
    seats, people = int(board.headcount.sum()), len(board.people)
    if seats < people:
        stop(
            f"{file}: {people} orang untuk {seats} kursi; semua orang harus mendapat tempat.",
            BAD_INPUT,
        )


def _solved(board: Board, fit: Floats, rules: Rules) -> Rotation:
    allowed = _allowed(board, rules)
    must = np.array([at in rules.must_fill for at in range(len(board.posts))]).astype(np.int64)
    try:
        return best_plan(
            fit, current=board.current, seats=board.headcount, allowed=allowed, must=must,
            min_gain=rules.min_gain,
        )  # fmt: skip
    except ValueError as exc:
        stop(
            f"Tidak ada rencana yang memenuhi semua aturan: {_named(str(exc), board, allowed)}.",
            FAILED,
        )


def _allowed(board: Board, rules: Rules) -> NDArray[np.bool_]:
    allowed = np.ones((len(board.people), len(board.posts)), dtype=bool)
    allowed[:, board.headcount == 0] = False
    stays = (board.tenure < rules.min_tenure) & (board.current >= 0)
    allowed[stays] = False
    allowed[stays, board.current[stays]] = True
    for row, post in rules.locks.items():
        allowed[row] = False
        allowed[row, post] = True
    for pair in rules.forbidden:
        allowed[pair] = False
    return allowed


def _named(trouble: str, board: Board, allowed: NDArray[np.bool_]) -> str:
    """Who clashes: somebody without any post, a post that cannot be filled, or posts too crowded."""
    nowhere = np.flatnonzero(~allowed.any(axis=1))
    if len(nowhere):
        return f"bagi {board.people[nowhere[0]]} tidak ada jabatan yang tersisa"
    if trouble.startswith("post "):
        return f"jabatan {board.posts[int(trouble.split()[1])]} tidak dapat diisi"
    only = allowed.sum(axis=1) == 1
    held = np.bincount(allowed[only].argmax(axis=1), minlength=len(board.posts))
    over = np.flatnonzero(held > board.headcount)
    if len(over):
        return f"jabatan {board.posts[over[0]]} harus menampung {held[over[0]]} orang"
    return "kursi yang diperbolehkan tidak cukup bagi semua orang"


def _write(out: Path, board: Board, fit: Floats, found: Rotation) -> None:
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["person", "from", "to", "fit_before", "fit_after"])
        for row, (name, held, target) in enumerate(
            zip(board.people, board.current, found.target, strict=True)
        ):
            source, before = (board.posts[held], fit[row, held]) if held >= 0 else ("", 0.0)
            writer.writerow(
                [name, source, board.posts[target], f"{before:.6f}", f"{fit[row, target]:.6f}"]
            )


def recommend_files(people: Path, posts: Path, *, top: int) -> dict[str, Any]:
    """The best posts for every person and the best people for every post, by capped-mean fit."""
    board = read_board(people, posts)
    if top < 1:
        stop(f"--top: diharapkan 1 atau lebih; ditemukan {top}.", BAD_INPUT)
    found = top_both_ways(board.shown, board.asked, top)
    return {
        "for_people": _lists(board.people, board.posts, found.posts, found.posts_fit),
        "for_posts": _lists(board.posts, board.people, found.people, found.people_fit),
    }


def _lists(rows: list[str], names: list[str], found: Ints, fits: Floats) -> list[dict[str, Any]]:
    return [
        {
            "id": row,
            "best": [
                {"id": names[one], "fit": round(float(fit), 4)}
                for one, fit in zip(found[at], fits[at], strict=True)
                if one >= 0
            ],
        }
        for at, row in enumerate(rows)
    ]
