"""Files between upload and confirmation, kept under their own digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings

from cakap.registry.errors import UnreadableFile


def keep_upload(content: bytes) -> str:
    """Keep the content; its digest is its name."""
    name = hashlib.sha256(content).hexdigest()
    folder = Path(settings.MEDIA_ROOT) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return name


def kept_upload(name: str) -> bytes:
    """What was kept under a digest; the name is checked, so no other file can be asked for."""
    path = Path(settings.MEDIA_ROOT) / "uploads" / name
    if len(name) != 64 or not set(name) <= set("0123456789abcdef") or not path.exists():
        message = "Unggahan tidak ditemukan lagi; unggah berkasnya sekali lagi."
        raise UnreadableFile(message)
    return path.read_bytes()
