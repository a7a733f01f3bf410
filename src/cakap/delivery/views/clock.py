"""The server's time in doubt: what was, what is, and the proctor who says which is right."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import allow
from cakap.accounts.models import Role
from cakap.delivery import time_watch
from cakap.delivery.clock_alarms import open_alarm
from cakap.delivery.forms import ClockForm, ReasonForm
from cakap.delivery.models import ClockAlarm
from cakap.delivery.views.shown import shown_number
from cakap.errors import StalePage


@require_POST
@allow(Role.PROCTOR)
def ask(request: HttpRequest) -> HttpResponse:
    """A proctor doubts the time that the server shows, or the one that was confirmed by mistake."""
    form = ReasonForm(request.POST)
    if form.is_valid() and not open_alarm():
        time_watch.WATCH.ask(**form.cleaned_data, by=request.user.get_username())
    return redirect("delivery:clock")


@allow(Role.PROCTOR)
def clock_page(request: HttpRequest) -> HttpResponse:
    """The old time, the new one and the step between them; the proctor confirms."""
    alarm = open_alarm()
    form = ClockForm(request.POST or None)
    shown = shown_number(request, "alarm")
    if shown is not None and (alarm is None or alarm.pk != shown):
        raise StalePage  # another step came, or somebody has settled this one
    if alarm and form.is_valid():
        right = time_watch.confirm_time(
            alarm=alarm, **form.cleaned_data, by=request.user.get_username(), ahead=_ahead(request)
        )
        text = _("Jam dipastikan: %(at)s. Waktu peserta berjalan lagi.")
        messages.success(request, text % {"at": f"{timezone.localtime(right):%d-%m-%Y %H.%M.%S}"})
        return redirect("delivery:sessions")
    now, wall = time_watch.now(), datetime.fromtimestamp(time.time(), UTC)
    context = {
        "alarm": alarm, "form": form, "asking": ReasonForm(), "old": now, "new": wall,
        "step": round((wall - now).total_seconds()), "ahead": (wall - now).total_seconds(),
        "settled": ClockAlarm.objects.filter(is_open=False)[:20],
    }  # fmt: skip
    return render(request, "delivery/clock.html", context)


def _ahead(request: HttpRequest) -> timedelta | None:
    """By how much the page showed the new time ahead of the old one; None where it does not say."""
    try:
        return timedelta(seconds=float(request.POST["ahead"]))
    except (KeyError, ValueError, OverflowError):
        return None
