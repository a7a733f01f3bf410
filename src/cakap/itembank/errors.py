from __future__ import annotations

from cakap.errors import Refused


class ItemInUse(Refused):
    """Butir ini sudah dipakai; buat versi baru alih-alih mengubahnya."""


class FormIsFrozen(Refused):
    """Formulir ini sudah dipakai dalam sesi dan tidak dapat diubah."""


class BadItem(Refused):
    """Butir soal tidak lengkap."""

    status = 400


class BadPackage(Refused):
    """Paket QTI tidak dapat dibaca."""

    status = 400
