from __future__ import annotations

from cakap.errors import Refused


class UnreadableFile(Refused):
    """Berkas tidak dapat dibaca."""

    status = 400


class FileHasProblems(Refused):
    """Berkas mengandung kesalahan; tidak ada yang diubah."""

    status = 400


class StandardIsEmpty(Refused):
    """Standar kompetensi tanpa kompetensi tidak dapat ditetapkan."""


class PostIsTaken(Refused):
    """Jabatan itu sudah terisi penuh."""


class BadPortrait(Refused):
    """Foto tidak dapat diterima."""

    status = 400
