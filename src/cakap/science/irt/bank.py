"""Item parameters as arrays. A right/wrong item (2PL) is a graded item with two categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cakap.science.types import Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemBank:
    """Graded-response items (Samejima, 1969): P(category >= k) = logistic(a (theta - b_k)).

    slopes: (n_items,) a, not 0.
    thresholds: (n_items, n_categories - 1) b, along a row rising where a > 0 and falling where
    a < 0; an item with fewer is padded with infinities of the sign of a.
    """

    slopes: Floats
    thresholds: Floats

    def __post_init__(self) -> None:
        if self.slopes.ndim != 1 or self.thresholds.ndim != 2:
            message = "slopes must have one dimension and thresholds two"
            raise ValueError(message)
        if len(self.slopes) != len(self.thresholds):
            message = f"{len(self.slopes)} slopes but thresholds of {len(self.thresholds)} items"
            raise ValueError(message)
        for item, (slope, row) in enumerate(zip(self.slopes, self.thresholds, strict=True)):
            finite = row[np.isfinite(row)]
            if not np.isfinite(slope) or slope == 0:
                message = f"item {item}: a = {slope}, expected a finite slope other than 0"
                raise ValueError(message)
            if len(finite) == 0 or np.isnan(row).any() or np.any(slope * np.diff(finite) <= 0):
                message = f"item {item}: thresholds {finite.tolist()} are not in order"
                raise ValueError(message)

    @classmethod
    def of(cls, slopes: Sequence[float], thresholds: Sequence[Sequence[float]]) -> ItemBank:
        """A bank from lists, one list of thresholds an item, padded to one width."""
        width = max((len(row) for row in thresholds), default=1)
        steepness = np.asarray(slopes, dtype=np.float64)
        padded = np.where(steepness < 0, -np.inf, np.inf)[:, None].repeat(width, axis=1)
        for item, row in enumerate(thresholds):
            padded[item, : len(row)] = row
        return cls(slopes=steepness, thresholds=padded)

    @property
    def n_categories(self) -> int:
        """The most categories that an item of this bank has."""
        return self.thresholds.shape[1] + 1
