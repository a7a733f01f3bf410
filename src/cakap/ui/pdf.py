"""Documents: a Typst source and its data become a tagged PDF/A, the same bytes for the same data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

HOUSE = Path(__file__).parent / "documents" / "house.typ"


@cache
def _source(path: Path) -> bytes:
    """The house style, then the document: one source, so nothing is read at compile time."""
    return HOUSE.read_bytes() + path.read_bytes()


def document(path: Path, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """Compile the document at `path`; it finds `data` under the same name. Accessible (PDF/UA-1)."""
    content = typst.compile(
        _source(path),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, default=str)},
        pdf_standards=["a-2a", "ua-1"],
        timestamp=made_at.replace(microsecond=0),
    )
    if not isinstance(content, bytes):
        message = f"{path.name}: expected one PDF"
        raise TypeError(message)
    return content
