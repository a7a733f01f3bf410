"""Items as rows of a CSV or XLSX: code, kind, dimension, stem, then pairs of option and value."""

from __future__ import annotations

from cakap.itembank.content import CATEGORIES, Draft, refuse_incomplete
from cakap.itembank.errors import BadItem
from cakap.itembank.models import Item
from cakap.registry.imports.tables import Table

LETTERS = "abcde"
HEADERS = (
    "kode", "jenis", "dimensi", "soal",
    *(name for letter in LETTERS for name in (f"pilihan_{letter}", f"nilai_{letter}")),
)  # fmt: skip
# Situational and Likert options are written 1 to 5 in a file, right or wrong as 1 or 0.
LOWEST = {Item.Kind.SINGLE: 0, Item.Kind.GRADED: 1, Item.Kind.LIKERT: 1}


def drafts_from(table: Table) -> list[Draft]:
    """The items of a table; the first wrong cell is named and nothing is returned."""
    missing = [header for header in HEADERS[:8] if header not in table.headers]
    if missing:
        message = f"{table.file}, baris 1: diharapkan kolom {missing[0]}; tidak ditemukan."
        raise BadItem(message)
    table.refuse_long_numbers(HEADERS)
    drafts = []
    for row, *cells in zip(table.row_numbers, *table.columns, strict=True):
        values = dict(zip(table.headers, cells, strict=True))
        try:
            draft = _draft(values)
            refuse_incomplete(draft)
        except (BadItem, ValueError) as exc:
            message = f"{table.file}, baris {row}: {exc}"
            raise BadItem(message) from exc
        drafts.append(draft)
    return drafts


def _draft(values: dict[str, str]) -> Draft:
    kind = values["jenis"]
    if kind not in CATEGORIES:
        message = f"kolom jenis: diharapkan {', '.join(CATEGORIES)}; ditemukan {kind or 'kosong'}."
        raise ValueError(message)
    given = [letter for letter in LETTERS if values.get(f"pilihan_{letter}")]
    lowest = LOWEST[Item.Kind(kind)]
    scores = {}
    for letter in given:
        text = values.get(f"nilai_{letter}", "")
        if not text.isdigit():
            message = f"kolom nilai_{letter}: diharapkan bilangan; ditemukan {text or 'kosong'}."
            raise ValueError(message)
        scores[letter] = int(text) - lowest
    return Draft(
        code=values["kode"],
        kind=kind,
        dimension=values["dimensi"],
        stem=values["soal"],
        options={letter: values[f"pilihan_{letter}"] for letter in given},
        scores=scores,
    )
