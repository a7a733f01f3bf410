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


class RatingsNotOpen(Refused):
    """Penilaian asesor lain baru terbuka setelah semua asesor menyelesaikan penilaiannya."""


class WrongCell(Refused):
    """Formulir ini tidak menyebut simulasi dan kompetensi dari matriks; muat ulang halaman penilaian."""


class BadRating(Refused):
    """Penilaian tidak lengkap atau tidak dikenali."""

    status = 400
