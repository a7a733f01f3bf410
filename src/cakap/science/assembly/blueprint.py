"""What parallel forms must be like, as named linear rules over the items of a bank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cakap.science.types import Floats, Ints


class Rule(NamedTuple):
    """low <= coefficients @ chosen <= high in every form; coefficients: (n_items,)."""

    name: str
    coefficients: Floats
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """A bank to draw on. information: (n_items, n_points) at the blueprint's points.

    labels: attribute -> (n_items,) value of each item (content, cognitive level). amounts:
    attribute -> (n_items,) number of each item (words, seconds). enemies: groups of items of which
    a form may hold one.
    """

    information: Floats
    labels: Mapping[str, Ints] = field(default_factory=dict[str, Ints])
    amounts: Mapping[str, Floats] = field(default_factory=dict[str, Floats])
    enemies: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Blueprint:
    """n_forms forms of `length` items, as alike and as informative as the bank allows.

    shape: (n_points,) how much information is wanted at each point, relative to the others.
    least_information: (n_points,) that every form must reach. counts: (attribute, value) -> (least,
    most) items. limits: attribute -> (least, most) sum. most_uses: forms that may hold one item.
    most_overlap: items that two forms may share.
    """

    n_forms: int
    length: int
    shape: Floats
    least_information: Floats | None = None
    counts: Mapping[tuple[str, int], tuple[int, int]] = field(
        default_factory=dict[tuple[str, int], tuple[int, int]]
    )
    limits: Mapping[str, tuple[float, float]] = field(
        default_factory=dict[str, tuple[float, float]]
    )
    most_uses: int = 1
    most_overlap: int | None = None


def rules_of(stock: Stock, blueprint: Blueprint) -> list[Rule]:
    """Every rule of a form, by name. Raises ValueError on a rule about what the bank does not say."""
    n = len(stock.information)
    rules = [Rule("length", np.ones(n), blueprint.length, blueprint.length)]
    for (attribute, value), (least, most) in blueprint.counts.items():
        if attribute not in stock.labels:
            message = f"{attribute}: the bank has no such label"
            raise ValueError(message)
        member = (stock.labels[attribute] == value).astype(np.float64)
        rules.append(Rule(f"{attribute}={value}", member, least, most))
    for attribute, (least, most) in blueprint.limits.items():
        if attribute not in stock.amounts:
            message = f"{attribute}: the bank has no such amount"
            raise ValueError(message)
        rules.append(Rule(attribute, stock.amounts[attribute], least, most))
    for number, group in enumerate(stock.enemies, start=1):
        member = np.isin(np.arange(n), group).astype(np.float64)
        rules.append(Rule(f"enemies {number}", member, 0, 1))
    if blueprint.least_information is not None:
        for point, least in enumerate(blueprint.least_information):
            name = f"information at point {point + 1}"
            rules.append(Rule(name, stock.information[:, point], float(least), np.inf))
    return rules
