"""The rules of a file over its board: each a named piece; the plan that keeps all, or those that clash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import numpy as np

from cakap.cli.frame import FAILED, stop
from cakap.cli.placing.files import Board
from cakap.cli.placing.rules import Rules
from cakap.registry.reference import STEP
from cakap.science.matching import rules as pieces
from cakap.science.matching.constrained import RulesClash, best_under, clashing
from cakap.science.matching.rotation import Rotation, best_plan
from cakap.science.matching.rules import Choices, Rule
from cakap.science.types import Floats, Ints

LARGEST_RULED = 3_000_000


def solve(board: Board, fit: Floats, rules: Rules) -> Rotation:
    """The best plan under the rules; ends with the clashing ones where there is none."""
    choices = _choices(board, fit, rules)
    told = list(named_rules(board, rules, choices, fit))
    if rules.beyond_flow:
        return _by_programme(board, fit, choices, told)
    allowed = np.ones(fit.shape, dtype=bool)
    for rule in told:
        if rule.forbids is not None:
            allowed &= ~rule.forbids.reshape(fit.shape)
    must = np.array([at in rules.must_fill for at in range(len(board.posts))]).astype(np.int64)
    try:
        return best_plan(
            fit, current=board.current, seats=board.headcount, allowed=allowed, must=must,
            min_gain=rules.move_cost,
        )  # fmt: skip
    except ValueError:
        _clash(choices, told)


def named_rules(board: Board, rules: Rules, choices: Choices, fit: Floats) -> Iterator[Rule]:
    """Every rule of the file under the name by which a person knows it."""
    yield from _filters(board, rules, choices, fit)
    people, posts = board.people, board.posts
    for person, post in rules.locks.items():
        yield pieces.lock(f"{people[person]} dikunci pada {posts[post]}", choices, person, post)
    for person, post in sorted(rules.forbidden):
        pairs = (choices.person == person) & (choices.post == post)
        yield pieces.forbidding(f"{people[person]} dilarang pada {posts[post]}", pairs)
    for post in sorted(rules.must_fill):
        yield pieces.fill(f"{posts[post]} harus terisi", choices, post, 1)
    if rules.max_moves is not None:
        yield pieces.move_limit(
            f"paling banyak {rules.max_moves} perpindahan", choices, rules.max_moves
        )
    for unit, most in rules.max_leaving.items():
        inside = np.array([one == unit for one in board.unit])
        yield pieces.leaving_limit(
            f"paling banyak {most} orang keluar dari {unit}", choices, inside, most
        )
    for pair in rules.couples:
        name = f"{people[pair[0]]} dan {people[pair[1]]} di tempat yang sama"
        yield pieces.together(name, choices, pair, _numbered(board.location))
    for pair in rules.conflicts:
        name = f"{people[pair[0]]} dan {people[pair[1]]} tidak dalam satu unit"
        yield pieces.apart(name, choices, pair, _numbered(board.unit))


def _filters(board: Board, rules: Rules, choices: Choices, fit: Floats) -> Iterator[Rule]:
    """Rules that look at one person and one post."""
    if rules.min_tenure > 0:
        early = (board.tenure < rules.min_tenure)[choices.person]
        name = f"masa jabatan paling sedikit {rules.min_tenure:g} tahun"
        yield pieces.forbidding(name, early & choices.moves)
    if rules.min_gain is not None:
        before = fit[choices.person, np.maximum(board.current, 0)[choices.person]]
        short = fit[choices.person, choices.post] - before < rules.min_gain
        name = f"kenaikan paling sedikit {rules.min_gain:g} tiap perpindahan"
        yield pieces.forbidding(name, short & choices.moves)
    if rules.no_demotion:
        step = np.array([STEP.get(tier, 0) for tier in board.tier])
        lower = step[choices.post] < step[np.maximum(board.current, 0)[choices.person]]
        yield pieces.forbidding("tidak ada penurunan jenjang", lower & choices.moves)


def _choices(board: Board, fit: Floats, rules: Rules) -> Choices:
    people = np.arange(len(fit))
    holds = board.current >= 0
    gain = fit - np.where(holds, fit[people, board.current], 0.0)[:, None]
    gain[holds] -= rules.move_cost
    gain[people[holds], board.current[holds]] = 0.0
    person, post = np.indices(fit.shape).reshape(2, -1)
    return Choices(
        person=person, post=post, gain=gain.ravel(), seats=board.headcount, current=board.current
    )


def _by_programme(board: Board, fit: Floats, choices: Choices, told: list[Rule]) -> Rotation:
    if fit.size > LARGEST_RULED:
        stop(
            f"Papan {fit.shape[0]} × {fit.shape[1]} terlalu besar untuk aturan yang mengikat beberapa "
            f"orang (paling banyak {LARGEST_RULED:,} pasangan).",
            FAILED,
        )
    try:
        found = best_under(choices, told)
    except RulesClash:
        _clash(choices, told)
    people = np.arange(len(fit))
    holds = board.current >= 0
    before = float(fit[people[holds], board.current[holds]].sum())
    return Rotation(
        target=found.target, total_before=before,
        total_after=float(fit[people, found.target].sum()), bound=before + found.bound,
        optimal=found.optimal,
    )  # fmt: skip


def _clash(choices: Choices, told: list[Rule]) -> NoReturn:
    """Name the rules that clash, none of which can be spared."""
    if len(choices.person) > LARGEST_RULED:
        stop("Tidak ada rencana yang memenuhi semua aturan.", FAILED)
    names = [told[at].name for at in clashing(choices, told)]
    if not names:
        stop("Kursi yang ada tidak cukup bagi semua orang.", FAILED)
    stop(
        "Tidak ada rencana yang memenuhi semua aturan. Yang bertentangan, dan tanpa salah satunya "
        f"ada rencana: {'; '.join(names)}.",
        FAILED,
    )


def _numbered(words: list[str]) -> Ints:
    return np.unique(words, return_inverse=True)[1]
