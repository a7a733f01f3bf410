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
from cakap.science.matching.flow import Pairs, assign_pairs
from cakap.science.matching.jpm import capped_mean, ratio
from cakap.science.matching.rotation import SCALE
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
    target, total = _solved(board, fit, told)
    rows = np.arange(len(board.people))
    before = np.where(board.current >= 0, fit[rows, board.current], 0.0)
    after = fit[rows, target]
    if out is not None:
        _write(out, board, target, before, after)
    return {
        "people": len(board.people), "posts": len(board.posts),
        "moves": int((target != board.current).sum()),
        "total_before": float(before.sum()), "total_after": float(after.sum()),
        "optimal": True, "bound": total, "seconds": time.perf_counter() - start,
    }  # fmt: skip


def _refuse_too_few(file: Path, board: Board) -> None:
    seats, people = int(board.headcount.sum()), len(board.people)
    if seats < people:
        stop(
            f"{file}: {people} orang untuk {seats} kursi; semua orang harus mendapat tempat.",
            BAD_INPUT,
        )


def _solved(board: Board, fit: Floats, rules: Rules) -> tuple[Ints, float]:
    """The plan and its total fit, less the cost of moves: by duality no plan has more."""
    allowed = _allowed(board, rules)
    person, post = np.nonzero(allowed)
    gain = np.round(fit[person, post] * SCALE).astype(np.int64)
    cost = round(rules.min_gain * SCALE)
    moved = (post != board.current[person]) & (board.current[person] >= 0)
    must = np.array([at in rules.must_fill for at in range(len(board.posts))]).astype(np.int64)
    try:
        target, total = assign_pairs(
            Pairs(person=person, post=post, gain=gain - cost * moved),
            n_people=len(board.people), seats=board.headcount, must=np.minimum(must, board.headcount),
        )  # fmt: skip
    except ValueError as exc:
        stop(
            f"Tidak ada rencana yang memenuhi semua aturan: {_named(str(exc), board, allowed)}.",
            FAILED,
        )
    return target, total / SCALE


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


def _write(out: Path, board: Board, target: Ints, before: Floats, after: Floats) -> None:
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["person", "from", "to", "fit_before", "fit_after"])
        for row, name in enumerate(board.people):
            source = board.posts[board.current[row]] if board.current[row] >= 0 else ""
            writer.writerow(
                [name, source, board.posts[target[row]], f"{before[row]:.6f}", f"{after[row]:.6f}"]
            )


def recommend_files(people: Path, posts: Path, *, top: int) -> dict[str, Any]:
    """The best posts for every person and the best people for every post, by capped-mean fit."""
    board = read_board(people, posts)
    if top < 1:
        stop(f"--top: diharapkan 1 atau lebih; ditemukan {top}.", BAD_INPUT)
    found = top_both_ways(board.shown, board.asked, min(top, len(board.people), len(board.posts)))
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
