"""One person's adaptive test: what has been given, what comes next, and when it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.random import Generator

from cakap.science.adaptive import kernel
from cakap.science.adaptive.pool import Pool, Rules
from cakap.science.adaptive.shadow import shadow_test
from cakap.science.irt.latent import POINTS
from cakap.science.types import Floats, Ints

TRIALS = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """given, answers: items and categories in their order. log_posterior: on the engine's nodes.

    theta, se: EAP. barred: items that exposure control refused this person.
    """

    given: tuple[int, ...]
    answers: tuple[int, ...]
    log_posterior: Floats
    theta: float
    se: float
    seconds: float
    barred: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class AdaptiveTest:
    """A pool under rules. Raises ValueError where the rules cannot be kept."""

    pool: Pool
    rules: Rules

    def __post_init__(self) -> None:
        self.rules.refuse_unsound(self.pool)

    @cached_property
    def tables(self) -> Floats:
        """(n_items, n_categories, n_nodes) log P."""
        return kernel.log_tables(self.pool.slopes, self.pool.thresholds, self.pool.guess, POINTS)

    @cached_property
    def information(self) -> Floats:
        """(n_points, n_items) on the kernel's grid."""
        return kernel.information_table(self.pool.slopes, self.pool.thresholds, self.pool.guess)

    @cached_property
    def shares(self) -> Floats:
        """(n_areas,) content shares, 0 where no rule speaks of the area."""
        shares = np.zeros(int(self.pool.content.max(initial=0)) + 1)
        for area, share in self.rules.content.items():
            shares[area] = share
        return shares

    @cached_property
    def held_back(self) -> bool:
        """Whether exposure control refuses any item."""
        return bool((self.pool.exposure < 1).any())

    @cached_property
    def n_enemies(self) -> int:
        """How many items have one."""
        return sum(len(group) for group in self.pool.enemies)

    def begin(self) -> Standing:
        """Nobody has answered anything."""
        return self._standing((), (), self.rules.log_prior, 0.0, frozenset())

    def answered(self, at: Standing, item: int, category: int) -> Standing:
        """After one more answer. Raises ValueError on an item given before or a strange category."""
        n_categories = int(np.isfinite(self.pool.thresholds[item]).sum()) + 1
        if item in at.given or not 0 <= category < n_categories:
            message = (
                f"item {item}, category {category}: given before, or not 0 to {n_categories - 1}"
            )
            raise ValueError(message)
        return self._standing(
            (*at.given, item),
            (*at.answers, category),
            at.log_posterior + self.tables[item, category],
            at.seconds + float(self.pool.seconds[item]),
            at.barred,
        )

    def _standing(
        self,
        given: tuple[int, ...],
        answers: tuple[int, ...],
        log_posterior: Floats,
        seconds: float,
        barred: frozenset[int],
    ) -> Standing:
        weights = np.empty(len(POINTS))
        kernel.posterior(log_posterior, weights)
        theta, se = kernel.mean_and_error(weights, POINTS)
        return Standing(
            given=given, answers=answers, log_posterior=log_posterior, theta=theta, se=se,
            seconds=seconds, barred=barred,
        )  # fmt: skip

    def next_item(self, at: Standing, rng: Generator) -> tuple[int, Standing]:
        """The item to give, and the standing with what exposure control barred; -1: none fits."""
        worth = self._worth(at, rng)
        if not self.held_back:
            item = kernel.chosen(worth, self.pool.exposure, self.rules.randomesque, rng.random(2))
            return int(item), at
        before = np.flatnonzero(worth > kernel.FAR)
        item = kernel.chosen(worth, self.pool.exposure, self.rules.randomesque, rng.random(TRIALS))
        refused = {int(i) for i in before if worth[i] <= kernel.FAR}
        return int(item), replace(at, barred=at.barred | refused) if refused else at

    def _worth(self, at: Standing, rng: Generator) -> Floats:
        allowed = self._allowed(at)
        aim = at.theta
        if not at.given:
            low, high = self.rules.start
            aim = float(rng.uniform(low, high)) if high > low else low
        worth = np.empty(len(self.pool.slopes))
        if self.rules.criterion == "information":
            kernel.information_at(self.information, aim, allowed, worth)
        elif self.rules.criterion == "a-stratified":
            kernel.closeness(self.pool.middles, aim, allowed, worth)
        else:
            weights = np.empty(len(POINTS))
            kernel.posterior(at.log_posterior, weights)
            kernel.divergence(
                self.pool.slopes, self.pool.thresholds, self.pool.guess, self.tables, weights,
                aim, allowed, worth,
            )  # fmt: skip
        if self.rules.shadow:
            kept = shadow_test(self.pool, self.rules, worth, at.given, at.barred)
            outside = np.setdiff1d(np.arange(len(worth)), kept)
            worth[outside] = kernel.FAR
        return worth

    def _allowed(self, at: Standing) -> Ints:
        """1 for items that may come next."""
        pool, rules = self.pool, self.rules
        allowed = np.ones(len(pool.slopes), dtype=np.int64)
        if np.isfinite(rules.most_seconds):
            allowed[at.seconds + pool.seconds > rules.most_seconds] = 0
        allowed[[*at.given, *at.barred]] = 0
        for group in pool.enemies:
            if not set(group).isdisjoint(at.given):
                allowed[list(group)] = 0
        return allowed if rules.shadow else self._narrowed(at, allowed)

    def _narrowed(self, at: Standing, allowed: Ints) -> Ints:
        """Those of the stratum, and of the content area furthest behind."""
        pool, rules = self.pool, self.rules
        if rules.criterion == "a-stratified":
            stage = min(len(at.given) * 10 // rules.most_items, 9)
            own = allowed * (pool.strata <= stage) * (pool.strata >= stage)
            if own.any():
                allowed = own
        if rules.content:
            n_areas = len(self.shares)
            counts = np.bincount(pool.content[list(at.given)], minlength=n_areas).astype(np.int64)
            open_areas = np.bincount(pool.content[allowed > 0], minlength=n_areas).astype(np.int64)
            area = kernel.area_behind(counts, self.shares, open_areas)
            if area >= 0:
                allowed = allowed * (pool.content == area)
        return allowed

    def ended(self, at: Standing) -> str:
        """Why the test ends here: "length", "precision", "classified", "time", or ""."""
        rules = self.rules
        if len(at.given) >= rules.most_items:
            return "length"
        if len(at.given) >= rules.least_items:
            if at.se <= rules.precision:
                return "precision"
            if rules.cuts and all(self._decided(at, cut) for cut in rules.cuts):
                return "classified"
        gone = len(at.given) + len(at.barred) + self.n_enemies
        surely = gone < len(self.pool.slopes) and not np.isfinite(rules.most_seconds)
        return "" if surely or self._allowed(at).any() else "time"

    def _decided(self, at: Standing, cut: float) -> bool:
        """Wald's sequential probability ratio test around one cut."""
        likelihood = at.log_posterior - self.rules.log_prior
        low, high = np.interp(
            [cut - self.rules.margin, cut + self.rules.margin], POINTS, likelihood
        )
        return abs(high - low) >= np.log((1 - self.rules.error_rate) / self.rules.error_rate)
