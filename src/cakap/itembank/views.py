from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, one, rows
from cakap.accounts.models import Role
from cakap.itembank.exchange.bank import bank_of
from cakap.itembank.exchange.qti.reading import Package, read_package
from cakap.itembank.exchange.qti.writing import write_package
from cakap.itembank.exchange.rows import HEADERS, drafts_from
from cakap.itembank.forms import BuildForm, ItemFileForm
from cakap.itembank.models import Asset, Form, ItemVersion
from cakap.itembank.queries import form_content, newest_of, not_reviewed, question_of, usable_codes
from cakap.itembank.services import (
    MOVES,
    SectionPlan,
    add_package,
    build_form,
    export_items,
    move_version,
    move_versions,
    refuse_changed,
)
from cakap.registry.imports.tables import read_table
from cakap.ui.files import as_csv, download, shown_file
from cakap.ui.listing import Action, Column, Listing, show


@allow(Role.PSYCHOMETRICIAN)
def items(request: HttpRequest) -> HttpResponse:
    """Every version of every item of one's bank."""
    listing = Listing(
        title=_("Bank soal"),
        name="butir",
        columns=(
            Column(
                title=_("Kode"), value=lambda row: row.item.code,
                link=lambda row: reverse("itembank:item", args=[row.pk]),
            ),
            Column(title=_("Versi"), value=lambda row: row.version, number=True),
            Column(title=_("Jenis"), value=lambda row: str(row.item.get_kind_display())),
            Column(title=_("Dimensi"), value=lambda row: row.item.dimension),
            Column(title=_("Keadaan"), value=lambda row: str(row.get_state_display())),
            Column(
                title=_("Validasi"),
                value=lambda row: _("contoh, belum divalidasi") if row.example else "",
            ),
        ),
        empty=_("Bank soal masih kosong. Impor butir dari CSV atau paket QTI 3."),
        actions=(
            Action(title=_("Antrean tinjauan"), url=reverse("itembank:review")),
            Action(title=_("Impor butir"), url=reverse("itembank:upload")),
            Action(title=_("Unduh paket QTI 3"), url=reverse("itembank:package")),
            Action(title=_("Formulir ujian"), url=reverse("itembank:forms")),
        ),
    )  # fmt: skip
    return show(request, listing, rows(request, ItemVersion).select_related("item"))


@allow(Role.PSYCHOMETRICIAN)
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """One version as the participant sees it, with its key and parameters beside it."""
    row = one(request, ItemVersion, pk=pk)
    context = {
        "version": row,
        "question": question_of(row),
        "scores": row.key.scores,
        "parameters": row.parameters.filter(retired_at__isnull=True).first(),
        "history": row.parameters.order_by("-adopted_at"),
        "moves": _moves(row),
    }
    return render(request, "itembank/item.html", context)


def _moves(row: ItemVersion) -> list[tuple[str, str]]:
    return [(to.value, str(to.label)) for to in MOVES[ItemVersion.State(row.state)]]


@allow(Role.PSYCHOMETRICIAN)
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """A version goes a step through review, with a reason."""
    row = one(request, ItemVersion, pk=pk)
    move_version(
        version=row, to=request.POST.get("to", ""), reason=request.POST.get("reason", ""),
        actor=request.user.get_username(), now=timezone.now(),
    )  # fmt: skip
    messages.success(request, _("%(code)s dipindahkan.") % {"code": row.item.code})
    return redirect("itembank:review")


@allow(Role.PSYCHOMETRICIAN)
@require_POST
def move_many(request: HttpRequest) -> HttpResponse:
    """The versions that were ticked, or all that the page showed in their state, go a step together."""
    ticked = request.POST.getlist("shown" if request.POST.get("all") else "version")
    wanted = [int(pk) for pk in ticked if pk.isdecimal() and len(pk) < 19]
    found = list(rows(request, ItemVersion).filter(pk__in=wanted).select_related("item__agency"))
    if not found:
        messages.warning(request, _("Tidak ada butir yang dipilih."))
        return redirect("itembank:review")
    refuse_changed(versions=found, state=request.POST.get("state", ""))
    move_versions(
        versions=found, to=request.POST.get("to", ""), reason=request.POST.get("reason", ""),
        actor=request.user.get_username(), now=timezone.now(),
    )  # fmt: skip
    messages.success(request, _("%(n)s butir dipindahkan.") % {"n": len(found)})
    return redirect("itembank:review")


@allow(Role.PSYCHOMETRICIAN)
def review(request: HttpRequest) -> HttpResponse:
    """The newest versions in the order of their review, those of a state with its steps."""
    order: list[str] = list(MOVES)
    found = sorted(newest_of(acting_agency(request)), key=lambda row: order.index(row.state))
    groups = [
        (ItemVersion.State(state), MOVES[ItemVersion.State(state)], list(own))
        for state, own in groupby(found, key=lambda row: row.state)
    ]
    return render(request, "itembank/review.html", {"groups": groups})


@allow(Role.PSYCHOMETRICIAN)
def upload(request: HttpRequest) -> HttpResponse:
    """Items from a file: all of it, or one sentence on what is wrong."""
    form = ItemFileForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        context = {
            "form": form, "title": _("Impor butir"), "submit": _("Impor"),
            "intro": _("Butir yang berubah menjadi versi baru; versi lama tetap."),
            "back": reverse("itembank:items"),
        }  # fmt: skip
        return render(request, "itembank/upload.html", context)
    file = form.cleaned_data["file"]
    whole = Package()
    if file.name.lower().endswith(".zip"):
        whole = read_package(file.name, file.read())
    else:
        whole.drafts = drafts_from(read_table(file.name, file.read()))
    tally = add_package(
        agency=acting_agency(request), drafts=whole.drafts, stimuli=whole.stimuli,
        files=list(whole.files.values()), actor=request.user.get_username(), now=timezone.now(),
    )  # fmt: skip
    text = _("%(new)s butir baru, %(revised)s versi baru, %(same)s tetap.")
    messages.success(
        request, text % {"new": tally.new, "revised": tally.revised, "same": tally.same}
    )
    for sentence in [*whole.left_out, *whole.notes]:
        messages.warning(request, _("Tidak diimpor: %(what)s") % {"what": sentence})
    return redirect("itembank:items")


@allow(Role.PSYCHOMETRICIAN)
def package(request: HttpRequest) -> HttpResponse:
    """The newest version of every item, with keys, as a QTI 3 package."""
    agency = acting_agency(request)
    bank = bank_of(agency)
    content = write_package(bank.drafts, bank.stimuli, bank.files)
    export_items(
        agency=agency, items=len(bank.drafts), actor=request.user.get_username(), now=timezone.now()
    )
    return download(content, f"bank-soal-{agency.code}.zip")


@allow(Role.PSYCHOMETRICIAN, Role.OPERATOR)
def asset(request: HttpRequest, digest: str) -> HttpResponse:
    """A picture or recording of one's bank."""
    row = one(request, Asset, digest=digest)
    return shown_file(row.content, row.media_type)


@allow(Role.PSYCHOMETRICIAN)
def template(request: HttpRequest) -> HttpResponse:
    """The columns of an item file, with one example."""
    example = [
        "CONTOH-1", "graded", "M.01", "<p>Apa yang Anda lakukan?</p>",
        "Menolak dan melapor", "5", "Menolak", "4", "Bertanya", "3", "Diam", "2", "Menerima", "1",
    ]  # fmt: skip
    return download(as_csv(HEADERS, [example]), "templat-butir.csv")


@allow(Role.PSYCHOMETRICIAN, Role.OPERATOR)
def forms(request: HttpRequest) -> HttpResponse:
    """The forms of one's agency."""
    listing = Listing(
        title=_("Formulir ujian"),
        name="formulir",
        columns=(
            Column(
                title=_("Kode"), value=lambda row: row.code,
                link=lambda row: reverse("itembank:form", args=[row.pk]),
            ),
            Column(title=_("Nama"), value=lambda row: row.name),
            Column(title=_("Menit"), value=lambda row: row.minutes, number=True),
            Column(title=_("Beku"), value=lambda row: _("ya") if row.frozen_at else ""),
        ),
        empty=_("Belum ada formulir. Susun yang pertama dari bank soal."),
        actions=(Action(title=_("Susun formulir"), url=reverse("itembank:build")),),
    )  # fmt: skip
    return show(request, listing, rows(request, Form))


@allow(Role.PSYCHOMETRICIAN, Role.OPERATOR)
def form(request: HttpRequest, pk: int) -> HttpResponse:
    """A whole form as the participant sees it."""
    row = one(request, Form, pk=pk)
    unreviewed = {
        str(ItemVersion.State(state).label).lower(): codes
        for state, codes in not_reviewed(row).items()
    }
    context = {"row": row, "parts": form_content(row), "unreviewed": unreviewed}
    return render(request, "itembank/form.html", context)


@allow(Role.PSYCHOMETRICIAN)
def build(request: HttpRequest) -> HttpResponse:
    """Build a form: one section a dimension, all its items."""
    agency = acting_agency(request)
    by = usable_codes(agency)
    taken = set(Form.objects.filter(agency=agency).values_list("code", flat=True))
    page = BuildForm(request.POST or None, dimensions=list(by), taken=taken)
    if page.is_valid():
        data = page.cleaned_data
        sections = [
            SectionPlan(
                title=one_,
                instructions="",
                codes=by[one_],
                adaptive_items=data["adaptive_items"] if one_ in data["adaptive"] else None,
                adaptive_precision=data["adaptive_precision"] or 0.0,
            )
            for one_ in data["dimensions"]
        ]
        row = build_form(
            agency=agency, code=data["code"], name=data["name"], minutes=data["minutes"],
            sections=sections, actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return redirect("itembank:form", row.pk)
    context = {
        "form": page, "title": _("Susun formulir"), "submit": _("Susun"),
        "back": reverse("itembank:forms"),
    }  # fmt: skip
    return render(request, "ui/form.html", context)
