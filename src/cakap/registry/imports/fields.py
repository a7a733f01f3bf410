"""How the text of a cell becomes a value: each parser raises ValueError with what it expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cakap.registry.reference import EDUCATION, EDUCATION_ALIASES, PPPK_GRADES, RANK_ORDER
from cakap.science.matching.interests import refuse_wrong_code

Parser = Callable[[str], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A column of a template: its header, the names others use for it, and how it is read.

    `refers` names a look-up from the text of a cell to the id of a row that exists already.
    """

    name: str
    header: str
    parse: Parser = str
    required: bool = True
    aliases: tuple[str, ...] = ()
    refers: str = ""
    default: Any = ""
    example: str = ""


def day(text: str) -> date:
    """A date as 2025-01-22 or 22-01-2025 (22/01/2025)."""
    short = text[:10].replace("/", "-")
    for pattern in ("%Y-%m-%d", "%d-%m-%Y"):
        try:
            return datetime.strptime(short, pattern).date()  # noqa: DTZ007
        except ValueError:
            continue
    message = "tanggal TTTT-BB-HH atau HH-BB-TTTT"
    raise ValueError(message)


def whole(low: int, high: int) -> Parser:
    """A whole number between two bounds."""

    def parse(text: str) -> int:
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        message = f"bilangan bulat {low}–{high}"
        raise ValueError(message)

    return parse


def one_of(allowed: Sequence[str], aliases: Mapping[str, str] | None = None) -> Parser:
    """One of some words, whatever their case; aliases are further spellings."""
    known = {word.lower(): word for word in allowed}
    known |= {other.lower(): word for other, word in (aliases or {}).items()}

    def parse(text: str) -> str:
        if text.lower() in known:
            return known[text.lower()]
        message = "salah satu dari " + ", ".join(allowed)
        raise ValueError(message)

    return parse


def text_up_to(length: int) -> Parser:
    """Text that fits its column."""

    def parse(text: str) -> str:
        if len(text) <= length:
            return text
        message = f"teks paling panjang {length} huruf"
        raise ValueError(message)

    return parse


def rank(text: str) -> str:
    """A PNS's golongan/ruang (III/d) or a PPPK's golongan (IX)."""
    roman, _, room = text.partition("/")
    code = f"{roman.upper()}/{room.lower()}" if room else roman.upper()
    if code in RANK_ORDER or code in PPPK_GRADES:
        return code
    message = "golongan I/a–IV/e (PNS) atau I–XVII (PPPK)"
    raise ValueError(message)


def holland_code(text: str) -> str:
    """One to three different letters of RIASEC, the weightiest first; separators do not count."""
    code = re.sub(r"[\s,;/-]", "", text).upper()
    try:
        refuse_wrong_code(code)
    except ValueError as exc:
        message = (
            "satu sampai tiga huruf berlainan dari R, I, A, S, E (kewirausahaan), C (konvensional)"
        )
        raise ValueError(message) from exc
    return code


education = one_of(EDUCATION, EDUCATION_ALIASES)
sex = one_of(
    ("L", "P"),
    {
        "M": "L", "F": "P", "Pria": "L", "Wanita": "P", "1": "L", "2": "P",
        "Laki-laki": "L", "Perempuan": "P",
    },
)  # fmt: skip
