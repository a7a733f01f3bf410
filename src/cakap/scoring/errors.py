from __future__ import annotations

from cakap.errors import Refused


class NothingToScore(Refused):
    """Belum ada peserta yang selesai; tidak ada yang dapat diskor."""


class MeasuredTwice(Refused):
    """Sebagian peserta diukur lebih dari satu kali; yang mana yang dihitung belum diputuskan."""


class NothingToCalibrate(Refused):
    """Belum ada jawaban selesai untuk butir dimensi ini; tidak ada yang dapat dikalibrasi."""


class BadAnswers(Refused):
    """Berkas jawaban tidak dapat dibaca."""

    status = 400


class CannotAdopt(Refused):
    """Parameter ini tidak dapat ditetapkan."""

    status = 409
