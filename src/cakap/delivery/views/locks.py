"""Wrong PINs as the proctor sees them, and letting those in who are held."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import allow, holds, one
from cakap.accounts.models import Role
from cakap.delivery import time_watch
from cakap.delivery.locks import lift_locks, wrong_pins
from cakap.programmes.models import Seat, Session


@allow(Role.PROCTOR, Role.OPERATOR)
def locks_part(request: HttpRequest, pk: int) -> HttpResponse:
    """Who typed wrong PINs lately, for the console; it renews itself."""
    session = one(request, Session, pk=pk)
    context = {
        "session": session, "wrong": wrong_pins(session, now=time_watch.now()),
        "proctors": holds(request, Role.PROCTOR),
    }  # fmt: skip
    return render(request, "delivery/locks.html", context)


@allow(Role.PROCTOR)
@require_POST
def lift_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget the wrong PINs of a session."""
    session = one(request, Session, pk=pk)
    lift_locks(session=session, by=request.user.get_username(), now=time_watch.now())
    messages.success(request, _("Semua penahanan salah PIN di sesi ini dilepas."))
    return redirect("delivery:board", pk)


@allow(Role.PROCTOR)
@require_POST
def lift_seat_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget the wrong PINs of one participant."""
    seat = one(request, Seat, pk=pk)
    lift_locks(
        session=seat.session, seat=seat, by=request.user.get_username(), now=time_watch.now()
    )
    messages.success(request, _("Penahanan dilepas; peserta dapat mencoba masuk lagi."))
    return redirect("delivery:seat", pk)
