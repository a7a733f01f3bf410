from __future__ import annotations

from typing import Any

import numpy as np
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, one, rows
from cakap.accounts.models import Role
from cakap.itembank.queries import dimensions
from cakap.jobs.services import ask_for_job
from cakap.programmes.models import Session
from cakap.scoring import calibrations as services
from cakap.scoring.calibrating import ADOPTABLE
from cakap.scoring.calibrations import job_of, note_job
from cakap.scoring.forms import AnswersFileForm, AnswersForm
from cakap.scoring.models import CalibratedItem, Calibration
from cakap.scoring.pictures import (
    item_curves,
    item_information_curve,
    old_and_new,
    test_information,
)
from cakap.scoring.queries import fitted_of, item_fitted
from cakap.scoring.raw_scores import live_scores
from cakap.scoring.tasks import calibrate_bank
from cakap.ui.files import TYPES
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page


@allow(Role.PSYCHOMETRICIAN)
def calibrations(request: HttpRequest) -> HttpResponse:
    """Every calibration of one's agency."""
    page = Listing(
        title=_("Kalibrasi"),
        name="kalibrasi",
        columns=(
            Column(
                title=_("Bahan"), value=lambda row: row.title,
                link=lambda row: reverse("scoring:calibration", args=[row.pk]),
            ),
            Column(title=_("Asal"), value=lambda row: str(row.get_source_display())),
            Column(title=_("Model"), value=lambda row: row.model),
            Column(title=_("Orang"), value=lambda row: row.summary.get("n_persons"), number=True),
            Column(
                title=_("Jawaban sampai"),
                value=lambda row: timezone.localtime(row.answered_until).strftime("%Y-%m-%d %H.%M"),
            ),
            Column(title=_("Keadaan"), value=_state),
        ),
        empty=_("Belum ada kalibrasi. Mulai dari jawaban yang terkumpul atau dari berkas CSV."),
        actions=(
            Action(title=_("Dari jawaban ujian"), url=reverse("scoring:from_answers")),
            Action(title=_("Dari berkas CSV"), url=reverse("scoring:from_file")),
        ),
    )  # fmt: skip
    return show(request, page, rows(request, Calibration).defer("upload"))


def _state(row: Calibration) -> str:
    if row.adopted_at:
        return _("ditetapkan")
    if row.finished_at:
        return _("selesai")
    job = job_of(row)
    return job.get_state_display() if job else _("belum selesai")


@allow(Role.PSYCHOMETRICIAN)
def from_answers(request: HttpRequest) -> HttpResponse:
    """Calibrate a dimension of the bank from the answers collected so far."""
    agency = acting_agency(request)
    form = AnswersForm(request.POST or None, dimensions=dimensions(agency))
    if form.is_valid():
        row = services.ask_for_calibration(
            agency=agency, actor=request.user.get_username(), now=timezone.now(),
            **form.cleaned_data,
        )  # fmt: skip
        return _begin(request, row)
    return form_page(
        request, form, _("Kalibrasi dari jawaban ujian"), reverse("scoring:calibrations"),
        intro=_("Semua jawaban selesai sampai sekarang dipakai. Tidak ada yang berubah di bank soal "
                "sebelum Anda menetapkannya."),
        submit=_("Mulai"),
    )  # fmt: skip


@allow(Role.PSYCHOMETRICIAN)
def from_file(request: HttpRequest) -> HttpResponse:
    """Calibrate a CSV of answers."""
    form = AnswersFileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        data = form.cleaned_data
        row = services.ask_for_calibration(
            agency=acting_agency(request), model=data["model"], group_by=data["group_by"],
            id_column=data["id_column"], upload=(data["file"].name, data["file"].read()),
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return _begin(request, row)
    return form_page(
        request, form, _("Kalibrasi dari berkas CSV"), reverse("scoring:calibrations"),
        intro=_("Satu baris seorang, satu kolom sebutir; kosong berarti tidak dijawab. Kolom yang "
                "namanya kode butir di bank soal dapat ditetapkan ke bank."),
        submit=_("Mulai"),
    )  # fmt: skip


def _begin(request: HttpRequest, row: Calibration) -> HttpResponse:
    job = ask_for_job(
        kind="scoring.calibrate", title=f"{_('Kalibrasi')} {row.title}", agency=row.agency.code,
        actor=request.user.get_username(), now=timezone.now(),
    )  # fmt: skip
    note_job(row, job.pk)
    calibrate_bank.enqueue(job=job.pk, calibration=row.pk)
    messages.info(request, _("Kalibrasi berjalan; halaman ini boleh ditinggalkan."))
    return redirect("scoring:calibration", row.pk)


@allow(Role.PSYCHOMETRICIAN)
def calibration(request: HttpRequest, pk: int) -> HttpResponse:
    """What came out, beside what is in force; nothing is adopted before somebody chooses."""
    row = one(request, Calibration, pk=pk)
    found = list(row.items.all())
    context = {
        "row": row,
        "job": job_of(row),
        "items": found,
        "adoptable": row.model in ADOPTABLE,
        "compared": sum(bool(item.old) and item.a is not None for item in found),
        "drifted": set(row.summary.get("link", {}).get("drifted", [])),
        "dif": any(item.dif for item in found),
    }
    return render(request, "scoring/calibration.html", context)


@allow(Role.PSYCHOMETRICIAN)
@require_POST
def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the chosen items' parameters in force."""
    row = one(request, Calibration, pk=pk)
    known = {str(place): place for place in row.items.values_list("place", flat=True)}
    places = [known[told] for told in request.POST.getlist("place") if told in known]
    n = services.adopt(
        calibration=row, places=places, actor=request.user.get_username(), now=timezone.now()
    )
    messages.success(request, _("Parameter %(n)s butir ditetapkan.") % {"n": n})
    return redirect("scoring:calibration", row.pk)


@allow(Role.PSYCHOMETRICIAN)
def picture(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Test information, or old against new parameters."""
    row = one(request, Calibration, pk=pk)
    if kind == "informasi":
        return _svg(test_information(fitted_of(row)))
    if kind not in {"a", "b"}:
        raise Http404
    pairs = [item for item in row.items.all() if item.old and item.a is not None]
    value = (lambda a, b: a) if kind == "a" else (lambda a, b: float(np.mean(b)))
    return _svg(
        old_and_new(
            [item.name for item in pairs],
            [value(item.old["a"], item.old["b"]) for item in pairs],
            [value(item.a, item.b) for item in pairs],
            kind,
        )
    )


@allow(Role.PSYCHOMETRICIAN)
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """An item's card: parameters, fit, classical statistics, options, curves."""
    row = one(request, CalibratedItem, pk=pk)
    return render(
        request, "scoring/item.html", {"item": row, "row": row.calibration, "steps": _steps(row)}
    )


def _steps(row: CalibratedItem) -> list[tuple[str, float, Any]]:
    names = ["b"] if len(row.b) == 1 else [f"b{k}" for k in range(1, len(row.b) + 1)]
    errors = row.se.get("b", [None] * len(row.b))
    return list(zip(names, row.b, errors, strict=True))


@allow(Role.PSYCHOMETRICIAN)
def item_picture(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """An item's curves or its information."""
    row = one(request, CalibratedItem, pk=pk)
    if row.a is None or kind not in {"kurva", "informasi"}:
        raise Http404
    fitted = item_fitted(row)
    if kind == "informasi":
        return _svg(item_information_curve(fitted, 0))
    return _svg(item_curves(fitted, 0, [str(k) for k in range(len(row.b) + 1)]))


def _svg(content: str) -> HttpResponse:
    return HttpResponse(content, content_type=TYPES["svg"])


@allow(Role.PROCTOR, Role.OPERATOR)
def live_scores_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The score board of a session, where policy wants one; otherwise there is no such page."""
    session = one(request, Session, pk=pk)
    lines = live_scores(session)
    if lines is None:
        raise Http404
    return render(request, "scoring/live.html", {"session": session, "lines": lines})
