from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, one, public, rows, signed_in
from cakap.accounts.models import Role
from cakap.policy.queries import policy_kept
from cakap.registry.models import Employee, Position
from cakap.registry.queries import empty_seats
from cakap.selection.errors import NotTyped
from cakap.selection.forms import (
    AnnounceForm,
    CancelForm,
    DecideForm,
    ExtendForm,
    ScoresForm,
    StageForm,
)
from cakap.selection.models import Application, Bidding
from cakap.selection.queries import (
    competence_stage,
    open_for_application,
    own_applications,
    ranking,
)
from cakap.selection.services import (
    announce,
    apply,
    cancel,
    check_requirements,
    close_stage,
    decide,
    extend,
    nominate,
    score_stage,
)
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page

READERS = (Role.OPERATOR, Role.DECISION_MAKER, Role.AUDITOR)


@public
def public_page(request: HttpRequest) -> HttpResponse:
    """What is open for everybody to read."""
    found = open_for_application(on=timezone.localdate())
    return render(request, "selection/public.html", {"biddings": found})


@public
def announcement(request: HttpRequest, pk: int) -> HttpResponse:
    """One announcement; people who may apply find the button here."""
    row = get_object_or_404(Bidding.objects.select_related("position__unit"), pk=pk)
    person = (
        Employee.objects.filter(user=request.user).first()
        if request.user.is_authenticated
        else None
    )
    policy = policy_kept(row.policy_digest)
    context = {
        "bidding": row,
        "person": person,
        "application": own_applications(person).get(row.pk) if person else None,
        "rule": policy.get(f"posts.eligibility.{row.position.tier}"),
        "weights": policy["selection.stage_weights"],
        "open": row.state == Bidding.State.ANNOUNCED and timezone.localdate() <= row.closes_on,
    }
    return render(request, "selection/announcement.html", context)


@allow(Role.PARTICIPANT)
@require_POST
def apply_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Put oneself forward; only within one's own agency."""
    person = get_object_or_404(Employee, user=request.user)
    row = get_object_or_404(Bidding, pk=pk, position__agency=person.agency)
    apply(
        bidding=row, employee=person, on=timezone.localdate(),
        actor=request.user.get_username(), now=timezone.now(),
    )  # fmt: skip
    messages.success(request, _("Lamaran Anda tercatat."))
    return redirect("selection:announcement", pk)


@allow(*READERS)
def manage(request: HttpRequest) -> HttpResponse:
    """The biddings of one's agency."""
    listing = Listing(
        title=_("Seleksi terbuka"),
        name="seleksi",
        columns=(
            Column(
                title=_("Jabatan"), value=lambda row: row.position.title,
                link=lambda row: reverse("selection:detail", args=[row.pk]),
            ),
            Column(title=_("Diumumkan"), value=lambda row: row.announced_on),
            Column(title=_("Ditutup"), value=lambda row: row.closes_on),
            Column(title=_("Pelamar"), value=lambda row: row.applications.count(), number=True),
            Column(title=_("Keadaan"), value=lambda row: str(row.get_state_display())),
        ),
        empty=_("Belum ada seleksi. Umumkan jabatan yang kosong."),
        actions=(
            Action(title=_("Umumkan jabatan"), url=reverse("selection:announce")),
            Action(title=_("Tutup tahap"), url=reverse("selection:close_stage")),
        ),
    )  # fmt: skip
    return show(request, listing, rows(request, Bidding).select_related("position"))


@allow(Role.OPERATOR)
def announce_page(request: HttpRequest) -> HttpResponse:
    """Announce a vacant post."""
    empty = empty_seats(acting_agency(request), on=timezone.localdate())
    positions = Position.objects.filter(pk__in=empty, tier__startswith="jpt_")
    form = AnnounceForm(request.POST or None, positions=positions)
    if form.is_valid():
        row = announce(
            **form.cleaned_data, on=timezone.localdate(),
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return redirect("selection:detail", row.pk)
    return form_page(request, form, _("Umumkan jabatan"), reverse("selection:manage"))


@allow(*READERS)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One bidding: applicants with reasons, scores, ranking, names, decision."""
    row = one(request, Bidding, pk=pk)
    held = signed_in(request).roles()
    policy = policy_kept(row.policy_digest)
    context = {
        "bidding": row,
        "applications": row.applications.select_related("employee"),
        "ranking": ranking(row, on=timezone.localdate()),
        "weights": policy["selection.stage_weights"],
        "competence_stage": competence_stage(policy),
        "nominations": row.nominations.select_related("application__employee"),
        "decision": getattr(row, "decision", None),
        "operates": Role.OPERATOR in held,
        "decides": Role.DECISION_MAKER in held,
    }
    return render(request, "selection/detail.html", context)


@allow(Role.OPERATOR)
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Check the requirements of every applicant."""
    check_requirements(
        bidding=one(request, Bidding, pk=pk), on=timezone.localdate(), **_act(request)
    )
    return redirect("selection:detail", pk)


@allow(Role.OPERATOR)
def scores(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter an applicant's scores of the stages that people judge; competence comes from results."""
    row = one(request, Application, pk=pk)
    policy = policy_kept(row.bidding.policy_digest)
    read = competence_stage(policy)
    if request.POST.get(read):
        raise NotTyped
    stages = [stage for stage in policy["selection.stage_weights"] if stage != read]
    initial = {score.stage: score.score for score in row.scores.all()}
    form = ScoresForm(request.POST or None, stages=stages, initial=initial)
    if form.is_valid():
        for stage, score in form.cleaned_data.items():
            if score is not None and score != initial.get(stage):
                score_stage(application=row, stage=stage, score=score, **_act(request))
        return redirect("selection:detail", row.bidding_id)
    back = reverse("selection:detail", args=[row.bidding_id])
    intro = _("Nilai tahap %(stage)s dibaca dari hasil penilaian kompetensi yang berlaku.")
    return form_page(
        request, form, f"{_('Nilai')} {row.employee.full_name}", back,
        intro=intro % {"stage": read.replace("_", " ")},
    )  # fmt: skip


@allow(Role.OPERATOR)
@require_POST
def nominate_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the best names before the decision maker."""
    nominate(bidding=one(request, Bidding, pk=pk), **_act(request))
    return redirect("selection:detail", pk)


@allow(Role.OPERATOR)
def extend_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an announcement more days."""
    row = one(request, Bidding, pk=pk)
    form = ExtendForm(request.POST or None)
    if form.is_valid():
        extend(bidding=row, **form.cleaned_data, **_act(request))
        return redirect("selection:detail", pk)
    return form_page(
        request, form, _("Perpanjang pengumuman"), reverse("selection:detail", args=[pk])
    )


@allow(Role.OPERATOR, Role.DECISION_MAKER)
def cancel_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End a bidding without a choice."""
    row = one(request, Bidding, pk=pk)
    form = CancelForm(request.POST or None)
    if form.is_valid():
        cancel(bidding=row, **form.cleaned_data, **_act(request))
        return redirect("selection:detail", pk)
    return form_page(request, form, _("Batalkan seleksi"), reverse("selection:detail", args=[pk]))


@allow(Role.DECISION_MAKER)
def decide_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose among the names put forward."""
    row = one(request, Bidding, pk=pk)
    form = DecideForm(
        request.POST or None,
        nominations=row.nominations.select_related("application__employee"),
        initial={"start": timezone.localdate()},
    )
    if form.is_valid():
        decide(bidding=row, **form.cleaned_data, **_act(request))
        messages.success(request, _("Keputusan dan pengangkatan dicatat."))
        return redirect("selection:detail", pk)
    title = f"{_('Putuskan')} {row.position.title}"
    return form_page(request, form, title, reverse("selection:detail", args=[pk]))


@allow(Role.DECISION_MAKER)
def close_stage_page(request: HttpRequest) -> HttpResponse:
    """Declare a stage closed, so that the next may open."""
    form = StageForm(request.POST or None)
    if form.is_valid():
        close_stage(agency=acting_agency(request), **form.cleaned_data, **_act(request))
        messages.success(request, _("Tahap ditutup."))
        return redirect("selection:manage")
    return form_page(request, form, _("Tutup tahap pengisian jabatan"), reverse("selection:manage"))


def _act(request: HttpRequest) -> dict[str, Any]:
    return {"actor": request.user.get_username(), "now": timezone.now()}
