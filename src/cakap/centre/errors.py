from __future__ import annotations

from cakap.errors import Refused


class NotIndependent(Refused):
    """Asesor tidak boleh menilai diri sendiri atau pegawai dari unit yang sama."""


class NotInMatrix(Refused):
    """Simulasi itu tidak mengukur kompetensi tersebut menurut matriks."""


class AlreadyRated(Refused):
    """Penilaian pertama disimpan sebagaimana diberikan dan tidak dapat diganti."""


class RatingsMissing(Refused):
    """Penilaian belum lengkap."""


class AlreadySigned(Refused):
    """Hasil peserta ini sudah ditandatangani dan tidak dapat diubah."""


class BadRating(Refused):
    """Penilaian tidak lengkap atau tidak dikenali."""

    status = 400


class AlreadySubmitted(Refused):
    """Penilaian peserta ini sudah Anda serahkan; buka kembali dengan alasan untuk mengubahnya."""


class MeetingNotOpen(Refused):
    """Rapat asesor belum dibuka; penilaian asesor lain belum dapat dibaca."""


class MeetingOpened(Refused):
    """Rapat asesor sudah dibuka; penilaian dan susunan asesor tidak dapat diubah lagi."""


class AssignmentWithdrawn(Refused):
    """Penugasan asesor ini sudah ditarik."""


class ReasonMissing(Refused):
    """Alasan wajib diisi."""

    status = 400


class MatrixInUse(Refused):
    """Sudah ada asesor yang menyerahkan penilaian; matriks tidak dapat ditambah lagi."""


class NoSuchRating(Refused):
    """Penilaian ini tidak ada di antara penilaian Anda untuk peserta ini."""
