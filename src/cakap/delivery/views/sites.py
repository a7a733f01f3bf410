"""Sites: who they are, what they take with them, and what they tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, one, public, rows
from cakap.accounts.models import Role
from cakap.delivery import time_watch
from cakap.delivery.forms import LogForm, PackForm, SettleForm, ShownForm, SiteForm, TwoPeopleForm
from cakap.delivery.models import RecordConflict, Site, SitePackage
from cakap.delivery.sites.carrying import take_log
from cakap.delivery.sites.clocks import clock_sentence
from cakap.delivery.sites.envelope import LOG_BOUNDS, opened
from cakap.delivery.sites.identity import identity
from cakap.delivery.sites.package import changed_since_packing, pack
from cakap.delivery.sites.queries import gap_of
from cakap.delivery.sites.receiving import receive, standing
from cakap.delivery.sites.services import (
    accept_gap,
    add_site,
    heard_of,
    refuse_unknown,
    settle_conflict,
    withdraw_package,
)
from cakap.errors import StalePage
from cakap.programmes.models import Session
from cakap.ui.files import download
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page

OFFICERS = (Role.OPERATOR, Role.PROCTOR)


@allow(Role.OPERATOR)
def listing(request: HttpRequest) -> HttpResponse:
    """The sites of one's agency with the sessions that they hold, and what is missing of each."""
    found = SitePackage.objects.select_related("site", "session__room").filter(
        site__in=rows(request, Site)
    )
    standing_once = cache(standing)  # three columns are read from it
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
                link=lambda row: reverse("delivery:site_session", args=[row.session_id]),
            ),
            Column(title=_("Ruang"), value=lambda row: row.session.room.name),
            Column(title=_("Terdengar"), value=_clock),
            Column(
                title=_("Catatan di situs"), number=True,
                value=lambda row: standing_once(row)["declared"],
            ),
            Column(
                title=_("Belum sampai"), number=True, value=lambda row: standing_once(row)["missing"]
            ),
            Column(title=_("Bertentangan"), value=lambda row: len(standing_once(row)["conflicts"]) or ""),
            Column(title=_("Jam"), value=lambda row: clock_sentence(row.clock_off)),
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
    if form.is_valid() and form.cleaned_data["card"].strip() == identity().card.text:
        message = _(
            "Ini kartu pusat, yaitu instalasi ini. Kartu situs dibuat di situs: cakap site card."
        )
        form.add_error("card", message)
    elif form.is_valid():
        add_site(
            agency=acting_agency(request), **form.cleaned_data,
            by=request.user.get_username(), now=time_watch.now(),
        )  # fmt: skip
        messages.success(request, _("Situs terdaftar."))
        return redirect("delivery:sites")
    return form_page(request, form, _("Daftarkan situs"), reverse("delivery:sites"))


@allow(Role.OPERATOR)
def pack_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The package of a session for a site; again for the same site, with what has changed here."""
    session = one(request, Session, pk=pk)
    form = PackForm(request.POST or None, sites=rows(request, Site))
    if form.is_valid():
        content = pack(
            session=session, site=form.cleaned_data["site"],
            by=request.user.get_username(), now=time_watch.now(),
        )  # fmt: skip
        return download(content, f"sesi-{session.pk}.cakap")
    return form_page(
        request, form, _("Bawa sesi ke situs"), reverse("delivery:board", args=[pk]),
        intro=_("Sesudah paket dibuat, sesi ini dilaksanakan di situs, bukan di sini."),
        submit=_("Unduh paket"),
    )  # fmt: skip


@allow(Role.OPERATOR)
def session_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A session that is at a site: what has come, what is missing or contradicts, what was decided."""
    session = one(request, Session, pk=pk)
    package = SitePackage.objects.filter(session=session).select_related("site").first()
    context = {
        "session": session, "package": package,
        "withdrawn": session.withdrawn_packages.select_related("site"),
        "gaps": session.accepted_gaps.all(),
        "conflicts": rows(request, RecordConflict).filter(attempt__seat__session=session)
        .select_related("attempt__seat"),
        "missing": gap_of(session, now=time_watch.now()),
    }  # fmt: skip
    if package:
        context |= {
            "standing": standing(package), "clock": clock_sentence(package.clock_off),
            "changed": changed_since_packing(package),
        }  # fmt: skip
    return render(request, "delivery/site.html", context)


@allow(Role.OPERATOR)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a session back from a site, after what was heard has been shown."""
    package = _package(request, pk)
    heard = heard_of(package)
    if heard["by_seat"]:
        heard["missing"] = f"{heard['missing']} ({_seats_named(heard['by_seat'])})"
    open_ = gap_of(package.session, now=time_watch.now())
    intro = _(
        "Dari situs %(site)s sudah terdengar: %(attempts)s peserta, %(records)s catatan jawaban; "
        "%(missing)s catatan belum sampai. Yang sudah sampai tetap tersimpan; yang dikirim situs itu "
        "sesudah ini ditolak. Paket berikutnya membawa serta yang sudah sampai."
    ) % {"site": package.site, **heard}
    if open_:
        intro += " " + _(
            "Penarikan ini tidak memutuskan catatan yang kurang: hasil tetap menunggu catatan itu, atau "
            "keputusan dua petugas (%(named)s)."
        ) % {"named": _seats_named(open_)}
    return _decide(
        request, package.session_id, ShownForm, _("Tarik paket dari situs"), intro,
        act=lambda told: withdraw_package(package=package, **told),
        of=f"{package.pk}.{package.edition}",
    )  # fmt: skip


@allow(Role.OPERATOR)
def accept_missing(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide that a session is scored without the records that are named here."""
    session = one(request, Session, pk=pk)
    named = _seats_named(gap_of(session, now=time_watch.now()))
    intro = _("Catatan yang belum sampai dan tidak akan dihitung: %(named)s.") % {"named": named}
    return _decide(
        request, session.pk, ShownForm, _("Skor tanpa catatan yang kurang"), intro,
        act=lambda told: accept_gap(session=session, **told),
    )  # fmt: skip


def _seats_named(missing: Mapping[Any, int]) -> str:
    """How many records are missing at each seat, in words."""
    return ", ".join(
        _("kursi %(seat)s: %(n)s") % {"seat": seat, "n": n or _("belum dikabarkan")}
        for seat, n in missing.items()
    )


@allow(Role.OPERATOR)
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide which of two contents of a record counts."""
    conflict = one(request, RecordConflict, pk=pk)
    intro = _("Tersimpan: %(kept)s. Datang kemudian: %(other)s.") % {
        "kept": content_words(conflict.kept), "other": content_words(conflict.other),
    }  # fmt: skip
    return _decide(
        request, conflict.attempt.seat.session_id, SettleForm, _("Putuskan catatan yang bertentangan"), intro,
        act=lambda told: settle_conflict(conflict=conflict, **told),
    )  # fmt: skip


def _package(request: HttpRequest, session: int) -> SitePackage:
    found: SitePackage = one(request, SitePackage, session=session)
    return found


def _decide(
    request: HttpRequest,
    session: int,
    kind: type[TwoPeopleForm],
    title: str,
    intro: str,
    *,
    act: Callable[[dict[str, Any]], object],
    of: str = "",
) -> HttpResponse:
    """A decision of two people about a session at a site.

    Whoever decides has seen `intro`, and what is named by `of`: another is StalePage.
    """

    def may(user: Any) -> bool:
        return bool(Session.objects.for_user(user, OFFICERS).filter(pk=session))

    shown = f"{of} {intro}".strip()
    form = kind(request.POST or None, request=request, may=may, initial={"shown": shown})
    back = reverse("delivery:site_session", args=[session])
    if form.is_valid():
        if form.cleaned_data.pop("shown", "") not in {"", shown}:
            raise StalePage  # more was heard since: the two decide on what they have read
        act({**form.cleaned_data, "by": request.user.get_username(), "now": time_watch.now()})
        messages.success(request, _("Keputusan dicatat."))
        return redirect(back)
    return form_page(request, form, title, back, intro=intro, submit=_("Putuskan"))


def content_words(content: Mapping[str, Any]) -> str:
    """A record's content in one line, for the two who decide."""
    late = _("terlambat") if content["late"] else _("tepat waktu")
    return (
        f"{content['kind']} {content['response']!r} ({content['client_at']}, "
        f"{_('diterima')} {content['received_at']}, {late}, {content['device'][:8]})"
    )


@csrf_exempt
@require_POST
@public
def log(request: HttpRequest) -> HttpResponse:
    """What a site tells of a session; its signature is its sign-in.

    Anybody can send here, so the length comes first (`most_bytes`), then who it is, then the content.
    """
    card, told = opened(request.body, check=refuse_unknown)
    return JsonResponse(receive(card, told, now=time_watch.now()))


log.most_bytes = LOG_BOUNDS.sent  # type: ignore[attr-defined]


@allow(Role.OPERATOR)
def log_by_hand(request: HttpRequest) -> HttpResponse:
    """The same, from a file that was carried here: the whole file, or nothing of it."""
    form = LogForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        for outcome in take_log(form.cleaned_data["file"].read(), now=time_watch.now()):
            if outcome.refusal:
                text = _("Sesi %(session)s ditolak: %(why)s")
                messages.error(request, text % {"session": outcome.session, "why": outcome.refusal})
            else:
                text = _("Log sesi %(session)s diterima; %(n)s catatan belum sampai.")
                messages.success(request, text % {"session": outcome.session, "n": outcome.missing})
        return redirect("delivery:sites")
    return form_page(request, form, _("Terima log dari berkas"), reverse("delivery:sites"))
