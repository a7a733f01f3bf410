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


class OutsideProgramme(Refused):
    """Waktu sesi berada di luar tanggal program."""

    status = 400
