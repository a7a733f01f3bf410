"""The drill of a rehearsal: its steps as they are done, and what came of earlier ones."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from cakap.accounts.access import allow, one
from cakap.accounts.models import Role
from cakap.delivery import time_watch
from cakap.delivery.drills import begin_drill, checks, end_drill
from cakap.delivery.errors import NoDrill
from cakap.delivery.forms import DrillForm
from cakap.delivery.models import Drill
from cakap.delivery.words import DRILL_CHECKS
from cakap.programmes.models import Session


@allow(Role.PROCTOR)
def drill_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a drill, see what is to be done by when, end it."""
    session, now = one(request, Session, pk=pk), time_watch.now()
    by = request.user.get_username()
    if not session.is_rehearsal:
        raise NoDrill
    form = DrillForm(request.POST if "kind" in request.POST else None)
    if request.method == "POST" and "end" in request.POST:
        end_drill(session=session, by=by, now=now)
        messages.success(request, _("Latihan gangguan selesai; hasilnya masuk berita acara."))
        return redirect("delivery:drill", pk)
    if form.is_valid():
        begin_drill(session=session, kind=Drill.Kind(form.cleaned_data["kind"]), by=by, now=now)
        return redirect("delivery:drill", pk)
    drill = session.drills.filter(ended_at=None).first()
    context = {
        "session": session, "form": form, "drill": drill,
        "steps": [(DRILL_CHECKS[row.code], row) for row in checks(drill, now=now)] if drill else [],
        "ended": [
            (row, [(DRILL_CHECKS[code], *rest) for code, *rest in row.outcome])
            for row in session.drills.filter(ended_at__isnull=False)
        ],
    }  # fmt: skip
    return render(request, "delivery/drill.html", context)
