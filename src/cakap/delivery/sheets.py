"""Paper for a room: the attendance list, and a card for each seat. Made here, without network."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import formats, timezone

from cakap.delivery.errors import NobodySeated
from cakap.delivery.models import CheckIn
from cakap.programmes.letters import code_of
from cakap.programmes.models import Seat, Session
from cakap.ui.pdf import document

FOLDER = Path(__file__).parent / "documents"
MARK = "LATIHAN"


def attendance_list(session: Session, *, now: datetime) -> bytes:
    """Who is to sit where, when each was at the desk, and a place to sign, as a PDF."""
    seats = _seats(session)
    at_desk = dict(CheckIn.objects.filter(seat__in=seats).values_list("seat", "at"))
    rows = [
        {
            "seat": seat.number, "nip": seat.participant.employee.nip,
            "name": seat.participant.employee.full_name,
            "at": _clock(at_desk[seat.pk]) if seat.pk in at_desk else "",
        }
        for seat in seats
    ]  # fmt: skip
    told = {
        **_told(session), "rows": rows, "checked_in": len(at_desk),
        "title": f"{MARK} – Daftar Hadir" if session.is_rehearsal else "Daftar Hadir",
        "made": f"{formats.date_format(timezone.localtime(now), 'j F Y')} pukul {_clock(now)}",
    }  # fmt: skip
    return document(FOLDER / "attendance.typ", told, made_at=now)


def seat_cards(session: Session, *, now: datetime) -> bytes:
    """A card for the table of each seat, with the code that the desk scans; eight a page, as a PDF."""
    cards = [
        {
            "seat": str(seat.number), "nip": seat.participant.employee.nip,
            "name": seat.participant.employee.full_name,
            "code": code_of(seat.participant.employee.nip),
        }
        for seat in _seats(session)
    ]  # fmt: skip
    told = {
        **_told(session), "cards": cards, "title": f"Kartu meja {session.room.name}",
        "mark": MARK if session.is_rehearsal else "",
    }  # fmt: skip
    return document(FOLDER / "cards.typ", told, made_at=now)


def _seats(session: Session) -> list[Seat]:
    seats = list(session.seats.select_related("participant__employee"))
    if not seats:
        raise NobodySeated
    return seats


def _told(session: Session) -> dict[str, Any]:
    start = timezone.localtime(session.starts_at)
    return {
        "organiser": session.programme.organiser.name, "programme": session.programme.name,
        "day": formats.date_format(start, "l, j F Y"),
        "time": f"{start:%H.%M}–{timezone.localtime(session.ends_at):%H.%M}",
        "room": ", ".join(one for one in (session.room.name, session.room.location) if one),
        "footer": session.programme.code,
    }  # fmt: skip


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H.%M}"
