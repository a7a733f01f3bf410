from __future__ import annotations

from cakap.errors import Refused


class NothingToPublish(Refused):
    """Tidak ada peserta dengan skor yang lengkap; hasil belum dapat diterbitkan."""


class NoStandard(Refused):
    """Jabatan itu belum memiliki standar kompetensi yang ditetapkan."""


class RecordsMissing(Refused):
    """Catatan jawaban suatu sesi belum lengkap; hasil tidak diterbitkan."""
