"""What the exam page says, in the reader's language; the page itself holds no sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _


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
            "{n} dari {all} soal terjawab, {open} belum. "
            "Sesudah diselesaikan, jawaban tidak dapat diubah."
        ),
        "broken": _("Jaringan terputus; jawaban Anda aman. Coba lagi atau hubungi pengawas."),
    }
