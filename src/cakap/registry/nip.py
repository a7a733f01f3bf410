"""The number of a civil servant: what it says, and what it may not say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Nip:
    """What an 18-digit number encodes. A PPPK's has no month of appointment."""

    birth: date
    year: int
    month: int | None
    sex: str


def read_nip(text: str, *, pppk: bool) -> Nip:
    """Take a NIP (PNS) or NI PPPK apart; ValueError says what is wrong with it.

    PNS: YYYYMMDD birth, YYYYMM appointment, sex 1/2, 3-digit sequence (Perka BKN 22/2007).
    PPPK: YYYYMMDD, YYYY, 2-digit code, sex, 3-digit sequence.
    """
    if len(text) != 18 or not (text.isascii() and text.isdigit()):
        message = "18 angka"
        raise ValueError(message)
    try:
        birth = date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError as exc:
        message = "8 angka pertama berupa tanggal lahir TTTTBBHH"
        raise ValueError(message) from exc
    month = None if pppk else int(text[12:14])
    if month is not None and not 1 <= month <= 12:
        message = "angka ke-13 dan 14 berupa bulan TMT CPNS 01–12"
        raise ValueError(message)
    if text[14] not in "12":
        message = "angka ke-15 berupa 1 (laki-laki) atau 2 (perempuan)"
        raise ValueError(message)
    return Nip(birth=birth, year=int(text[8:12]), month=month, sex="LP"[int(text[14]) - 1])
