"""The participant's way: sign in, consent, practise, work, receipt."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from cakap.accounts.access import public
from cakap.delivery import time_watch
from cakap.delivery.ends import POSTPONED, told_of_end
from cakap.delivery.errors import NoSuchSeat, OtherAttempt
from cakap.delivery.forms import ConsentForm, EnterForm
from cakap.delivery.leftovers import deposit_token, sealing_key_text
from cakap.delivery.models import Attempt
from cakap.delivery.queries import state_of
from cakap.delivery.services import begin, ended_by, give_consent, receipt, sign_in
from cakap.delivery.token import caller_of, hand_out, live_attempt
from cakap.delivery.words import exam_words
from cakap.errors import Refused


@public
def enter(request: HttpRequest) -> HttpResponse:
    """NIP and PIN; too many wrong guesses are no longer looked at for a while."""
    form = EnterForm(request.POST or None)
    if form.is_valid():
        try:
            attempt = sign_in(**form.cleaned_data, caller=caller_of(request), now=time_watch.now())
        except NoSuchSeat as refusal:
            form.add_error(None, str(refusal))
        else:
            secure = bool(settings.SESSION_COOKIE_SECURE)
            return hand_out(redirect("delivery:consent"), attempt, secure=secure)
    return render(request, "delivery/enter.html", {"form": form, "running": _running_here(request)})


def _running_here(request: HttpRequest) -> Attempt | None:
    """The attempt that this machine is at work on: after a restart it goes on without signing in anew."""
    try:
        attempt = live_attempt(request)
    except Refused:
        return None
    return attempt if attempt.begun_at and not attempt.submitted_at else None


@public
def consent(request: HttpRequest) -> HttpResponse:
    """What will happen with the answers, and the participant's yes."""
    attempt = live_attempt(request)
    if attempt.begun_at:
        return redirect("delivery:work")
    _refuse_page_of_another(request, attempt)
    form = ConsentForm(request.POST or None)
    if form.is_valid():
        give_consent(attempt=attempt, now=time_watch.now())
        return redirect("delivery:practice")
    context = {
        "form": form, "attempt": attempt, "seal_to": sealing_key_text(),
        "deposit": deposit_token(attempt),
    }  # fmt: skip
    return render(request, "delivery/consent.html", context)


@public
def practice(request: HttpRequest) -> HttpResponse:
    """One item to try, which is neither kept nor scored."""
    attempt = live_attempt(request)
    if attempt.begun_at:
        return work(request)  # Back from the exam finds the exam
    tried = request.POST.get("latihan", "")
    return render(request, "delivery/practice.html", {"attempt": attempt, "tried": tried})


@require_POST
@public
def start(request: HttpRequest) -> HttpResponse:
    """Start the clock."""
    attempt = live_attempt(request)
    _refuse_page_of_another(request, attempt)
    begin(attempt=attempt, now=time_watch.now())
    return redirect("delivery:work")


def _refuse_page_of_another(request: HttpRequest, attempt: Attempt) -> None:
    """A form that names an attempt acts for no other: its page may have stayed open on a shared machine."""
    if request.POST.get("attempt", str(attempt.pk)) != str(attempt.pk):
        raise OtherAttempt


@public
def work(request: HttpRequest) -> HttpResponse:
    """The exam page: a shell; what is asked and answered comes apart from it, never from a cache."""
    attempt = live_attempt(request)
    if attempt.begun_at is None:
        return redirect("delivery:consent")
    if ended_by(attempt, time_watch.now()) not in {"", POSTPONED}:
        return redirect("delivery:receipt")
    context = {
        "attempt": attempt, "words": exam_words(), "seal_to": sealing_key_text(),
        "deposit": deposit_token(attempt),
    }  # fmt: skip
    return render(request, "delivery/work.html", context)


@public
def receipt_page(request: HttpRequest) -> HttpResponse:
    """What was kept, with a code to quote, however the exam ended."""
    attempt, now = live_attempt(request), time_watch.now()
    by = ended_by(attempt, now)
    if by in {"", POSTPONED}:
        return redirect("delivery:work")
    ended = told_of_end(attempt.pk, by, now, starts_at=attempt.seat.session.starts_at)
    kept = receipt(attempt, state_of(attempt))
    context = {
        "attempt": attempt, "receipt": kept, "ended": ended, "seal_to": sealing_key_text(),
    }  # fmt: skip
    return render(request, "delivery/receipt.html", context)


@public
def offline_worker(_request: HttpRequest) -> HttpResponse:
    """The service worker of the exam page: a browser lets one rule only over the folder that it lies in."""
    path = finders.find("delivery/exam/offline.js")
    return HttpResponse(Path(str(path)).read_bytes(), content_type="text/javascript; charset=utf-8")
