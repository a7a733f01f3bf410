"""What the exam page asks for and sends: JSON, checked on every request."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cakap.accounts.access import public
from cakap.delivery import time_watch
from cakap.delivery.errors import BadEvent, NotBegun
from cakap.delivery.following import next_question
from cakap.delivery.leftovers import deposit_token, take_leftovers
from cakap.delivery.models import Attempt
from cakap.delivery.paper import paper, shown, shown_question, shown_stimulus
from cakap.delivery.protocol import (
    MOST_BYTES,
    PAGE_SPAN,
    Sending,
    events_of,
    number_in,
    refuse_other_page,
    reply_to,
    told_in,
)
from cakap.delivery.queries import state_of
from cakap.delivery.saving import save
from cakap.delivery.services import enter_section, hold, keep_events, refuse_ended, submit
from cakap.delivery.token import COOKIE, attempt_of, caller_of, live_attempt, read
from cakap.itembank.models import Form
from cakap.itembank.queries import Part, asset_of, form_content
from cakap.ui.files import shown_file


# The token's cookie is SameSite=Strict and the body must be JSON, which no form of another site
# can send: that is the protection here, in place of the form token.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@public
def content(request: HttpRequest) -> HttpResponse:
    """The whole paper in this participant's order, where the attempt stands, and the time left.

    A page that will answer asks by POST: it holds the attempt from then on, see services.hold.
    """
    attempt = live_attempt(request)
    if "attempt" in request.GET:
        refuse_other_page({"attempt": _whole(request.GET["attempt"])}, attempt.pk, attempt.device)
    if request.method == "POST":
        refuse_other_page(_body(request), attempt.pk, attempt.device)
    if attempt.begun_at is None:
        raise NotBegun
    refuse_ended(attempt=attempt, now=time_watch.now())
    held = hold(attempt=attempt, device=attempt.device) if request.method == "POST" else None
    state = state_of(attempt)
    stands = keep_events(
        attempt=attempt, device=attempt.device, sent=(), caller=caller_of(request),
        now=time_watch.now(),
    )  # fmt: skip
    # Of two openings at one moment each has a number of its own, whatever stands by now.
    page = stands.page if held is None else held
    asked = paper(
        content_of(attempt.seat.session.form_id), seed=attempt.seed,
        passages_together=attempt.passages_together,
    )  # fmt: skip
    offered = _offered(attempt) if any(part.adaptive_items for part in asked) else []
    parts = [shown(part, offered) for part in asked]
    given = getattr(attempt.seat.participant, "accommodation", None)
    return JsonResponse(
        {
            **stands.told,
            "page": page,
            "attempt": attempt.pk,
            "answers": state.answers,
            "flagged": sorted(state.flagged),
            "typed": state.typed,
            "last_seq": state.last_seq,
            "seq_from": page * PAGE_SPAN,
            "deposit": deposit_token(attempt),
            "left": [row.section_id for row in attempt.section_times.filter(left_at__isnull=False)],
            "larger_type": bool(given and given.larger_type),
            "reader": bool(given and given.reader),
            "stimuli": _stimuli(parts),
            "parts": [_part(part, _shown_of(attempt.seat.session.form_id)) for part in parts],
        }
    )


def _offered(attempt: Attempt) -> list[int]:
    return list(attempt.offers.order_by("place").values_list("version_id", flat=True))


@lru_cache(maxsize=16)
def content_of(form: int) -> tuple[Part, ...]:
    """A form in use is frozen: what it shows may be remembered by every worker."""
    return form_content(Form.objects.get(pk=form))


@lru_cache(maxsize=16)
def _shown_of(form: int) -> dict[int, dict[str, Any]]:
    return {
        question.id: shown_question(question)
        for part in content_of(form)
        for question in part.questions
    }


def _part(part: Part, questions: dict[int, dict[str, Any]]) -> dict[str, Any]:
    return {
        "title": part.title,
        "instructions": part.instructions,
        "section": part.section,
        "minutes": part.minutes,
        "adaptive": {"most": part.adaptive_items} if part.adaptive_items else None,
        "questions": [questions[question.id] for question in part.questions],
    }


def _stimuli(parts: Sequence[Part]) -> dict[int, Any]:
    """What several items are about, once each."""
    return {
        question.stimulus["id"]: shown_stimulus(question)
        for part in parts
        for question in part.questions
        if question.stimulus
    }


@require_GET
@public
def asset(request: HttpRequest, digest: str) -> HttpResponse:
    """A picture or recording of the form that this participant works at.

    No browser keeps it by itself: the next person at the machine would find it. The page's own copy,
    for a reload without network, goes with the exam (static/delivery/exam/offline.js).
    """
    attempt = live_attempt(request)
    refuse_ended(attempt=attempt, now=time_watch.now())
    row = asset_of(attempt.seat.session.form.agency, digest)
    if row is None or attempt.begun_at is None:
        raise Http404
    response = shown_file(row.content, row.media_type)
    response["Cache-Control"] = "no-store"
    return response


@csrf_exempt
@require_POST
@public
def following(request: HttpRequest) -> HttpResponse:
    """The next item of an adaptive section, or none when it has ended."""
    attempt, device = read(request.COOKIES.get(COOKIE, ""))
    refuse_other_page(_body(request), attempt, device)
    found = next_question(
        attempt=attempt, device=device, section=_number(request, "section"),
        caller=caller_of(request), now=time_watch.now(),
    )  # fmt: skip
    return JsonResponse({"question": found})


@csrf_exempt
@require_POST
@public
def answers(request: HttpRequest) -> HttpResponse:
    """Keep events; what this acknowledges is committed."""
    return _saved(request, "events")


@csrf_exempt
@require_POST
@public
def beat(request: HttpRequest) -> HttpResponse:
    """The page is there; how much time is left by the server's clock."""
    return _saved(request, "")


def _saved(request: HttpRequest, field: str) -> HttpResponse:
    attempt, device = read(request.COOKIES.get(COOKIE, ""))
    told = _body(request)
    refuse_other_page(told, attempt, device)
    sent, unreadable = events_of(told.get(field))
    sending = Sending(
        attempt=attempt, device=device, sent=sent, unreadable=unreadable, caller=caller_of(request)
    )
    (outcome,) = time_watch.at_right_time(
        lambda now, settled: save([sending], now=now, settled=settled)
    )
    status, told = reply_to(outcome)
    return JsonResponse(told, status=status)


@csrf_exempt
@require_POST
@public
def section(request: HttpRequest) -> HttpResponse:
    """Enter a section that has a time of its own."""
    attempt, device = _named_attempt(request)
    now = time_watch.now()
    entered = enter_section(
        attempt=attempt,
        device=device,
        section=_number(request, "section"),
        now=now,
        last_seq=_number(request, "last_seq") if "last_seq" in _body(request) else 0,
    )
    return JsonResponse({"seconds_left": max((entered.closes_at - now).total_seconds(), 0)})


@csrf_exempt
@require_POST
@public
def finish(request: HttpRequest) -> HttpResponse:
    """Submit, when the server holds everything the page has sent."""
    attempt, device = _named_attempt(request)
    kept = submit(
        attempt=attempt, device=device, last_seq=_number(request, "last_seq"), now=time_watch.now()
    )
    return JsonResponse({"code": kept.code, "answered": kept.answered})


@csrf_exempt
@require_POST
@public
def deposit(request: HttpRequest) -> HttpResponse:
    """What waited on this machine for an attempt whose page is gone; see delivery.leftovers."""
    told = _body(request)
    taken = take_leftovers(told.get("sealed"), caller=caller_of(request), now=time_watch.now())
    return JsonResponse({"taken": taken})


def _named_attempt(request: HttpRequest) -> tuple[Attempt, str]:
    attempt, device = attempt_of(request)
    refuse_other_page(_body(request), attempt.pk, device)
    return attempt, device


def _number(request: HttpRequest, name: str) -> int:
    return number_in(_body(request), name)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _body(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        message = "Diharapkan isi application/json."
        raise BadEvent(message)
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        message = f"Kiriman lebih dari {MOST_BYTES // 1024} KiB."
        raise BadEvent(message)
    return told_in(request.body)
