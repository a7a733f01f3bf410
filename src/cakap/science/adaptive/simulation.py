"""A whole adaptive programme before anybody sits it: exposure, overlap, bias, precision, length."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from os import sched_getaffinity

import numpy as np
from numba import njit
from numpy.random import Generator, default_rng

from cakap.science.adaptive import kernel
from cakap.science.adaptive.exam import TRIALS, AdaptiveTest
from cakap.science.adaptive.pool import CRITERIA, Pool, Rules
from cakap.science.irt.latent import POINTS
from cakap.science.types import Floats, Ints

BLOCK = 500
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
    parts = []
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


Sat = tuple[Floats, Floats, Ints, Ints, Ints]


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


def _compiled(test: AdaptiveTest, true: Floats, rng: Generator) -> Sat:
    pool, rules = test.pool, test.rules
    n_items = len(pool.slopes)
    enemies = np.full(n_items, -1, dtype=np.int64)
    for number, group in enumerate(pool.enemies):
        enemies[list(group)] = number
    return _sit(
        pool.slopes, pool.thresholds, pool.guess, pool.content, pool.seconds, pool.exposure,
        enemies, pool.strata, pool.middles, test.information, test.tables, test.shares,
        rules.log_prior, POINTS,
        CRITERIA.index(rules.criterion), rules.randomesque, rules.most_items, rules.least_items,
        rules.most_seconds, rules.precision, np.array(rules.cuts, dtype=np.float64), rules.margin,
        float(np.log((1 - rules.error_rate) / rules.error_rate)), rules.start[0], rules.start[1],
        true, rng.random((len(true), rules.most_items, TRIALS + 2)),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _sit(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one compiled loop over the exam's steps
    steep, edges, guess, content, seconds, exposure, enemies, strata, middles, known, tables, shares,
    log_prior, nodes, criterion, among, most, least, most_seconds, precision, cuts, margin, decided, start_low,
    start_high, true, draws,
):  # fmt: skip
    n, n_items, n_areas = len(true), len(steep), len(shares)
    theta_out, se_out = np.empty(n), np.empty(n)
    given = np.full((n, most), -1, dtype=np.int64)
    lengths, reasons = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    weights, worth = np.empty(len(nodes)), np.empty(n_items)
    room = np.empty(edges.shape[1] + 1)
    step = nodes[1] - nodes[0]
    for person in range(n):
        free = np.ones(n_items, dtype=np.int64)
        counts = np.zeros(n_areas, dtype=np.int64)
        log_posterior = log_prior.copy()
        kernel.posterior(log_posterior, weights)
        theta, se = kernel.mean_and_error(weights, nodes)
        used, length, reason = 0.0, 0, -1
        while reason < 0:
            if length >= most:
                reason = 0
                break
            if length >= least:
                if se <= precision:
                    reason = 1
                    break
                if len(cuts) > 0:
                    every = True
                    for cut in cuts:
                        ratio = 0.0
                        for sign in (-1.0, 1.0):
                            place = (cut + sign * margin - nodes[0]) / step
                            left = min(max(int(place), 0), len(nodes) - 2)
                            part = place - left
                            ratio += sign * (
                                (1 - part) * (log_posterior[left] - log_prior[left])
                                + part * (log_posterior[left + 1] - log_prior[left + 1])
                            )
                        every = every and abs(ratio) >= decided
                    if every:
                        reason = 2
                        break
            allowed = free.copy()
            open_areas = np.zeros(n_areas, dtype=np.int64)
            stage = min(length * 10 // most, 9)
            any_own = False
            for i in range(n_items):
                if used + seconds[i] > most_seconds:
                    allowed[i] = 0
                any_own = any_own or (allowed[i] == 1 and strata[i] == stage)
            for i in range(n_items):
                if criterion == kernel.STRATIFIED and any_own and strata[i] != stage:
                    allowed[i] = 0
                if allowed[i] == 1:
                    open_areas[content[i]] += 1
            if open_areas.sum() == 0:
                reason = 3
                break
            area = kernel.area_behind(counts, shares, open_areas)
            if area >= 0:
                for i in range(n_items):
                    if content[i] != area:
                        allowed[i] = 0
            own = draws[person, length]
            aim = theta if length > 0 else start_low + own[-1] * (start_high - start_low)
            if criterion == kernel.INFORMATION:
                kernel.information_at(known, aim, allowed, worth)
            elif criterion == kernel.STRATIFIED:
                kernel.closeness(middles, aim, allowed, worth)
            else:
                kernel.divergence(steep, edges, guess, tables, weights, aim, allowed, worth)
            item = kernel.chosen(worth, exposure, among, own[:-2])
            if item < 0:
                reason = 3
                break
            for i in range(n_items):
                refused = allowed[i] == 1 and worth[i] <= kernel.FAR
                rival = enemies[item] >= 0 and enemies[i] == enemies[item]
                if i == item or refused or rival:
                    free[i] = 0
            k = kernel.probabilities(steep[item], edges[item], guess[item], true[person], room)
            category, passed = 0, room[0]
            while category < k - 1 and own[-2] >= passed:
                category += 1
                passed += room[category]
            log_posterior += tables[item, category]
            kernel.posterior(log_posterior, weights)
            theta, se = kernel.mean_and_error(weights, nodes)
            given[person, length] = item
            counts[content[item]] += 1
            used += seconds[item]
            length += 1
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
        found = simulate(
            replace(pool, exposure=exposure), rules, true, seed=seed + number
        ).exposure
        above = found > most_exposed
        if not (found > most_exposed * 1.02).any():
            break
        scale = np.where(above, most_exposed / np.maximum(found, 1e-9), 1.0)
        exposure = np.clip(exposure * scale, 0.01, 1.0)
    return replace(pool, exposure=exposure)
