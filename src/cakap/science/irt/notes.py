"""What a calibration must say about its own result, as kinds that people's languages can word."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["alike", "unused", "negative", "extreme", "untold", "singular", "unconverged", "few"]


class Note(NamedTuple):
    """item: its place, -1 for the whole fit. detail: a number or categories, already written.

    alike: everybody answered alike, left out. unused: categories never given, joined to the next
    one up. negative: discrimination below 0. extreme: one
    far beyond any real item. untold: a parameter without a standard error.
    singular: no standard errors at all. unconverged: how far from level ground, in standard errors.
    few: persons against parameters.
    """

    kind: Kind
    item: int = -1
    detail: str = ""
