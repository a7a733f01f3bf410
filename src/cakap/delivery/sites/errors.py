from __future__ import annotations

from cakap.errors import Refused


class BadCard(Refused):
    """Kartu situs tidak dikenali; salinlah satu baris utuh dari perintah: cakap site card."""

    status = 400


class NotSigned(Refused):
    """Tanda tangan berkas ini tidak cocok dengan kartu yang dikenal; berkas tidak diterima."""

    status = 403


class BadEnvelope(Refused):
    """Berkas ini rusak, terpotong, atau bukan untuk instalasi ini."""

    status = 400


class NotForSites(Refused):
    """Sesi ini tidak dapat dibawa ke situs."""


class AtASite(Refused):
    """Sesi ini dibawa ke situs dan dilaksanakan di sana; apa yang terjadi padanya diputuskan di situs itu."""


class UnknownSite(Refused):
    """Situs atau sesi ini tidak dikenal di pusat."""

    status = 403


class Withdrawn(Refused):
    """Paket sesi ini telah ditarik oleh pusat; situs ini tidak melaksanakannya lagi."""

    status = 410


class Taken(Refused):
    """Ruang sesi ini pada waktu barunya sudah dipakai sesi lain di pusat; ubahlah jadwal di sana dahulu."""


class BadDecision(Refused):
    """Keputusan ini memerlukan alasan dan petugas kedua."""

    status = 400


class OlderPackage(Refused):
    """Paket ini lebih lama daripada yang sudah dimuat di situs ini."""
