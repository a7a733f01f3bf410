from __future__ import annotations

from cakap.errors import Refused


class SessionFull(Refused):
    """Semua kursi sesi ini sudah terisi."""


class TooManyAbsent(Refused):
    """Terlalu banyak pegawai satu unit akan meninggalkan tempat pada waktu yang sama."""


class WrongState(Refused):
    """Tindakan ini tidak sesuai dengan keadaan sesi atau program sekarang."""


class NotInAgency(Refused):
    """Pegawai itu tidak terdaftar pada instansi pemrakarsa program."""

    status = 400


class FromCentre(Refused):
    """Program ini dimuat dari pusat: peserta, sesi, kursi baru dan penyesuaian diubah di pusat, lalu paketnya
    dimuat lagi di sini. Waktu tambahan diberikan di papan pengawas."""


class OutsideProgramme(Refused):
    """Waktu sesi berada di luar tanggal program."""

    status = 400
