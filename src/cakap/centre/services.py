"""The assessment centre: a matrix, assessors, ratings with evidence, an agreed level, signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from cakap.accounts.models import User
from cakap.audit.services import record
from cakap.centre.errors import (
    AlreadyRated,
    AlreadySigned,
    BadRating,
    NotIndependent,
    NotInMatrix,
    RatingsMissing,
)
from cakap.centre.models import Agreement, Assignment, Measure, Rating, Simulation
from cakap.centre.queries import matrix, measured_competencies, missing_ratings
from cakap.policy.queries import policy_in_force
from cakap.programmes.models import Participant, Programme
from cakap.programmes.services import freeze_policy
from cakap.registry.imports.tables import Table
from cakap.registry.models import Competency
from cakap.registry.queries import unit_held

Key = TypeVar("Key")
Row = TypeVar("Row")
RATING_HEADERS = ("nip", "asesor", "simulasi", "kompetensi", "tingkat", "bukti")


@transaction.atomic
def set_matrix(
    *,
    programme: Programme,
    cells: Mapping[tuple[str, str], Sequence[str]],
    actor: str,
    now: datetime,
) -> None:
    """Say which simulations there are, (code, name), and which competencies each shows.

    A cell that was rated stays; a simulation that is not named any more goes if nobody used it.
    """
    codes = {row.code: row for row in Competency.objects.all()}
    for (code, name), competencies in cells.items():
        row, _ = Simulation.objects.update_or_create(
            programme=programme, code=code, defaults={"name": name}
        )
        wanted = {codes[one].pk for one in competencies}
        row.measures.exclude(competency__in=wanted).exclude(
            competency__in=row.ratings.values("competency")
        ).delete()
        for competency in wanted:
            Measure.objects.get_or_create(simulation=row, competency_id=competency)
    programme.simulations.exclude(code__in=[code for code, _ in cells]).filter(
        ratings__isnull=True
    ).delete()
    _record(programme, "matrix.set", programme.code, actor, now, simulations=len(cells))


@transaction.atomic
def add_simulation(
    *,
    programme: Programme,
    code: str,
    name: str,
    competencies: Sequence[str],
    actor: str,
    now: datetime,
) -> None:
    """One simulation more, or what one shows said anew; the others stay."""
    others = {
        (row.code, row.name): [one.code for one in row.competencies.all()]
        for row in programme.simulations.exclude(code=code)
    }
    set_matrix(
        programme=programme, cells={**others, (code, name): competencies}, actor=actor, now=now
    )


@transaction.atomic
def assign(*, participant: Participant, assessor: User, actor: str, now: datetime) -> Assignment:
    """Let an assessor observe a participant, unless they are the same person or of one office."""
    own = getattr(assessor, "employee", None)
    day = participant.programme.starts
    if own is not None and (
        own.pk == participant.employee_id
        or unit_held(own.pk, on=day) == unit_held(participant.employee_id, on=day) is not None
    ):
        raise NotIndependent
    if participant.assignments.filter(signed_at__isnull=False).exists():
        raise AlreadySigned
    row, new = Assignment.objects.get_or_create(participant=participant, assessor=assessor)
    if new:
        subject = f"{participant.employee.nip} ← {assessor.username}"
        _record(participant.programme, "assessor.assign", subject, actor, now)
    return row


@transaction.atomic
def rate(
    *,
    assignment: Assignment,
    simulation: Simulation,
    competency: Competency,
    level: Decimal,
    evidence: str,
    now: datetime,
) -> Rating:
    """Keep an assessor's own judgement with the behaviour seen, once and for all."""
    programme = assignment.participant.programme
    if competency.pk not in matrix(programme).get(simulation.pk, frozenset()):
        raise NotInMatrix
    if not evidence.strip():
        message = f"Bukti perilaku untuk {competency} wajib diisi."
        raise BadRating(message)
    if not 0 <= level <= 5:
        message = f"Tingkat {competency}: diharapkan 0 sampai 5; ditemukan {level}."
        raise BadRating(message)
    if assignment.signed_at:
        raise AlreadySigned
    rating, new = Rating.objects.get_or_create(
        assignment=assignment,
        simulation=simulation,
        competency=competency,
        defaults={"level": level, "evidence": evidence.strip(), "rated_at": now},
    )
    if not new:
        raise AlreadyRated
    freeze_policy(programme=programme, now=now)
    _record(
        programme, "rating.give",
        f"{assignment.participant.employee.nip} {simulation.code} {competency.code}",
        assignment.assessor.username, now, level=level,
    )  # fmt: skip
    return rating


@transaction.atomic
def import_ratings(*, programme: Programme, table: Table, actor: str, now: datetime) -> int:
    """Ratings from a file: all of it or nothing; the first wrong cell is named."""
    missing = [header for header in RATING_HEADERS if header not in table.headers]
    if missing:
        message = f"{table.file}, baris 1: diharapkan kolom {missing[0]}; tidak ditemukan."
        raise BadRating(message)
    table.refuse_long_numbers(RATING_HEADERS)
    assignments = {
        (row.participant.employee.nip, row.assessor.username): row
        for row in Assignment.objects.filter(participant__programme=programme).select_related(
            "participant__employee", "participant__programme", "assessor"
        )
    }
    simulations = {row.code: row for row in programme.simulations.all()}
    competencies = {row.code: row for row in measured_competencies(programme)}
    for place, *cells in zip(table.row_numbers, *table.columns, strict=True):
        row = dict(zip(table.headers, cells, strict=True))
        where = f"{table.file}, baris {place}"
        try:
            rate(
                assignment=_found(assignments, (row["nip"], row["asesor"]), "nip dan asesor"),
                simulation=_found(simulations, row["simulasi"], "simulasi"),
                competency=_found(competencies, row["kompetensi"], "kompetensi"),
                level=_level(row["tingkat"]),
                evidence=row["bukti"],
                now=now,
            )
        except (BadRating, NotInMatrix, AlreadyRated, AlreadySigned) as refusal:
            message = f"{where}: {refusal}"
            raise BadRating(message) from refusal
    _record(programme, "ratings.import", table.file, actor, now, rows=len(table))
    return len(table)


def _found(known: Mapping[Key, Row], key: Key, column: str) -> Row:
    if key not in known:
        message = f"kolom {column}: diharapkan yang terdaftar pada program; ditemukan {key}."
        raise BadRating(message)
    return known[key]


def _level(text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation as exc:
        message = f"kolom tingkat: diharapkan bilangan 0–5; ditemukan {text or 'kosong'}."
        raise BadRating(message) from exc


@transaction.atomic
def agree(
    *,
    participant: Participant,
    competency: Competency,
    level: Decimal,
    reason: str,
    actor: str,
    now: datetime,
) -> Agreement:
    """Write down the level on which the assessors agreed; every one of them has rated first."""
    assignments = list(participant.assignments.all())
    agency = participant.programme.organiser.code
    least = policy_in_force(agency=agency, on=timezone.localdate(now))["centre.min_assessors"]
    if len(assignments) < least:
        message = (
            f"Peserta ini memerlukan sedikitnya {least} asesor; ditugaskan {len(assignments)}."
        )
        raise RatingsMissing(message)
    if any(row.signed_at for row in assignments):
        raise AlreadySigned
    for assignment in assignments:
        if missing_ratings(assignment):
            message = f"{assignment.assessor.name} belum menyelesaikan penilaiannya."
            raise RatingsMissing(message)
    if not reason.strip() or not 0 <= level <= 5:
        message = f"{competency}: tingkat 0–5 dan alasan kesepakatan wajib diisi."
        raise BadRating(message)
    row, _ = Agreement.objects.update_or_create(
        participant=participant,
        competency=competency,
        defaults={"level": level, "reason": reason.strip(), "agreed_at": now},
    )
    subject = f"{participant.employee.nip} {competency.code}"
    _record(participant.programme, "level.agree", subject, actor, now, level=level)
    return row


@transaction.atomic
def sign(*, assignment: Assignment, now: datetime) -> None:
    """An assessor signs a participant's agreed levels; nothing changes after that."""
    participant = assignment.participant
    missing = missing_ratings(assignment)
    if missing:
        simulation, competency = missing[0]
        message = f"Penilaian {competency} pada {simulation} belum diisi."
        raise RatingsMissing(message)
    agreed = set(participant.agreements.values_list("competency_id", flat=True))
    open_ = [c for c in measured_competencies(participant.programme) if c.pk not in agreed]
    if open_:
        message = f"Tingkat {open_[0]} belum disepakati."
        raise RatingsMissing(message)
    if Assignment.objects.filter(pk=assignment.pk, signed_at__isnull=True).update(signed_at=now):
        _record(
            participant.programme, "levels.sign", participant.employee.nip,
            assignment.assessor.username, now,
        )  # fmt: skip


def _record(
    programme: Programme, action: str, subject: str, actor: str, now: datetime, **detail: object
) -> None:
    record(
        actor=actor, action=action, subject=subject, agency=programme.organiser.code,
        detail=detail, now=now,
    )  # fmt: skip
