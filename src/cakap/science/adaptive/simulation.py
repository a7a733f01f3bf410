"""A whole adaptive programme before anybody sits it: exposure, overlap, bias, precision, length."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import sched_getaffinity
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.random import Generator, default_rng

from cakap.science.adaptive import kernel
from cakap.science.adaptive.exam import TRIALS, AdaptiveTest
from cakap.science.adaptive.pool import CRITERIA, Pool, Rules
from cakap.science.irt.latent import POINTS
from cakap.science.types import Floats, Ints

BLOCK = 500
Sat = tuple[Floats, Floats, Ints, Ints, Ints]
REASONS = ("length", "precision", "classified", "time")


@dataclass(frozen=True, kw_only=True, slots=True)
class Simulated:
    """true, theta, se: (n_persons,). given: (n_persons, most_items), -1 after the end.

    lengths: (n_persons,). reasons: (n_persons,) places in REASONS.
    """

    true: Floats
    theta: Floats
    se: Floats
    given: Ints
    lengths: Ints
    reasons: Ints
    n_items: int

    @property
    def exposure(self) -> Floats:
        """(n_items,) share of people who were given each item."""
        counts = np.bincount(self.given[self.given >= 0], minlength=self.n_items)
        return counts / len(self.true)

    @property
    def overlap(self) -> float:
        """Share of a test that two people have in common (Chen, Ankenmann & Spray, 2003)."""
        counts = np.bincount(self.given[self.given >= 0], minlength=self.n_items).astype(float)
        n = len(self.true)
        return float((counts * (counts - 1)).sum() / (n * (n - 1)) / self.lengths.mean())

    @property
    def bias(self) -> float:
        """Mean of the estimate less the truth."""
        return float((self.theta - self.true).mean())

    @property
    def rmse(self) -> float:
        """Root mean square of the estimate less the truth."""
        return float(np.sqrt(((self.theta - self.true) ** 2).mean()))


def simulate(
    pool: Pool,
    rules: Rules,
    true: Floats,
    *,
    seed: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Simulated:
    """Everybody of ability `true` (n_persons,) sits the test and answers as the pool says.

    The same seed gives the same people, whatever the number of threads.
    """
    test = AdaptiveTest(pool=pool, rules=rules)
    sit = _with_shadow if rules.shadow else _compiled
    starts = list(range(0, len(true), BLOCK))
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    parts: list[Sat] = []
    with ThreadPoolExecutor(len(sched_getaffinity(0))) as workers:
        jobs = [
            workers.submit(sit, test, true[start : start + BLOCK], default_rng(own))
            for start, own in zip(starts, seeds, strict=True)
        ]
        for done, job in enumerate(jobs, start=1):
            parts.append(job.result())
            progress(min(done * BLOCK, len(true)), len(true))
    theta, se, given, lengths, reasons = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Simulated(
        true=true, theta=theta, se=se, given=given, lengths=lengths, reasons=reasons,
        n_items=len(pool.slopes),
    )  # fmt: skip


def _with_shadow(test: AdaptiveTest, true: Floats, rng: Generator) -> Sat:
    """Person by person through the exam's own steps."""
    n, most = len(true), test.rules.most_items
    theta, se = np.empty(n), np.empty(n)
    given, lengths = np.full((n, most), -1), np.zeros(n, dtype=np.int64)
    reasons = np.zeros(n, dtype=np.int64)
    room = np.empty(test.pool.thresholds.shape[1] + 1)
    for person, ability in enumerate(true):
        at = test.begin()
        while not (reason := test.ended(at)):
            item, at = test.next_item(at, rng)
            if item < 0:
                reason = "time"
                break
            k = kernel.probabilities(
                test.pool.slopes[item], test.pool.thresholds[item], test.pool.guess[item],
                ability, room,
            )  # fmt: skip
            category = int(np.searchsorted(np.cumsum(room[:k]), rng.random(), side="right"))
            at = test.answered(at, item, min(category, k - 1))
        theta[person], se[person], lengths[person] = at.theta, at.se, len(at.given)
        given[person, : len(at.given)] = at.given
        reasons[person] = REASONS.index(reason)
    return theta, se, given, lengths, reasons


class _Exam(NamedTuple):
    """A pool and its rules as the compiled loop reads them; enemies: (n_items,) group or -1."""

    steep: Floats
    edges: Floats
    guess: Floats
    content: Ints
    seconds: Floats
    exposure: Floats
    enemies: Ints
    strata: Ints
    middles: Floats
    known: Floats
    tables: Floats
    shares: Floats
    log_prior: Floats
    nodes: Floats
    cuts: Floats
    criterion: int
    among: int
    most: int
    least: int
    most_seconds: float
    precision: float
    margin: float
    decided: float
    start: tuple[float, float]


def _compiled(test: AdaptiveTest, true: Floats, rng: Generator) -> Sat:
    pool, rules = test.pool, test.rules
    enemies = np.full(len(pool.slopes), -1, dtype=np.int64)
    for number, group in enumerate(pool.enemies):
        enemies[list(group)] = number
    exam = _Exam(
        steep=pool.slopes,
        edges=pool.thresholds,
        guess=pool.guess,
        content=pool.content,
        seconds=pool.seconds,
        exposure=pool.exposure,
        enemies=enemies,
        strata=pool.strata,
        middles=pool.middles,
        known=test.information,
        tables=test.tables,
        shares=test.shares,
        log_prior=rules.log_prior,
        nodes=POINTS,
        cuts=np.array(rules.cuts, dtype=np.float64),
        criterion=CRITERIA.index(rules.criterion),
        among=rules.randomesque,
        most=rules.most_items,
        least=rules.least_items,
        most_seconds=float(rules.most_seconds),
        precision=float(rules.precision),
        margin=float(rules.margin),
        decided=float(np.log((1 - rules.error_rate) / rules.error_rate)),
        start=(float(rules.start[0]), float(rules.start[1])),
    )
    return _sit(exam, true, rng.random((len(true), rules.most_items, TRIALS + 2)))


@njit(cache=True, nogil=True)
def _ended(exam: _Exam, log_posterior: Floats, se: float, length: int) -> int:
    """A place in REASONS, or -1 to go on."""
    if length >= exam.most:
        return 0
    if length < exam.least:
        return -1
    if se <= exam.precision:
        return 1
    step = exam.nodes[1] - exam.nodes[0]
    for cut in exam.cuts:
        ratio = 0.0
        for sign in (-1.0, 1.0):
            place = (cut + sign * exam.margin - exam.nodes[0]) / step
            left = min(max(int(place), 0), len(exam.nodes) - 2)
            part = place - left
            ratio += sign * (
                (1 - part) * (log_posterior[left] - exam.log_prior[left])
                + part * (log_posterior[left + 1] - exam.log_prior[left + 1])
            )
        if abs(ratio) < exam.decided:
            return -1
    return 2 if len(exam.cuts) > 0 else -1


@njit(cache=True, nogil=True)
def _allow(exam: _Exam, free: Ints, counts: Ints, used: float, length: int) -> Ints:
    """1 for items that may come next: in time, in the stratum, in the area furthest behind."""
    allowed = free.copy()
    stage = min(length * 10 // exam.most, 9)
    own = False
    for i in range(len(free)):
        if used + exam.seconds[i] > exam.most_seconds:
            allowed[i] = 0
        own = own or (allowed[i] == 1 and exam.strata[i] == stage)
    open_areas = np.zeros(len(counts), dtype=np.int64)
    for i in range(len(free)):
        if exam.criterion == kernel.STRATIFIED and own and exam.strata[i] != stage:
            allowed[i] = 0
        open_areas[exam.content[i]] += allowed[i]
    area = kernel.area_behind(counts, exam.shares, open_areas)
    if area >= 0:
        for i in range(len(free)):
            if exam.content[i] != area:
                allowed[i] = 0
    return allowed


@njit(cache=True, nogil=True)
def _next(
    exam: _Exam, allowed: Ints, weights: Floats, aim: float, draws: Floats
) -> tuple[int, Floats]:
    worth = np.empty(len(allowed))
    if exam.criterion == kernel.INFORMATION:
        kernel.information_at(exam.known, aim, allowed, worth)
    elif exam.criterion == kernel.STRATIFIED:
        kernel.closeness(exam.middles, aim, allowed, worth)
    else:
        kernel.divergence(
            exam.steep, exam.edges, exam.guess, exam.tables, weights, aim, allowed, worth
        )
    return kernel.chosen(worth, exam.exposure, exam.among, draws), worth


@njit(cache=True, nogil=True)
def _bar(exam: _Exam, free: Ints, allowed: Ints, worth: Floats, item: int) -> None:
    """The item, its enemies and what exposure control refused are out for this person."""
    for i in range(len(free)):
        refused = allowed[i] == 1 and worth[i] <= kernel.FAR
        rival = exam.enemies[item] >= 0 and exam.enemies[i] == exam.enemies[item]
        if i == item or refused or rival:
            free[i] = 0


@njit(cache=True, nogil=True)
def _answer(exam: _Exam, item: int, ability: float, draw: float, room: Floats) -> int:
    k = kernel.probabilities(exam.steep[item], exam.edges[item], exam.guess[item], ability, room)
    category, passed = 0, room[0]
    while category < k - 1 and draw >= passed:
        category += 1
        passed += room[category]
    return category


@njit(cache=True, nogil=True)
def _sit(exam: _Exam, true: Floats, draws: Floats) -> Sat:  # noqa: PLR0915 - one loop, no closures
    n = len(true)
    theta_out, se_out = np.empty(n), np.empty(n)
    given = np.full((n, exam.most), -1, dtype=np.int64)
    lengths, reasons = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    weights, room = np.empty(len(exam.nodes)), np.empty(exam.edges.shape[1] + 1)
    for person in range(n):
        free = np.ones(len(exam.steep), dtype=np.int64)
        counts = np.zeros(len(exam.shares), dtype=np.int64)
        log_posterior = exam.log_prior.copy()
        kernel.posterior(log_posterior, weights)
        theta, se = kernel.mean_and_error(weights, exam.nodes)
        used, length = 0.0, 0
        reason = _ended(exam, log_posterior, se, length)
        while reason < 0:
            own = draws[person, length]
            allowed = _allow(exam, free, counts, used, length)
            low, high = exam.start
            aim = theta if length > 0 else low + own[-1] * (high - low)
            item, worth = _next(exam, allowed, weights, aim, own[:-2])
            if item < 0:
                reason = 3
                break
            _bar(exam, free, allowed, worth, item)
            category = _answer(exam, item, true[person], own[-2], room)
            log_posterior += exam.tables[item, category]
            kernel.posterior(log_posterior, weights)
            theta, se = kernel.mean_and_error(weights, exam.nodes)
            given[person, length] = item
            counts[exam.content[item]] += 1
            used += exam.seconds[item]
            length += 1
            reason = _ended(exam, log_posterior, se, length)
        theta_out[person], se_out[person] = theta, se
        lengths[person], reasons[person] = length, reason
    return theta_out, se_out, given, lengths, reasons


def sympson_hetter(
    pool: Pool, rules: Rules, true: Floats, *, most_exposed: float, seed: int, rounds: int = 12
) -> Pool:
    """The pool with exposure parameters under which no item is given to more than `most_exposed`.

    Sympson & Hetter (1985), in the faster form of van der Linden (2003).
    """
    exposure = np.ones(len(pool.slopes))
    for number in range(rounds):
        found = simulate(replace(pool, exposure=exposure), rules, true, seed=seed + number).exposure
        above = found > most_exposed
        if not (found > most_exposed * 1.02).any():
            break
        scale = np.where(above, most_exposed / np.maximum(found, 1e-9), 1.0)
        exposure = np.clip(exposure * scale, 0.01, 1.0)
    return replace(pool, exposure=exposure)
