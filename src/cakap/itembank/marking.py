"""What a response is worth: a category from 0. A key is data; nothing here is looked up.

one of            {option: category}
several, orders,  {"correct": [...] or {row: option}, "rule": "all" or "each"}; with "each" every right
pairs             choice counts one (a wrong one of several takes one away, never below 0)
numbers           {"value": 12.5, "tolerance": 0.1}
text              {"accepted": ["Jakarta", ...], "case": false}
nothing           {}: ranks, essays and free scales are collected, not marked
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cakap.itembank.responses import NUMBERS, ONE_OF, PAIRS, Kind, pairs_of

# Kinds whose categories are degrees, not right and wrong: left blank is missing, not wrong.
DEGREES = frozenset({Kind.GRADED, Kind.LIKERT})


def is_marked(kind: str, key: Mapping[str, Any]) -> bool:
    """Whether responses get a category at all."""
    return bool(key) and kind not in {Kind.RANK, Kind.ESSAY}


def is_right_or_wrong(kind: str) -> bool:
    """Whether a blank response counts as wrong."""
    return kind not in DEGREES


def highest(kind: str, key: Mapping[str, Any]) -> int:
    """The best category."""
    if kind in ONE_OF:
        return int(max(key.values()))
    return len(key["correct"]) if key.get("rule") == "each" else 1


def mark(kind: str, key: Mapping[str, Any], response: str) -> int:
    """The category of a response that is one (see itembank.responses)."""
    if kind in ONE_OF:
        return int(key[response])
    if kind in NUMBERS:
        # As decimals, as they are written: 1.1 lies within 1.0 ± 0.1, which binary fractions deny.
        off = abs(Decimal(response) - Decimal(str(key["value"])))
        return int(off <= Decimal(str(key.get("tolerance", 0))))
    if kind == Kind.TEXT:
        return int(_plain(key, response) in {_plain(key, one) for one in key["accepted"]})
    right, wrong, asked = _agreement(kind, key["correct"], response)
    if key.get("rule") == "each":
        return max(right - wrong, 0)
    return int(right == asked and wrong == 0)


# What no reader sees: soft hyphens, joiners, marks of direction, variants of a letter's look. Where digits
# are read, the exam page leaves out the same (static/delivery/exam/numbers.js).
INVISIBLE = dict.fromkeys(
    [
        0x00AD, 0x061C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
        *range(0x2060, 0x206A), *range(0xFE00, 0xFE10),
    ]
)  # fmt: skip


def _plain(key: Mapping[str, Any], text: str) -> str:
    """What is compared: the same letters however they were composed or typed, no space around them."""
    words = " ".join(unicodedata.normalize("NFKC", text.translate(INVISIBLE)).split())
    return words if key.get("case") else words.casefold()


def _agreement(kind: str, correct: Any, response: str) -> tuple[int, int, int]:
    """How many are right, how many too many, how many were asked for."""
    if kind in PAIRS:
        given = pairs_of(response)
        return sum(given.get(row) == option for row, option in correct.items()), 0, len(correct)
    chosen = response.split(" ")
    if kind == Kind.ORDER:
        return sum(a == b for a, b in zip(chosen, correct, strict=False)), 0, len(correct)
    right = sum(one in correct for one in chosen)
    return right, len(chosen) - right, len(correct)
