from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, holds, one, rows
from cakap.accounts.models import Agency, Role
from cakap.itembank.errors import NotReviewed
from cakap.programmes.errors import OutsideProgramme
from cakap.programmes.forms import (
    AccommodationForm,
    FileForm,
    ProgrammeForm,
    RoomForm,
    RuleForm,
    SeatForm,
    SessionForm,
)
from cakap.programmes.letters import invitation
from cakap.programmes.models import Participant, Programme, Session
from cakap.programmes.overlaps import warn_of_overlap
from cakap.programmes.queries import chosen_by_rule, due, reasons_without_seat, scheduled
from cakap.programmes.services import (
    RoomResult,
    accommodate,
    add_listed,
    add_participants,
    invite,
    may_be_away,
    plan_programme,
    plan_session,
    save_room,
    seat_all,
    seat_participant,
)
from cakap.registry.imports.tables import read_table
from cakap.registry.models import Unit
from cakap.ui.files import download
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page

READERS = (Role.OPERATOR, Role.PROCTOR, Role.AUDITOR, Role.TALENT_MANAGER)
SOON = timedelta(days=90)


@allow(*READERS)
def listing(request: HttpRequest) -> HttpResponse:
    """The programmes that one's agency asked for or runs."""
    page = Listing(
        title=_("Program penilaian"),
        name="program",
        columns=(
            Column(title=_("Kode"), value=lambda row: row.code),
            Column(
                title=_("Nama"), value=lambda row: row.name,
                link=lambda row: reverse("programmes:detail", args=[row.pk]),
            ),
            Column(title=_("Tujuan"), value=lambda row: row.get_purpose_display()),
            Column(title=_("Metode"), value=lambda row: row.get_method_display()),
            Column(title=_("Mulai"), value=lambda row: row.starts),
            Column(title=_("Keadaan"), value=lambda row: row.get_state_display()),
        ),
        empty=_("Belum ada program. Rencanakan yang pertama."),
        actions=(
            Action(title=_("Rencanakan program"), url=reverse("programmes:plan")),
            Action(title=_("Siapa perlu dinilai"), url=reverse("programmes:due")),
        ),
    )  # fmt: skip
    return show(request, page, rows(request, Programme))


@allow(Role.OPERATOR)
def plan(request: HttpRequest) -> HttpResponse:
    """Plan a programme."""
    form = ProgrammeForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        row = plan_programme(
            initiator=acting_agency(request), organiser=data["organiser"], code=data["code"],
            name=data["name"], purpose=Programme.Purpose(data["purpose"]),
            method=Programme.Method(data["method"]), dates=(data["starts"], data["ends"]),
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return redirect("programmes:detail", row.pk)
    return form_page(request, form, _("Rencanakan program"), reverse("programmes:list"))


@allow(*READERS)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A programme: its people, its sessions, what to do next."""
    row = one(request, Programme, pk=pk)
    context = {
        "programme": row,
        "accreditation": _accreditation(row.organiser),
        "participants": row.participants.count(),
        "invited": row.participants.filter(invited_at__isnull=False).count(),
        "seated": scheduled(row).count(),
        "sessions": row.sessions.select_related("room", "form"),
        "operates": holds(request, Role.OPERATOR),
    }
    return render(request, "programmes/detail.html", context)


def _accreditation(organiser: Agency) -> str:
    """What is to be known of the organiser's accreditation; empty where it is in force."""
    if not organiser.accreditation:
        return _("belum terakreditasi: hasil tidak diakui")
    if organiser.accredited_until is None:
        return _("masa berlaku akreditasi belum diisi")
    if not organiser.accredited_on(timezone.localdate()):
        until = f"{organiser.accredited_until:%d-%m-%Y}"
        return _("akreditasi berakhir %(until)s: hasil tidak diakui") % {"until": until}
    return ""


@allow(*READERS)
def participants(request: HttpRequest, pk: int) -> HttpResponse:
    """The people of a programme with their seats."""
    row = one(request, Programme, pk=pk)
    page = Listing(
        title=_("Peserta"),
        name=f"peserta-{row.code}",
        intro=row.name,
        columns=(
            Column(title="NIP", value=lambda p: p.employee.nip),
            Column(title=_("Nama"), value=lambda p: p.employee.full_name),
            Column(title=_("Asal daftar"), value=lambda p: p.get_source_display()),
            Column(title=_("Diundang"), value=lambda p: _("ya") if p.invited_at else ""),
            Column(
                title=_("Kursi"),
                value=lambda p: ", ".join(_seat(s) for s in p.seats.all()) or _("beri kursi"),
                link=lambda p: reverse("programmes:seat_by_hand", args=[p.pk]),
            ),
            Column(
                title=_("Penyesuaian"), value=_accommodation,
                link=lambda p: reverse("programmes:accommodation", args=[p.pk]),
            ),
            Column(
                title=_("Undangan"), value=lambda p: "PDF",
                link=lambda p: reverse("programmes:invitation", args=[p.pk]),
            ),
        ),
        empty=_("Belum ada peserta. Tambahkan menurut aturan atau dari berkas."),
    )  # fmt: skip
    found = row.participants.select_related("employee", "accommodation").prefetch_related(
        "seats__session__room"
    )
    return show(request, page, found)


def _accommodation(participant: Participant) -> str:
    given = getattr(participant, "accommodation", None)
    if given is None:
        return str(_("tidak ada"))
    parts = [
        f"+{given.extra_percent} %" if given.extra_percent else "",
        str(_("huruf lebih besar")) if given.larger_type else "",
        str(_("pembaca soal")) if given.reader else "",
    ]
    return ", ".join(part for part in parts if part) or str(_("tidak ada"))


def _seat(seat: Any) -> str:
    start = timezone.localtime(seat.session.starts_at)
    mark = _(" (LATIHAN)") if seat.session.is_rehearsal else ""
    return f"{start:%d-%m-%Y %H.%M} {seat.session.room} no. {seat.number}{mark}"


@allow(*READERS)
def due_page(request: HttpRequest) -> HttpResponse:
    """Who must be assessed, who is late."""
    today = timezone.localdate()
    page = Listing(
        title=_("Siapa perlu dinilai"),
        name="jatuh-tempo",
        intro=_("Belum pernah dinilai, sudah lewat tiga tahun, atau lewat dalam 90 hari."),
        columns=(
            Column(title="NIP", value=lambda row: row.candidate.employee.nip),
            Column(title=_("Nama"), value=lambda row: row.candidate.employee.full_name),
            Column(title=_("Jabatan"), value=lambda row: row.candidate.title),
            Column(title=_("Unit"), value=lambda row: row.candidate.unit_name),
            Column(title=_("Berlaku sampai"), value=lambda row: row.valid_until or ""),
            Column(
                title=_("Keadaan"),
                value=lambda row: _("terlambat") if row.late
                else _("belum pernah") if row.valid_until is None else _("segera"),
            ),
        ),
        empty=_("Semua pegawai memiliki hasil yang berlaku."),
    )  # fmt: skip
    return show(request, page, due(acting_agency(request), on=today, within=SOON))


@allow(Role.OPERATOR)
def accommodation(request: HttpRequest, pk: int) -> HttpResponse:
    """More time, larger type or a reader for one participant."""
    row = one(request, Participant, pk=pk)
    given = getattr(row, "accommodation", None)
    names = ("extra_percent", "larger_type", "reader", "reason")
    initial = {name: getattr(given, name) for name in names} if given else None
    form = AccommodationForm(request.POST or None, initial=initial)
    back = reverse("programmes:participants", args=[row.programme_id])
    if form.is_valid():
        accommodate(
            participant=row, **form.cleaned_data,
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Penyesuaian tersimpan."))
        return redirect(back)
    title = _("Penyesuaian untuk %(name)s") % {"name": row.employee.full_name}
    return form_page(request, form, title, back)


@allow(Role.OPERATOR)
def seat_by_hand(request: HttpRequest, pk: int) -> HttpResponse:
    """Seat one participant in a session."""
    row = one(request, Participant, pk=pk)
    live = Session.LIVE
    sessions = row.programme.sessions.filter(state__in=live).select_related("room")
    form = SeatForm(request.POST or None, sessions=sessions)
    back = reverse("programmes:participants", args=[row.programme_id])
    if form.is_valid():
        given = seat_participant(
            participant=row, **form.cleaned_data, actor=request.user.get_username(),
            now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Kursi %(n)s diberikan.") % {"n": given.number})
        return redirect(back)
    return form_page(request, form, _("Dudukkan %(name)s") % {"name": row.employee.full_name}, back)


@allow(Role.OPERATOR)
def add_by_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Put people on the list by rule."""
    row = one(request, Programme, pk=pk)
    form = RuleForm(request.POST or None, units=Unit.objects.filter(agency=row.initiator))
    if form.is_valid():
        people = chosen_by_rule(row.initiator, on=row.starts, within=SOON, **form.cleaned_data)
        new = add_participants(
            programme=row, employees=people, source=Participant.Source.RULE,
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("%(n)s peserta ditambahkan.") % {"n": new})
        return redirect("programmes:detail", pk)
    return form_page(request, form, _("Tambah peserta menurut aturan"), _detail(pk))


@allow(Role.OPERATOR)
def add_by_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Put people on the list from a file."""
    row = one(request, Programme, pk=pk)
    form = FileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        new = add_listed(
            programme=row, table=read_table(file.name, file.read()),
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("%(n)s peserta ditambahkan.") % {"n": new})
        return redirect("programmes:detail", pk)
    return form_page(request, form, _("Tambah peserta dari berkas"), _detail(pk))


@allow(Role.OPERATOR)
def room(request: HttpRequest) -> HttpResponse:
    """Add a room."""
    form = RoomForm(request.POST or None)
    if form.is_valid():
        found = save_room(
            agency=acting_agency(request), **form.cleaned_data,
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        _tell_room(request, form, found)
        return redirect("programmes:list")
    return form_page(request, form, _("Tambah ruang"), reverse("programmes:list"))


def _tell_room(request: HttpRequest, form: RoomForm, found: RoomResult) -> None:
    """Say whether a room was added, changed or left as it was."""
    named = {"name": found.room.name}
    if found.is_new:
        messages.success(request, _("Ruang %(name)s ditambahkan.") % named)
    elif not found.changes:
        text = _("Ruang %(name)s sudah ada; tidak ada yang berubah.")
        messages.warning(request, text % named)
    else:
        changed = "; ".join(
            f"{form.fields[field].label}: {before or _('kosong')} → {after or _('kosong')}"
            for field, (before, after) in found.changes.items()
        )
        text = _("Ruang %(name)s sudah ada dan diubah. %(changed)s")
        messages.warning(request, text % {**named, "changed": changed})


@allow(Role.OPERATOR)
def session(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan a session."""
    row = one(request, Programme, pk=pk)
    form = SessionForm(request.POST or None, agency=row.organiser)
    if form.is_valid():
        try:
            with transaction.atomic():
                planned = plan_session(
                    programme=row, **form.cleaned_data,
                    actor=request.user.get_username(), now=timezone.now(),
                )  # fmt: skip
            warn_of_overlap(request, planned)
            if form.cleaned_data["starts_at"] < timezone.now():
                messages.warning(request, _("Waktu mulai sesi ini sudah lewat; periksa lagi."))
            return redirect("programmes:detail", pk)
        except OutsideProgramme as refusal:
            form.add_error("starts_at", str(refusal))
        except NotReviewed as refusal:
            form.add_error("form", str(refusal))
        except IntegrityError:
            form.add_error("starts_at", _("Ruang itu sudah dipakai pada waktu tersebut."))
    return form_page(request, form, _("Rencanakan sesi"), _detail(pk))


@allow(Role.OPERATOR)
@require_POST
def seat(request: HttpRequest, pk: int) -> HttpResponse:
    """Seat everybody who has no seat."""
    row = one(request, Programme, pk=pk)
    left = seat_all(programme=row, actor=request.user.get_username(), now=timezone.now())
    if left:
        text = _("%(n)s peserta belum mendapat kursi; nama dan alasannya di bawah ini.")
        messages.warning(request, text % {"n": len(left)})
        return redirect("programmes:unseated", pk)
    messages.success(request, _("Semua peserta mendapat kursi."))
    return redirect("programmes:detail", pk)


@allow(*READERS)
def unseated_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who has no seat, and why."""
    row = one(request, Programme, pk=pk)
    page = Listing(
        title=_("Peserta tanpa kursi"),
        name=f"tanpa-kursi-{row.code}",
        intro=row.name,
        columns=(
            Column(title="NIP", value=lambda p: p.participant.employee.nip),
            Column(title=_("Nama"), value=lambda p: p.participant.employee.full_name),
            Column(title=_("Alasan"), value=lambda p: str(p.reason.label)),
        ),
        empty=_("Semua peserta mendapat kursi."),
        actions=(Action(title=_("Kembali ke program"), url=_detail(pk)),),
    )  # fmt: skip
    return show(request, page, reasons_without_seat(row, may_be_away))


@allow(Role.OPERATOR)
@require_POST
def invite_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Invite everybody on the list."""
    row = one(request, Programme, pk=pk)
    n = invite(programme=row, actor=request.user.get_username(), now=timezone.now())
    messages.success(request, _("%(n)s peserta diundang.") % {"n": n})
    return redirect("programmes:detail", pk)


@allow(Role.OPERATOR, Role.PROCTOR)
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """The invitation of one participant as a PDF."""
    row = one(request, Participant, pk=pk)
    return download(invitation(row), f"undangan-{row.employee.nip}.pdf")


def _detail(pk: int) -> str:
    return reverse("programmes:detail", args=[pk])
