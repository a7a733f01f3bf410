"""The registration desk: who comes is compared with the record, and gets a PIN and a seat."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from cakap.audit.services import record
from cakap.delivery.errors import BadCheckIn, NoSuchSeat, RegistrationClosed
from cakap.delivery.models import CheckIn
from cakap.delivery.policy import policy_of
from cakap.delivery.sites.services import refuse_at_site
from cakap.programmes.holding import hold_sessions
from cakap.programmes.models import Seat, Session
from cakap.registry.models import Portrait
from cakap.registry.portraits import LARGEST, picture_type


def seat_for(session: Session, told: str) -> Seat:
    """The seat of whoever shows a card or says a NIP: the QR of the invitation holds no more than it."""
    nip = told.strip().removeprefix("cakap:")
    seat = session.seats.filter(participant__employee__nip=nip).first()
    if seat is None:
        message = f"NIP {nip} tidak terdaftar pada sesi ini."
        raise NoSuchSeat(message)
    return seat


def registration_ends(session: Session) -> datetime:
    """When the desk gives out its last PIN."""
    policy = policy_of(session)
    return session.starts_at - timedelta(minutes=policy["sessions.registration_closes_minutes"])


@transaction.atomic
def check_in(
    *,
    seat: Seat,
    picture: bytes = b"",
    reason: str = "",
    second: str = "",
    by: str,
    now: datetime,
) -> CheckIn:
    """Give a PIN to a participant whose face or papers were compared; asking again shows the same PIN.

    Without a picture on record and one taken now it is by hand: a reason, and a second officer.
    """
    session = seat.session
    hold_sessions(session)
    known = CheckIn.objects.filter(seat=seat).first()
    if known:
        return known
    refuse_at_site(session)
    if session.state not in Session.LIVE or now > registration_ends(session):
        raise RegistrationClosed
    compared = (
        bool(picture) and Portrait.objects.filter(employee=seat.participant.employee_id).exists()
    )
    if picture and (not picture_type(picture) or len(picture) > LARGEST):
        message = f"Foto yang diambil harus JPEG atau PNG paling besar {LARGEST // 1024} KiB."
        raise BadCheckIn(message)
    by_hand = bool(reason.strip() or second) or not compared
    if by_hand and (not reason.strip() or not second or second == by):
        raise BadCheckIn
    row = CheckIn.objects.create(
        seat=seat, pin=f"{secrets.randbelow(10**6):06d}", picture=picture, by=by, at=now,
        identity=CheckIn.Identity.MANUAL if by_hand else CheckIn.Identity.PHOTO,
        reason=reason.strip(), second=second,
    )  # fmt: skip
    record(
        actor=by, action="seat.check_in", now=now, agency=session.programme.organiser.code,
        subject=f"sesi {session.pk} kursi {seat.number}",
        detail={"identity": row.identity, "reason": row.reason, "second": second},
    )  # fmt: skip
    return row
