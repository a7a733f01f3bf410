from __future__ import annotations

from cakap.errors import Refused


class NoSuchSeat(Refused):
    """NIP atau PIN sesi tidak cocok, atau sesi belum dibuka. Hubungi pengawas ruang."""

    status = 403


class NotSignedIn(Refused):
    """Anda belum masuk ke ujian di perangkat ini. Masuklah dengan NIP dan PIN sesi."""

    status = 401


class OtherDevice(Refused):
    """Ujian ini sedang dikerjakan di perangkat lain. Masuklah lagi untuk melanjutkannya di sini."""


class NotBegun(Refused):
    """Ujian belum dimulai."""


class TimeIsUp(Refused):
    """Waktu ujian sudah habis atau ujian sudah diselesaikan."""


class BadEvent(Refused):
    """Jawaban tidak dikenali."""

    status = 400


class AnswerConflict(Refused):
    """Jawaban lain sudah tersimpan dengan nomor urut yang sama."""


class AnswersMissing(Refused):
    """Sebagian jawaban belum sampai ke server; ujian belum diselesaikan."""


class TooManyTries(Refused):
    """Terlalu banyak percobaan. Tunggu lima menit atau hubungi pengawas ruang."""

    status = 429
