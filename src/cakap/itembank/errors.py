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


class NotReviewed(Refused):
    """Formulir ini memuat butir yang belum melewati tinjauan."""

    status = 409


class BadMove(Refused):
    """Butir tidak dapat berpindah ke keadaan itu, atau alasannya belum ditulis."""

    status = 409


class NotCalibrated(Refused):
    """Butir ini belum mempunyai parameter yang berlaku. Kalibrasi dan tetapkan parameternya dahulu."""

    status = 409
