from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import allow, holds, one, rows, signed_in
from cakap.accounts.models import Role
from cakap.delivery import time_watch
from cakap.delivery.clock_alarms import refuse_unconfirmed_time
from cakap.delivery.sites.queries import incomplete_sessions
from cakap.jobs.services import ask_for_job
from cakap.programmes.models import Participant, Programme
from cakap.registry.models import Position
from cakap.results.forms import PostForm
from cakap.results.models import Result
from cakap.results.queries import (
    STEPS,
    category_counts,
    five_counts,
    jpm_against,
    lost_between,
    programme_levels,
    with_staleness,
    without_result,
)
from cakap.results.reports import picture, report_content
from cakap.results.services import refuse_incomplete
from cakap.results.tasks import work_up_programme
from cakap.scoring.queries import newest_run
from cakap.ui.charts import levels_against_standard, shares
from cakap.ui.files import TYPES, download
from cakap.ui.listing import Column, Listing, show

READERS = (Role.OPERATOR, Role.TALENT_MANAGER, Role.DECISION_MAKER, Role.AUDITOR)
STEP_NAMES = {
    "invited": "diundang", "scheduled": "terjadwal", "present": "hadir",
    "finished": "selesai", "valid": "sah",
}  # fmt: skip


@allow(*READERS)
def listing(request: HttpRequest) -> HttpResponse:
    """Results in force."""
    page = Listing(
        title=_("Hasil penilaian"),
        name="hasil",
        columns=(
            Column(title="NIP", value=lambda row: row.employee.nip),
            Column(
                title=_("Nama"), value=lambda row: row.employee.full_name,
                link=lambda row: reverse("results:detail", args=[row.pk]),
            ),
            Column(title=_("Jabatan"), value=lambda row: row.standard.position.title),
            Column(title=_("JPM rasio (%)"), value=lambda row: round(row.jpm_ratio, 2), number=True),
            Column(
                title=_("JPM rerata terbatas (%)"),
                value=lambda row: round(row.jpm_capped_mean, 2), number=True,
            ),
            Column(title=_("Kategori"), value=lambda row: row.category),
            Column(title=_("Berlaku sampai"), value=lambda row: row.valid_until),
            Column(title=_("Keterangan"), value=lambda row: _("usang") if row.is_stale else ""),
        ),
        empty=_("Belum ada hasil. Hasil terbit setelah program diskor."),
    )  # fmt: skip
    found = rows(request, Result).filter(superseded_at__isnull=True)
    found = with_staleness(found.select_related("employee", "standard__position"))
    return show(request, page, found)


@allow(*READERS, Role.PROCTOR)
def programme(request: HttpRequest, pk: int) -> HttpResponse:
    """The group page: five counts reconciled by name, categories, levels of the whole group."""
    row = one(request, Programme, pk=pk)
    counts = five_counts(row, now=time_watch.now())
    run = newest_run(row)
    missing = without_result(run) if run else []
    people = Participant.objects.in_bulk([participant for participant, _reason in missing])
    context = {
        "programme": row,
        "counts": [(STEP_NAMES[step], len(getattr(counts, step))) for step in STEPS],
        "lost": [
            (STEP_NAMES[a], STEP_NAMES[b], gone) for a, b, gone in lost_between(counts) if gone
        ],
        "missing": [(people[participant], reason) for participant, reason in missing],
        "categories": category_counts(row),
        "run": run,
        "stale": with_staleness(Result.objects.filter(run=run)).filter(is_stale=True).count()
        if run
        else 0,
        "incomplete": incomplete_sessions(row, now=time_watch.now()),
        "may_score": holds(request, Role.OPERATOR),
        "may_calibrate": holds(request, Role.PSYCHOMETRICIAN),
    }
    return render(request, "results/programme.html", context)


@allow(*READERS, Role.PROCTOR)
def programme_picture(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The group's categories or mean levels as a picture."""
    row = one(request, Programme, pk=pk)
    if kind == "kategori":
        svg = shares(category_counts(row))
    else:
        svg = levels_against_standard(
            [
                {
                    "name": name,
                    "shown": sum(own["shown"]) / len(own["shown"]),
                    "asked": sum(own["asked"]) / len(own["asked"]),
                }
                for name, own in programme_levels(row).items()
            ]
        )
    return HttpResponse(svg, content_type=TYPES["svg"])


@allow(Role.OPERATOR)
@require_POST
def score(request: HttpRequest, pk: int) -> HttpResponse:
    """Score the programme, publish results, make reports: long work, may be left."""
    row = one(request, Programme, pk=pk)
    actor = request.user.get_username()
    refuse_unconfirmed_time()
    refuse_incomplete(row, now=time_watch.now())
    job = ask_for_job(
        kind="results.work_up", title=f"{_('Skor dan laporan')} {row.name}",
        agency=row.organiser.code, actor=actor, now=time_watch.now(),
    )  # fmt: skip
    work_up_programme.enqueue(job=job.pk, programme=row.pk, actor=actor)
    return redirect("web:job", job.pk)


@allow(*READERS)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One result against one's own post or any other."""
    row = one(request, Result, pk=pk)
    positions = Position.objects.filter(
        agency=row.employee.agency, standards__state="approved"
    ).distinct()
    form = PostForm(request.GET or None, positions=positions)
    position = form.cleaned_data["position"] if form.is_valid() else row.standard.position
    against = jpm_against(row, position, on=timezone.localdate())
    stale = with_staleness(Result.objects.filter(pk=row.pk)).get().is_stale
    context = {
        "result": row, "form": form, "against": against, "own": row.standard.position,
        "stale": stale,
    }  # fmt: skip
    return render(request, "results/detail.html", context)


@allow(*READERS)
def picture_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The picture of one result."""
    return HttpResponse(picture(one(request, Result, pk=pk)), content_type=TYPES["svg"])


@allow(*READERS)
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The individual report."""
    row = one(request, Result, pk=pk)
    return download(report_content(row), f"laporan-{row.employee.nip}.pdf")


def _mine(request: HttpRequest) -> Result:
    found = Result.objects.filter(employee__user=signed_in(request), superseded_at__isnull=True)
    return get_object_or_404(found.order_by("-valid_from", "-pk")[:1])


@allow(Role.PARTICIPANT)
def mine(request: HttpRequest) -> HttpResponse:
    """One's own result."""
    found = Result.objects.filter(employee__user=signed_in(request), superseded_at__isnull=True)
    row = found.order_by("-valid_from", "-pk").first()
    against = jpm_against(row, row.standard.position, on=timezone.localdate()) if row else None
    return render(request, "results/mine.html", {"result": row, "against": against})


@allow(Role.PARTICIPANT)
def my_report(request: HttpRequest) -> HttpResponse:
    """One's own report."""
    row = _mine(request)
    return download(report_content(row), f"laporan-{row.employee.nip}.pdf")
