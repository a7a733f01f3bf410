"""Reference sets of civil service: ranks and education in their order (domain sources in docs)."""

from __future__ import annotations

RANKS = {
    "I/a": "Juru Muda",
    "I/b": "Juru Muda Tingkat I",
    "I/c": "Juru",
    "I/d": "Juru Tingkat I",
    "II/a": "Pengatur Muda",
    "II/b": "Pengatur Muda Tingkat I",
    "II/c": "Pengatur",
    "II/d": "Pengatur Tingkat I",
    "III/a": "Penata Muda",
    "III/b": "Penata Muda Tingkat I",
    "III/c": "Penata",
    "III/d": "Penata Tingkat I",
    "IV/a": "Pembina",
    "IV/b": "Pembina Tingkat I",
    "IV/c": "Pembina Utama Muda",
    "IV/d": "Pembina Utama Madya",
    "IV/e": "Pembina Utama",
}
# Minat kerja: Holland's types.
INTERESTS = {
    "R": "Realistik", "I": "Investigatif", "A": "Artistik",
    "S": "Sosial", "E": "Kewirausahaan", "C": "Konvensional",
}  # fmt: skip
RANK_ORDER = {code: place for place, code in enumerate(RANKS, start=1)}
PPPK_GRADES = (
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX",
    "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII",
)  # fmt: skip
EDUCATION = ("SD", "SLTP", "SLTA", "D-I", "D-II", "D-III", "D-IV", "S-1", "S-2", "S-3")
# A D-IV and an S-1 are the same step of the ladder.
EDUCATION_ORDER = {
    "SD": 1, "SLTP": 2, "SLTA": 3, "D-I": 4, "D-II": 5,
    "D-III": 6, "D-IV": 7, "S-1": 7, "S-2": 8, "S-3": 9,
}  # fmt: skip
EDUCATION_ALIASES = {
    "S1": "S-1", "S2": "S-2", "S3": "S-3", "D1": "D-I", "D2": "D-II", "D3": "D-III", "D4": "D-IV",
    "DIPLOMA I": "D-I", "DIPLOMA II": "D-II", "DIPLOMA III": "D-III", "DIPLOMA IV": "D-IV",
    "DIPLOMA III/SARJANA MUDA": "D-III", "SARJANA": "S-1", "MAGISTER": "S-2", "DOKTOR": "S-3",
    "S-1/SARJANA": "S-1", "S-2/MAGISTER": "S-2", "S-3/DOKTOR": "S-3",
    "SLTA KEJURUAN": "SLTA", "SMA": "SLTA", "SMK": "SLTA", "SMP": "SLTP",
    "SEKOLAH DASAR": "SD", "SLTP KEJURUAN": "SLTP",
}  # fmt: skip

# The ladder of structural posts; a functional post stands on the step of its level.
STEP = {
    "pelaksana": 1, "jf_terampil": 1, "jf_mahir": 1, "jf_penyelia": 1, "jf_pertama": 1,
    "pengawas": 2, "jf_muda": 2, "administrator": 3, "jf_madya": 3,
    "jpt_pratama": 4, "jf_utama": 4, "jpt_madya": 5,
}  # fmt: skip
