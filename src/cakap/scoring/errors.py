from __future__ import annotations

from cakap.errors import Refused


class NothingToScore(Refused):
    """Belum ada peserta yang selesai; tidak ada yang dapat diskor."""
