from __future__ import annotations

import json

from django.contrib import messages
from django.core.exceptions import DisallowedHost
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _

from cakap.accounts.access import act_as, acting_agency, allow, public, signed_in
from cakap.accounts.models import Role, User
from cakap.audit.models import Entry
from cakap.audit.queries import first_broken_link
from cakap.jobs.models import Job
from cakap.policy.book import default_rules
from cakap.policy.queries import policy_in_force
from cakap.policy.services import override_rule
from cakap.ui.listing import Action, Column, Listing, show
from cakap.web.forms import OverrideForm
from cakap.web.queries import Figures, figures


@public
def home(request: HttpRequest) -> HttpResponse:
    """Where everybody starts: what there is to do, by role."""
    context: dict[str, object] = {}
    if request.user.is_authenticated and request.user.roles():
        act_as(request, *Role)
        found = figures(acting_agency(request), now=timezone.now())
        context = {"cards": _cards(signed_in(request), found), "programmes": found.programmes}
    return render(request, "web/home.html", context)


def _cards(user: User, found: Figures) -> list[tuple[str, int, str]]:
    """Title, number and, where the person may go there, the page behind it."""
    cards = (
        (_("Pegawai"), found.employees, "registry:employees"),
        (_("Hasil penilaian berlaku"), found.assessed, "results:list"),
        (_("Perlu dinilai dalam 90 hari"), found.due, "programmes:due"),
        (_("Kursi jabatan kosong"), found.vacant, "placement:posts"),
        (_("Kelompok rencana suksesi"), found.succession, "talent:map"),
    )
    held = user.roles()
    return [
        (title, number, url if held & resolve(url).func.roles else "")  # type: ignore[attr-defined]
        for title, number, name in cards
        for url in [reverse(name)]
    ]


@public
def health(request: HttpRequest) -> HttpResponse:
    """For whoever watches the server: the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True})


@allow(Role.AUDITOR, Role.ADMINISTRATOR)
def audit(request: HttpRequest) -> HttpResponse:
    """The log of one's agency, the newest first."""
    agency = acting_agency(request)
    listing = Listing(
        title=_("Jejak audit"),
        name="audit",
        intro=_("Setiap perubahan tercatat dalam rantai yang memperlihatkan gangguan."),
        columns=(
            Column(title="No.", value=lambda row: row.seq, number=True),
            Column(
                title=_("Waktu"),
                value=lambda row: f"{timezone.localtime(row.at):%Y-%m-%d %H:%M:%S}",
            ),
            Column(title=_("Pelaku"), value=lambda row: row.actor),
            Column(title=_("Tindakan"), value=lambda row: row.action),
            Column(title=_("Perihal"), value=lambda row: row.subject),
            Column(
                title=_("Rincian"), value=lambda row: json.dumps(row.detail, ensure_ascii=False)
            ),
        ),
        empty=_("Belum ada catatan."),
        actions=(Action(title=_("Periksa rantai"), url=reverse("web:chain")),),
    )
    return show(request, listing, Entry.objects.filter(agency=agency.code).order_by("-seq"))


@allow(Role.AUDITOR, Role.ADMINISTRATOR)
def chain(request: HttpRequest) -> HttpResponse:
    """Check the whole chain and say the first broken link."""
    broken = first_broken_link()
    if broken:
        messages.error(request, _("Rantai audit terputus: %(broken)s.") % {"broken": broken})
    else:
        count = Entry.objects.count()
        messages.success(request, _("Rantai audit utuh: %(count)s catatan.") % {"count": count})
    return redirect("web:audit")


@allow(Role.ADMINISTRATOR, Role.AUDITOR)
def policy(request: HttpRequest) -> HttpResponse:
    """Every rule with its value, its source and whether we have read that source."""
    agency = acting_agency(request)
    rules = policy_in_force(agency=agency.code, on=timezone.localdate()).rules
    listing = Listing(
        title=_("Buku kebijakan"),
        name="kebijakan",
        intro=_("Aturan yang belum terverifikasi belum kami baca pada teks peraturannya; "
            "instansi dapat menggantinya."),
        columns=(
            Column(
                title=_("Aturan"), value=lambda row: row.title,
                link=lambda row: reverse("web:rule", args=[row.key]),
            ),
            Column(title=_("Nilai"), value=lambda row: _short(row.value)),
            Column(
                title=_("Kedudukan"),
                value=lambda row: _("terverifikasi") if row.verified else _("belum terverifikasi"),
            ),
            Column(title=_("Diganti"), value=lambda row: _("ya") if row.overridden else ""),
            Column(title=_("Sumber"), value=lambda row: row.source),
        ),
        empty=_("Tidak ada aturan."),
    )  # fmt: skip
    return show(request, listing, [rules[key] for key in sorted(rules)])


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}…"


@allow(Role.ADMINISTRATOR)
def rule(request: HttpRequest, key: str) -> HttpResponse:
    """Give a rule one's own value from a day on."""
    if key not in default_rules():
        raise Http404
    agency, today = acting_agency(request), timezone.localdate()
    now = policy_in_force(agency=agency.code, on=today).rules[key]
    form = OverrideForm(request.POST or None, initial={"value": now.value, "since": today})
    if form.is_valid():
        override_rule(
            agency=agency.code, key=key, **form.cleaned_data,
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(
            request, _("Nilai instansi tersimpan; hasil lama memakai kebijakan lamanya.")
        )
        return redirect("web:policy")
    context = {
        "form": form, "title": now.title, "intro": now.source, "submit": _("Simpan"),
        "back": reverse("web:policy"),
    }  # fmt: skip
    return render(request, "ui/form.html", context)


@allow(*Role)
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """How far long work has come; the page may be left."""
    codes = list(signed_in(request).agencies(Role).values_list("code", flat=True))
    row = get_object_or_404(Job, pk=pk, agency__in=codes)
    template = "web/job_progress.html" if request.headers.get("HX-Request") else "web/job.html"
    return render(request, template, {"job": row})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Where Django refuses a request before any page: one sentence, also for a host that is not allowed."""
    sentence = (
        "Permintaan ini tidak dapat dibaca oleh server. Muat ulang halaman, atau hubungi petugas."
    )
    if isinstance(exception, DisallowedHost):
        host = request.META.get("HTTP_HOST", "")[:100]
        sentence = (
            f"Server ini tidak melayani alamat {host}. Bukalah dengan alamat yang tertulis saat server "
            "dijalankan. Petugas: tambahkan alamat ini dengan cakap serve --name, atau pada CAKAP_HOSTS."
        )
    return HttpResponse(
        f'<!doctype html><html lang="id"><meta charset="utf-8"><title>cakap</title>'
        f"<main><h1>Tidak dapat dilayani</h1><p>{escape(sentence)}</p></main></html>",
        status=400,
    )
