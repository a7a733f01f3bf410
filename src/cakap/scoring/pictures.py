"""Pictures of items and tests under a fitted model: curves, information, who stands where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cakap.science.irt.reliability import information, item_information
from cakap.science.irt.scoring import Fitted
from cakap.science.types import Floats
from cakap.ui.charts import histogram, lines, scatter

THETA, MOST_ERROR = np.linspace(-4, 4, 81), 1.5


def item_curves(fitted: Fitted, item: int, labels: Sequence[str]) -> str:
    """The probability of each category along ability, as SVG; of a right/wrong item, of right."""
    table = np.exp(fitted.log_p(item, THETA))
    shown = [(1, table[1])] if len(table) == 2 else list(enumerate(table))
    return lines(_rows([(labels[k], row) for k, row in shown]), x="θ", y="peluang")


def item_information_curve(fitted: Fitted, item: int) -> str:
    """How much an item tells along ability, as SVG."""
    one = Fitted(model=fitted.model, parameters=[fitted.parameters[item]])
    return lines(_rows([("informasi", item_information(one, THETA)[0])]), x="θ", y="informasi")


def test_information(fitted: Fitted) -> str:
    """Information and standard error of the whole test along ability, as SVG."""
    known = information(fitted, THETA)
    rows = _rows([("informasi", known), ("galat baku", 1 / np.sqrt(known))])
    # Far from the items the error has no end; the picture is about where it is small.
    shown = [row for row in rows if row["name"] == "informasi" or row["y"] <= MOST_ERROR]
    return lines(shown, x="θ", y="")


def _rows(series: Sequence[tuple[str, Floats]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "x": float(theta), "y": float(value)}
        for name, values in series
        for theta, value in zip(THETA, values, strict=True)
    ]


def people(theta: Floats) -> str:
    """Where people stand, as SVG."""
    return histogram([float(one) for one in theta], x="θ", y="orang")


def old_and_new(names: Sequence[str], old: Sequence[float], new: Sequence[float], what: str) -> str:
    """Old parameters against new ones, as SVG: what lies off the line has moved."""
    rows = [
        {"name": name, "x": float(x), "y": float(y)}
        for name, x, y in zip(names, old, new, strict=True)
    ]
    return scatter(rows, x=f"{what} lama", y=f"{what} baru")
