"""What the exam page asks for and sends: JSON, checked on every request."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from cakap.accounts.access import public
from cakap.delivery.errors import BadEvent, NotBegun
from cakap.delivery.paper import paper, shown
from cakap.delivery.queries import state_of
from cakap.delivery.saving import events_of
from cakap.delivery.services import heartbeat, keep_events, offer_next, submit
from cakap.delivery.token import attempt_of, live_attempt
from cakap.itembank.queries import Part, Question, form_content, question_of


@require_GET
@public
def content(request: HttpRequest) -> HttpResponse:
    """The whole paper in this participant's order, where the attempt stands, and the time left."""
    attempt = live_attempt(request)
    if attempt.begun_at is None or attempt.closes_at is None:
        raise NotBegun
    state = state_of(attempt)
    offered = list(attempt.offers.order_by("place").values_list("version_id", flat=True))
    left = (attempt.closes_at - timezone.now()).total_seconds()
    return JsonResponse(
        {
            "attempt": attempt.pk,
            "device": attempt.device[:8],
            "seconds_left": max(left, 0),
            "answers": state.answers,
            "flagged": sorted(state.flagged),
            "last_seq": state.last_seq,
            "parts": [
                _part(shown(part, offered))
                for part in paper(form_content(attempt.seat.session.form), seed=attempt.seed)
            ],
        }
    )


def _part(part: Part) -> dict[str, Any]:
    return {
        "title": part.title,
        "instructions": part.instructions,
        "adaptive": {"section": part.section, "most": part.adaptive_items}
        if part.adaptive_items
        else None,
        "questions": [_question(question) for question in part.questions],
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "id": question.id,
        "kind": question.kind,
        "stem": question.stem,
        "options": list(question.options),
    }


# The token's cookie is SameSite=Strict and the body must be JSON, which no form of another site
# can send: that is the protection here, in place of the form token.
@csrf_exempt
@require_POST
@public
def following(request: HttpRequest) -> HttpResponse:
    """The next item of an adaptive section, or none when it has ended."""
    attempt, device = attempt_of(request)
    section = _body(request).get("section")
    if not isinstance(section, int):
        message = "Diharapkan section berupa bilangan."
        raise BadEvent(message)
    offer = offer_next(attempt=attempt, device=device, section=section, now=timezone.now())
    return JsonResponse({"question": _question(question_of(offer.version)) if offer else None})


@csrf_exempt
@require_POST
@public
def answers(request: HttpRequest) -> HttpResponse:
    """Keep events; what this acknowledges is committed."""
    attempt, device = attempt_of(request)
    last = keep_events(
        attempt=attempt, device=device, sent=events_of(_body(request).get("events") or []),
        address=request.META.get("REMOTE_ADDR", "")[:45], now=timezone.now(),
    )  # fmt: skip
    return JsonResponse({"kept": last})


@csrf_exempt
@require_POST
@public
def beat(request: HttpRequest) -> HttpResponse:
    """The page is there; how much time is left by the server's clock."""
    attempt, device = attempt_of(request)
    return JsonResponse(
        {"seconds_left": heartbeat(attempt=attempt, device=device, now=timezone.now())}
    )


@csrf_exempt
@require_POST
@public
def finish(request: HttpRequest) -> HttpResponse:
    """Submit, when the server holds everything the page has sent."""
    attempt, device = attempt_of(request)
    last_seq = _body(request).get("last_seq")
    if not isinstance(last_seq, int):
        message = "Diharapkan last_seq berupa bilangan."
        raise BadEvent(message)
    kept = submit(attempt=attempt, device=device, last_seq=last_seq, now=timezone.now())
    return JsonResponse({"code": kept.code, "answered": kept.answered})


def _body(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        message = "Diharapkan isi application/json."
        raise BadEvent(message)
    try:
        body = json.loads(request.body)
    except ValueError as exc:
        raise BadEvent from exc
    if not isinstance(body, dict):
        raise BadEvent
    return body
