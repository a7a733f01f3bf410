"""How one entry is bound to the entry before it; plain functions, no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

START = "0" * 64


def canonical(value: object) -> str:
    """JSON that is the same text for the same content."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def digest(content: object) -> str:
    """SHA-256, in hex, of any JSON-like content."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def link(*, previous: str, seq: int, at: datetime, act: Mapping[str, object]) -> str:
    """The digest of an entry: changing any field, or any entry before it, changes this."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return digest({"previous": previous, "seq": seq, "at": moment, **act})
