"""Sites: who they are, what they take with them, and what they tell."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, one, public, rows
from cakap.accounts.models import Role
from cakap.delivery.forms import LogForm, PackForm, SiteForm
from cakap.delivery.models import Site, SitePackage
from cakap.delivery.sites.envelope import LOG_BOUNDS, opened
from cakap.delivery.sites.identity import identity
from cakap.delivery.sites.log import receive, standing
from cakap.delivery.sites.package import pack
from cakap.delivery.sites.services import add_site, refuse_unknown
from cakap.programmes.models import Session
from cakap.ui.files import download
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page


@allow(Role.OPERATOR)
def listing(request: HttpRequest) -> HttpResponse:
    """The sites of one's agency with the sessions that they hold, and what is missing of each."""
    found = SitePackage.objects.select_related("site", "session__room").filter(
        site__in=rows(request, Site)
    )
    page = Listing(
        title=_("Situs ujian"),
        name="situs",
        intro=_("Kartu pusat ini, untuk dibawa ke situs: %(card)s")
        % {"card": identity().card.text},
        columns=(
            Column(title=_("Situs"), value=lambda row: row.site.name),
            Column(
                title=_("Sesi"),
                value=lambda row: f"{timezone.localtime(row.session.starts_at):%Y-%m-%d %H:%M}",
                link=lambda row: reverse("delivery:board", args=[row.session_id]),
            ),
            Column(title=_("Ruang"), value=lambda row: row.session.room.name),
            Column(title=_("Terdengar"), value=_clock),
            Column(
                title=_("Catatan di situs"), number=True,
                value=lambda row: standing(row)["declared"],
            ),
            Column(
                title=_("Belum sampai"), number=True, value=lambda row: standing(row)["missing"]
            ),
            Column(title=_("Bertentangan"), value=lambda row: len(row.conflicts) or ""),
        ),
        empty=_("Belum ada sesi yang dibawa ke situs."),
        actions=(
            Action(title=_("Daftarkan situs"), url=reverse("delivery:add_site")),
            Action(title=_("Terima log dari berkas"), url=reverse("delivery:site_log_file")),
        ),
    )  # fmt: skip
    return show(request, page, found)


def _clock(row: SitePackage) -> str:
    return f"{timezone.localtime(row.heard_at):%Y-%m-%d %H:%M:%S}" if row.heard_at else ""


@allow(Role.OPERATOR)
def add(request: HttpRequest) -> HttpResponse:
    """Make a site known by its card."""
    form = SiteForm(request.POST or None)
    if form.is_valid():
        add_site(
            agency=acting_agency(request), **form.cleaned_data,
            by=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Situs terdaftar."))
        return redirect("delivery:sites")
    return form_page(request, form, _("Daftarkan situs"), reverse("delivery:sites"))


@allow(Role.OPERATOR)
def pack_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The package of a session for a site."""
    session = one(request, Session, pk=pk)
    form = PackForm(request.POST or None, sites=rows(request, Site))
    if form.is_valid():
        content = pack(
            session=session, site=form.cleaned_data["site"],
            by=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return download(content, f"sesi-{session.pk}.cakap")
    return form_page(
        request, form, _("Bawa sesi ke situs"), reverse("delivery:board", args=[pk]),
        intro=_("Sesudah paket dibuat, sesi ini dilaksanakan di situs, bukan di sini."),
        submit=_("Unduh paket"),
    )  # fmt: skip


@csrf_exempt
@require_POST
@public
def log(request: HttpRequest) -> HttpResponse:
    """What a site tells of a session; its signature is its sign-in.

    Anybody can send here, so the length comes first (`most_bytes`), then who it is, then the content.
    """
    card, told = opened(request.body, check=refuse_unknown)
    return JsonResponse(receive(card, told, now=timezone.now()))


log.most_bytes = LOG_BOUNDS.sent  # type: ignore[attr-defined]


@allow(Role.OPERATOR)
def log_by_hand(request: HttpRequest) -> HttpResponse:
    """The same, from a file that was carried here: one envelope a line."""
    form = LogForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        missing = 0
        for line in form.cleaned_data["file"]:
            card, told = opened(line, check=refuse_unknown)
            missing = receive(card, told, now=timezone.now())["missing"]
        messages.success(request, _("Log diterima; %(n)s catatan belum sampai.") % {"n": missing})
        return redirect("delivery:sites")
    return form_page(request, form, _("Terima log dari berkas"), reverse("delivery:sites"))
