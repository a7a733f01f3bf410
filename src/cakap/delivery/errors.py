from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cakap.errors import Refused


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedEvent:
    """One event that was not kept, by its number where it has one; evidence: kept aside for the proctor."""

    seq: int | None
    code: str
    message: str
    status: int
    evidence: bool = False

    @property
    def told(self) -> dict[str, Any]:
        """As the exam page hears it."""
        return {
            "seq": self.seq, "code": self.code, "message": self.message, "evidence": self.evidence,
        }  # fmt: skip


class EventRefusal(Refused):
    """Jawaban ini tidak dapat disimpan."""

    def __init__(self, message: str = "", *, refused: Sequence[RefusedEvent] = ()) -> None:
        super().__init__(message)
        self.refused = tuple(refused)


class NoSuchSeat(Refused):
    """NIP, PIN sesi atau PIN registrasi dari meja pendaftaran tidak cocok, atau sesi belum dibuka. Hubungi
    pengawas ruang."""

    status = 403


class NotSignedIn(Refused):
    """Anda belum masuk ke ujian di perangkat ini. Masuklah dengan NIP dan PIN sesi."""

    status = 401


class OtherAttempt(Refused):
    """Halaman ini milik ujian lain yang dibuka sebelumnya di komputer ini. Muat ulang halaman ini."""


class OtherDevice(EventRefusal):
    """Ujian ini sedang dikerjakan di perangkat lain. Pengawas dapat memindahkannya ke sini."""


class NotBegun(Refused):
    """Ujian belum dimulai."""


class TimeIsUp(Refused):
    """Waktu ujian sudah habis atau ujian sudah diselesaikan."""


class Postponed(Refused):
    """Sesi ini dijadwalkan ulang. Jawaban yang tersimpan tetap tersimpan."""


class BadEvent(EventRefusal):
    """Jawaban tidak dikenali."""

    status = 400


class OutOfTurn(BadEvent):
    """Soal bagian adaptif hanya dapat dijawab sebelum soal berikutnya diminta."""


class AnswerConflict(EventRefusal):
    """Jawaban lain sudah tersimpan dengan nomor urut yang sama."""


class AnswersMissing(Refused):
    """Sebagian jawaban belum sampai ke server; ujian belum diselesaikan."""


class TooManyTries(Refused):
    """Terlalu banyak percobaan. Tunggu lima menit atau hubungi pengawas ruang."""

    status = 429


class WrongPlace(Refused):
    """Ujian ini hanya dapat dikerjakan dari jaringan ruang ujian. Hubungi pengawas."""

    status = 403


class OtherBrowser(Refused):
    """Sesi ini hanya dibuka dengan Safe Exam Browser dan berkas konfigurasi sesi ini."""

    status = 403


class NotCheckedIn(Refused):
    """Anda belum terdaftar di meja pendaftaran. Ambillah PIN registrasi di sana."""

    status = 403


class RegistrationClosed(Refused):
    """Pemberian PIN registrasi untuk sesi ini sudah ditutup."""


class BadCheckIn(Refused):
    """Pemeriksaan tanpa foto memerlukan alasan dan persetujuan petugas kedua."""

    status = 400


class BadEvidenceDecision(Refused):
    """Keputusan atas bukti memerlukan alasan dan persetujuan petugas kedua."""

    status = 400


class BadPause(Refused):
    """Jeda, lanjutan dan tambahan waktu memerlukan alasan, dan hanya berlaku pada sesi yang dibuka."""


class NotFilledIn(Refused):
    """Isian belum benar."""

    status = 400


class TooLong(Refused):
    """Gangguan ini melebihi batas kebijakan. Jadwalkan ulang sesinya."""


class NotTimed(Refused):
    """Bagian ini tidak memiliki waktu sendiri, atau sudah ditutup."""


class StillWorking(Refused):
    """Masih ada peserta yang belum menyelesaikan ujian; penutupan perlu dikonfirmasi."""


class TimeInDoubt(Refused):
    """Jam server sedang diperiksa pengawas. Jawaban tersimpan dan waktu Anda berhenti; tunggu."""

    status = 503


class TimeNotConfirmed(TimeInDoubt):
    """Jam server belum dipastikan. Pastikan dahulu jam yang benar di halaman Jam server, lalu ulangi."""


class TimeOvertaken(Exception):
    """Another time was confirmed while this one was being reckoned with: nobody hears of it."""


class BadTime(Refused):
    """Jam sudah dipastikan, atau pilihan, jam yang benar, dan alasannya belum lengkap."""


class BadReopening(Refused):
    """Keputusan ini memerlukan alasan dan petugas kedua (orang lain) dengan namanya dan kata sandinya."""

    status = 400


class BadSeatChange(Refused):
    """Perubahan kursi atau sesi ini tidak sesuai dengan keadaannya, atau alasannya belum diisi."""


class NoRetest(Refused):
    """Peserta di kursi ini belum menjalani ujian ulang, jadi belum ada yang dipilih."""


class BadReport(Refused):
    """Laporan kesiapan ini tidak dikenali. Muat ulang halaman pemeriksaan."""

    status = 400


class TooOften(Refused):
    """Kursi ini baru saja diperiksa. Tunggu beberapa detik, lalu periksa lagi."""

    status = 429


class SeatOfOther(Refused):
    """Nomor kursi ini baru saja dilaporkan oleh komputer lain. Periksa nomornya."""


class NobodySeated(Refused):
    """Belum ada kursi yang dibagikan pada sesi ini, jadi tidak ada yang dicetak."""


class NoDrill(Refused):
    """Latihan gangguan hanya untuk sesi LATIHAN yang dibuka dan tidak sedang dijeda, satu setiap kali."""
