"""One seat: the registration desk, and what a proctor does for one participant."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import allow, holds, one, signed_in
from cakap.accounts.models import Role
from cakap.delivery import control, time_watch
from cakap.delivery.desk import check_in, registration_ends, seat_for
from cakap.delivery.evidence import Evidence, decide_evidence, evidence_of, pending_answers
from cakap.delivery.forms import (
    CheckInForm,
    DeskForm,
    EvidenceForm,
    PauseForm,
    SecondOfficerForm,
    TimeForm,
)
from cakap.delivery.live import standing_of
from cakap.delivery.locks import wrong_pins
from cakap.delivery.models import Attempt, CheckIn
from cakap.delivery.trail import Happening, trail
from cakap.delivery.views.shown import shown_number
from cakap.delivery.words import STANDINGS
from cakap.programmes.models import Seat, Session
from cakap.registry.models import Portrait
from cakap.registry.portraits import picture_type
from cakap.ui.files import shown_file
from cakap.ui.listing import Column, Listing, show
from cakap.ui.pages import form_page

DESK = (Role.PROCTOR, Role.OPERATOR)


@allow(*DESK)
def desk(request: HttpRequest, pk: int) -> HttpResponse:
    """Who comes next: scan the code of the invitation, or type the NIP."""
    session = one(request, Session, pk=pk)
    form = DeskForm(request.POST or None)
    if form.is_valid():
        seat = seat_for(session, form.cleaned_data["told"])
        return redirect("delivery:check_in", seat.pk)
    # Of those who have a seat now: the rest of the session is counted so too.
    done = CheckIn.objects.filter(seat__session=session, seat__removed_at__isnull=True)
    context = {
        "session": session, "form": form, "ends": registration_ends(session),
        "done": done.count(), "all": session.seats.count(),
        "newest": done.select_related("seat__participant__employee").order_by("-at")[:10],
    }  # fmt: skip
    return render(request, "delivery/desk.html", context)


@allow(*DESK)
def check_in_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The picture on record beside the one taken now; the PIN, once it is given."""
    seat = one(request, Seat, pk=pk)
    form = CheckInForm(request.POST or None, request.FILES or None, request=request)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        check_in(
            seat=seat, picture=data["picture"].read() if data["picture"] else b"",
            reason=data["reason"], second=_second(form, seat),
            by=request.user.get_username(), now=time_watch.now(),
        )  # fmt: skip
        return redirect("delivery:check_in", pk)
    context = {
        "seat": seat, "form": form, "checkin": CheckIn.objects.filter(seat=seat).first(),
        "portrait": Portrait.objects.filter(employee=seat.participant.employee_id).exists(),
        "desk": DeskForm(),
    }  # fmt: skip
    return render(request, "delivery/check_in.html", context)


def _second(form: SecondOfficerForm, seat: Seat) -> str:
    """The second officer's name, if it is one who serves at this desk, also for a seat taken away since."""
    user = form.second_user
    if user is None:
        return ""
    mine = Seat.every.for_user(user, DESK).filter(pk=seat.pk)
    return str(user.get_username()) if mine.exists() else ""


@allow(*DESK)
def photo(request: HttpRequest, pk: int, which: str) -> HttpResponse:
    """The picture on record (`arsip`) or the one taken at the desk (`meja`)."""
    seat = one(request, Seat, pk=pk)
    if which == "arsip":
        portrait = Portrait.objects.filter(employee=seat.participant.employee_id).first()
        content = bytes(portrait.content) if portrait else b""
    else:
        checkin = CheckIn.objects.filter(seat=seat).first()
        content = bytes(checkin.picture) if checkin else b""
    if not content:
        raise Http404
    return shown_file(content, picture_type(content))


@allow(*DESK)
def seat_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One participant: where the attempt stands, and what can be done for it."""
    seat = any_seat(request, pk)
    attempt = Attempt.objects.filter(seat=seat).first()
    now = time_watch.now()
    context = {
        "seat": seat, "attempt": attempt, "session": seat.session,
        "pause": attempt and attempt.interruptions.filter(ended_at__isnull=True)
        .values_list("pk", flat=True).first(),
        "standing": STANDINGS[standing_of(attempt, seat.session, now)] if attempt else STANDINGS["absent"],
        "devices": attempt.devices.all() if attempt else [],
        "interruptions": attempt.interruptions.all() if attempt else [],
        "grants": attempt.grants.all() if attempt else [],
        "accommodation": getattr(seat.participant, "accommodation", None),
        "evidence": pending_answers(attempt) if attempt else 0,
        "incidents": seat.incidents.all(), "checkin": CheckIn.objects.filter(seat=seat).first(),
        "wrong": wrong_pins(seat.session, now=now, seat=seat),
        "proctors": holds(request, Role.PROCTOR),
    }  # fmt: skip
    return render(request, "delivery/seat.html", context)


@allow(*DESK, Role.AUDITOR)
def trail_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that happened in one sitting: item shown, answered, changed, machine, time.

    What was answered is shown to the auditor alone.
    """
    attempt = _sitting(request, pk)
    listing = Listing(
        title=_("Jejak ujian kursi %(n)s") % {"n": attempt.seat.number},
        name=f"jejak-{attempt.pk}",
        intro=str(attempt.seat.participant.employee),
        columns=(
            Column(title=_("Diterima"), value=lambda row: _moment(row.at)),
            Column(title=_("Jam peserta"), value=lambda row: _moment(row.client_at)),
            Column(title=_("Peristiwa"), value=lambda row: row.what),
            Column(title=_("Butir"), value=lambda row: row.item),
            Column(title=_("Isi"), value=lambda row: row.response),
            Column(title=_("Terlambat"), value=lambda row: _("ya") if row.late else ""),
            Column(title=_("Komputer"), value=lambda row: row.workstation),
            Column(title=_("Alamat"), value=lambda row: row.address),
        ),
        empty=_("Belum ada catatan."),
    )  # fmt: skip
    readable = Seat.every.for_user(request.user, (Role.AUDITOR,))
    found: list[Happening] = trail(attempt, with_answers=readable.filter(pk=pk).exists())
    return show(request, listing, found)


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S.%f}"[:-3] if at else ""


@allow(Role.PROCTOR)
def evidence_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What was set aside of one sitting; a proctor and a second officer decide whether it counts."""
    attempt = _sitting(request, pk)
    found = evidence_of(attempt)
    open_ = [(row.stray.pk, _evidence_label(row)) for row in found if row.decision is None]
    form = EvidenceForm(request.POST or None, request=request, strays=open_)
    if form.is_valid():
        data = form.cleaned_data
        n = decide_evidence(
            attempt=attempt, strays=data["strays"], accepted=data["accepted"],
            reason=data["reason"], second=_second(form, attempt.seat),
            by=request.user.get_username(), now=time_watch.now(),
        )  # fmt: skip
        messages.success(request, _("%(n)s jawaban diputuskan.") % {"n": n})
        return redirect("delivery:evidence", pk)
    context = {
        "attempt": attempt, "seat": attempt.seat, "form": form if open_ else None,
        "decided": [(row, _evidence_label(row)) for row in found if row.decision],
    }  # fmt: skip
    return render(request, "delivery/evidence.html", context)


def _evidence_label(row: Evidence) -> str:
    told = _("%(kind)s butir %(item)s, %(at)s menurut %(machine)s – %(cause)s") % {
        "kind": row.stray.get_kind_display(), "item": row.stray.item.item.code if row.stray.item else "?",
        "at": _moment(row.stray.client_at)[11:19], "machine": row.workstation,
        "cause": row.stray.get_cause_display(),
    }  # fmt: skip
    if row.answered_since:
        told += _("; sudah dijawab lagi sesudahnya, jawaban itu tetap yang terbaru")
    return told


@allow(Role.PROCTOR)
@require_POST
def free_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Move to a spare machine: the next sign-in is taken."""
    attempt = _attempt(request, pk)
    control.free_device(
        attempt=attempt,
        by=request.user.get_username(),
        now=time_watch.now(),
        devices_shown=shown_number(request, "devices_shown"),
    )
    messages.success(request, _("Peserta dapat masuk di komputer lain; jawabannya tetap."))
    return redirect("delivery:seat", pk)


@allow(Role.PROCTOR)
def pause_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop one participant's clock."""
    attempt = _attempt(request, pk)
    initial = {"pauses_shown": control.pauses(attempt.seat.session, attempt)}
    form = PauseForm(request.POST or None, initial=initial)
    if form.is_valid():
        control.pause_one(
            attempt=attempt, **form.cleaned_data,
            by=request.user.get_username(), now=time_watch.now(),
        )  # fmt: skip
        messages.success(request, _("Waktu peserta ini berhenti."))
        return redirect("delivery:seat", pk)
    return form_page(request, form, _("Jeda satu peserta"), _seat(pk), submit=_("Jeda"))


@allow(Role.PROCTOR)
@require_POST
def resume_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Let one participant's clock run on."""
    attempt = _attempt(request, pk)
    control.resume_one(
        attempt=attempt, by=request.user.get_username(), now=time_watch.now(),
        pause_shown=shown_number(request, "pause"),
    )  # fmt: skip
    messages.success(request, _("Waktu peserta ini berjalan lagi."))
    return redirect("delivery:seat", pk)


@allow(Role.PROCTOR)
def time_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one participant time."""
    attempt = _attempt(request, pk)
    form = TimeForm(request.POST or None, initial={"grants_shown": attempt.grants.count()})
    if form.is_valid():
        control.give_time(
            attempt=attempt, **form.cleaned_data,
            by=request.user.get_username(), now=time_watch.now(),
        )  # fmt: skip
        messages.success(request, _("Waktu ditambahkan; layar peserta menunjukkannya segera."))
        return redirect("delivery:seat", pk)
    return form_page(request, form, _("Tambah waktu"), _seat(pk))


def any_seat(request: HttpRequest, pk: int) -> Seat:
    """A seat, also one that was taken away: what happened there stays readable, and can be undone."""
    seats = Seat.every.for_user(signed_in(request), request.acting)  # type: ignore[attr-defined]
    row: Seat = get_object_or_404(seats, pk=pk)
    return row


def _sitting(request: HttpRequest, seat: int) -> Attempt:
    """The attempt of a seat, also of one that was taken away: what happened there stays readable."""
    return get_object_or_404(Attempt, seat=any_seat(request, seat))


def _attempt(request: HttpRequest, seat: int) -> Attempt:
    row = Attempt.objects.filter(seat=one(request, Seat, pk=seat)).first()
    if row is None:
        raise Http404
    return row


def _seat(pk: int) -> str:
    return reverse("delivery:seat", args=[pk])
