from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Q, QuerySet

from cakap.accounts.models import Agency
from cakap.registry.models import (
    Appointment,
    Discipline,
    Employee,
    Performance,
    Position,
    Standard,
    StandardLine,
)
from cakap.registry.nip import read_nip


def current_appointments(agency: Agency, *, on: date) -> QuerySet[Appointment]:
    """Definitive posts held on a day."""
    return Appointment.objects.filter(
        Q(end__isnull=True) | Q(end__gt=on),
        position__agency=agency,
        kind=Appointment.Kind.DEFINITIVE,
        start__lte=on,
    )


def empty_seats(agency: Agency, *, on: date) -> dict[int, int]:
    """Post id -> seats without a definitive holder, for the posts that have such seats."""
    return {row.pk: row.empty for row in vacant_positions(agency, on=on)}  # type: ignore[attr-defined]


def vacant_positions(agency: Agency, *, on: date) -> QuerySet[Position]:
    """Posts with fewer definitive holders than seats; `empty` says how many seats."""
    held = Count(
        "appointments",
        filter=Q(appointments__kind=Appointment.Kind.DEFINITIVE, appointments__start__lte=on)
        & (Q(appointments__end__isnull=True) | Q(appointments__end__gt=on)),
    )
    return (
        Position.objects.filter(agency=agency)
        .annotate(empty=F("headcount") - held)
        .filter(empty__gt=0)
    )


def standard_in_force(position: Position, *, on: date) -> Standard | None:
    """The newest approved version that was in effect on a day."""
    return (
        position.standards.filter(state=Standard.State.APPROVED, effective__lte=on)
        .order_by("-version")
        .first()
    )


def standards_in_force(agency: Agency, *, on: date) -> dict[int, int]:
    """Post id -> id of its standard in force."""
    rows = Standard.objects.filter(
        position__agency=agency, state=Standard.State.APPROVED, effective__lte=on
    ).order_by("version")
    return dict(rows.values_list("position_id", "id"))


def standards_in_force_of(positions: Iterable[int], *, on: date) -> dict[int, int]:
    """Post id -> id of its standard in force, for these posts of whatever agency."""
    rows = Standard.objects.filter(
        position__in=set(positions), state=Standard.State.APPROVED, effective__lte=on
    ).order_by("version")
    return dict(rows.values_list("position_id", "id"))


def standard_lines(standards: Iterable[int]) -> dict[int, dict[str, int]]:
    """Standard id -> {competency code: level asked}."""
    wanted = set(standards)
    lines: dict[int, dict[str, int]] = {}
    rows = StandardLine.objects.values_list("standard_id", "competency__code", "level")
    for standard, code, level in rows.order_by("competency__code").iterator(chunk_size=10000):
        if standard in wanted:
            lines.setdefault(standard, {})[code] = level
    return lines


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What eligibility looks at: a person's rank, schooling, posts held, conduct, on a day."""

    employee: Employee
    position: int | None
    tier: str
    since: date | None
    experience_years: float
    tier_years: dict[str, float]
    discipline: date | None
    findings: tuple[str, ...]


def records(agency: Agency, *, on: date) -> dict[int, Record]:
    """Employee id -> record; three queries, however many people."""
    posts: dict[int, list[Appointment]] = {}
    rows = Appointment.objects.filter(
        position__agency=agency, kind=Appointment.Kind.DEFINITIVE, start__lte=on
    ).select_related("position")
    for row in rows.order_by("start"):
        posts.setdefault(row.employee_id, []).append(row)
    sanctions = dict(
        Discipline.objects.filter(
            employee__agency=agency, start__lte=on, level__in=("sedang", "berat")
        )
        .order_by("start")
        .values_list("employee_id", "start")
    )
    return {
        person.pk: _record(person, posts.get(person.pk, []), sanctions.get(person.pk), on)
        for person in Employee.objects.filter(agency=agency)
    }


def _record(person: Employee, posts: list[Appointment], sanction: date | None, on: date) -> Record:
    tier_years: dict[str, float] = {}
    for post in posts:
        years = ((min(post.end, on) if post.end else on) - post.start).days / 365.25
        tier_years[post.position.tier] = tier_years.get(post.position.tier, 0.0) + years
    now = next((post for post in reversed(posts) if post.end is None or post.end > on), None)
    return Record(
        employee=person,
        position=now.position_id if now else None,
        tier=now.position.tier if now else "",
        since=now.start if now else None,
        experience_years=sum(tier_years.values()),
        tier_years=tier_years,
        discipline=sanction,
        findings=findings(person),
    )


def findings(person: Employee) -> tuple[str, ...]:
    """What in a person's data disagrees; such a person is proposed with a flag, never silently."""
    said = read_nip(person.nip, pppk=person.type == Employee.Type.PPPK)
    found = []
    if said.birth != person.birth_date:
        found.append("tanggal lahir berbeda dari NIP")
    if said.sex != person.sex:
        found.append("jenis kelamin berbeda dari NIP")
    return tuple(found)


def predicates(employees: Iterable[int], *, years: int, on: date) -> dict[int, list[str]]:
    """Employee id -> SKP predicates of the last years, the newest first."""
    wanted = set(employees)
    found: dict[int, list[str]] = {}
    rows = Performance.objects.filter(year__lt=on.year, year__gte=on.year - years)
    for employee, predicate in rows.order_by("-year").values_list("employee_id", "predicate"):
        if employee in wanted:
            found.setdefault(employee, []).append(predicate)
    return found


def position_held(employee: int, *, on: date) -> Position | None:
    """The definitive post that a person holds on a day."""
    row = (
        Appointment.objects.filter(
            Q(end__isnull=True) | Q(end__gt=on),
            employee=employee,
            kind=Appointment.Kind.DEFINITIVE,
            start__lte=on,
        )
        .select_related("position__unit")
        .first()
    )
    return row.position if row else None


def unit_held(employee: int, *, on: date) -> int | None:
    """The office of that post."""
    position = position_held(employee, on=on)
    return position.unit_id if position else None


def held_positions(employees: Iterable[int], *, on: date) -> dict[int, int]:
    """Employee id -> id of the definitive post held on a day."""
    rows = Appointment.objects.filter(
        Q(end__isnull=True) | Q(end__gt=on),
        employee__in=set(employees),
        kind=Appointment.Kind.DEFINITIVE,
        start__lte=on,
    )
    return dict(rows.values_list("employee_id", "position_id"))
