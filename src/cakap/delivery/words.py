"""What the exam page says, in the reader's language; the page itself holds no sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Where an attempt can stand, as a proctor reads it.
STANDINGS = {
    "absent": gettext_lazy("belum datang"),
    "checked_in": gettext_lazy("terdaftar di meja"),
    "signed_in": gettext_lazy("sudah masuk"),
    "working": gettext_lazy("mengerjakan"),
    "silent": gettext_lazy("tidak terdengar"),
    "paused": gettext_lazy("dijeda"),
    "freed": gettext_lazy("pindah komputer"),
    "time_up": gettext_lazy("waktu habis"),
    "submitted": gettext_lazy("selesai"),
    "ended": gettext_lazy("sudah berakhir"),
}

# How a machine of the room stands before the exam (delivery.readiness).
READINESS = {
    "ready": gettext_lazy("siap"),
    "not_ready": gettext_lazy("belum siap"),
    "old": gettext_lazy("laporan lama"),
    "unheard": gettext_lazy("belum melapor"),
}
CHECKS = {
    "browser": gettext_lazy("Peramban"),
    "clock": gettext_lazy("Jam"),
    "network": gettext_lazy("Jaringan"),
    "seb": gettext_lazy("Safe Exam Browser"),
    "storage": gettext_lazy("Penyimpanan"),
}

# What a drill asks for (delivery.drills), before the time by which it is to be done.
DRILL_CHECKS = {
    "present": gettext_lazy("Peserta pertama di meja pendaftaran sebelum"),
    "desk": gettext_lazy("PIN terakhir dari meja diberikan sebelum"),
    "paused": gettext_lazy("Ruang dijeda sebelum"),
    "given_back": gettext_lazy("Waktu dikembalikan sejak"),
    "resumed": gettext_lazy("Ujian dilanjutkan sebelum"),
    "postponed": gettext_lazy("Dijadwalkan ulang ke sesudah"),
}


def readiness_words() -> dict[str, str]:
    """What the page of a machine says while it examines itself."""
    return {
        "busy": _("sedang diperiksa …"),
        "fine": _("baik"),
        "not_asked": _("tidak diminta oleh sesi ini"),
        "unknown": _("tidak diketahui"),
        "silent": _("Server tidak menjawab. Petugas jaringan: periksa kabel, sakelar dan server."),
        "ready": _("Komputer ini siap (kursi {n}, pukul {at})."),
        "not_ready": _(
            "Komputer ini belum siap (kursi {n}, pukul {at}). Panggil yang disebut di bawah."
        ),
    }


def board_words() -> dict[str, object]:
    """What the proctor's console says."""
    return {
        "standings": {name: str(label) for name, label in STANDINGS.items()},
        "live": _("Tersambung"),
        "lost": _("Sambungan terputus; mencoba lagi …"),
        "seen": _("terdengar {n} detik lalu"),
        "away": _("{n} kali meninggalkan halaman"),
        "strays": _("{n} jawaban menunggu keputusan"),
    }


def exam_words() -> dict[str, str]:
    """Sentences by name; {names in braces} are filled in by the page."""
    return {
        "saved": _("Semua jawaban tersimpan"),
        "waiting": _("Mengirim jawaban …"),
        "offline": _(
            "Luring: jawaban tersimpan di komputer ini dan dikirim begitu jaringan kembali"
        ),
        "pending": _("{n} menunggu"),
        "place": _("{section} · soal {n} dari {all}"),
        "count": _("{n} terjawab dari {all}"),
        "item": _("Soal {n}"),
        "answered": _("terjawab"),
        "open": _("belum dijawab"),
        "doubt": _("ragu-ragu"),
        "network": _("menunggu jaringan"),
        "first": _("Jawab soal ini dahulu; soal berikutnya dipilih menurut jawaban Anda."),
        "left": _("Sisa waktu {minutes} menit {seconds} detik"),
        "sure": _(
            "{n} dari {all} soal terjawab, {open} belum, {doubts} ditandai ragu. "
            "Sesudah diselesaikan, jawaban tidak dapat diubah."
        ),
        "understood": _("Mengerti"),
        "more": _("Sisa waktu Anda bertambah {minutes} menit."),
        "receipt": _("Lihat tanda terima"),
        "paused": _("Ujian dijeda. Waktu Anda berhenti."),
        "running": _("Ujian dilanjutkan. Waktu berjalan lagi."),
        "gap": _("Rumpang {n}"),
        "most": _("Paling banyak {n} pilihan."),
        "several": _("Pilih paling banyak {n}."),
        "order": _("Urutkan dengan tombol panah; yang dihitung {n} teratas."),
        "moved": _("Sekarang urutan {n}"),
        "up": _("Naik"),
        "down": _("Turun"),
        "settle": _("Tetapkan urutan ini"),
        "answer": _("Jawaban"),
        "number": _("Bukan bilangan, jadi belum dihitung. Tulislah misalnya 12,5."),
        "untouched": _("belum digeser"),
        "spot": _("Titik {n}"),
        "enter": _("Mulai bagian ini"),
        "own": _("Bagian ini memiliki waktu sendiri: {minutes} menit."),
        "leave": _("Bagian {section} akan ditutup dan tidak dapat dibuka lagi. Lanjutkan?"),
        "shut": _("Waktu bagian ini sudah habis atau bagian ini sudah ditutup."),
        "part": _("Bagian ini: {clock}"),
        "read": _("Bacakan soal"),
        "aside": _("{n} jawaban tidak diterima dan disisihkan untuk pengawas."),
        "read_as": _("Terbaca: {n}"),
        "stay": _("Anda tetap di halaman ujian. Untuk mengakhiri, pilih Selesaikan ujian."),
        "broken": _("Jaringan terputus; jawaban Anda aman. Coba lagi atau hubungi pengawas."),
    }
