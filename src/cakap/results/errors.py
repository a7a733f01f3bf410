from __future__ import annotations

from cakap.errors import Refused


class NothingToPublish(Refused):
    """Belum ada hasil yang dapat diterbitkan; sebabnya tiap peserta ada di halaman hasil program."""


class NoStandard(Refused):
    """Jabatan itu belum memiliki standar kompetensi yang ditetapkan."""


class RecordsMissing(Refused):
    """Catatan jawaban suatu sesi belum lengkap; hasil tidak diterbitkan."""
