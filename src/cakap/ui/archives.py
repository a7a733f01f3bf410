"""Zip files that people send, opened so that no bomb goes off here."""

from __future__ import annotations

import io
import zipfile
from posixpath import normpath

from cakap.errors import Refused

LARGEST, MOST_FILES = 50 * 2**20, 5000


class BadArchive(Refused):
    """Berkas zip tidak dapat dibaca."""

    status = 400


class Archive:
    """The entries of a zip, by name. Every refusal is one sentence with the file in it."""

    refusal: type[Refused] = BadArchive
    expected = "zip"

    def __init__(self, file: str, content: bytes) -> None:
        self.file = file
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except zipfile.BadZipFile as exc:
            message = f"{file}: diharapkan {self.expected}; berkas ini bukan zip."
            raise self.refusal(message) from exc
        entries = self._zip.infolist()
        if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > LARGEST:
            message = f"{file}: isi zip melebihi {LARGEST // 2**20} MiB atau {MOST_FILES} berkas."
            raise self.refusal(message)
        self._left = LARGEST

    def names(self) -> list[str]:
        """The files in it."""
        return [entry.filename for entry in self._zip.infolist() if not entry.is_dir()]

    def read(self, name: str) -> bytes:
        """The content of an entry. What it really unpacks to counts, not what the zip says."""
        try:
            with self._zip.open(normpath(name)) as entry:
                content = entry.read(self._left + 1)
        except KeyError as exc:
            message = f"{self.file}: diharapkan berkas {name} di dalam zip; tidak ditemukan."
            raise self.refusal(message) from exc
        except (zipfile.BadZipFile, RuntimeError, EOFError, NotImplementedError) as exc:
            message = f"{self.file}/{name}: isi zip rusak atau terkunci."
            raise self.refusal(message) from exc
        self._left -= len(content)
        if self._left < 0:
            message = f"{self.file}: isi zip melebihi {LARGEST // 2**20} MiB."
            raise self.refusal(message)
        return content
