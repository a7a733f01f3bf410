from __future__ import annotations

from cakap.errors import Refused


class NobodyToMap(Refused):
    """Belum ada pegawai dengan hasil penilaian yang berlaku dan predikat kinerja."""
