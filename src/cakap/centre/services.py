"""The assessment centre: a matrix, assessors, their own ratings with evidence, handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import TypeVar

from django.db import transaction

from cakap.accounts.models import User
from cakap.audit.services import record
from cakap.centre.errors import (
    AlreadyRated,
    AlreadySigned,
    AlreadySubmitted,
    AssignmentWithdrawn,
    BadRating,
    MatrixInUse,
    MeetingOpened,
    NotIndependent,
    NotInMatrix,
    RatingsMissing,
    ReasonMissing,
)
from cakap.centre.models import Assignment, Measure, Rating, RatingCorrection, Simulation
from cakap.centre.queries import matrix, measured_competencies, meeting_is_open, missing_ratings
from cakap.errors import StalePage
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
    Raises `MatrixInUse` for a new cell once an assessor has submitted: nobody could rate it.
    """
    _refuse_new_cells(programme, cells)
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
    record_act(programme, "matrix.set", programme.code, actor, now, simulations=len(cells))


def _refuse_new_cells(programme: Programme, cells: Mapping[tuple[str, str], Sequence[str]]) -> None:
    measures = Measure.objects.filter(simulation__programme=programme)
    known = set(measures.values_list("simulation__code", "competency__code"))
    wanted = {(code, one) for (code, _), competencies in cells.items() for one in competencies}
    submitted = Assignment.objects.filter(
        participant__programme=programme, submitted_at__isnull=False, withdrawn_at__isnull=True
    )
    if wanted - known and submitted.exists():
        raise MatrixInUse


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
    """Let an assessor observe a participant, unless they are the same person or of one office.

    Whoever was withdrawn keeps the ratings and hands them in again: the matrix may have grown since.
    """
    own = getattr(assessor, "employee", None)
    day = participant.programme.starts
    if own is not None and (
        own.pk == participant.employee_id
        or unit_held(own.pk, on=day) == unit_held(participant.employee_id, on=day) is not None
    ):
        raise NotIndependent
    lock(participant)
    if participant.assignments.filter(signed_at__isnull=False).exists():
        raise AlreadySigned
    if meeting_is_open(participant):
        raise MeetingOpened
    row, new = Assignment.objects.get_or_create(participant=participant, assessor=assessor)
    again = Assignment.objects.filter(pk=row.pk, withdrawn_at__isnull=False).update(
        withdrawn_at=None, withdrawn_reason="", submitted_at=None
    )
    if new or again:
        subject = f"{participant.employee.nip} ← {assessor.username}"
        record_act(participant.programme, "assessor.assign", subject, actor, now)
    row.refresh_from_db()
    return row


@transaction.atomic
def withdraw(*, assignment: Assignment, reason: str, actor: str, now: datetime) -> None:
    """Take an assessor off a participant before the meeting, for instance who never submits."""
    participant = assignment.participant
    lock(participant)
    if meeting_is_open(participant):
        raise MeetingOpened
    if not reason.strip():
        raise ReasonMissing
    if not Assignment.objects.filter(pk=assignment.pk, withdrawn_at__isnull=True).update(
        withdrawn_at=now, withdrawn_reason=reason.strip()
    ):
        raise AssignmentWithdrawn
    subject = f"{participant.employee.nip} ← {assignment.assessor.username}"
    record_act(
        participant.programme, "assessor.withdraw", subject, actor, now, reason=reason.strip()
    )


@transaction.atomic
def submit(*, assignment: Assignment, now: datetime) -> bool:
    """Hand in an assessor's ratings of a participant, every cell rated. False if done before."""
    lock(assignment.participant)
    missing = missing_ratings(assignment)
    if missing:
        simulation, competency = missing[0]
        message = f"Penilaian {competency} pada {simulation} belum diisi."
        raise RatingsMissing(message)
    if not Assignment.objects.filter(
        pk=assignment.pk, submitted_at__isnull=True, withdrawn_at__isnull=True
    ).update(submitted_at=now):
        return False
    record_act(
        assignment.participant.programme, "ratings.submit", assignment.participant.employee.nip,
        assignment.assessor.username, now,
    )  # fmt: skip
    return True


@transaction.atomic
def reopen(*, assignment: Assignment, reason: str, now: datetime) -> None:
    """Take one's submitted ratings back with the reason, before the meeting was opened."""
    lock(assignment.participant)
    if meeting_is_open(assignment.participant):
        raise MeetingOpened
    if not reason.strip():
        raise ReasonMissing
    if not Assignment.objects.filter(pk=assignment.pk, submitted_at__isnull=False).update(
        submitted_at=None
    ):
        message = "Penilaian peserta ini belum diserahkan."
        raise StalePage(message)
    record_act(
        assignment.participant.programme, "ratings.reopen", assignment.participant.employee.nip,
        assignment.assessor.username, now, reason=reason.strip(),
    )  # fmt: skip


@transaction.atomic
def correct(
    *,
    rating: Rating,
    level: Decimal,
    evidence: str,
    reason: str,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Correct an own rating before it is submitted; what it said before is kept with the reason.

    seen: how often it had been corrected when the page showed it; another number is `StalePage`.
    """
    assignment = rating.assignment
    lock(assignment.participant)
    _refuse_closed(assignment)
    _check_rating(rating.competency, level, evidence)
    if not reason.strip():
        raise ReasonMissing
    rating.refresh_from_db()
    if (rating.level, rating.evidence) == (level, evidence.strip()):
        return
    if seen is not None and seen != rating.corrections.count():
        message = "Penilaian ini sudah Anda perbaiki di halaman lain. Muat ulang halaman."
        raise StalePage(message)
    RatingCorrection.objects.create(
        rating=rating, level=rating.level, evidence=rating.evidence, reason=reason.strip(),
        corrected_at=now,
    )  # fmt: skip
    Rating.objects.filter(pk=rating.pk).update(level=level, evidence=evidence.strip())
    record_act(
        assignment.participant.programme, "rating.correct",
        f"{assignment.participant.employee.nip} {rating.simulation.code} {rating.competency.code}",
        assignment.assessor.username, now, reason=reason.strip(), sealed=_sealed(level, evidence),
    )  # fmt: skip


@transaction.atomic
def rate(
    *,
    assignment: Assignment,
    simulation: Simulation,
    competency: Competency,
    level: Decimal,
    evidence: str,
    now: datetime,
) -> bool:
    """Keep an assessor's own judgement of one cell. False if it stood there word for word before.

    Raises `AlreadyRated` where the cell has another rating, naming the cell.
    """
    programme = assignment.participant.programme
    if competency.pk not in matrix(programme).get(simulation.pk, frozenset()):
        raise NotInMatrix
    _check_rating(competency, level, evidence)
    lock(assignment.participant)
    known = Rating.objects.filter(
        assignment=assignment, simulation=simulation, competency=competency
    ).first()
    if known and (known.level, known.evidence) == (level, evidence.strip()):
        return False
    if known:
        message = f"{simulation} – {competency} sudah Anda nilai; penilaian itu tidak diganti."
        raise AlreadyRated(message)
    _refuse_closed(assignment)
    Rating.objects.create(
        assignment=assignment, simulation=simulation, competency=competency,
        level=level, evidence=evidence.strip(), rated_at=now,
    )  # fmt: skip
    freeze_policy(programme=programme, now=now)
    record_act(
        programme, "rating.give",
        f"{assignment.participant.employee.nip} {simulation.code} {competency.code}",
        assignment.assessor.username, now, sealed=_sealed(level, evidence),
    )  # fmt: skip
    return True


def _check_rating(competency: Competency, level: Decimal, evidence: str) -> None:
    if not evidence.strip():
        message = f"Bukti perilaku untuk {competency} wajib diisi."
        raise BadRating(message)
    if not 0 <= level <= 5:
        message = f"Tingkat {competency}: diharapkan 0 sampai 5; ditemukan {level}."
        raise BadRating(message)


def _refuse_closed(assignment: Assignment) -> None:
    now = Assignment.objects.get(pk=assignment.pk)
    if now.withdrawn_at:
        raise AssignmentWithdrawn
    if now.signed_at:
        raise AlreadySigned
    if now.submitted_at:
        raise AlreadySubmitted


def _sealed(level: Decimal, evidence: str) -> str:
    """A digest for the audit trail: it proves a rating later and tells nobody its level now."""
    return sha256(f"{Decimal(level):.2f}\n{evidence.strip()}".encode()).hexdigest()


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
        for row in Assignment.objects.filter(
            participant__programme=programme, withdrawn_at__isnull=True
        ).select_related("participant__employee", "participant__programme", "assessor")
    }
    simulations = {row.code: row for row in programme.simulations.all()}
    competencies = {row.code: row for row in measured_competencies(programme)}
    for place, cells in zip(table.row_numbers, zip(*table.columns, strict=True), strict=True):
        row = dict(zip(table.headers, cells, strict=True))
        where = f"{table.file}, baris {place}"
        try:
            new = rate(
                assignment=_found(assignments, (row["nip"], row["asesor"]), "nip dan asesor"),
                simulation=_found(simulations, row["simulasi"], "simulasi"),
                competency=_found(competencies, row["kompetensi"], "kompetensi"),
                level=_level(row["tingkat"]),
                evidence=row["bukti"],
                now=now,
            )
        except (BadRating, NotInMatrix, AlreadyRated, AlreadySubmitted, AlreadySigned) as refusal:
            message = f"{where}: {refusal}"
            raise BadRating(message) from refusal
        if not new:
            message = f"{where}: {row['simulasi']} – {row['kompetensi']} sudah dinilai."
            raise BadRating(message)
    record_act(programme, "ratings.import", table.file, actor, now, rows=len(table))
    return len(table)


def _found(known: Mapping[Key, Row], key: Key, column: str) -> Row:
    if key not in known:
        message = f"kolom {column}: diharapkan yang terdaftar pada program; ditemukan {key}."
        raise BadRating(message)
    return known[key]


def _level(text: str) -> Decimal:
    try:
        level = Decimal(text.replace(",", "."))
    except InvalidOperation:
        level = Decimal("nan")
    if not level.is_finite():
        message = f"kolom tingkat: diharapkan bilangan 0–5; ditemukan {text or 'kosong'}."
        raise BadRating(message)
    return level


def lock(participant: Participant) -> None:
    """Let one act at a time happen on the ratings and the meeting of a participant."""
    Participant.objects.select_for_update().get(pk=participant.pk)


def record_act(
    programme: Programme, action: str, subject: str, actor: str, now: datetime, **detail: object
) -> None:
    """Write an act on a programme to the audit trail."""
    record(
        actor=actor, action=action, subject=subject, agency=programme.organiser.code,
        detail=detail, now=now,
    )  # fmt: skip
