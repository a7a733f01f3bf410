"""What an item consists of, checked; markup is cleaned before anything else sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nh3

from cakap.itembank.errors import BadItem
from cakap.itembank.responses import (
    IDENTIFIER,
    NUMBERS,
    ONE_OF,
    ORDERS,
    PAIRS,
    WORDS,
    Asked,
    Kind,
    answerable,
)

TAGS = {
    "p", "br", "strong", "em", "u", "sub", "sup", "ul", "ol", "li", "span", "div",
    "table", "caption", "thead", "tbody", "tr", "th", "td",
    "svg", "g", "path", "circle", "rect", "polygon", "line", "text", "title",
    "img", "figure", "figcaption", "audio", "video", "blockquote", "h3", "h4", "code", "pre", "hr",
    "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle",
    "mpadded", "mphantom", "merror", "menclose", "msub", "msup", "msubsup", "munder", "mover",
    "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd",
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
    # A gap of the text: what is chosen or dropped there is a row of the item's layout.
    "span": {"data-gap"},
    "img": {"src", "alt", "width", "height"},
    "audio": {"src", "controls"},
    "video": {"src", "controls", "width", "height"},
    "math": {"display", "alttext"},
    "mo": {"stretchy", "fence", "separator", "lspace", "rspace"},
    "mi": {"mathvariant"},
    "mfrac": {"linethickness"},
    "mspace": {"width"},
    "mtable": {"columnalign"},
    "mtd": {"columnalign", "columnspan", "rowspan"},
    "menclose": {"notation"},
}
FILE = "berkas:"
# Highest category of kinds whose options are written with values (rows of a file, mappings of QTI).
CATEGORIES = {Kind.SINGLE: 2, Kind.GRADED: 5, Kind.LIKERT: 5}


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """An item as written. options: id -> markup in their order (a hot spot's shape is in the layout);
    scores: its key (itembank.marking); stimulus: the code of what it is about."""

    code: str
    kind: str
    dimension: str
    stem: str
    options: Mapping[str, str]
    scores: Mapping[str, Any]
    layout: Mapping[str, Any] = field(default_factory=dict)
    stimulus: str = ""

    @property
    def asked(self) -> Asked:
        """What a response to it can be."""
        return Asked(kind=self.kind, options=list(self.options), layout=self.layout)


def clean(markup: str) -> str:
    """The markup with only the tags and attributes that an item may have; no script survives.

    Files are the bank's own: a source elsewhere is dropped.
    """
    return nh3.clean(
        markup,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={FILE.rstrip(":")},
        attribute_filter=_own_files_only,
    )


def _own_files_only(_tag: str, name: str, value: str) -> str | None:
    if name == "src" and not value.startswith(FILE):
        return None
    return value


def placed(markup: str, where: str) -> str:
    """Markup, or the name of a file, with the bank's files at an address."""
    moved = markup.replace(f'"{FILE}', f'"{where}')
    return where + moved.removeprefix(FILE) if moved.startswith(FILE) else moved


def cleaned_layout(layout: Mapping[str, Any]) -> dict[str, Any]:
    """The layout with the markup of its rows cleaned."""
    rows = [
        {
            **row,
            "text": clean(row.get("text", "")),
            **(
                {"options": [{**one, "text": clean(one["text"])} for one in row["options"]]}
                if "options" in row
                else {}
            ),
        }
        for row in layout.get("rows", [])
    ]
    return {**layout, **({"rows": rows} if rows else {})}


def refuse_incomplete(draft: Draft) -> None:
    """A draft must ask something, offer what its kind needs, and say what a response is worth."""
    if draft.kind not in Kind.values:
        faults = {f"jenis {draft.kind} tidak dikenal": True}
    else:
        faults = {
            "kode kosong": not draft.code,
            "dimensi kosong": not draft.dimension,
            "pokok soal kosong": not draft.stem.strip(),
            **_faults_of_choices(draft),
            **_faults_of_layout(draft),
        }
    fault = next((name for name, found in faults.items() if found), None) or _fault_of_key(draft)
    if fault:
        message = f"Butir {draft.code or '(tanpa kode)'}: {fault}."
        raise BadItem(message)


def _faults_of_choices(draft: Draft) -> dict[str, bool]:
    kind, texts = draft.kind, list(draft.options.values())
    if kind in NUMBERS | WORDS | {Kind.INLINE}:
        return {"jenis ini tidak memiliki pilihan": bool(texts)}
    fewest = 1 if kind in {Kind.HOTSPOT, Kind.GAP} else 2
    return {
        "pilihan kurang dari dua": len(texts) < fewest,
        "ada pilihan kosong": kind != Kind.HOTSPOT and not all(text.strip() for text in texts),
        "penanda pilihan hanya huruf, angka, titik, garis bawah": not _are_identifiers(
            draft.options
        ),
    }


def _faults_of_layout(draft: Draft) -> dict[str, bool]:
    layout, rows = draft.layout, draft.layout.get("rows", [])
    if draft.kind in PAIRS:
        ids = [row.get("id", "") for row in rows]
        gaps = draft.kind in {Kind.GAP, Kind.INLINE}
        return {
            "baris atau rumpang kosong": not rows,
            "penanda baris tidak sah atau berulang": len(set(ids)) < len(ids)
            or not _are_identifiers(ids),
            "rumpang tidak ada dalam pokok soal": gaps
            and any(f'data-gap="{one}"' not in draft.stem for one in ids),
            "ada rumpang dengan pilihan kurang dari dua": draft.kind == Kind.INLINE
            and any(len(row.get("options", [])) < 2 for row in rows),
        }
    if draft.kind == Kind.SLIDER:
        lower, upper = layout.get("lower"), layout.get("upper")
        return {
            "penggeser memerlukan batas bawah, batas atas dan langkah": not (
                isinstance(lower, (int, float))
                and isinstance(upper, (int, float))
                and lower < upper
                and layout.get("step", 1) > 0
            )
        }
    if draft.kind == Kind.HOTSPOT:
        shapes = layout.get("shapes", {})
        return {
            "gambar titik tidak ada": not str(layout.get("image", "")).startswith(FILE),
            "ada titik tanpa bentuk": set(shapes) != set(draft.options),
        }
    return {}


def _are_identifiers(names: Mapping[str, str] | Sequence[str]) -> bool:
    return all(IDENTIFIER.match(name) for name in names)


def _fault_of_key(draft: Draft) -> str:
    kind, key = draft.kind, draft.scores
    if kind in ONE_OF:
        return _fault_of_values(draft)
    if not key or kind in {Kind.RANK, Kind.ESSAY}:
        return "" if kind in ORDERS | NUMBERS | WORDS | PAIRS and not key else _needless(kind)
    if kind in NUMBERS:
        sound = isinstance(key.get("value"), (int, float)) and key.get("tolerance", 0) >= 0
        return "" if sound else "kunci memerlukan value dan tolerance"
    if kind == Kind.TEXT:
        accepted = key.get("accepted")
        words = accepted if isinstance(accepted, list) else []
        sound = bool(words) and all(isinstance(one, str) and one.strip() for one in words)
        return "" if sound else "kunci memerlukan sedikitnya satu jawaban yang diterima"
    return _fault_of_correct(draft)


def _needless(kind: str) -> str:
    return "kunci kosong" if kind == Kind.MULTIPLE else "jenis ini tidak memiliki kunci"


def _fault_of_values(draft: Draft) -> str:
    values, top = set(draft.scores.values()), CATEGORIES.get(Kind(draft.kind), 2) - 1
    if set(draft.scores) != set(draft.options):
        return "kunci tidak menilai setiap pilihan"
    if not values <= set(range(top + 1)):
        return f"nilai kunci di luar 0–{top}"
    right = sum(draft.scores.values())
    if draft.kind in {Kind.SINGLE, Kind.HOTSPOT} and right != 1:
        return "pilihan tunggal harus memiliki tepat satu jawaban benar"
    return ""


def _fault_of_correct(draft: Draft) -> str:
    correct = draft.scores.get("correct")
    if draft.scores.get("rule", "all") not in {"all", "each"} or not correct:
        return "kunci memerlukan correct dan rule (all atau each)"
    if draft.kind in PAIRS:
        response = " ".join(f"{row}:{correct[row]}" for row in draft.asked.rows if row in correct)
        whole = isinstance(correct, dict) and set(correct) <= set(draft.asked.rows)
    else:
        ordered = correct if draft.kind in ORDERS else [o for o in draft.options if o in correct]
        response, whole = " ".join(ordered), len(ordered) == len(correct)
    return "" if whole and answerable(draft.asked)(response) else "kunci menyebut yang tidak ada"
