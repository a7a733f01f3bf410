from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from cakap.accounts.models import Agency
from cakap.centre.queries import (
    assigned_participants,
    observed_participants,
    signed_participants,
)
from cakap.delivery.models import Attempt
from cakap.delivery.queries import finished_participants, present_participants
from cakap.jobs.services import in_blocks
from cakap.policy.queries import policy_kept
from cakap.programmes.models import Participant, Programme
from cakap.programmes.queries import scheduled as scheduled_people
from cakap.registry.models import Position
from cakap.registry.queries import (
    held_positions,
    standard_in_force,
    standard_lines,
    standards_in_force_of,
)
from cakap.results.compute import Match, Standing, category, match, what_is_missing
from cakap.results.errors import NoStandard
from cakap.results.models import Result, ResultLevel
from cakap.scoring.models import Run, Score
from cakap.scoring.queries import scores_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """The five counts of a programme, as participant ids, so that they reconcile by name."""

    invited: frozenset[int]
    scheduled: frozenset[int]
    present: frozenset[int]
    finished: frozenset[int]
    valid: frozenset[int]


BLOCK = 5000
STEPS = ("invited", "scheduled", "present", "finished", "valid")


def five_counts(programme: Programme, *, now: datetime) -> Counts:
    """Invited, scheduled, present, finished, valid: never one number."""
    people = programme.participants
    if programme.method == Programme.Method.CENTRE:
        scheduled = assigned_participants(programme)
        present = observed_participants(programme)
        finished = signed_participants(programme)
    else:
        scheduled = set(scheduled_people(programme).values_list("pk", flat=True))
        present = present_participants(programme)
        finished = finished_participants(programme, now=now)
    valid = Result.objects.filter(participant__programme=programme, superseded_at__isnull=True)
    return Counts(
        invited=frozenset(people.filter(invited_at__isnull=False).values_list("pk", flat=True)),
        scheduled=frozenset(scheduled),
        present=frozenset(present),
        finished=frozenset(finished),
        valid=frozenset(valid.values_list("participant_id", flat=True)),
    )


def with_staleness(results: QuerySet[Result]) -> Any:
    """The results, each with `is_stale`: answers came, or what counts changed, after it was scored."""
    amended = Attempt.objects.filter(
        seat__participant=OuterRef("participant"), seat__session__is_rehearsal=False,
        amended_at__gt=OuterRef("run__made_at"),
    )  # fmt: skip
    return results.annotate(is_stale=Exists(amended))


def lost_between(counts: Counts) -> list[tuple[str, str, list[Participant]]]:
    """For each step to the next: who is in the one and not in the other, by name."""
    found = []
    for earlier, later in pairwise(STEPS):
        gone = getattr(counts, earlier) - getattr(counts, later)
        rows = Participant.objects.filter(pk__in=gone).select_related("employee")
        found.append((earlier, later, list(rows)))
    return found


def valid_results(agency: Agency, *, on: date) -> dict[int, Result]:
    """Employee id -> the newest recognised result that is valid on a day."""
    return _newest(Result.objects.filter(employee__agency=agency), on)


def organised_results(office: Agency, *, on: date) -> dict[int, Result]:
    """The same of everybody, of whatever agency, whom an office has assessed as organiser."""
    return _newest(Result.objects.filter(participant__programme__organiser=office), on)


def _newest(rows: QuerySet[Result], on: date) -> dict[int, Result]:
    valid = rows.filter(
        superseded_at__isnull=True, recognised=True, valid_from__lte=on, valid_until__gt=on
    )
    return {
        row.employee_id: row
        for row in valid.order_by("valid_from", "pk").select_related("employee__agency")
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class ForPost:
    """What the results of a person say about a post: the newest that measures all it asks, or why none."""

    result: Result | None
    jpm: float | None
    reason: str


def results_for_post(
    employees: Iterable[int], position: Position, *, on: date
) -> dict[int, ForPost]:
    """Employee id -> JPM for a post, in percent, from a recognised result that is valid on the day.

    A result is of the tier of the post when it measures every competency of the post's standard. One
    that is stale says nothing until it is scored and published again.
    """
    wanted = list(employees)
    rows = Result.objects.filter(
        employee__in=wanted, superseded_at__isnull=True, recognised=True,
        valid_from__lte=on, valid_until__gt=on,
    ).select_related("participant__programme__organiser").order_by("-valid_from", "-pk")  # fmt: skip
    found = {
        employee: ForPost(
            result=None, jpm=None,
            reason=f"tidak ada hasil penilaian yang diakui dan berlaku pada {on:%d-%m-%Y}",
        )
        for employee in wanted
    }  # fmt: skip
    for row in with_staleness(rows):
        if found[row.employee_id].result is not None:
            continue
        if row.is_stale:
            reason = (
                f"hasil {row.participant.programme.code} usang: yang dihitung berubah sesudah "
                "diskor; skor lagi dan terbitkan"
            )
            found[row.employee_id] = ForPost(result=None, jpm=None, reason=reason)
            continue
        try:
            against = jpm_against(row, position, on=on)
        except NoStandard as refusal:
            reason = f"hasil {row.participant.programme.code}: {refusal}"
            found[row.employee_id] = ForPost(result=None, jpm=None, reason=reason)
        else:
            found[row.employee_id] = ForPost(result=row, jpm=against.match.ratio, reason="")
    return found


def levels_of(results: Mapping[int, Result]) -> dict[int, dict[str, tuple[float, float]]]:
    """Key of `results` -> {competency code: level that enters JPM, its standard error}."""
    key_of = {result.pk: key for key, result in results.items()}
    levels: dict[int, dict[str, tuple[float, float]]] = {key: {} for key in results}
    for block in in_blocks(list(key_of), BLOCK):
        rows = ResultLevel.objects.filter(result__in=block)
        for pk, code, *measured in rows.values_list("result", "competency__code", "value", "se"):
            levels[key_of[pk]][code] = (measured[0], measured[1])
    return levels


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """One competency of a person against a post."""

    code: str
    name: str
    shown: float
    asked: int
    probability: float

    @property
    def gap(self) -> float:
        return self.shown - self.asked


@dataclass(frozen=True, kw_only=True, slots=True)
class Against:
    """A result against the standard of some post."""

    position: Position
    match: Match
    category: str
    category_name: str
    gaps: tuple[Gap, ...]


def jpm_against(result: Result, position: Position, *, on: date) -> Against:
    """JPM of a result for a post, one's own or any other; refused where there is no standard."""
    standard = standard_in_force(position, on=on)
    asked = standard_lines([standard.pk]).get(standard.pk, {}) if standard else {}
    if not asked:
        raise NoStandard
    rows = {row.competency.code: row for row in result.levels.select_related("competency")}
    absent = sorted(set(asked) - set(rows))
    if absent:
        message = (
            f"Kompetensi {absent[0]} diminta jabatan itu tetapi tidak diukur pada penilaian ini."
        )
        raise NoStandard(message)
    policy = policy_kept(result.policy_digest)
    found = match(
        {code: row.value for code, row in rows.items()}, asked, cap_total=policy["jpm.cap_total"]
    )
    code, name = category(found.ratio, result.participant.programme.purpose, policy)
    return Against(
        position=position,
        match=found,
        category=code,
        category_name=name,
        gaps=tuple(_gap(rows[one], level) for one, level in asked.items()),
    )


def _gap(row: ResultLevel, asked: int) -> Gap:
    """The probability is that of showing the level asked or more."""
    return Gap(
        code=row.competency.code,
        name=row.competency.name,
        shown=row.value,
        asked=asked,
        probability=float(sum(row.probabilities[asked:])),
    )


def standards_of(
    participants: Mapping[int, int], *, on: date
) -> dict[int, tuple[int, dict[str, int]]]:
    """Participant id -> (standard id, {competency: level}) of the post held, where there is one.

    participants: participant id -> employee id.
    """
    posts = held_positions(participants.values(), on=on)
    in_force = standards_in_force_of(posts.values(), on=on)
    lines = standard_lines(in_force.values())
    found = {}
    for participant, employee in participants.items():
        standard = in_force.get(posts.get(employee, 0))
        if standard is not None and lines.get(standard):
            found[participant] = (standard, lines[standard])
    return found


def without_result(run: Run) -> list[tuple[int, str]]:
    """Participant ids of a run who can have no result, and why."""
    policy = policy_kept(run.policy_digest)
    scores = scores_of(run)
    asked = standards_of(employees_of(run), on=run.day)
    reasons = [
        (
            participant,
            what_is_missing(standings(own), asked.get(participant, (0, {}))[1], policy),
        )
        for participant, own in scores.items()
    ]
    return [(participant, reason) for participant, reason in reasons if reason]


def employees_of(run: Run) -> dict[int, int]:
    """Participant id -> employee id of those who were scored."""
    rows = Participant.objects.filter(scores__run=run).distinct()
    return dict(rows.values_list("pk", "employee_id"))


def standings(scores: list[Score]) -> list[Standing]:
    """Kept scores as plain values."""
    return [
        Standing(
            dimension=score.dimension,
            scale=score.scale,
            value=score.value,
            se=score.se,
            answered=score.answered,
            input_digest=score.input_digest,
        )
        for score in scores
    ]


def category_counts(programme: Programme) -> dict[str, int]:
    """How many valid results fall in each category, the best category first."""
    rows = Result.objects.filter(participant__programme=programme, superseded_at__isnull=True)
    counted = Counter(rows.values_list("category", flat=True))
    if not counted:
        return {}
    scale = policy_kept(programme.policy_digest)[f"jpm.categories.{programme.purpose}"]
    return {code: counted[code] for code, _, _ in scale}


def programme_levels(programme: Programme) -> dict[str, dict[str, list[float]]]:
    """Competency name -> shown and asked levels of every valid result of a programme."""
    found: dict[str, dict[str, list[float]]] = {}
    rows = ResultLevel.objects.filter(
        result__participant__programme=programme,
        result__superseded_at__isnull=True,
        required__isnull=False,
    ).order_by("competency__code")
    for name, value, required in rows.values_list("competency__name", "value", "required"):
        own = found.setdefault(name, {"shown": [], "asked": []})
        own["shown"].append(value)
        own["asked"].append(float(required or 0))
    return found
