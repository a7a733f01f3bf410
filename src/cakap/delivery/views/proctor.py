"""The proctor's pages: the sessions of the day, who is in, open and close."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import allow, one, rows
from cakap.accounts.models import Role
from cakap.delivery.queries import board
from cakap.programmes.models import Session
from cakap.programmes.services import close_session, open_session
from cakap.ui.listing import Column, Listing, show

STANDINGS = {
    "absent": "belum masuk",
    "signed_in": "sudah masuk",
    "working": "mengerjakan",
    "submitted": "selesai",
}


@allow(Role.PROCTOR, Role.OPERATOR)
def sessions(request: HttpRequest) -> HttpResponse:
    """The sessions of one's agency."""
    listing = Listing(
        title=_("Sesi ujian"),
        name="sesi",
        columns=(
            Column(
                title=_("Mulai"),
                value=lambda row: f"{timezone.localtime(row.starts_at):%Y-%m-%d %H:%M}",
                link=lambda row: reverse("delivery:board", args=[row.pk]),
            ),
            Column(title=_("Ruang"), value=lambda row: row.room.name),
            Column(title=_("Program"), value=lambda row: row.programme.name),
            Column(title=_("Keadaan"), value=lambda row: str(row.get_state_display())),
        ),
        empty=_("Belum ada sesi yang direncanakan."),
    )  # fmt: skip
    return show(request, listing, rows(request, Session).select_related("room", "programme"))


@allow(Role.PROCTOR, Role.OPERATOR)
def board_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is in and where they stand; it renews itself."""
    row = one(request, Session, pk=pk)
    places = board(row)
    counts = {
        label: sum(place.standing == name for place in places) for name, label in STANDINGS.items()
    }
    context = {
        "session": row, "places": [(place, STANDINGS[place.standing]) for place in places],
        "counts": counts,
    }  # fmt: skip
    part = request.headers.get("HX-Request")
    return render(request, "delivery/board_rows.html" if part else "delivery/board.html", context)


@allow(Role.PROCTOR)
@require_POST
def open_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the session; the PIN may be read aloud now."""
    row = one(request, Session, pk=pk)
    open_session(session=row, actor=request.user.get_username(), now=timezone.now())
    messages.success(request, _("Sesi dibuka. PIN: %(pin)s") % {"pin": row.pin})
    return redirect("delivery:board", pk)


@allow(Role.PROCTOR)
@require_POST
def close_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the session."""
    row = one(request, Session, pk=pk)
    close_session(session=row, actor=request.user.get_username(), now=timezone.now())
    messages.success(
        request, _("Sesi ditutup. Jawaban yang tiba sesudah ini disimpan dan ditandai.")
    )
    return redirect("delivery:board", pk)
