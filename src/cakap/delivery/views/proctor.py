"""The proctor's console: the sessions of the day, the room as it is, and what is done about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import allow, holds, one, rows
from cakap.accounts.models import Role
from cakap.delivery import control, time_watch
from cakap.delivery.clock_alarms import open_alarm
from cakap.delivery.door import ENTRANCE
from cakap.delivery.ends import still_open
from cakap.delivery.errors import NotFilledIn, StillWorking
from cakap.delivery.forms import (
    AnnounceForm,
    ExamKeysForm,
    IncidentForm,
    OutageForm,
    PauseForm,
    PostponeForm,
)
from cakap.delivery.hot.stream import EVERY, Room
from cakap.delivery.live import Board, counts
from cakap.delivery.locks import wrong_pins
from cakap.delivery.minutes import minutes
from cakap.delivery.models import LoadedPackage, SitePackage
from cakap.delivery.outages import last_outage
from cakap.delivery.queries import rule_of
from cakap.delivery.readiness import not_ready
from cakap.delivery.seb import configuration, exam_keys_of, sealed, settings_of
from cakap.delivery.sheets import attendance_list, seat_cards
from cakap.delivery.sites.clocks import clock_sentence, load_clock_sentence
from cakap.delivery.sites.package import changed_since_packing
from cakap.delivery.sites.receiving import standing
from cakap.delivery.sites.services import refuse_at_site
from cakap.delivery.views.shown import shown_number, shown_numbers
from cakap.delivery.words import STANDINGS, board_words
from cakap.programmes.errors import OutsideProgramme
from cakap.programmes.models import Seat, Session
from cakap.programmes.overlaps import warn_of_overlap
from cakap.ui.files import download
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page

LOOKS = 30


@allow(Role.PROCTOR, Role.OPERATOR)
def sessions(request: HttpRequest) -> HttpResponse:
    """The sessions of one's agency."""
    listing = Listing(
        title=_("Sesi ujian"),
        name="sesi",
        columns=(
            Column(
                title=_("Mulai"),
                value=lambda row: f"{timezone.localtime(row.starts_at):%Y-%m-%d %H:%M}",
                link=lambda row: reverse("delivery:board", args=[row.pk]),
            ),
            Column(title=_("Ruang"), value=lambda row: row.room.name),
            Column(title=_("Program"), value=lambda row: row.programme.name),
            Column(
                title=_("Keadaan"),
                value=lambda row: (
                    f"{row.get_state_display()}{_(' (LATIHAN)') if row.is_rehearsal else ''}"
                ),
            ),
        ),
        empty=_("Belum ada sesi yang direncanakan."),
        actions=(Action(title=_("Situs ujian"), url=reverse("delivery:sites")),)
        if holds(request, Role.OPERATOR)
        else (),
    )  # fmt: skip
    return show(request, listing, rows(request, Session).select_related("room", "programme"))


@allow(Role.PROCTOR, Role.OPERATOR)
def board_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who sits where and how far each has come; it renews itself."""
    row = one(request, Session, pk=pk)
    board = Board(row.pk)
    now = board.refresh(time_watch.now())
    seats = row.seats.select_related("participant__employee", "participant__accommodation")
    found = counts(now)
    context = {
        "session": row,
        "seats": [(seat, now[seat.number], STANDINGS[now[seat.number].standing]) for seat in seats],
        "counts": [(name, label, found.get(name, 0)) for name, label in STANDINGS.items()],
        "removed": Seat.every.filter(session=row, removed_at__isnull=False)
        .select_related("participant__employee").order_by("number"),
        "words": board_words() | {"all": board.all_items},
        "pause": control.session_pause(row.pk),
        "site": _site(row), **_at_site(row),
        "incidents": row.incidents.select_related("seat").order_by("-at")[:50],
        "announcements": row.announcements.order_by("-at")[:5],
        "announce": AnnounceForm(), "incident": IncidentForm(),
        "may_pack": holds(request, Role.OPERATOR) and not row.programme.from_centre,
        "proctors": holds(request, Role.PROCTOR), "alarm": open_alarm(),
        "wrong": wrong_pins(row, now=time_watch.now()),
        "drills": row.drills.all() if row.is_rehearsal else [],
        "scores": not row.is_rehearsal and rule_of(row, "sessions.live_scores"),
    }  # fmt: skip
    return render(request, "delivery/board.html", context)


def _site(session: Session) -> dict[str, Any] | None:
    package = SitePackage.objects.filter(session=session).select_related("site").first()
    if package is None:
        return None
    return {
        "package": package, **standing(package), "clock": clock_sentence(package.clock_off),
        "changed": changed_since_packing(package),
    }  # fmt: skip


def _at_site(session: Session) -> dict[str, str]:
    """At a site: how its clock stood to the centre's when it last sent or was loaded, and why the last
    sending of this session did not reach the centre; nothing elsewhere."""
    loaded = LoadedPackage.objects.filter(session=session).first()
    if loaded is None:
        return {}
    return {"own_clock": load_clock_sentence(loaded), "trouble": loaded.trouble}


@allow(Role.PROCTOR, Role.OPERATOR)
def incidents_part(request: HttpRequest, pk: int) -> HttpResponse:
    """The list of incidents alone, for the console."""
    row = one(request, Session, pk=pk)
    found = row.incidents.select_related("seat").order_by("-at")[:50]
    return render(request, "delivery/incidents.html", {"incidents": found, "alarm": open_alarm()})


@allow(Role.PROCTOR, Role.OPERATOR)
def stream(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The room's changes where the pages are served alone (tests, other servers).

    Under `cakap serve` the same address is served by delivery.hot.stream, without a thread each.
    """
    room = Room(one(request, Session, pk=pk).pk)

    def told() -> Iterator[str]:
        for _look in range(LOOKS):
            yield room.look() or ": ada\n\n"
            time.sleep(EVERY)

    response = StreamingHttpResponse(told(), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    return response


def _acts(title: str) -> Callable[..., Any]:
    """A view that does one thing to a session and comes back to its console."""

    def wrap(act: Callable[..., None]) -> Callable[..., HttpResponseBase]:
        @allow(Role.PROCTOR)
        @require_POST
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            row = one(request, Session, pk=pk)
            act(request, row, by=request.user.get_username(), now=time_watch.now())
            messages.success(request, _(title))
            return redirect("delivery:board", pk)

        view.__doc__ = act.__doc__
        return view

    return wrap


def _told(form: Form) -> dict[str, Any]:
    """What a form of the console says; NotFilledIn names the first field that is wrong."""
    for name, problems in form.errors.items():
        raise NotFilledIn(f"{form[name].label}: {problems[0]}")
    return form.cleaned_data


@allow(Role.PROCTOR)
def open_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the session; the PIN may be read aloud now. Machines that are not ready are named first."""
    row, now = one(request, Session, pk=pk), time_watch.now()
    refuse_at_site(row)
    if request.method == "POST" and row.state == Session.State.OPEN:  # pressed twice
        messages.info(request, _("Sesi ini sudah dibuka. PIN: %(pin)s") % {"pin": row.pin})
        return redirect("delivery:board", pk)
    missing = not_ready(row, now=now) if row.state == Session.State.PLANNED else []
    asked_with = shown_number(request, "asked")
    if request.method == "POST" and len(missing) <= (asked_with or 0):
        control.open_room(session=row, by=request.user.get_username(), now=now)
        messages.success(request, _("Sesi dibuka. PIN: %(pin)s") % {"pin": row.pin})
        return redirect("delivery:board", pk)
    context = {"session": row, "missing": missing, "again": asked_with is not None}
    return render(request, "delivery/open.html", context)


@allow(Role.PROCTOR)
def close_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the session; whoever still works is named first, and again when more have begun since."""
    row, now = one(request, Session, pk=pk), time_watch.now()
    asked_with = shown_number(request, "begun")
    if request.method == "POST":
        try:
            control.close(
                session=row,
                asked_with=asked_with,
                by=request.user.get_username(),
                now=now,
                seats_shown=shown_numbers(request, "seats_shown"),
            )
        except StillWorking:
            pass
        else:
            text = _("Sesi ditutup. Jawaban yang tiba sesudah ini disimpan dan ditandai.")
            messages.success(request, text)
            return redirect("delivery:board", pk)
    context = {
        "session": row,
        "standing": still_open(row, now=now),
        "again": asked_with is not None,
    }
    return render(request, "delivery/close.html", context)


@_acts("Ruang dijeda: waktu semua peserta berhenti.")
def pause_page(request: HttpRequest, row: Session, *, by: str, now: Any) -> None:
    """Pause the room."""
    control.pause_room(session=row, **_told(PauseForm(request.POST)), by=by, now=now)


@_acts("Ujian dilanjutkan: waktu berjalan lagi.")
def resume_page(request: HttpRequest, row: Session, *, by: str, now: Any) -> None:
    """Let the room run on."""
    control.resume_room(session=row, by=by, now=now, pause_shown=shown_number(request, "pause"))


@_acts("Pengumuman dikirim.")
def announce_page(request: HttpRequest, row: Session, *, by: str, now: Any) -> None:
    """Say a sentence to everybody."""
    control.announce(session=row, **_told(AnnounceForm(request.POST)), by=by, now=now)


@_acts("Kejadian dicatat.")
def incident_page(request: HttpRequest, row: Session, *, by: str, now: Any) -> None:
    """Write down what happened."""
    told = _told(IncidentForm(request.POST))
    number = told["seat"]
    seat = row.seats.filter(number=number).first() if number else None
    if number and seat is None:
        raise NotFilledIn(_("Kursi %(n)s tidak ada di sesi ini.") % {"n": number})
    control.report_incident(session=row, seat=seat, text=told["text"], by=by, now=now)


@allow(Role.PROCTOR)
def give_back_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a room back the time of an outage; it began, for all that is known, when it fell silent."""
    row, now = one(request, Session, pk=pk), time_watch.now().replace(microsecond=0)
    drill = row.drills.filter(ended_at__isnull=True).first()
    since = drill.begun_at if drill else control.last_sign_of_life(row, now=now) or now
    outage = last_outage(row, now=now)
    until = (outage.until if outage else None) or now
    form = OutageForm(request.POST or None, initial={"since": since, "until": until})
    back = reverse("delivery:board", args=[pk])
    if form.is_valid():
        given = control.give_back(
            session=row, **form.cleaned_data, by=request.user.get_username(), now=time_watch.now()
        )
        text = _("%(seconds)s detik dikembalikan kepada semua peserta ruang ini.")
        messages.success(request, text % {"seconds": round(given.total_seconds())})
        return redirect(back)
    intro = _(
        "Setiap peserta mendapat kembali tepat waktu yang hilang; jeda tidak dihitung dua kali."
    )
    return form_page(request, form, _("Kembalikan waktu gangguan"), back, intro=intro)


@allow(Role.PROCTOR)
def postpone_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold the session at another time."""
    row = one(request, Session, pk=pk)
    initial = {"shown": control.standing_shown(row)}
    form = PostponeForm(request.POST or None, initial=initial)
    back = reverse("delivery:board", args=[pk])
    if form.is_valid():
        try:
            done = control.postpone(
                session=row,
                **form.cleaned_data,
                by=request.user.get_username(),
                now=time_watch.now(),
            )
        except OutsideProgramme as refusal:
            form.add_error("starts_at", str(refusal))
        else:
            if done:
                messages.success(request, _("Sesi dijadwalkan ulang; kursi dan pekerjaan tetap."))
            else:
                messages.info(request, _("Sesi ini sudah dijadwalkan ke waktu itu."))
            warn_of_overlap(request, row)
            return redirect(back)
    return form_page(request, form, _("Jadwalkan ulang sesi"), back)


@allow(Role.PROCTOR)
def pause_form(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason of a pause."""
    row = one(request, Session, pk=pk)
    back = reverse("delivery:board", args=[pk])
    context = {
        "form": PauseForm(initial={"pauses_shown": control.pauses(row, None)}),
        "title": _("Jeda ruang"), "submit": _("Jeda sekarang"),
        "intro": _("Waktu semua peserta berhenti sampai Anda melanjutkan."), "back": back,
        "action": reverse("delivery:pause", args=[row.pk]),
    }  # fmt: skip
    return render(request, "delivery/act.html", context)


@allow(Role.PROCTOR, Role.OPERATOR)
def minutes_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The minutes of the session as a PDF."""
    row = one(request, Session, pk=pk)
    return download(minutes(row, now=time_watch.now()), f"berita-acara-{row.pk}.pdf")


@allow(Role.PROCTOR, Role.OPERATOR)
def attendance_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The attendance list of the session as a PDF."""
    row = one(request, Session, pk=pk)
    return download(attendance_list(row, now=time_watch.now()), f"daftar-hadir-{row.pk}.pdf")


@allow(Role.PROCTOR, Role.OPERATOR)
def cards_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The cards of the session's seats as a PDF."""
    row = one(request, Session, pk=pk)
    return download(seat_cards(row, now=time_watch.now()), f"kartu-meja-{row.pk}.pdf")


@allow(Role.PROCTOR, Role.OPERATOR)
def browser_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The configuration of Safe Exam Browser for this session."""
    row = one(request, Session, pk=pk)
    if not row.locked_browser:
        raise Http404
    start = request.build_absolute_uri(ENTRANCE)
    told = settings_of(start, row.quit_code, settings.CAKAP_AUTHORITY)
    content = sealed(told, row.open_code) if row.open_code else configuration(told)
    return download(content, f"sesi-{row.pk}.seb")


@allow(Role.PROCTOR, Role.OPERATOR)
def browser_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The codes of Safe Exam Browser for this session, and the builds of it that are let in."""
    row = one(request, Session, pk=pk)
    if not row.locked_browser:
        raise Http404
    form = ExamKeysForm(request.POST or None, initial={"exam_keys": row.exam_keys})
    back = reverse("delivery:board", args=[pk])
    if form.is_valid():
        control.let_in_builds(
            session=row, keys=exam_keys_of(form.cleaned_data["exam_keys"]),
            by=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Browser Exam Key tersimpan."))
        return redirect(back)
    intro = _("Kata sandi berkas konfigurasi: %(open)s – kode keluar: %(quit)s") % {
        "open": row.open_code or _("tidak ada"), "quit": row.quit_code,
    }  # fmt: skip
    return form_page(request, form, _("Safe Exam Browser"), back, intro=intro)
