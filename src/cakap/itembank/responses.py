"""What a response looks like, kind by kind: one string each, so that the answer log knows one shape.

one of           single graded likert hotspot   "b"
several          multiple                       "a c", in the options' order
an order         rank order                     "c a b", as many as the layout's `most` says
pairs            matrix match gap inline        "r1:c2 r2:c1", in the rows' order
a number         numeric slider                 "12.5"
words            text essay                     as written
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cakap.itembank.models import Item

IDENTIFIER = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
NUMBER = re.compile(r"-?[0-9]{1,15}([.][0-9]{1,15})?\Z")
MOST_WORDS, MOST_TEXT = 20_000, 500
Kind = Item.Kind
ONE_OF = frozenset({Kind.SINGLE, Kind.GRADED, Kind.LIKERT, Kind.HOTSPOT})
ORDERS = frozenset({Kind.RANK, Kind.ORDER})
PAIRS = frozenset({Kind.MATRIX, Kind.MATCH, Kind.GAP, Kind.INLINE})
NUMBERS = frozenset({Kind.NUMERIC, Kind.SLIDER})
WORDS = frozenset({Kind.TEXT, Kind.ESSAY})


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What decides whether a response can be one: the kind, the options' ids, the layout."""

    kind: str
    options: Sequence[str]
    layout: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> list[str]:
        """What is answered one by one: rows of a matrix, sources of a match, gaps of a text."""
        return [row["id"] for row in self.layout.get("rows", [])]

    def choices_of(self, row: str) -> Sequence[str]:
        """The options of one row; a gap with choices of its own has its own."""
        if self.kind != Kind.INLINE:
            return self.options
        own = next(one for one in self.layout["rows"] if one["id"] == row)
        return [option["id"] for option in own["options"]]


def answerable(asked: Asked) -> Callable[[str], bool]:
    """Whether a response may be one to this item; an empty one, which takes back, always may."""
    kind = asked.kind
    if kind in ONE_OF:
        return frozenset({"", *asked.options}).__contains__
    for kinds, check in CHECKS:
        if kind in kinds:
            return partial(_empty_or, partial(check, asked))
    raise ValueError(kind)


def is_plain_text(text: str) -> bool:
    """Whether every database keeps this text as it is: no NUL, no half of a surrogate pair."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def _empty_or(check: Callable[[str], bool], response: str) -> bool:
    return response == "" or check(response)


def _is_several(asked: Asked, response: str) -> bool:
    chosen = response.split(" ")
    most = asked.layout.get("most") or len(asked.options)
    return len(chosen) <= most and chosen == [one for one in asked.options if one in chosen]


def _is_order(asked: Asked, response: str) -> bool:
    chosen = response.split(" ")
    most = asked.layout.get("most") or len(asked.options)
    return (
        len(chosen) <= most
        and len(set(chosen)) == len(chosen)
        and set(chosen) <= set(asked.options)
    )


def _is_pairs(asked: Asked, response: str) -> bool:
    pairs = [pair.partition(":") for pair in response.split(" ")]
    rows = [row for row, _, _ in pairs]
    if rows != [row for row in asked.rows if row in rows]:
        return False
    if any(option not in asked.choices_of(row) for row, _, option in pairs):
        return False
    options = [option for _, _, option in pairs]
    return asked.layout.get("reuse", True) or len(set(options)) == len(options)


def _is_number(asked: Asked, response: str) -> bool:
    if not NUMBER.match(response):
        return False
    lower, upper = asked.layout.get("lower", -math.inf), asked.layout.get("upper", math.inf)
    return bool(lower <= float(response) <= upper)


def _is_words(asked: Asked, response: str) -> bool:
    most = asked.layout.get("most") or (MOST_TEXT if asked.kind == Kind.TEXT else MOST_WORDS)
    return len(response) <= most and is_plain_text(response)


CHECKS: tuple[tuple[frozenset[Kind], Callable[[Asked, str], bool]], ...] = (
    (frozenset({Kind.MULTIPLE}), _is_several),
    (ORDERS, _is_order),
    (PAIRS, _is_pairs),
    (NUMBERS, _is_number),
    (WORDS, _is_words),
)


def pairs_of(response: str) -> dict[str, str]:
    """Row -> option of a response in pairs."""
    return dict(pair.split(":", 1) for pair in response.split(" ") if ":" in pair)
