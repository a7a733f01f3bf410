"""A programme from the wish to the open door: people, rooms, seats, invitations, sessions."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from cakap.accounts.models import Agency
from cakap.audit.services import record
from cakap.itembank.models import Form
from cakap.itembank.queries import marked_dimensions
from cakap.itembank.services import freeze_form, refuse_unreviewed
from cakap.policy.queries import policy_in_force
from cakap.policy.services import keep_policy
from cakap.programmes.errors import (
    FromCentre,
    NotInAgency,
    OutsideProgramme,
    SessionFull,
    TooManyAbsent,
    WrongState,
)
from cakap.programmes.holding import hold_sessions
from cakap.programmes.models import (
    Accommodation,
    Assessed,
    Participant,
    Programme,
    Room,
    Seat,
    Session,
)
from cakap.programmes.queries import (
    away_at,
    has_begun,
    not_in,
    sat_seats,
    staff_of_units,
    units_of,
    unseated,
)
from cakap.registry.imports.tables import Table, normal
from cakap.registry.models import Employee, Unit

LEGIBLE = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


@transaction.atomic
def plan_programme(
    *,
    initiator: Agency,
    organiser: Agency,
    code: str,
    name: str,
    purpose: Programme.Purpose,
    method: Programme.Method,
    dates: tuple[date, date],
    actor: str,
    now: datetime,
) -> Programme:
    """Write down a programme; its policy is frozen when its first session opens."""
    row = Programme.objects.create(
        initiator=initiator,
        organiser=organiser,
        code=code,
        name=name,
        purpose=purpose,
        method=method,
        starts=dates[0],
        ends=dates[1],
    )
    record(
        actor=actor, action="programme.plan", subject=code, agency=initiator.code, now=now,
        detail={"organiser": organiser.code, "purpose": purpose, "method": method},
    )  # fmt: skip
    return row


@transaction.atomic
def add_participants(
    *,
    programme: Programme,
    employees: Iterable[Employee],
    source: Participant.Source,
    actor: str,
    now: datetime,
) -> int:
    """Put people on the list; who is on it already stays once. Returns how many are new."""
    refuse_from_centre(programme)
    people = list(employees)
    stranger = next((p for p in people if p.agency_id != programme.initiator_id), None)
    if stranger:
        message = f"{stranger} tidak terdaftar pada {programme.initiator}."
        raise NotInAgency(message)
    known = set(programme.participants.values_list("employee_id", flat=True))
    new = [person for person in people if person.pk not in known]
    Participant.objects.bulk_create(
        Participant(programme=programme, employee=person, source=source) for person in new
    )
    record(
        actor=actor, action="participants.add", subject=programme.code,
        agency=programme.initiator.code, detail={"new": len(new), "source": source}, now=now,
    )  # fmt: skip
    return len(new)


@transaction.atomic
def invite(*, programme: Programme, actor: str, now: datetime) -> int:
    """Invite everybody on the list who was not yet; returns how many."""
    invited = programme.participants.filter(invited_at__isnull=True).update(invited_at=now)
    record(
        actor=actor, action="participants.invite", subject=programme.code,
        agency=programme.initiator.code, detail={"invited": invited}, now=now,
    )  # fmt: skip
    return invited


@transaction.atomic
def plan_session(
    *,
    programme: Programme,
    room: Room,
    form: Form,
    starts_at: datetime,
    actor: str,
    now: datetime,
    locked_browser: bool = False,
    is_rehearsal: bool = False,
) -> Session:
    """A room at a time with a form; half an hour is added for sign-in and questions.

    Raises OutsideProgramme where the day is none of the programme's, and NotReviewed where the form
    holds items that were not reviewed; in a rehearsal they may be tried.
    """
    refuse_from_centre(programme)
    ends_at = starts_at + timedelta(minutes=form.minutes + 30)
    refuse_outside(programme, starts_at, ends_at)
    if not is_rehearsal:
        refuse_unreviewed(form)
    row = Session.objects.create(
        programme=programme,
        room=room,
        form=form,
        starts_at=starts_at,
        ends_at=ends_at,
        pin=f"{secrets.randbelow(10**6):06d}",
        quit_code=_browser_code() if locked_browser else "",
        open_code=_browser_code() if locked_browser else "",
        is_rehearsal=is_rehearsal,
    )
    record(
        actor=actor, action="session.plan", subject=f"{programme.code} {starts_at.isoformat()}",
        agency=programme.organiser.code, now=now,
        detail={"room": room.name, "form": form.code, "rehearsal": is_rehearsal},
    )  # fmt: skip
    return row


def _browser_code() -> str:
    """Sixteen characters that are not mistaken for each other when read from a screen."""
    return "".join(secrets.choice(LEGIBLE) for _ in range(16))


@transaction.atomic
def register_exam_keys(*, session: Session, keys: Iterable[str], actor: str, now: datetime) -> None:
    """Let only these builds of Safe Exam Browser into a session; without keys, any build."""
    session.exam_keys = "\n".join(keys)
    Session.objects.filter(pk=session.pk).update(exam_keys=session.exam_keys)
    record(
        actor=actor, action="session.exam_keys", subject=str(session.pk),
        agency=session.programme.organiser.code, now=now,
        detail={"keys": len(session.exam_keys.split())},
    )  # fmt: skip


def refuse_outside(programme: Programme, starts_at: datetime, ends_at: datetime) -> None:
    """Raise OutsideProgramme unless a session begins and ends on days of the programme."""
    first, last = timezone.localdate(starts_at), timezone.localdate(ends_at)
    if not programme.starts <= first <= last <= programme.ends:
        message = (
            f"Program ini berlangsung {programme.starts:%d-%m-%Y} sampai {programme.ends:%d-%m-%Y}; "
            f"sesi pada {timezone.localtime(starts_at):%d-%m-%Y %H.%M} sampai "
            f"{timezone.localtime(ends_at):%d-%m-%Y %H.%M} berada di luarnya."
        )
        raise OutsideProgramme(message)


@transaction.atomic
def seat_participant(
    *,
    session: Session,
    participant: Participant,
    actor: str,
    now: datetime,
    number: int | None = None,
) -> Seat:
    """Give a participant a seat, the next free one or this, unless that would empty the person's office.

    Nobody gets one for what was sat already: two officers give a new sitting for a spoilt one (a retest).
    """
    hold_sessions(session)
    refuse_from_centre(session.programme)
    if session.programme_id != participant.programme_id:
        raise WrongState
    if session.state in {Session.State.CLOSED, Session.State.CANCELLED}:
        message = "Sesi ini sudah berakhir."
        raise WrongState(message)
    if session.seats.filter(participant=participant).exists():
        message = "Peserta ini sudah mempunyai kursi pada sesi ini."
        raise WrongState(message)
    refuse_second_sitting(session, participant)
    taken = set(session.seats.values_list("number", flat=True))
    if len(taken) >= session.room.seats:
        raise SessionFull
    unit = units_of(session.programme.initiator, on=session.day).get(participant.employee_id)
    _refuse_empty_office(session, unit)
    if number is not None and (number in taken or not 1 <= number <= session.room.seats):
        message = (
            f"Kursi {number} terisi atau tidak ada; ruang ini memiliki {session.room.seats} kursi."
        )
        raise WrongState(message)
    number = number or next(n for n in range(1, session.room.seats + 1) if n not in taken)
    seat = Seat.objects.create(session=session, participant=participant, number=number)
    record(
        actor=actor, action="seat.give",
        subject=f"{participant.employee.nip} kursi {number}",
        agency=session.programme.organiser.code, detail={"session": session.pk}, now=now,
    )  # fmt: skip
    return seat


def refuse_second_sitting(
    session: Session, participant: Participant, *, besides: Seat | None = None
) -> None:
    """Raises WrongState for who has sat what the form of a session measures.

    besides: a seat of which it is not asked.
    """
    if session.is_rehearsal:
        return
    Participant.objects.select_for_update().get(pk=participant.pk)
    for seat in sat_seats(participant):
        if seat != besides and _measure_alike(seat.session, session):
            message = (
                f"Peserta ini sudah mengerjakan yang diukur formulir ini pada sesi {seat.session}. "
                "Sesi kedua diberikan dua petugas sebagai Ujian ulang pada halaman kursinya."
            )
            raise WrongState(message)


def _measure_alike(one: Session, other: Session) -> bool:
    """Whether two sessions have one form, or forms that give scores of one dimension."""
    return one.form_id == other.form_id or not marked_dimensions(one.form_id).isdisjoint(
        marked_dimensions(other.form_id)
    )


def _refuse_empty_office(session: Session, unit: int | None) -> None:
    if unit is None:
        return
    away, may = away_at(session)[unit], may_be_away(session)[unit]
    if away + 1 > may:
        message = (
            f"{Unit.objects.get(pk=unit)}: paling banyak {may} pegawainya boleh meninggalkan tempat pada "
            f"waktu yang sama, dan {away} sudah dijadwalkan. Pilih sesi lain, atau ubah kebijakan "
            "sessions.max_absent_share."
        )
        raise TooManyAbsent(message)


@transaction.atomic
def seat_all(*, programme: Programme, actor: str, now: datetime) -> list[Participant]:
    """Seat everybody without a seat in the planned sessions; returns those who found none.

    Sessions fill in their order; a person whose office would be emptied waits for a later one.
    """
    refuse_from_centre(programme)
    found = programme.sessions.filter(state=Session.State.PLANNED).order_by("starts_at", "pk")
    sessions = list(found.select_related("room", "programme__initiator"))
    hold_sessions(*sessions)
    waiting = unseated(programme)
    seated = 0
    for session in sessions:
        if session.state != Session.State.PLANNED:  # opened or cancelled at this moment
            continue
        if session.is_rehearsal:
            seats, _ = _fill(session, not_in(session))
        else:
            seats, waiting = _fill(session, waiting)
        Seat.objects.bulk_create(seats)
        seated += len(seats)
    record(
        actor=actor, action="seats.give", subject=programme.code,
        agency=programme.organiser.code,
        detail={"seated": seated, "without": len(waiting)}, now=now,
    )  # fmt: skip
    return waiting


def _fill(session: Session, waiting: list[Participant]) -> tuple[list[Seat], list[Participant]]:
    units = units_of(session.programme.initiator, on=session.day)
    away, may = away_at(session), may_be_away(session)
    taken = set(session.seats.values_list("number", flat=True))
    free = [n for n in range(1, session.room.seats + 1) if n not in taken]
    seats: list[Seat] = []
    later: list[Participant] = []
    for participant in waiting:
        unit = units.get(participant.employee_id)
        if len(seats) == len(free) or (unit is not None and away[unit] + 1 > may[unit]):
            later.append(participant)
            continue
        if unit is not None:
            away[unit] += 1
        seats.append(Seat(session=session, participant=participant, number=free[len(seats)]))
    return seats, later


def may_be_away(session: Session) -> dict[int, int]:
    """How many of each unit may be absent at once: a share of its staff, at least one."""
    day = session.day
    agency = session.programme.initiator
    share = policy_in_force(agency=agency.code, on=day)["sessions.max_absent_share"]
    return {unit: max(1, int(n * share)) for unit, n in staff_of_units(agency, on=day).items()}


@transaction.atomic
def open_session(*, session: Session, actor: str, now: datetime) -> None:
    """Let participants sign in. The programme's policy and the form are frozen from here on."""
    hold_sessions(session)
    if session.state != Session.State.PLANNED:
        standing = session.get_state_display().lower()
        message = f"Sesi ini {standing}; hanya sesi yang direncanakan dapat dibuka."
        raise WrongState(message)
    refuse_unreviewed_session(session)
    freeze_policy(programme=session.programme, now=now)
    freeze_form(form=session.form, now=now)
    Session.objects.filter(pk=session.pk).update(state=Session.State.OPEN, postponed_at=None)
    session.state, session.postponed_at = Session.State.OPEN, None
    record(
        actor=actor, action="session.open", subject=str(session.pk),
        agency=session.programme.organiser.code, now=now,
    )  # fmt: skip


def refuse_unreviewed_session(session: Session) -> None:
    """Raises NotReviewed where people would begin a session that counts with items nobody reviewed.

    What somebody has begun goes on: an item that was taken out of use since then is left to scoring.
    A site could mend nothing: for it the centre looked when it packed.
    """
    exempt = session.is_rehearsal or session.programme.from_centre
    if not exempt and not has_begun(session):
        refuse_unreviewed(session.form)


def refuse_from_centre(programme: Programme) -> None:
    """Raises FromCentre at a site: what is made there by hand would be unknown at the centre."""
    if programme.from_centre:
        raise FromCentre


def freeze_policy(*, programme: Programme, now: datetime) -> str:
    """Keep the policy of the day as the programme's own; later changes do not reach it."""
    if programme.policy_digest:
        return programme.policy_digest
    policy = policy_in_force(agency=programme.initiator.code, on=timezone.localdate(now))
    programme.policy_digest = keep_policy(policy)
    Programme.objects.filter(pk=programme.pk).update(
        policy_digest=programme.policy_digest, state=Programme.State.RUNNING
    )
    return programme.policy_digest


@transaction.atomic
def close_session(*, session: Session, actor: str, now: datetime) -> None:
    """Shut a session; answers that arrive later are kept and marked."""
    hold_sessions(session)
    refuse_unless_open(session)
    Session.objects.filter(pk=session.pk).update(state=Session.State.CLOSED, closed_at=now)
    session.state, session.closed_at = Session.State.CLOSED, now
    record(
        actor=actor, action="session.close", subject=str(session.pk),
        agency=session.programme.organiser.code, now=now,
    )  # fmt: skip


def refuse_unless_open(session: Session) -> None:
    """Raises WrongState where there is nothing to close."""
    if session.state != Session.State.OPEN:
        message = "Hanya sesi yang sedang dibuka dapat ditutup."
        raise WrongState(message)


def note_assessed(
    *,
    validity: Mapping[int, tuple[date, date]],
    source: str,
    actor: str,
    agency: str,
    now: datetime,
) -> None:
    """Write down until when people (by employee id) count as assessed; the newest counts."""
    for employee, (start, end) in validity.items():
        Assessed.objects.update_or_create(
            employee_id=employee,
            defaults={"valid_from": start, "valid_until": end, "source": source},
        )
    record(
        actor=actor, action="assessed.note", subject=source, agency=agency,
        detail={"people": len(validity)}, now=now,
    )  # fmt: skip


@transaction.atomic
def add_listed(*, programme: Programme, table: Table, actor: str, now: datetime) -> int:
    """Put the people of a file (a column nip) on the list: all of them or nobody."""
    headers = [normal(header) for header in table.headers]
    place = next((headers.index(name) for name in ("nip", "nipbaru") if name in headers), None)
    if place is None:
        message = f"{table.file}, baris 1: diharapkan kolom nip; tidak ditemukan."
        raise NotInAgency(message)
    table.refuse_long_numbers([table.headers[place]])
    known = {row.nip: row for row in Employee.objects.filter(agency=programme.initiator)}
    for row, nip in zip(table.row_numbers, table.columns[place], strict=True):
        if nip not in known:
            message = (
                f"{table.file}, baris {row}, kolom nip: diharapkan pegawai {programme.initiator}; "
                f"ditemukan {nip or 'kosong'}."
            )
            raise NotInAgency(message)
    return add_participants(
        programme=programme, employees=[known[nip] for nip in dict.fromkeys(table.columns[place])],
        source=Participant.Source.FILE, actor=actor, now=now,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomResult:
    """What saving a room did; `changes`: field -> value before and value now."""

    room: Room
    is_new: bool
    changes: dict[str, tuple[Any, Any]]


def add_room(
    *,
    agency: Agency,
    name: str,
    seats: int,
    location: str,
    actor: str,
    now: datetime,
    networks: str = "",
    workstations: str = "",
) -> Room:
    """Add a place with seats, or change the one of this name; the row."""
    return save_room(
        agency=agency, name=name, seats=seats, location=location, networks=networks,
        workstations=workstations, actor=actor, now=now,
    ).room  # fmt: skip


@transaction.atomic
def save_room(*, agency: Agency, name: str, actor: str, now: datetime, **fields: Any) -> RoomResult:
    """Add a place with seats, or change the one of this name, and tell which it was."""
    before = Room.objects.filter(agency=agency, name=name).select_for_update().first()
    changes = {
        field: (getattr(before, field), value)
        for field, value in fields.items()
        if before and getattr(before, field) != value
    }
    if before and not changes:
        return RoomResult(room=before, is_new=False, changes={})
    row, is_new = Room.objects.update_or_create(agency=agency, name=name, defaults=fields)
    record(
        actor=actor, action="room.add" if is_new else "room.change", subject=name,
        agency=agency.code, now=now,
        detail={"seats": row.seats, "networks": row.networks},
    )  # fmt: skip
    return RoomResult(room=row, is_new=is_new, changes=changes)


@transaction.atomic
def accommodate(
    *,
    participant: Participant,
    extra_percent: int,
    larger_type: bool,
    reader: bool,
    reason: str,
    actor: str,
    now: datetime,
) -> Accommodation:
    """Give a participant more time, larger type or a reader; the end of a running exam follows at once
    (delivery.accommodations)."""
    refuse_from_centre(participant.programme)
    row, _ = Accommodation.objects.update_or_create(
        participant=participant,
        defaults={
            "extra_percent": extra_percent, "larger_type": larger_type, "reader": reader,
            "reason": reason,
        },
    )  # fmt: skip
    record(
        actor=actor, action="participant.accommodate", subject=participant.employee.nip,
        agency=participant.programme.organiser.code, now=now,
        detail={"extra_percent": extra_percent, "larger_type": larger_type, "reader": reader},
    )  # fmt: skip
    return row


@transaction.atomic
def postpone_session(
    *, session: Session, starts_at: datetime, reason: str, actor: str, now: datetime
) -> None:
    """Hold a session at another time, seats and what was begun unchanged; it gets a new PIN."""
    hold_sessions(session)
    ended = session.state in {Session.State.CLOSED, Session.State.CANCELLED}
    if ended or starts_at <= now or not reason.strip():
        message = "Sesi yang belum ditutup dijadwalkan ke waktu mendatang, dengan alasan."
        raise WrongState(message)
    length = session.ends_at - session.starts_at
    refuse_outside(session.programme, starts_at, starts_at + length)
    others = Session.objects.filter(room=session.room_id, starts_at=starts_at).exclude(
        pk=session.pk
    )
    if others.exclude(state=Session.State.CANCELLED).exists():
        message = "Ruang itu sudah dipakai pada waktu tersebut."
        raise WrongState(message)
    # Postponed once more, it was left when it was first.
    left_at = now if session.state == Session.State.OPEN else session.postponed_at
    Session.objects.filter(pk=session.pk).update(
        state=Session.State.PLANNED, starts_at=starts_at, ends_at=starts_at + length,
        pin=f"{secrets.randbelow(10**6):06d}", postponed_at=left_at,
    )  # fmt: skip
    record(
        actor=actor, action="session.postpone", subject=str(session.pk),
        agency=session.programme.organiser.code, now=now,
        detail={"from": session.starts_at.isoformat(), "to": starts_at.isoformat(), "reason": reason},
    )  # fmt: skip
    session.refresh_from_db()
