from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency
from cakap.programmes.models import Assessed, Participant, Programme, Seat, Session
from cakap.registry.models import Appointment, Employee, Unit
from cakap.registry.queries import current_appointments


def has_begun(session: Session) -> bool:
    """Whether anybody has begun the exam of a session, also in a seat that was taken away since."""
    return Seat.every.filter(session=session, attempt__begun_at__isnull=False).exists()


_SAT = {"attempt__begun_at__isnull": False, "attempt__set_aside_at__isnull": True}


def sat_seats(participant: Participant) -> QuerySet[Seat]:
    """Seats, also taken away ones, in which a participant has begun an exam that counts."""
    return _counting_seats().filter(participant=participant, **_SAT)


def _counting_seats() -> QuerySet[Seat]:
    rows = Seat.every.filter(session__is_rehearsal=False)
    return rows.select_related("session__room").order_by("session__starts_at")


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """An employee with the post and office held now."""

    employee: Employee
    position: int
    title: str
    tier: str
    unit: int
    unit_name: str


def candidates(agency: Agency, *, on: date) -> list[Candidate]:
    """Everybody who holds a definitive post of the agency, by name."""
    rows = current_appointments(agency, on=on).select_related("employee", "position__unit")
    return [_candidate(row) for row in rows.order_by("employee__name", "employee__nip")]


def _candidate(row: Appointment) -> Candidate:
    return Candidate(
        employee=row.employee,
        position=row.position_id,
        title=row.position.title,
        tier=row.position.tier,
        unit=row.position.unit_id,
        unit_name=row.position.unit.name,
    )


def units_of(agency: Agency, *, on: date) -> dict[int, int]:
    """Employee id -> unit id of the post held now."""
    rows = current_appointments(agency, on=on)
    return dict(rows.values_list("employee_id", "position__unit_id"))


def staff_of_units(agency: Agency, *, on: date) -> Counter[int]:
    """How many people work in each unit."""
    return Counter(units_of(agency, on=on).values())


def away_at(session: Session) -> Counter[int]:
    """How many people of each unit sit in sessions that overlap this one and have not ended."""
    units = units_of(session.programme.initiator, on=session.day)
    seats = Seat.objects.filter(
        session__starts_at__lt=session.ends_at, session__ends_at__gt=session.starts_at
    ).exclude(session__state__in=[Session.State.CANCELLED, Session.State.CLOSED])
    away = set(seats.values_list("participant__employee_id", flat=True))
    return Counter(units[employee] for employee in away if employee in units)


def unseated(programme: Programme) -> list[Participant]:
    """Participants without a seat in a session that counts, by name; whoever has sat needs none."""
    sat = _counting_seats().filter(session__programme=programme, **_SAT).order_by()
    rows = programme.participants.exclude(pk__in=scheduled(programme).values("pk"))
    return _by_name(rows.exclude(pk__in=sat.values("participant")))


def scheduled(programme: Programme) -> QuerySet[Participant]:
    """Participants with a seat in a session that counts: a rehearsal does not, nor a cancelled one."""
    seats = Seat.objects.filter(session__programme=programme, session__is_rehearsal=False)
    seats = seats.exclude(session__state=Session.State.CANCELLED)
    return programme.participants.filter(pk__in=seats.values("participant"))


def not_in(session: Session) -> list[Participant]:
    """Participants of the programme without a seat in this session, by name."""
    rows = session.programme.participants.exclude(pk__in=session.seats.values("participant"))
    return _by_name(rows)


def _by_name(rows: QuerySet[Participant]) -> list[Participant]:
    return list(rows.select_related("employee").order_by("employee__name", "employee__nip"))


class NoSeat(TextChoices):
    """Why somebody has no seat."""

    NO_SESSION = "no_session", _("belum ada sesi yang direncanakan (latihan tidak dihitung)")
    FULL = "full", _("kursi semua sesi sudah habis")
    UNIT = "unit", _("terlalu banyak pegawai unitnya akan meninggalkan tempat pada waktu yang sama")
    NOT_YET = "not_yet", _("kursi belum dibagikan kepadanya")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unseated:
    """A participant without a seat and why."""

    participant: Participant
    reason: NoSeat


def reasons_without_seat(
    programme: Programme, may_be_away: Callable[[Session], Mapping[int, int]]
) -> list[Unseated]:
    """Everybody without a seat, by name; `may_be_away`: how many of each unit a session may take."""
    sessions = list(
        programme.sessions.filter(state=Session.State.PLANNED, is_rehearsal=False)
        .select_related("room", "programme__initiator")
        .annotate(taken=Count("seats"))
    )
    free = [session for session in sessions if session.taken < session.room.seats]
    room_left = [_held_back(session, may_be_away(session)) for session in free]
    found = []
    for participant in unseated(programme):
        reason = NoSeat.UNIT
        if not sessions:
            reason = NoSeat.NO_SESSION
        elif not free:
            reason = NoSeat.FULL
        elif any(participant.employee_id not in full for full in room_left):
            reason = NoSeat.NOT_YET
        found.append(Unseated(participant=participant, reason=reason))
    return found


def _held_back(session: Session, may: Mapping[int, int]) -> set[int]:
    """The employees whose unit has nobody left to spare while the session runs."""
    units = units_of(session.programme.initiator, on=session.day)
    away = away_at(session)
    return {employee for employee, unit in units.items() if away[unit] + 1 > may[unit]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A person under the three-year rule: never assessed, expired, or soon to expire."""

    candidate: Candidate
    valid_until: date | None
    late: bool


def due(agency: Agency, *, on: date, within: timedelta) -> list[Due]:
    """Who must be assessed by `on + within`; `late` are those whose validity has ended already."""
    until = dict(
        Assessed.objects.filter(employee__agency=agency).values_list("employee_id", "valid_until")
    )
    found = [
        Due(candidate=one, valid_until=end, late=end is not None and end <= on)
        for one in candidates(agency, on=on)
        for end in [until.get(one.employee.pk)]
        if end is None or end <= on + within
    ]
    return sorted(found, key=lambda row: (row.valid_until or date.min, row.candidate.employee.name))


def chosen_by_rule(
    agency: Agency,
    *,
    on: date,
    within: timedelta,
    due_only: bool,
    tiers: Sequence[str],
    unit: Unit | None,
    most: int | None,
) -> list[Employee]:
    """The people whom a rule names: by tier, by office and what lies under it, and by being due."""
    offices = branch(unit) if unit else None
    found = [one.candidate for one in due(agency, on=on, within=within)] if due_only else (
        candidates(agency, on=on)
    )  # fmt: skip
    chosen = [
        one.employee
        for one in found
        if (not tiers or one.tier in tiers) and (offices is None or one.unit in offices)
    ]
    return chosen[:most]


def overlapping(session: Session) -> QuerySet[Session]:
    """Other sessions in the same room at a time that this one takes too."""
    rows = Session.objects.filter(
        room=session.room_id, state__in=Session.LIVE, starts_at__lt=session.ends_at,
        ends_at__gt=session.starts_at,
    )  # fmt: skip
    return rows.exclude(pk=session.pk).select_related("room")


def branch(unit: Unit) -> set[int]:
    """An office and all offices under it."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in Unit.objects.filter(agency=unit.agency_id).values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found, waiting = set(), [unit.pk]
    while waiting:
        here = waiting.pop()
        found.add(here)
        waiting += children.get(here, [])
    return found
