"""Tables as files that people download: CSV and XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from django.http import HttpResponse

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "zip": "application/zip",
    "seb": "application/seb",
    "cakap": "application/octet-stream",
}


# What each kind of picture, sound and film begins with: the name's ending alone is not believed.
BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF8",),
    "image/webp": (b"RIFF",),
    "audio/mpeg": (b"ID3", b"\xff\xfb", b"\xff\xf3"),
    "audio/ogg": (b"OggS",),
    "audio/wav": (b"RIFF",),
    "video/webm": (b"\x1a\x45\xdf\xa3",),
    "video/mp4": (b"\x00\x00\x00",),
}


def as_csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as CSV in UTF-8, with the mark that makes spreadsheets read it as such."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headers)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as a workbook of text cells, so that no NIP turns into a number."""
    # Here: every server reads this module in, few write a workbook.
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("data")
    sheet.append(list(headers))
    for row in rows:
        sheet.append([_plain(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


WRITERS = {"csv": as_csv, "xlsx": as_xlsx}


def _plain(cell: object) -> str:
    """A cell as text that no spreadsheet takes for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in {"=", "+", "@"} or text[:2] == "-=" else text


def shown_file(content: bytes | memoryview, media_type: str) -> HttpResponse:
    """A picture or recording inside a page. It can run nothing, and a browser may keep it."""
    response = HttpResponse(bytes(content), content_type=media_type)
    response["Cache-Control"] = "private, max-age=86400, immutable"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def download(content: bytes, name: str) -> HttpResponse:
    """The content as a file to keep, its type told by the name's ending."""
    response = HttpResponse(content, content_type=TYPES[name.rpartition(".")[2]])
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
