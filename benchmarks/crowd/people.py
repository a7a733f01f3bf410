"""A province at its screens, by the rows that it leaves in the database."""

from __future__ import annotations

from datetime import date, timedelta

from django.core import signing
from django.utils import timezone

from cakap.accounts.services import register_agency
from cakap.delivery.models import Attempt
from cakap.delivery.token import SALT
from cakap.demo.bank import demo_bank
from cakap.programmes.models import Participant, Programme, Seat, Session
from cakap.programmes.services import add_room, open_session, plan_programme, plan_session
from cakap.registry.models import Employee


def seated(n: int, code: str) -> Session:
    """An open session of an agency with n people in their seats, none of whom has come in yet."""
    now, day = timezone.now(), timedelta(days=1)
    agency = register_agency(
        code=code, name=code, accreditation="A", accredited_until=date(2040, 1, 1),
        actor="bench", now=now,
    )  # fmt: skip
    form = demo_bank(agency=agency, seed=1, actor="bench", now=now)
    programme = plan_programme(
        initiator=agency, organiser=agency, code=code, name=code, purpose=Programme.Purpose.MAPPING,
        method=Programme.Method.CAT, dates=(now.date() - day, now.date() + day), actor="bench",
        now=now,
    )  # fmt: skip
    room = add_room(agency=agency, name="R", seats=n, location="", actor="bench", now=now)
    session = plan_session(
        programme=programme, room=room, form=form, starts_at=now, actor="bench", now=now
    )
    open_session(session=session, actor="bench", now=now)
    people = Employee.objects.bulk_create(
        [
            Employee(
                agency=agency, nip=nip_of(code, k), name=f"Orang {k}", birth_date=date(1970, 1, 1), sex="L",
                rank="III/a", education="S-1", synthetic=True,
            )
            for k in range(n)
        ],
        batch_size=2000,
    )  # fmt: skip
    invited = Participant.objects.bulk_create(
        [Participant(programme=programme, employee=one, source="rule") for one in people],
        batch_size=2000,
    )
    Seat.objects.bulk_create(
        [Seat(session=session, participant=one, number=k) for k, one in enumerate(invited, 1)],
        batch_size=2000,
    )
    return session


def nip_of(code: str, k: int) -> str:
    return f"19700101{sum(code.encode()):04d}{k:06d}"


def working(session: Session, n: int) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The last n of them at work: their tokens, and the form's items with an option each."""
    now = timezone.now()
    seats = list(session.seats.order_by("-number")[:n])
    attempts = Attempt.objects.bulk_create(
        [
            Attempt(
                seat=seat, seed=k, device=f"{k:032d}", signed_in_at=now, consented_at=now,
                begun_at=now, closes_at=now + timedelta(hours=8),
            )
            for k, seat in enumerate(seats)
        ],
        batch_size=2000,
    )  # fmt: skip
    tokens = [(one.pk, signing.dumps([one.pk, one.device], salt=SALT)) for one in attempts]
    items = [
        (row.version_id, row.version.options[0]["id"])
        for section in session.form.sections.all()
        for row in section.items.select_related("version")
    ]
    return tokens, items
