from __future__ import annotations

from cakap.errors import Refused


class BadAgency(Refused):
    """Data instansi ini tidak dapat dipakai."""

    status = 400


class AddressTaken(Refused):
    """Surel itu sudah dipakai akun lain."""


class LastAdministrator(Refused):
    """Instansi memerlukan sedikitnya satu administrator; beri dahulu peran itu kepada orang lain."""
