"""The items an adaptive test may draw on, and the rules it draws by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from cakap.science.irt.latent import POINTS, log_normal
from cakap.science.types import Floats, Ints

Criterion = Literal["information", "kl", "a-stratified"]
CRITERIA: tuple[Criterion, ...] = ("information", "kl", "a-stratified")


@dataclass(frozen=True, kw_only=True)
class Pool:
    """slopes, guess, seconds, exposure: (n_items,); thresholds: (n_items, n_categories - 1), padded
    with infinities of the slope's sign; content: (n_items,) area from 0.

    P(>= k) = c + (1 - c) logistic(a (theta - b_k)), c only where there are two categories. exposure:
    the probability with which a chosen item is given (Sympson & Hetter, 1985). enemies: groups of
    items of which a person may be given one.
    """

    slopes: Floats
    thresholds: Floats
    guess: Floats
    content: Ints
    seconds: Floats
    exposure: Floats
    enemies: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(
        cls,
        slopes: Sequence[float],
        thresholds: Sequence[Sequence[float]],
        *,
        guess: Sequence[float] | None = None,
        content: Sequence[int] | None = None,
        seconds: Sequence[float] | None = None,
        enemies: Sequence[Sequence[int]] = (),
    ) -> Pool:
        """From lists; what is not told is 0 (60 seconds an item). Raises ValueError on lists that
        do not fit, on a slope of 0, on a c outside [0, 1) and on a c with more than two categories."""
        n = len(slopes)
        steep = np.asarray(slopes, dtype=np.float64)
        width = max((len(row) for row in thresholds), default=1)
        padded = np.where(steep < 0, -np.inf, np.inf)[:, None].repeat(width, axis=1)
        for item, row in enumerate(thresholds):
            padded[item, : len(row)] = row
        pool = cls(
            slopes=steep,
            thresholds=padded,
            guess=np.asarray(guess if guess is not None else np.zeros(n), dtype=np.float64),
            content=np.asarray(content if content is not None else np.zeros(n), dtype=np.int64),
            seconds=np.asarray(seconds if seconds is not None else np.full(n, 60.0)),
            exposure=np.ones(n),
            enemies=tuple(tuple(int(i) for i in group) for group in enemies),
        )
        pool.refuse_unsound()
        return pool

    def refuse_unsound(self) -> None:
        """Raise ValueError with the first item that cannot be."""
        n = len(self.slopes)
        for name in ("thresholds", "guess", "content", "seconds", "exposure"):
            if len(getattr(self, name)) != n:
                message = f"{len(getattr(self, name))} {name} for {n} items"
                raise ValueError(message)
        for item in range(n):
            many = np.isfinite(self.thresholds[item]).sum() > 1
            if self.slopes[item] == 0 or not np.isfinite(self.slopes[item]):
                message = (
                    f"item {item}: a = {self.slopes[item]}, expected a finite slope other than 0"
                )
                raise ValueError(message)
            if not 0 <= self.guess[item] < 1 or (many and self.guess[item] > 0):
                message = f"item {item}: c = {self.guess[item]}, expected 0 to 1, and 0 with many categories"
                raise ValueError(message)

    @cached_property
    def middles(self) -> Floats:
        """(n_items,) mean of each item's thresholds."""
        return np.array([row[np.isfinite(row)].mean() for row in self.thresholds])

    @cached_property
    def strata(self) -> Ints:
        """(n_items,) ranks by slope, in tenths of the pool."""
        ranks = np.argsort(np.argsort(np.abs(self.slopes), kind="stable"), kind="stable")
        return (ranks * 10 // max(len(ranks), 1)).astype(np.int64)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """How an adaptive test starts, chooses and stops.

    start: (low, high) between which the first item aims. criterion: maximum Fisher information at
    the EAP; posterior-weighted Kullback-Leibler information (Chang & Ying, 1996); or a-stratified
    (Chang & Ying, 1999). randomesque: how many best items share the choice (Kingsbury & Zara, 1989).
    content: area -> share; the area furthest behind is next. shadow: choose through a whole test
    that keeps every rule (van der Linden, 2005); then content: area -> (least, most) items.
    most_seconds: expected time of all items. Stop at most_items; from least_items on at an error of
    at most `precision`, or once every cut is decided by SPRT (Reckase, 1983; indifference `margin`).
    """

    most_items: int
    least_items: int = 1
    start: tuple[float, float] = (0.0, 0.0)
    criterion: Criterion = "information"
    randomesque: int = 1
    content: Mapping[int, float] = field(default_factory=dict[int, float])
    shadow: bool = False
    bounds: Mapping[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    most_seconds: float = np.inf
    precision: float = 0.0
    cuts: tuple[float, ...] = ()
    margin: float = 0.25
    error_rate: float = 0.05
    prior: tuple[float, float] = (0.0, 1.0)

    @property
    def log_prior(self) -> Floats:
        """On the engine's nodes."""
        return log_normal(POINTS, self.prior[0], self.prior[1] ** 2)

    def refuse_unsound(self, pool: Pool) -> None:
        """Raise ValueError with the first rule that cannot be kept."""
        if not 1 <= self.least_items <= self.most_items <= len(pool.slopes):
            message = (
                f"{self.least_items} to {self.most_items} items out of {len(pool.slopes)}, "
                "expected 1 <= least <= most <= items"
            )
            raise ValueError(message)
        if self.criterion not in CRITERIA:
            message = f"criterion {self.criterion!r}, expected one of {', '.join(CRITERIA)}"
            raise ValueError(message)
        if self.randomesque < 1:
            message = f"randomesque {self.randomesque}, expected at least 1"
            raise ValueError(message)
        areas = {*self.content, *self.bounds} - set(pool.content.tolist())
        if areas:
            message = f"content area {min(areas)} has no item"
            raise ValueError(message)
