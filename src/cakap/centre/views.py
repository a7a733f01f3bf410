from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import allow, holds, one, signed_in
from cakap.accounts.models import Role
from cakap.centre.errors import AlreadyRated, NoSuchRating
from cakap.centre.forms import (
    AgreementForm,
    AssignForm,
    CorrectionForm,
    RatingForm,
    RatingsFileForm,
    ReasonForm,
    SimulationForm,
)
from cakap.centre.meeting import (
    agree,
    agreements_seen,
    integration,
    level_seen,
    open_meeting,
    sign,
)
from cakap.centre.models import Assignment, Measure, Simulation
from cakap.centre.queries import (
    active_assignments,
    meeting_is_open,
    missing_ratings,
    own_assignments,
    signed_participants,
)
from cakap.centre.services import (
    add_simulation,
    assign,
    correct,
    import_ratings,
    rate,
    reopen,
    submit,
    withdraw,
)
from cakap.errors import StalePage
from cakap.policy.queries import policy_in_force
from cakap.programmes.models import Participant, Programme
from cakap.registry.imports.tables import read_table
from cakap.registry.models import Competency
from cakap.ui.listing import Column, Listing, show
from cakap.ui.pages import form_page


@allow(Role.OPERATOR, Role.AUDITOR)
def programme(request: HttpRequest, pk: int) -> HttpResponse:
    """A programme's matrix, its assessors and how far each participant is."""
    row = one(request, Programme, pk=pk)
    people = row.participants.select_related("employee").prefetch_related("assignments__assessor")
    context = {
        "programme": row,
        "simulations": row.simulations.prefetch_related("competencies"),
        "participants": people,
        "signed": signed_participants(row),
        "opened": set(row.participants.filter(meeting__isnull=False).values_list("pk", flat=True)),
        "operates": holds(request, Role.OPERATOR),
    }
    return render(request, "centre/programme.html", context)


@allow(Role.OPERATOR)
def simulation(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a simulation, or say anew what one shows."""
    row = one(request, Programme, pk=pk)
    form = SimulationForm(request.POST or None, competencies=Competency.objects.all())
    if form.is_valid():
        add_simulation(
            programme=row, **form.cleaned_data,
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return redirect("centre:programme", pk)
    return form_page(request, form, _("Simulasi"), reverse("centre:programme", args=[pk]))


@allow(Role.OPERATOR)
def assign_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Assign an assessor to a participant."""
    row = one(request, Programme, pk=pk)
    form = AssignForm(
        request.POST or None,
        participants=row.participants.select_related("employee"),
        organiser=row.organiser,
    )
    if form.is_valid():
        assign(**form.cleaned_data, actor=request.user.get_username(), now=timezone.now())
        return redirect("centre:programme", pk)
    return form_page(request, form, _("Tugaskan asesor"), reverse("centre:programme", args=[pk]))


@allow(Role.OPERATOR)
def ratings_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Ratings from a file."""
    row = one(request, Programme, pk=pk)
    form = RatingsFileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        n = import_ratings(
            programme=row, table=read_table(file.name, file.read()),
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("%(n)s penilaian tersimpan.") % {"n": n})
        return redirect("centre:programme", pk)
    return form_page(request, form, _("Impor penilaian"), reverse("centre:programme", args=[pk]))


@allow(Role.OPERATOR)
def withdraw_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an assessor off a participant, with the reason."""
    row = one(request, Assignment, pk=pk)
    form = ReasonForm(request.POST or None)
    back = reverse("centre:programme", args=[row.participant.programme_id])
    if form.is_valid():
        withdraw(
            assignment=row, **form.cleaned_data,
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Penugasan ditarik."))
        return redirect(back)
    title = f"{_('Tarik penugasan')} {row.assessor.name} – {row.participant.employee.full_name}"
    intro = _("Penilaian asesor ini tidak lagi dihitung. Rapat asesor tidak menunggunya.")
    return form_page(request, form, title, back, intro=intro)


@allow(Role.ASSESSOR)
def own(request: HttpRequest) -> HttpResponse:
    """What an assessor has to do."""
    listing = Listing(
        title=_("Peserta yang saya amati"),
        name="asesi",
        columns=(
            Column(
                title=_("Nama"), value=lambda row: row.participant.employee.full_name,
                link=lambda row: reverse("centre:rate", args=[row.pk]),
            ),
            Column(title=_("Program"), value=lambda row: row.participant.programme.name),
            Column(title=_("Belum dinilai"), value=lambda row: len(missing_ratings(row)), number=True),
            Column(title=_("Diserahkan"), value=lambda row: _("ya") if row.submitted_at else ""),
            Column(title=_("Ditandatangani"), value=lambda row: _("ya") if row.signed_at else ""),
        ),
        empty=_("Belum ada peserta yang ditugaskan kepada Anda."),
    )  # fmt: skip
    return show(request, listing, own_assignments(signed_in(request)))


def _own(request: HttpRequest, pk: int) -> Assignment:
    return get_object_or_404(own_assignments(signed_in(request)), pk=pk)


@allow(Role.ASSESSOR)
def rate_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Rate the cell of the matrix that the form names; the assessor's own ratings so far."""
    row = _own(request, pk)
    waiting = missing_ratings(row)
    form = RatingForm(request.POST or None)
    if request.method == "POST":
        simulation, competency = _named_cell(request, row)
        if form.is_valid():
            new = rate(
                assignment=row, simulation=simulation, competency=competency,
                **form.cleaned_data, now=timezone.now(),
            )  # fmt: skip
            cell = f"{simulation} – {competency}"
            if new:
                messages.success(request, _("Penilaian %(cell)s tersimpan.") % {"cell": cell})
            else:
                messages.info(
                    request,
                    _("Penilaian %(cell)s sudah tersimpan sebelumnya; tidak ada yang ditambahkan.")
                    % {"cell": cell},
                )
            return redirect("centre:rate", pk)
        # An incomplete form of a cell rated meanwhile must not come back offering another cell.
        if (simulation, competency) not in waiting:
            message = f"{simulation} – {competency} sudah Anda nilai; penilaian itu tidak diganti."
            raise AlreadyRated(message)
    context = {
        "assignment": row, "form": form, "waiting": waiting, "chosen": request.POST.get("cell"),
        "cells": [(f"{s.pk}-{c.pk}", f"{s.name} – {c}") for s, c in waiting],
        "opened": meeting_is_open(row.participant),
        "ratings": row.ratings.select_related("simulation", "competency"),
    }  # fmt: skip
    return render(request, "centre/rate.html", context)


def _named_cell(request: HttpRequest, assignment: Assignment) -> tuple[Simulation, Competency]:
    """The cell that a posted form names; refused where it is no cell of this participant's."""
    own = str(assignment.participant_id)
    if request.POST.get("participant", own) != own:
        message = _(
            "Formulir ini bukan milik peserta ini; tidak ada yang disimpan. Muat ulang halaman."
        )
        raise StalePage(message)
    simulation, _dash, competency = request.POST.get("cell", "").partition("-")
    measure = None
    if all(n.isascii() and n.isdigit() and len(n) < 19 for n in (simulation, competency)):
        measure = Measure.objects.filter(
            simulation=int(simulation), competency=int(competency),
            simulation__programme=assignment.participant.programme_id,
        ).select_related("simulation", "competency").first()  # fmt: skip
    if measure is None:
        message = _(
            "Sel matriks pada formulir ini tidak ada pada program peserta ini; tidak ada yang disimpan."
        )
        raise StalePage(message)
    return measure.simulation, measure.competency


@allow(Role.ASSESSOR)
def correct_page(request: HttpRequest, pk: int, rating: int) -> HttpResponse:
    """Correct an own rating before it is submitted."""
    row = _own(request, pk).ratings.filter(pk=rating).first()
    if row is None:
        raise NoSuchRating
    form = CorrectionForm(
        request.POST or None,
        initial={"level": row.level, "evidence": row.evidence, "seen": row.corrections.count()},
    )
    if form.is_valid():
        correct(rating=row, **form.cleaned_data, now=timezone.now())
        messages.success(request, _("Penilaian diperbaiki; yang sebelumnya tetap tercatat."))
        return redirect("centre:rate", pk)
    title = f"{row.simulation} – {row.competency}"
    return form_page(request, form, title, reverse("centre:rate", args=[pk]))


@allow(Role.ASSESSOR)
@require_POST
def submit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand in one's ratings of a participant."""
    if submit(assignment=_own(request, pk), now=timezone.now()):
        messages.success(request, _("Penilaian Anda diserahkan."))
    else:
        messages.info(request, _("Penilaian ini sudah diserahkan sebelumnya."))
    return redirect("centre:meeting", pk)


@allow(Role.ASSESSOR)
def reopen_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's submitted ratings back, with the reason."""
    row = _own(request, pk)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        reopen(assignment=row, **form.cleaned_data, now=timezone.now())
        return redirect("centre:rate", pk)
    title = f"{_('Buka kembali penilaian')} {row.participant.employee.full_name}"
    return form_page(request, form, title, reverse("centre:rate", args=[pk]))


@allow(Role.ASSESSOR)
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """The assessors' meeting on one participant: everything side by side, the differences marked."""
    row = _own(request, pk)
    policy = policy_in_force(
        agency=row.participant.programme.organiser.code, on=timezone.localdate()
    )
    context = {
        "assignment": row,
        **_meeting(row.participant),
        "gap": policy["centre.disagreement"],
        "seen": agreements_seen(row.participant),
    }
    return render(request, "centre/meeting.html", context)


def _meeting(participant: Participant) -> dict[str, object]:
    """What the meeting's page shows: before it was opened only who has submitted."""
    assignments = list(active_assignments(participant))
    opened = meeting_is_open(participant)
    return {
        "participant": participant,
        "opened": opened,
        "ready": bool(assignments) and all(a.submitted_at for a in assignments),
        "rows": integration(participant) if opened else [],
        "assignments": assignments,
    }


@allow(Role.ASSESSOR)
@require_POST
def open_meeting_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the meeting: from now on its assessors read all ratings, and none changes."""
    row = _own(request, pk)
    open_meeting(participant=row.participant, actor=request.user.get_username(), now=timezone.now())
    return redirect("centre:meeting", pk)


@allow(Role.ASSESSOR)
def agree_page(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Write down an agreed level."""
    row = _own(request, pk)
    competency = get_object_or_404(Competency, code=code)
    known = row.participant.agreements.filter(competency=competency).first()
    initial: dict[str, object] = {"seen": level_seen(known)}
    if known:
        initial |= {"level": known.level, "reason": known.reason}
    form = AgreementForm(request.POST or None, initial=initial)
    if form.is_valid():
        agree(
            participant=row.participant, competency=competency, **form.cleaned_data,
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return redirect("centre:meeting", pk)
    return form_page(request, form, str(competency), reverse("centre:meeting", args=[pk]))


@allow(Role.ASSESSOR)
@require_POST
def sign_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign the agreed levels that the page showed."""
    new = sign(assignment=_own(request, pk), seen=request.POST.get("seen", ""), now=timezone.now())
    if new:
        messages.success(request, _("Anda telah menandatangani hasil peserta ini."))
    else:
        messages.info(request, _("Hasil peserta ini sudah Anda tanda tangani sebelumnya."))
    return redirect("centre:meeting", pk)


@allow(Role.OPERATOR, Role.AUDITOR)
def participant(request: HttpRequest, pk: int) -> HttpResponse:
    """The integration of one participant, for those who oversee; ratings once the meeting began."""
    row = one(request, Participant, pk=pk)
    return render(request, "centre/meeting.html", _meeting(row))
