"""The letter by which a participant is invited."""

from __future__ import annotations

import io
from pathlib import Path

import segno
from django.utils import formats, timezone

from cakap.policy.queries import policy_in_force
from cakap.programmes.models import Participant, Programme
from cakap.registry.queries import position_held
from cakap.ui.pdf import document

SOURCE = Path(__file__).parent / "documents" / "invitation.typ"


def invitation(participant: Participant) -> bytes:
    """The invitation as a PDF, with every seat that the participant has."""
    person, programme = participant.employee, participant.programme
    post = position_held(person.pk, on=programme.starts)
    return document(
        SOURCE,
        {
            "title": f"Undangan {programme.name}",
            "organiser": programme.organiser.name,
            "programme": programme.name,
            "purpose": str(programme.get_purpose_display()).lower(),
            "name": person.full_name,
            "nip": person.nip,
            "post": post.title if post else "",
            "seats": [_seat(seat) for seat in participant.seats.select_related("session__room")],
            "presence": _presence(programme),
            "code": code_of(person.nip),
            "footer": programme.code,
        },
        made_at=participant.invited_at or timezone.now(),
    )


def _presence(programme: Programme) -> int:
    """Minutes before a session at which people are to be there, by policy of the first day."""
    policy = policy_in_force(agency=programme.initiator.code, on=programme.starts)
    return int(policy["sessions.presence_minutes"])


def code_of(nip: str) -> str:
    """The QR code that the registration desk scans, as SVG: it says who comes, and nothing else."""
    out = io.BytesIO()
    segno.make(f"cakap:{nip}", micro=False).save(out, kind="svg", scale=4, border=2)
    return out.getvalue().decode()


def _seat(seat: object) -> dict[str, object]:
    session = seat.session  # type: ignore[attr-defined]
    start = timezone.localtime(session.starts_at)
    return {
        "day": formats.date_format(start, "l, j F Y"),
        "time": f"{start:%H.%M} WIB" if start.tzname() == "WIB" else f"{start:%H.%M %Z}",
        "place": ", ".join(
            part
            for part in (
                session.room.name,
                session.room.location,
                "LATIHAN, tidak dinilai" if session.is_rehearsal else "",
            )
            if part
        ),
        "number": seat.number,  # type: ignore[attr-defined]
    }
