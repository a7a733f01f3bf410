"""A calibration's life: asked for, worked out off the page, compared, adopted item by item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from cakap import __version__
from cakap.accounts.models import Agency
from cakap.audit.services import record
from cakap.itembank.models import ItemParameters
from cakap.itembank.queries import in_force
from cakap.itembank.services import adopt_parameters
from cakap.jobs.models import Job
from cakap.science.workers import Workers
from cakap.scoring.calibrating import ADOPTABLE, Outcome, work_out
from cakap.scoring.errors import BadAnswers, CannotAdopt
from cakap.scoring.evidence import Evidence, from_answers, from_file
from cakap.scoring.models import CalibratedItem, Calibration
from cakap.scoring.words import REFUSALS

SAME = 1e-6


@transaction.atomic
def ask_for_calibration(
    *,
    agency: Agency,
    model: str,
    actor: str,
    now: datetime,
    dimension: str = "",
    group_by: str = "",
    upload: tuple[str, bytes] | None = None,
    id_column: str = "",
) -> Calibration:
    """Write down what is to be calibrated; a file is read at once, so that its mistakes are told now."""
    if upload:
        from_file(upload[1], agency, id_column=id_column, group_column=group_by)
    row = Calibration.objects.create(
        agency=agency,
        source=Calibration.Source.FILE if upload else Calibration.Source.ANSWERS,
        title=upload[0] if upload else dimension,
        dimension=dimension,
        model=model,
        group_by=group_by,
        id_column=id_column,
        upload=upload[1] if upload else b"",
        asked_by=actor,
        answered_until=now,
        engine_version=__version__,
    )
    record(
        actor=actor, action="calibration.ask", subject=row.title, agency=agency.code,
        detail={"model": model, "source": row.source}, now=now,
    )  # fmt: skip
    return row


def note_job(row: Calibration, job: int) -> None:
    """Keep which job works it out, for as long as it is not finished."""
    Calibration.objects.filter(pk=row.pk, finished_at__isnull=True).update(summary={"job": job})


def job_of(row: Calibration) -> Job | None:
    """The job that works it out; None once it is finished."""
    return None if row.finished_at else Job.objects.filter(pk=row.summary.get("job")).first()


def evidence_of(row: Calibration) -> Evidence:
    """What it is made from: the same every time it is asked."""
    if row.source == Calibration.Source.FILE:
        return from_file(
            bytes(row.upload), row.agency, id_column=row.id_column, group_column=row.group_by
        )
    return from_answers(row.agency, row.dimension, by_sex=row.group_by, at=row.answered_until)


def carry_out(row: Calibration, *, workers: Workers) -> str:
    """Gather, calibrate, keep; a sentence on how it went."""
    evidence = evidence_of(row)
    old = in_force([version for version in evidence.versions if version])
    outcome = _worked_out(row, evidence, old, workers)
    _keep(row, evidence, outcome, old)
    return f"{outcome.n_persons} orang, {len(outcome.items)} butir, loglik {outcome.loglik:.2f}."


def _worked_out(
    row: Calibration,
    evidence: Evidence,
    old: dict[int, tuple[float, list[float]]],
    workers: Workers,
) -> Outcome:
    try:
        return work_out(evidence, model=row.model, old=old, workers=workers)
    except ValueError as exc:
        message = next(
            (words for start, words in REFUSALS.items() if start in str(exc)),
            f"Model tidak dapat dicocokkan: {exc}.",
        )
        raise BadAnswers(message) from exc


@transaction.atomic
def _keep(
    row: Calibration,
    evidence: Evidence,
    outcome: Outcome,
    old: dict[int, tuple[float, list[float]]],
) -> None:
    CalibratedItem.objects.filter(calibration=row).delete()
    CalibratedItem.objects.bulk_create(
        CalibratedItem(calibration=row, place=place, version_id=item.version, **_fields(item))
        for place, item in enumerate(outcome.items, start=1)
    )
    summary = {key: value for key, value in asdict(outcome).items() if key != "items"}
    Calibration.objects.filter(pk=row.pk).update(
        finished_at=timezone.now(),
        input_digest=evidence.digest,
        in_force_before={str(version): list(known) for version, known in old.items()},
        summary=summary,
    )


def _fields(item: object) -> dict[str, object]:
    return {key: value for key, value in asdict(item).items() if key != "version"}  # type: ignore[call-overload]


@transaction.atomic
def adopt(*, calibration: Calibration, places: Sequence[int], actor: str, now: datetime) -> int:
    """Put the chosen items' parameters in force; the old ones stay, as no longer in force.

    Refuses where the model is not one the scoring of forms knows, where an item is not of the bank,
    and where the bank's parameters have changed since: what was compared must be what is replaced.
    """
    if calibration.model not in ADOPTABLE:
        message = (
            f"Model {calibration.model} dapat dilihat, tetapi belum dapat dipakai untuk skor formulir; "
            f"pilih {', '.join(ADOPTABLE)}."
        )
        raise CannotAdopt(message)
    chosen = list(
        calibration.items.filter(place__in=places, a__isnull=False, version__isnull=False)
    )
    if not chosen:
        message = "Pilih sedikitnya satu butir yang ada di bank soal dan mempunyai parameter."
        raise CannotAdopt(message)
    negative = next((item for item in chosen if item.a is not None and item.a < 0), None)
    if negative:
        message = f"Butir {negative.name} berdaya beda negatif; periksa kuncinya dahulu."
        raise CannotAdopt(message)
    before = {int(version): known for version, known in calibration.in_force_before.items()}
    for version, known in in_force([item.version_id for item in chosen if item.version_id]).items():
        if before.get(version) != [known[0], known[1]]:
            message = "Parameter di bank sudah berubah sejak kalibrasi ini; kalibrasi ulang dahulu."
            raise CannotAdopt(message)
    adopt_parameters(
        agency=calibration.agency,
        parameters={item.version_id: (item.a, item.b) for item in chosen},  # type: ignore[misc]
        source=ItemParameters.Source.CALIBRATED,
        actor=actor,
        now=now,
    )
    calibration.items.filter(pk__in=[item.pk for item in chosen]).update(adopted=True)
    Calibration.objects.filter(pk=calibration.pk).update(adopted_at=now, adopted_by=actor)
    return len(chosen)


def first_difference(row: Calibration, *, workers: Workers) -> str:
    """Work a finished calibration out again; a sentence on what does not come out, or nothing."""
    evidence = evidence_of(row)
    if evidence.digest != row.input_digest:
        return f"kalibrasi {row.title}: bahan tidak sama lagi"
    old = {int(version): (a, b) for version, (a, b) in row.in_force_before.items()}
    again = _worked_out(row, evidence, old, workers)
    if abs(again.loglik - row.summary["loglik"]) > SAME * abs(again.loglik):
        return (
            f"kalibrasi {row.title}: tersimpan loglik {row.summary['loglik']:.4f}, "
            f"dihitung ulang {again.loglik:.4f}"
        )
    return ""
