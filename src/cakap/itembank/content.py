"""What an item consists of, checked; markup is cleaned before anything else sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import nh3

from cakap.itembank.errors import BadItem
from cakap.itembank.models import Item

TAGS = {
    "p", "br", "strong", "em", "u", "sub", "sup", "ul", "ol", "li", "span", "div",
    "table", "caption", "thead", "tbody", "tr", "th", "td",
    "svg", "g", "path", "circle", "rect", "polygon", "line", "text", "title",
}  # fmt: skip
ATTRIBUTES = {
    "svg": {"viewbox", "viewBox", "width", "height", "role", "aria-label", "class"},
    "g": {"transform", "fill", "stroke", "stroke-width"},
    "path": {"d", "fill", "stroke", "stroke-width", "transform"},
    "circle": {"cx", "cy", "r", "fill", "stroke", "stroke-width"},
    "rect": {"x", "y", "width", "height", "fill", "stroke", "stroke-width", "transform"},
    "polygon": {"points", "fill", "stroke", "stroke-width", "transform"},
    "line": {"x1", "y1", "x2", "y2", "stroke", "stroke-width"},
    "text": {"x", "y", "font-size", "text-anchor"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "table": {"class"},
}
CATEGORIES = {Item.Kind.SINGLE: 2, Item.Kind.GRADED: 5, Item.Kind.LIKERT: 5}


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An item as written: options by id in their order, and the category each is worth, from 0."""

    code: str
    kind: str
    dimension: str
    stem: str
    options: Mapping[str, str]
    scores: Mapping[str, int]


def clean(markup: str) -> str:
    """The markup with only the tags and attributes that an item may have; no script survives."""
    return nh3.clean(markup, tags=TAGS, attributes=ATTRIBUTES)


def refuse_incomplete(draft: Draft) -> None:
    """A draft must ask something, offer a choice, and say what each option is worth."""
    top = CATEGORIES[Item.Kind(draft.kind)] - 1
    values = set(draft.scores.values())
    wrong = {
        "kode kosong": not draft.code,
        "dimensi kosong": not draft.dimension,
        "pokok soal kosong": not draft.stem.strip(),
        "pilihan kurang dari dua": len(draft.options) < 2,
        "ada pilihan kosong": not all(text.strip() for text in draft.options.values()),
        "kunci tidak menilai setiap pilihan": set(draft.scores) != set(draft.options),
        f"nilai kunci di luar 0–{top}": not values <= set(range(top + 1)),
        "pilihan tunggal harus memiliki tepat satu jawaban benar": (
            draft.kind == Item.Kind.SINGLE and sum(draft.scores.values()) != 1
        ),
    }
    fault = next((name for name, found in wrong.items() if found), None)
    if fault:
        message = f"Butir {draft.code or '(tanpa kode)'}: {fault}."
        raise BadItem(message)
