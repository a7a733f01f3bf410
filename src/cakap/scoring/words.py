"""What a calibration says of itself, in plain Indonesian."""

from __future__ import annotations

from collections.abc import Sequence

from cakap.science.irt.notes import Note

SENTENCES = {
    "alike": "semua orang menjawab sama; butir tidak dapat dikalibrasi dan tidak diikutkan",
    "unused": "kategori {detail} tidak pernah dipilih; digabung ke kategori berikutnya",
    "negative": "daya beda negatif ({detail}); periksa kunci atau arah butir",
    "extreme": "daya beda {detail} di luar batas wajar; terlalu sedikit orang atau butir ganda",
    "untold": "satu parameter tidak dapat ditentukan dari jawaban ini; tidak ada galat bakunya",
    "singular": "matriks informasi tidak definit positif; galat baku tidak diberikan",
    "unconverged": "belum konvergen: masih {detail} galat baku dari titik datar",
    "few": "orang terlalu sedikit untuk banyaknya parameter ({detail})",
}


def sentence(note: Note, names: Sequence[str]) -> str:
    """One note as a sentence; names: of the items."""
    text = SENTENCES[note.kind].format(detail=note.detail)
    return f"butir {names[note.item]}: {text}" if note.item >= 0 else text


REFUSALS = {
    "persons with answers": "Diharapkan jawaban sedikitnya dua orang.",
    "no item is left": "Semua orang menjawab setiap butir dengan sama; tidak ada yang dapat dikalibrasi.",
    "expected 0 or 1": "Model ini hanya untuk butir benar/salah; pilih graded atau gpcm.",
}
