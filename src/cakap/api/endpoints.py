"""The public REST API: the same rows, roles and figures as the pages; one thing can be answered by it."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, NinjaAPI, Schema
from ninja.security import django_auth

from cakap import __version__
from cakap.accounts.access import act_as, acting_agency, one, rows
from cakap.accounts.models import Role
from cakap.errors import Refused
from cakap.placement.advising import answer_line, sealed
from cakap.placement.models import Advice, AdviceLine, Plan
from cakap.placement.queries import people_for, posts_for
from cakap.registry.models import Employee, Position
from cakap.registry.queries import empty_seats
from cakap.results.models import Result
from cakap.results.queries import with_staleness

OFFICE = (Role.OPERATOR, Role.TALENT_MANAGER, Role.DECISION_MAKER, Role.AUDITOR)
TALENT = (Role.TALENT_MANAGER, Role.DECISION_MAKER, Role.AUDITOR)

api = NinjaAPI(
    title="cakap",
    version=__version__,
    urls_namespace="api",
    auth=django_auth,
    docs_url=None,  # its page needs inline script, which our content policy forbids
    description="Masuk lewat halaman masuk; sesi yang sama berlaku di sini.",
)


@api.exception_handler(Refused)
def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """A refusal as JSON: its code is stable, its message is for people."""
    content = {"code": refusal.code, "message": str(refusal)}
    return api.create_response(request, content, status=refusal.status)


class VacantPost(Schema):
    """A post with empty seats."""

    code: str
    title: str
    unit: str
    tier: str
    seats: int


@api.get("/posts/vacant", response=list[VacantPost], url_name="vacant")
def vacant(request: HttpRequest) -> list[dict[str, Any]]:
    """Posts with fewer definitive holders than seats, today."""
    act_as(request, *OFFICE)
    empty = empty_seats(acting_agency(request), on=timezone.localdate())
    found = rows(request, Position).filter(pk__in=empty).select_related("unit")
    return [
        {
            "code": row.code,
            "title": row.title,
            "unit": row.unit.name,
            "tier": row.tier,
            "seats": empty[row.pk],
        }
        for row in found
    ]


class ResultOut(Schema):
    """A result in force, both formulas of JPM unrounded."""

    nip: str
    post: str
    jpm_ratio: float
    jpm_capped_mean: float
    category: str
    potential: float | None
    valid_from: date
    valid_until: date
    recognised: bool
    is_stale: bool
    levels: dict[str, float]
    policy_digest: str
    input_digest: str
    engine_version: str


@api.get("/results/{nip}", response=ResultOut, url_name="result")
def result(request: HttpRequest, nip: str) -> dict[str, Any]:
    """The result in force of one civil servant."""
    act_as(request, *OFFICE)
    found = one(request, Result, employee__nip=nip, superseded_at=None)
    row: Any = with_staleness(Result.objects.filter(pk=found.pk)).get()
    levels = row.levels.values_list("competency__code", "value")
    names = [name for name in ResultOut.model_fields if name not in {"nip", "post", "levels"}]
    return {
        "nip": nip,
        "post": row.standard.position.code,
        "levels": dict(levels),
        **{name: getattr(row, name) for name in names},
    }


class ProposalOut(Schema):
    """A person for a post, with what speaks for it and what is short."""

    nip: str
    post: str
    fit: float
    box: int | None
    strengths: list[str]
    gaps: list[str]
    findings: list[str]


class ExcludedOut(Schema):
    """Who is not proposed, and why."""

    nip: str
    post: str
    reasons: list[str]


class RecommendationOut(Schema):
    """An answer to one of the two questions."""

    proposed: list[ProposalOut]
    excluded: list[ExcludedOut]


@api.get("/posts/{code}/people", response=RecommendationOut, url_name="people")
def people(request: HttpRequest, code: str, top: int = 20) -> dict[str, Any]:
    """Siapa untuk jabatan ini?"""
    act_as(request, *TALENT)
    found = people_for(one(request, Position, code=code), on=timezone.localdate(), most=top)
    return _recommendation(found)


@api.get("/people/{nip}/posts", response=RecommendationOut, url_name="posts")
def posts(request: HttpRequest, nip: str, top: int = 20) -> dict[str, Any]:
    """Jabatan apa untuk orang ini?"""
    act_as(request, *TALENT)
    found = posts_for(one(request, Employee, nip=nip), on=timezone.localdate(), most=top)
    return _recommendation(found)


def _recommendation(found: Any) -> dict[str, Any]:
    return {
        "proposed": [
            {
                "nip": row.employee.nip,
                "post": row.position.code,
                "fit": row.fit,
                "box": row.box,
                "strengths": list(row.strengths),
                "gaps": list(row.gaps),
                "findings": list(row.findings),
            }
            for row in found.proposed
        ],
        "excluded": [
            {"nip": row.employee.nip, "post": row.position.code, "reasons": list(row.reasons)}
            for row in found.excluded
        ],
    }


class MoveOut(Schema):
    """One person of a plan."""

    nip: str
    source: str
    target: str
    fit_before: float
    fit_after: float
    criteria_before: dict[str, float]
    criteria_after: dict[str, float]
    standing: float | None
    reason: str


class PlanOut(Schema):
    """A rotation plan."""

    name: str
    state: str
    method: str
    terms: dict[str, Any]
    blocking: int
    total_before: float
    total_after: float
    optimal: bool
    decree: str
    lines: list[MoveOut]


@api.get("/plans/{plan_id}", response=PlanOut, url_name="plan")
def plan(request: HttpRequest, plan_id: int) -> dict[str, Any]:
    """A rotation plan line by line."""
    act_as(request, *TALENT)
    row = one(request, Plan, pk=plan_id)
    names = [name for name in PlanOut.model_fields if name != "lines"]
    return {
        **{name: getattr(row, name) for name in names},
        "lines": [
            {
                "nip": line.employee.nip,
                "source": line.source.code,
                "target": line.target.code,
                "fit_before": line.fit_before,
                "fit_after": line.fit_after,
                "criteria_before": line.criteria_before,
                "criteria_after": line.criteria_after,
                "standing": line.standing,
                "reason": line.reason,
            }
            for line in row.lines.select_related("employee", "source", "target")
        ],
    }


class LetterOut(Schema):
    """A signed letter of recommendations: the document byte for byte, its signature, its signer's card."""

    number: str
    issuer: str
    document: str
    signature: str
    card: str
    answers: dict[str, str]


@api.get("/advice", response=list[LetterOut], url_name="advice")
def advice(request: HttpRequest) -> list[dict[str, Any]]:
    """Letters sent to the agencies of this user; `answers` by the lines' ids."""
    act_as(request, *TALENT)
    lines = rows(request, AdviceLine).filter(advice__state=Advice.State.SENT)
    letters: dict[int, list[AdviceLine]] = {}
    for line in lines.select_related("advice__issuer"):
        letters.setdefault(line.advice_id, []).append(line)
    return [
        {
            "number": own[0].advice.number, "issuer": own[0].advice.issuer.code,
            **sealed(own[0].advice), "answers": {str(line.pk): line.answer for line in own},
        }
        for own in letters.values()
    ]  # fmt: skip


class AnswerIn(Schema):
    """What the agency says to one recommendation."""

    answer: Literal["accepted", "declined"]
    note: str = Field(default="", max_length=300)


class AnswerOut(Schema):
    """The answer as kept."""

    answer: str
    note: str


@api.post("/advice/lines/{line_id}", response=AnswerOut, url_name="answer")
def answer(request: HttpRequest, line_id: int, told: AnswerIn) -> dict[str, Any]:
    """Accept or decline one recommendation."""
    act_as(request, Role.TALENT_MANAGER, Role.DECISION_MAKER)
    line = one(request, AdviceLine, pk=line_id, advice__state=Advice.State.SENT)
    answer_line(
        line=line, answer=told.answer, note=told.note, actor=request.user.get_username(),
        now=timezone.now(),
    )  # fmt: skip
    return {"answer": line.answer, "note": line.answer_note}
