from __future__ import annotations

from cakap.errors import Refused


class NobodyToPlace(Refused):
    """Belum ada peserta dengan hasil yang berlaku dan jabatan berstandar untuk disusun rencananya."""


class UnknownCriterion(Refused):
    """Bobot kriteria dalam kebijakan tidak dikenal."""


class TermsClash(Refused):
    """Syarat rencana saling bertentangan; tidak ada rencana yang memenuhi semuanya."""


class WrongStep(Refused):
    """Rencana ini belum sampai pada langkah itu."""


class NotYourPlan(Refused):
    """Yang mengusulkan rencana tidak boleh memutuskannya sendiri."""


class NothingToAdvise(Refused):
    """Tidak ada jabatan kosong pada instansi itu yang dapat diisi oleh orang yang dinilai kantor ini."""


class LetterIsSent(Refused):
    """Surat ini sudah dikirim dan tidak dapat diubah."""


class LetterIsAltered(Refused):
    """Isi surat tidak sesuai dengan tanda tangannya."""

    status = 400


class PlanIsDecided(Refused):
    """Rencana ini sudah diputuskan dan tidak dapat diubah."""


class PlanIsStale(Refused):
    """Keadaan jabatan telah berubah sejak rencana disusun; susun rencana baru."""


class UnknownSigner(Refused):
    """Penanda tangan surat ini tidak dikenal di sini; surat tidak dapat dipercaya."""

    status = 403


class BadSigner(Refused):
    """Kunci kantor ini tidak dapat didaftarkan."""

    status = 400
