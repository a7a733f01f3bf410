"""Changes to the registry: files in, standards approved, people appointed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime

from django.db import transaction

from cakap.accounts.models import Agency, User
from cakap.audit.services import record
from cakap.registry.errors import FileHasProblems, PostIsTaken, StandardIsEmpty
from cakap.registry.imports.doors import DOORS, Preview
from cakap.registry.imports.tables import read_table
from cakap.registry.models import Appointment, Employee, Position, Standard
from cakap.registry.queries import current_appointments

SHOWN = 20


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def preview_file(*, kind: str, file: str, content: bytes, agency: Agency) -> Preview:
    """What importing the file would change; changes nothing."""
    return DOORS[kind].preview(read_table(file, content), agency)


@transaction.atomic
def import_file(
    *,
    kind: str,
    file: str,
    content: bytes,
    agency: Agency,
    actor: str,
    now: datetime,
    progress: Callable[[int, int], None] = silent,
) -> Preview:
    """Put a file into the registry, all of it or nothing; the same file again changes nothing."""
    preview = preview_file(kind=kind, file=file, content=content, agency=agency)
    if preview.problems:
        shown = "; ".join(map(str, preview.problems[:SHOWN]))
        rest = len(preview.problems) - SHOWN
        more = f"; dan {rest} kesalahan lain" if rest > 0 else ""
        message = f"{file}: {shown}{more}. Tidak ada yang diubah."
        raise FileHasProblems(message)
    if preview.new or preview.changed:
        preview.write(progress)
        record(
            actor=actor,
            action=f"import.{kind}",
            subject=file,
            agency=agency.code,
            detail={
                "sha256": hashlib.sha256(content).hexdigest(),
                "new": preview.new,
                "changed": preview.changed,
                "same": preview.same,
                "dropped": preview.dropped,
            },
            now=now,
        )
    return preview


@transaction.atomic
def approve_standard(*, standard: Standard, basis: str, actor: str, now: datetime) -> None:
    """Put a drafted standard in force."""
    if not standard.lines.exists():
        raise StandardIsEmpty
    Standard.objects.filter(pk=standard.pk).update(state=Standard.State.APPROVED, basis=basis)
    record(
        actor=actor,
        action="standard.approve",
        subject=f"{standard.position.code} v{standard.version}",
        agency=standard.position.agency.code,
        detail={"basis": basis},
        now=now,
    )


@transaction.atomic
def appoint(
    *, employee: Employee, position: Position, start: date, decree: str, actor: str, now: datetime
) -> Appointment:
    """Give a person a post by decree; the definitive post held before ends on the day."""
    leaves(employee=employee, on=start)
    taken = current_appointments(position.agency, on=start).filter(position=position).count()
    if taken >= position.headcount:
        message = f"{position.title} sudah terisi {taken} dari {position.headcount} kursi."
        raise PostIsTaken(message)
    row = Appointment.objects.create(
        employee=employee, position=position, start=start, decree=decree
    )
    record(
        actor=actor,
        action="appointment.make",
        subject=f"{employee.nip} → {position.code}",
        agency=position.agency.code,
        detail={"start": start, "decree": decree},
        now=now,
    )
    return row


def leaves(*, employee: Employee, on: date) -> None:
    """End the definitive post that a person holds; part of an appointment, never an act alone."""
    Appointment.objects.filter(
        employee=employee, kind=Appointment.Kind.DEFINITIVE, end__isnull=True
    ).update(end=on)


@transaction.atomic
def link_user(*, employee: Employee, user: User, actor: str, now: datetime) -> None:
    """Say which account is a civil servant's own, so that results reach the person."""
    Employee.objects.filter(pk=employee.pk).update(user=user)
    record(
        actor=actor,
        action="employee.link",
        subject=employee.nip,
        agency=employee.agency.code,
        detail={"user": user.username},
        now=now,
    )
