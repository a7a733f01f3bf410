"""The adaptive section of a form: which item comes next. Keys and parameters stay in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from django.utils import timezone

from cakap.itembank.models import FormItem, Section
from cakap.itembank.queries import ScoredItem, scored_items
from cakap.science.adaptive.exam import AdaptiveTest, Standing
from cakap.science.adaptive.pool import Pool, Rules


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """The version to give next, None when the section ends for `reason`; ability so far."""

    version: int | None
    reason: str
    theta: float
    se: float


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    test: AdaptiveTest
    items: list[ScoredItem]

    def place(self, version: int) -> int:
        return next(at for at, item in enumerate(self.items) if item.version == version)


def next_step(
    section: int,
    answered: Sequence[tuple[int, str]],
    *,
    prior: tuple[float, float],
    seed: int,
) -> Step:
    """After these (version, option) in their order; the same answers and seed give the same step."""
    loaded = _loaded(section, prior)
    at: Standing = loaded.test.begin()
    for version, option in answered:
        place = loaded.place(version)
        at = loaded.test.answered(at, place, loaded.items[place].scores[option])
    reason = loaded.test.ended(at)
    if reason:
        return Step(version=None, reason=reason, theta=at.theta, se=at.se)
    rng = np.random.default_rng([seed, section, len(answered)])
    item, _ = loaded.test.next_item(at, rng)
    if item < 0:
        return Step(version=None, reason="time", theta=at.theta, se=at.se)
    return Step(version=loaded.items[item].version, reason="", theta=at.theta, se=at.se)


@lru_cache(maxsize=64)
def _loaded(section: int, prior: tuple[float, float]) -> _Loaded:
    """A form in use is frozen, and its parameters are those of that moment: every worker has the same."""
    row = Section.objects.select_related("form").get(pk=section)
    versions = FormItem.objects.filter(section=row).values_list("version_id", flat=True)
    items = scored_items(versions, at=row.form.frozen_at or timezone.now())
    pool = Pool.of([item.slope or 0.0 for item in items], [item.thresholds for item in items])
    rules = Rules(
        most_items=row.adaptive_items or len(items),
        precision=row.adaptive_precision,
        randomesque=min(row.adaptive_among, len(items)),
        prior=prior,
    )
    return _Loaded(test=AdaptiveTest(pool=pool, rules=rules), items=items)


def forget_sections() -> None:
    """For tests, where numbers of sections come again."""
    _loaded.cache_clear()
