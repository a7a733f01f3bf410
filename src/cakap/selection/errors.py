from __future__ import annotations

from cakap.errors import Refused


class NotVacant(Refused):
    """Jabatan itu tidak kosong."""


class StageAheadOpen(Refused):
    """Tahap sebelumnya belum ditutup; jabatan ini diisi sesudahnya."""


class WrongStage(Refused):
    """Tindakan ini tidak sesuai dengan keadaan seleksi sekarang."""


class TooFewCandidates(Refused):
    """Pelamar yang memenuhi syarat terlalu sedikit."""


class ScoresMissing(Refused):
    """Nilai tahap seleksi belum lengkap."""


class NotTyped(Refused):
    """Nilai tahap ini dibaca dari hasil penilaian kompetensi yang berlaku; tidak dapat diketik."""

    status = 400


class BadScore(Refused):
    """Nilai tahap harus 0 sampai 100."""

    status = 400


class NotNominated(Refused):
    """Hanya nama yang diajukan dapat dipilih."""


class ReasonMissing(Refused):
    """Alasan dan nomor keputusan wajib diisi."""

    status = 400
