"""Reads CSV and XLSX into columns of text; what cannot be read is refused in one sentence."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fastexcel

from cakap.registry.errors import UnreadableFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A file's first sheet: headers as written and, under each, one text a row."""

    file: str
    headers: tuple[str, ...]
    columns: tuple[Sequence[str], ...]

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0


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
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as exc:
        message = f"{file}: susunan CSV rusak ({exc}); periksa tanda kutip."
        raise UnreadableFile(message) from exc
    rows = [row for row in rows if any(row)]
    return _as_table(file, rows)


def _read_xlsx(file: str, content: bytes) -> Table:
    try:
        sheet = fastexcel.read_excel(content).load_sheet(0, header_row=None, dtypes="string")
        columns = [column.to_list() for column in sheet.to_polars().get_columns()]
    except Exception as exc:
        message = f"{file}: bukan berkas XLSX yang dapat dibaca."
        raise UnreadableFile(message) from exc
    rows = [[cell or "" for cell in row] for row in zip(*columns, strict=True)]
    return _as_table(file, [row for row in rows if any(row)])


def _as_table(file: str, rows: list[list[str]]) -> Table:
    if not rows:
        message = f"{file}: berkas kosong; diharapkan baris judul kolom dan isinya."
        raise UnreadableFile(message)
    headers = tuple(cell.strip() for cell in rows[0])
    twice = next((h for i, h in enumerate(headers) if h and h in headers[:i]), None)
    if twice:
        message = f"{file}, baris 1: kolom {twice!r} tertulis dua kali."
        raise UnreadableFile(message)
    for place, row in enumerate(rows[1:], start=2):
        if len(row) != len(headers):
            message = (
                f"{file}, baris {place}: diharapkan {len(headers)} kolom; ditemukan {len(row)}."
            )
            raise UnreadableFile(message)
    body = [[cell.strip() for cell in row] for row in rows[1:]]
    columns = tuple(zip(*body, strict=True)) if body else tuple(() for _ in headers)
    return Table(file=file, headers=headers, columns=columns)
