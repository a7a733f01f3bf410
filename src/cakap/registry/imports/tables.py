"""Reads CSV and XLSX into columns of text; what cannot be read is refused in one sentence."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import fastexcel

from cakap.registry.errors import UnreadableFile
from cakap.registry.imports.long_numbers import ADVICE, LongNumbers, is_scientific, long_numbers_of

SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A file's first sheet: headers as written and, under each, one text a row.

    `rows` are the numbers of the rows as a spreadsheet or editor counts them, empty where they follow
    the header without a gap. `long_numbers`: column -> row -> what is written there, for cells that have
    lost digits. Only a reader that uses such a column refuses it.
    """

    file: str
    headers: tuple[str, ...]
    columns: tuple[Sequence[str], ...]
    sheet: str = ""
    rows: tuple[int, ...] = ()
    long_numbers: Mapping[int, Mapping[int, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    @property
    def row_numbers(self) -> Sequence[int]:
        """The number of each row."""
        return self.rows or range(2, len(self) + 2)

    def as_found(self, text: str) -> str:
        """A cell's text with the sheet that it stands on."""
        return f"{text} (lembar {self.sheet})" if self.sheet else text

    def refuse_long_numbers(self, headers: Iterable[str]) -> None:
        """Raise UnreadableFile where a column of these headers has numbers beyond 15 digits."""
        wanted = set(headers)
        cells = [
            f"baris {row}, kolom {self.headers[column]}: {text}"
            for column in sorted(self.long_numbers)
            if self.headers[column] in wanted
            for row, text in sorted(self.long_numbers[column].items())
        ]
        if not cells:
            return
        sheet = f", lembar {self.sheet}" if self.sheet else ""
        more = f"; dan {len(cells) - SHOWN} sel lain" if len(cells) > SHOWN else ""
        message = (
            f"{self.file}{sheet}: diharapkan {ADVICE}; ditemukan {'; '.join(cells[:SHOWN])}{more}. "
            "Tidak ada yang diubah."
        )
        raise UnreadableFile(message)


def normal(header: str) -> str:
    """Headers are the same when they differ in case, spaces and punctuation only."""
    return re.sub(r"[^a-z0-9]", "", header.lower())


def read_table(file: str, content: bytes) -> Table:
    """The table in a .csv or .xlsx file."""
    suffix = Path(file).suffix.lower()
    if suffix == ".xlsx":
        return _read_xlsx(file, content)
    if suffix == ".csv":
        return _read_csv(file, content)
    message = f"{file}: diharapkan berkas .csv atau .xlsx; ditemukan {suffix or 'tanpa akhiran'}."
    raise UnreadableFile(message)


def _read_csv(file: str, content: bytes) -> Table:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        row = content[: exc.start].count(b"\n") + 1
        message = (
            f"{file}, baris {row}: diharapkan pengodean UTF-8; ditemukan bita "
            f"0x{content[exc.start]:02x}. Simpan ulang sebagai CSV UTF-8."
        )
        raise UnreadableFile(message) from exc
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as exc:
        message = f"{file}: susunan CSV rusak ({exc}); periksa tanda kutip."
        raise UnreadableFile(message) from exc
    return _as_table(file, [(number, row) for number, row in rows if any(row)])


def _read_xlsx(file: str, content: bytes) -> Table:
    try:
        sheet = fastexcel.read_excel(content).load_sheet(0, header_row=None, dtypes="string")
        columns = [column.to_list() for column in sheet.to_polars().get_columns()]
        found = long_numbers_of(content)
    except Exception as exc:
        message = f"{file}: bukan berkas XLSX yang dapat dibaca."
        raise UnreadableFile(message) from exc
    place = _place(columns, found)
    if place is None:
        cell = found.cells[0]
        where = f"{file}, lembar {found.sheet}, baris {cell.row}"
        message = f"{where}: diharapkan {ADVICE}; ditemukan {cell.found}."
        raise UnreadableFile(message)
    first_row, first_column = place
    shortened = {(one.row, one.column - first_column): one.found for one in found.cells}
    rows = enumerate(zip(*columns, strict=True), start=first_row)
    cells = [(number, [cell or "" for cell in row]) for number, row in rows]
    return _as_table(
        file, [(number, row) for number, row in cells if any(row)], found.sheet, shortened
    )


def _place(columns: Sequence[Sequence[str | None]], found: LongNumbers) -> tuple[int, int] | None:
    """The sheet's row and column of the first cell that was read; None where no place fits.

    Two readers look at one sheet and may not agree on where it begins, after formulas without a stored
    value or cells that were only formatted. The numbers that lost digits stand in both and settle it.
    """

    def fits(place: tuple[int, int]) -> bool:
        return all(
            _same_number(columns, one.row - place[0], one.column - place[1], one.found)
            for one in found.cells
        )

    first = (found.first_row, found.first_column)
    if fits(first):
        return first
    top, left = (min(one.row for one in found.cells), min(one.column for one in found.cells))
    others = ((row, column) for row in range(1, top + 1) for column in range(left + 1))
    fitting = list(islice(filter(fits, others), 2))
    return fitting[0] if len(fitting) == 1 else None


def _same_number(
    columns: Sequence[Sequence[str | None]], down: int, across: int, written: str
) -> bool:
    """Whether the cell that was read there is the number that is written there."""
    if not (0 <= across < len(columns) and 0 <= down < len(columns[across])):
        return False
    try:
        return math.isclose(float(columns[across][down] or ""), float(written), rel_tol=1e-12)
    except ValueError:
        return False


def _as_table(
    file: str,
    numbered: list[tuple[int, list[str]]],
    sheet: str = "",
    shortened: Mapping[tuple[int, int], str] = MappingProxyType({}),
) -> Table:
    if not numbered:
        message = f"{file}: berkas kosong; diharapkan baris judul kolom dan isinya."
        raise UnreadableFile(message)
    numbers, rows = [number for number, _ in numbered], [row for _, row in numbered]
    headers = tuple(cell.strip() for cell in rows[0])
    twice = next((h for i, h in enumerate(headers) if h and h in headers[:i]), None)
    if twice:
        message = f"{file}, baris {numbers[0]}: kolom {twice!r} tertulis dua kali."
        raise UnreadableFile(message)
    for number, row in numbered[1:]:
        if len(row) != len(headers):
            message = (
                f"{file}, baris {number}: diharapkan {len(headers)} kolom; ditemukan {len(row)}."
            )
            raise UnreadableFile(message)
    body = [[cell.strip() for cell in row] for row in rows[1:]]
    columns = tuple(zip(*body, strict=True)) if body else tuple(() for _ in headers)
    return Table(
        file=file, headers=headers, columns=columns, rows=tuple(numbers[1:]),
        sheet=sheet, long_numbers=_long_numbers(columns, numbers[1:], shortened),
    )  # fmt: skip


def _long_numbers(
    columns: Sequence[Sequence[str]],
    numbers: Sequence[int],
    shortened: Mapping[tuple[int, int], str],
) -> dict[int, dict[int, str]]:
    """Column -> row -> text of the cells that lost digits: numbers of a sheet, and scientific notation."""
    cells: dict[int, dict[int, str]] = {}
    for (row, place), text in shortened.items():
        if numbers and row >= numbers[0]:
            cells.setdefault(place, {})[row] = text
    for place, column in enumerate(columns):
        for number, cell in zip(numbers, column, strict=True):
            if ("E" in cell or "e" in cell) and is_scientific(cell):
                cells.setdefault(place, {}).setdefault(number, cell)
    return cells
