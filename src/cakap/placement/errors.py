from __future__ import annotations

from cakap.errors import Refused


class NobodyToPlace(Refused):
    """Belum ada peserta dengan hasil yang berlaku dan jabatan berstandar untuk disusun rencananya."""


class PlanIsDecided(Refused):
    """Rencana ini sudah diputuskan dan tidak dapat diubah."""


class PlanIsStale(Refused):
    """Keadaan jabatan telah berubah sejak rencana disusun; susun rencana baru."""
