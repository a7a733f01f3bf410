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
from cakap.centre.errors import WrongCell
from cakap.centre.forms import (
    AgreementForm,
    AssignForm,
    RatingForm,
    RatingsFileForm,
    SimulationForm,
)
from cakap.centre.models import Assignment
from cakap.centre.queries import (
    is_kept,
    missing_ratings,
    named_cell,
    own_assignments,
    signed_participants,
)
from cakap.centre.ratings_in_meeting import integration, ratings_in_meeting
from cakap.centre.services import add_simulation, agree, assign, import_ratings, rate, sign
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
            Column(title=_("Ditandatangani"), value=lambda row: _("ya") if row.signed_at else ""),
        ),
        empty=_("Belum ada peserta yang ditugaskan kepada Anda."),
    )  # fmt: skip
    return show(request, listing, own_assignments(signed_in(request)))


def _own(request: HttpRequest, pk: int) -> Assignment:
    return get_object_or_404(Assignment, pk=pk, assessor=request.user)


@allow(Role.ASSESSOR)
def rate_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Rate the cell that the form names; the assessor's own ratings so far."""
    row = _own(request, pk)
    told = request.POST.get("cell", "")
    form = RatingForm(request.POST or None)
    if form.is_valid():
        cell = named_cell(row, told)
        if cell is None:
            raise WrongCell
        if is_kept(row, *cell, **form.cleaned_data):
            messages.info(request, _("Penilaian itu sudah tersimpan; tidak ada yang berubah."))
            return redirect("centre:rate", pk)
        rate(
            assignment=row, simulation=cell[0], competency=cell[1],
            **form.cleaned_data, now=timezone.now(),
        )  # fmt: skip
        return redirect("centre:rate", pk)
    context = {
        "assignment": row, "form": form, "told": told,
        "waiting": [(f"{s.pk}-{c.pk}", s, c) for s, c in missing_ratings(row)],
        "ratings": row.ratings.select_related("simulation", "competency"),
    }  # fmt: skip
    return render(request, "centre/rate.html", context)


@allow(Role.ASSESSOR)
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """The assessors' meeting on one participant: everything side by side, the differences marked."""
    row = _own(request, pk)
    policy = policy_in_force(
        agency=row.participant.programme.organiser.code, on=timezone.localdate()
    )
    context = {
        "assignment": row,
        "rows": ratings_in_meeting(row.participant),
        "gap": policy["centre.disagreement"],
        "assignments": row.participant.assignments.select_related("assessor"),
    }
    return render(request, "centre/meeting.html", context)


@allow(Role.ASSESSOR)
def agree_page(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Write down an agreed level."""
    row = _own(request, pk)
    competency = get_object_or_404(Competency, code=code)
    form = AgreementForm(request.POST or None)
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
    """Sign the agreed levels."""
    sign(assignment=_own(request, pk), now=timezone.now())
    messages.success(request, _("Anda telah menandatangani hasil peserta ini."))
    return redirect("centre:meeting", pk)


@allow(Role.OPERATOR, Role.AUDITOR)
def participant(request: HttpRequest, pk: int) -> HttpResponse:
    """The integration of one participant, for those who oversee."""
    row = one(request, Participant, pk=pk)
    # Whoever assesses this person sees no more here than in the meeting.
    assesses = row.assignments.filter(assessor=signed_in(request)).exists()
    context = {
        "participant": row, "rows": ratings_in_meeting(row) if assesses else integration(row),
        "assignments": row.assignments.select_related("assessor"),
    }  # fmt: skip
    return render(request, "centre/meeting.html", context)
