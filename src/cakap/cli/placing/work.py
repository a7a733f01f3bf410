"""A plan and recommendations from plain files, without a database."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import numpy as np

from cakap.cli.frame import BAD_INPUT, FAILED, stop
from cakap.cli.placing.files import Board, read_board
from cakap.cli.placing.rules import read_rules
from cakap.jobs.workers import workers_at
from cakap.placement.terms import Ground, NoPlan, Terms, TooLarge, solve
from cakap.registry.reference import STEP
from cakap.science.matching.jpm import capped_mean, ratio
from cakap.science.matching.large import Crowd, pair_fit, place_crowd
from cakap.science.matching.rotation import Rotation
from cakap.science.matching.topk import top_both_ways
from cakap.science.types import Floats, Ints

FORMULAE = {"capped-mean": capped_mean, "ratio": ratio}
LARGEST_BOARD = 30_000_000


def plan_files(
    people: Path, posts: Path, *, rules: Path | None, out: Path | None, jpm: str, dask: str = ""
) -> dict[str, Any]:
    """Everybody into one post with the greatest total fit; the figures of the plan."""
    start = time.perf_counter()
    board = read_board(people, posts)
    told = read_rules(rules, board)
    _refuse_too_few(people, board)
    if len(board.people) * len(board.posts) > LARGEST_BOARD:
        found = _crowd(people, board, told, jpm, dask)
        before, after = (
            pair_fit(board.shown, board.asked, at) for at in (board.current, found.target)
        )
    else:
        fit = FORMULAE[jpm](board.shown, board.asked)
        found = _solved(board, fit, told)
        each = np.arange(len(fit))
        before = np.where(board.current >= 0, fit[each, board.current], 0.0)
        after = fit[each, found.target]
    if out is not None:
        _write(out, board, found.target, (before, after))
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


def _solved(board: Board, fit: Floats, terms: Terms) -> Rotation:
    ground = Ground(
        people=board.people, posts=board.posts, fit=fit, current=board.current,
        seats=board.headcount, unit=board.unit, location=board.location, tenure=board.tenure,
        step=np.array([STEP.get(tier, 0) for tier in board.tier]),
        eligible=np.ones(fit.shape, dtype=bool),
    )  # fmt: skip
    try:
        return solve(ground, terms)
    except TooLarge:
        stop(
            f"Papan {fit.shape[0]} × {fit.shape[1]} terlalu besar untuk aturan yang mengikat beberapa "
            "orang.",
            FAILED,
        )
    except NoPlan as exc:
        stop(_why_not(exc.clash), FAILED)


def _why_not(clash: list[str] | None) -> str:
    if clash is None:
        return "Tidak ada rencana yang memenuhi semua aturan."
    if not clash:
        return "Kursi yang ada tidak cukup bagi semua orang."
    return (
        "Tidak ada rencana yang memenuhi semua aturan. Yang bertentangan, dan tanpa salah satunya "
        f"ada rencana: {'; '.join(clash)}."
    )


def _crowd(people: Path, board: Board, rules: Terms, jpm: str, dask: str) -> Rotation:
    """A board too large to write down: by candidates and prices, with what that allows."""
    if jpm != "capped-mean" or rules != Terms(move_cost=rules.move_cost):
        stop(
            f"Papan {len(board.people)} × {len(board.posts)} lebih besar daripada {LARGEST_BOARD:,} "
            "pasangan; pada ukuran itu hanya capped-mean dan aturan move_cost yang dapat dipakai.",
            FAILED,
        )
    try:
        crowd = Crowd(
            shown=board.shown, asked=board.asked, current=board.current, seats=board.headcount,
            move_cost=rules.move_cost,
        )  # fmt: skip
        with workers_at(dask) as workers:
            return place_crowd(crowd, workers=workers)
    except ValueError:
        stop(f"{people}: tidak semua orang mendapat tempat.", FAILED)


def _write(out: Path, board: Board, target: Ints, fits: tuple[Floats, Floats]) -> None:
    with out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["person", "from", "to", "fit_before", "fit_after"])
        for name, held, to, before, after in zip(
            board.people, board.current, target, *fits, strict=True
        ):
            source = board.posts[held] if held >= 0 else ""
            writer.writerow([name, source, board.posts[to], f"{before:.6f}", f"{after:.6f}"])


def recommend_files(people: Path, posts: Path, *, top: int, dask: str = "") -> dict[str, Any]:
    """The best posts for every person and the best people for every post, by capped-mean fit."""
    board = read_board(people, posts)
    if top < 1:
        stop(f"--top: diharapkan 1 atau lebih; ditemukan {top}.", BAD_INPUT)
    with workers_at(dask) as workers:
        found = top_both_ways(board.shown, board.asked, top, workers=workers)
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
