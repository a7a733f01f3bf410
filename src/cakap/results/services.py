"""Publishes results from a scoring run: gather scores and standards, compute, keep with provenance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from cakap import __version__
from cakap.audit.services import record
from cakap.delivery.queries import set_aside_participants
from cakap.delivery.sites.queries import incomplete_sessions
from cakap.policy.queries import policy_kept
from cakap.programmes.models import Programme
from cakap.programmes.services import note_assessed
from cakap.registry.models import Competency
from cakap.registry.queries import standard_lines
from cakap.results.compute import Finding, find, plain, what_is_missing
from cakap.results.errors import NothingToPublish, RecordsMissing
from cakap.results.models import Result, ResultLevel
from cakap.results.queries import employees_of, standards_of, standings
from cakap.scoring.models import Run
from cakap.scoring.queries import scores_of

SAME = 1e-9


@transaction.atomic
def publish_results(*, run: Run, actor: str, now: datetime) -> int:
    """Turn a run's scores into results; older ones of the same people are superseded, not changed.

    So are those of people whose sittings were all set aside: nothing is left that bears them out.
    """
    policy, programme = policy_kept(run.policy_digest), run.programme
    refuse_incomplete(programme, now=now)
    employees, scores = employees_of(run), scores_of(run)
    asked = standards_of(employees, on=run.day)

    found = {
        participant: find(
            standings(own), asked[participant][1], purpose=programme.purpose, policy=policy
        )
        for participant, own in scores.items()
        if not what_is_missing(standings(own), asked.get(participant, (0, {}))[1], policy)
    }

    if not found:
        raise NothingToPublish
    unfounded = set_aside_participants(programme, now=now) - found.keys()
    _supersede([*found, *unfounded], now)
    standards = {participant: asked[participant][0] for participant in found}
    results = _keep(run, found, employees=employees, standards=standards)
    _keep_levels(results, found, {participant: asked[participant][1] for participant in found})
    _tell_programmes(programme, results, actor, now)
    record(
        actor=actor, action="results.publish", subject=programme.code,
        agency=programme.organiser.code, detail={"results": len(results), "run": run.pk}, now=now,
    )  # fmt: skip
    return len(results)


def refuse_incomplete(programme: Programme, *, now: datetime) -> None:
    """Raises RecordsMissing while records of a session are missing or contradict each other.

    Unless two people have decided, for the very records that are missing, to score without them.
    """
    found = incomplete_sessions(programme, now=now)
    if found:
        named = " · ".join(map(str, found))
        message = (
            f"Hasil tidak diterbitkan karena catatan belum lengkap. {named}. Terimalah sisanya dari "
            "situs, atau putuskan berdua pada halaman sesi itu (Situs ujian)."
        )
        raise RecordsMissing(message)


def _supersede(participants: list[int], now: datetime) -> None:
    Result.objects.filter(participant__in=participants, superseded_at__isnull=True).update(
        superseded_at=now
    )


def _keep(
    run: Run,
    found: Mapping[int, Finding],
    *,
    employees: Mapping[int, int],
    standards: Mapping[int, int],
) -> list[Result]:
    day = run.day
    months = policy_kept(run.policy_digest)["results.validity_months"]
    recognised = run.programme.organiser.accredited_on(day)
    return Result.objects.bulk_create(
        [
            Result(
                run=run,
                participant_id=participant,
                employee_id=employees[participant],
                standard_id=standards[participant],
                valid_from=day,
                valid_until=months_later(day, months),
                recognised=recognised,
                interests=dict(finding.interests),
                policy_digest=run.policy_digest,
                engine_version=__version__,
                **plain(finding),
            )
            for participant, finding in found.items()
        ],
        batch_size=2000,
    )


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day where there is no such day."""
    place = day.year * 12 + day.month - 1 + months
    for last in (day.day, 30, 29, 28):
        try:
            return date(place // 12, place % 12 + 1, last)
        except ValueError:
            continue
    raise AssertionError


def _keep_levels(
    results: list[Result], found: Mapping[int, Finding], asked: Mapping[int, Mapping[str, int]]
) -> None:
    ids = dict(Competency.objects.values_list("code", "pk"))
    ResultLevel.objects.bulk_create(
        (
            ResultLevel(
                result=result,
                competency_id=ids[code],
                value=level.value,
                se=level.se,
                level=level.level,
                probabilities=[round(p, 6) for p in level.probabilities],
                required=asked[result.participant_id].get(code),
            )
            for result in results
            for code, level in found[result.participant_id].levels.items()
            if code in ids  # what is no competency has a score and no level
        ),
        batch_size=5000,
    )


def _tell_programmes(
    programme: Programme, results: list[Result], actor: str, now: datetime
) -> None:
    """The three-year rule counts recognised results only."""
    validity = {
        row.employee_id: (row.valid_from, row.valid_until) for row in results if row.recognised
    }
    if validity:
        note_assessed(
            validity=validity, source=programme.code, actor=actor,
            agency=programme.organiser.code, now=now,
        )  # fmt: skip


def first_difference(run: Run) -> str:
    """Recompute the results of a run from its scores; a sentence on the first that differs."""
    policy, scores = policy_kept(run.policy_digest), scores_of(run)
    rows = list(run.results.select_related("employee", "participant__programme").order_by("pk"))
    lines = standard_lines(row.standard_id for row in rows)
    for row in rows:
        finding = find(
            standings(scores[row.participant_id]),
            lines[row.standard_id],
            purpose=row.participant.programme.purpose,
            policy=policy,
        )
        for name, value in plain(finding).items():
            kept = getattr(row, name)
            if _differs(kept, value):
                return f"hasil {row.employee.nip}, {name}: tersimpan {kept}, dihitung ulang {value}"
        found = _first_other_level(row, finding)
        if found:
            return found
    return ""


def _first_other_level(row: Result, finding: Finding) -> str:
    for kept in row.levels.select_related("competency"):
        level = finding.levels[kept.competency.code]
        if _differs(kept.value, level.value) or kept.level != level.level:
            return (
                f"hasil {row.employee.nip}, {kept.competency.code}: tersimpan {kept.value}, "
                f"dihitung ulang {level.value}"
            )
    return ""


def _differs(kept: object, value: object) -> bool:
    if isinstance(kept, float) and isinstance(value, float):
        return abs(kept - value) > SAME
    return kept != value
