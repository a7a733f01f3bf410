"""Finds numbers that a spreadsheet has shortened to 15 digits: a NIP among them is another NIP now."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

LIMIT = 10**15  # the least number that has 16 digits
ADVICE = (
    "teks (sebagai bilangan hanya 15 angka pertama yang tersimpan, jadi NIP berubah; beri kolom itu "
    "format Teks lalu ketik ulang isinya, atau awali isinya dengan tanda petik tunggal ')"
)
SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+?\d{1,3}")
_MAYBE_LONG = re.compile(rb"v>\s*[+-]?(?:\d{16}|\d+(?:\.\d+)?[eE]\+?\d)")
# The first cell with a value: one that is only formatted, or a formula without a stored value, is none.
_FIRST_FILLED = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\br="[A-Z]+(\d+)"[^>]*(?<!/)>'
    rb"(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?[vt](?:\s[^>]*)?(?<!/)>[^<]",
    re.DOTALL,
)
_REFERENCE = re.compile(r"([A-Z]+)(\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class LongNumber:
    """A cell with such a number: its row and column (A is 0) as the sheet counts them."""

    row: int
    column: int
    found: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LongNumbers:
    """All such cells of a sheet, and the row and column at which its content begins."""

    sheet: str
    first_row: int
    first_column: int
    cells: tuple[LongNumber, ...]


def is_scientific(cell: str) -> bool:
    """Whether a text is a number beyond 15 digits in scientific notation, such as 1.98609E+17."""
    text = cell.strip()
    if not SCIENTIFIC.fullmatch(text):
        return False
    return abs(float(text.replace(",", "."))) >= LIMIT


def long_numbers_of(content: bytes) -> LongNumbers:
    """The numbers beyond 15 digits in the first sheet of an XLSX; text is none, however long.

    Raises KeyError, zipfile.BadZipFile or lxml.etree.XMLSyntaxError where the file is no XLSX.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet, path = _first_sheet(archive)
        xml = archive.read(path)
    if not _MAYBE_LONG.search(xml):
        first = _FIRST_FILLED.search(xml)
        row = int(first[1]) if first else 1
        return LongNumbers(sheet=sheet, first_row=row, first_column=0, cells=())
    filled = list(_filled_cells(xml))
    return LongNumbers(
        sheet=sheet, first_row=min((row for row, _, _, _ in filled), default=1),
        first_column=min((column for _, column, _, _ in filled), default=0),
        cells=tuple(
            LongNumber(row=row, column=column, found=text)
            for row, column, is_number, text in filled
            if is_number and _is_long(text)
        ),
    )  # fmt: skip


def _first_sheet(archive: zipfile.ZipFile) -> tuple[str, str]:
    """Name of the first sheet and the path of its part."""
    workbook = etree.fromstring(archive.read("xl/workbook.xml"), _parser())
    first = next(workbook.iter("{*}sheet"))
    links = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), _parser())
    key = next(value for name, value in first.attrib.items() if etree.QName(name).localname == "id")
    target = next(link.get("Target", "") for link in links if link.get("Id") == key)
    path = posixpath.normpath(posixpath.join("xl", target))
    return first.get("name", ""), path.lstrip("/")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True)


def _filled_cells(xml: bytes) -> Iterator[tuple[int, int, bool, str]]:
    """Row, column (A is 0), whether it is a number, and the text of each cell that has a value."""
    row, column = 0, -1
    events = etree.iterparse(
        io.BytesIO(xml), events=("start", "end"), tag=("{*}row", "{*}c"),
        resolve_entities=False, no_network=True,
    )  # fmt: skip
    for event, element in events:
        name = etree.QName(element).localname
        if event == "start" and name == "row":
            row, column = int(element.get("r") or row + 1), -1
        elif event == "end" and name == "c":
            place = _REFERENCE.fullmatch(element.get("r") or "")
            column = _column(place[1]) if place else column + 1
            value = (element.findtext("{*}v") or "").strip()
            if value or any(text.text for text in element.iterfind("{*}is//{*}t")):
                yield row, column, bool(value) and element.get("t", "n") == "n", value
        elif event == "end":
            element.clear()


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _is_long(text: str) -> bool:
    try:
        return abs(float(text)) >= LIMIT
    except ValueError:
        return False
