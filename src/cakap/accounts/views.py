from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow
from cakap.accounts.forms import AddressForm, PasswordForm, UserForm
from cakap.accounts.guesses import STAFF, STAFF_LIMITS, wrong_at
from cakap.accounts.models import Agency, Membership, Role, User
from cakap.accounts.services import (
    change_address,
    give_roles,
    lift_sign_in,
    register_user,
    reset_password,
    take_role,
)
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page


@allow(Role.ADMINISTRATOR)
def members(request: HttpRequest) -> HttpResponse:
    """Who may do what in one's agency."""
    agency = acting_agency(request)
    listing = Listing(
        title=_("Pengguna dan peran"),
        name="pengguna",
        intro=agency.name,
        columns=(
            Column(title=_("Nama"), value=lambda row: row.user.name),
            Column(title=_("NIP/pengguna"), value=lambda row: row.user.username),
            Column(
                title=_("Surel"),
                value=lambda row: row.user.email or _("tambahkan"),
                link=lambda row: reverse("accounts:address", args=[row.user_id]),
            ),
            Column(
                title=_("Kata sandi"),
                value=lambda row: _("ganti"),
                link=lambda row: reverse("accounts:password", args=[row.user_id]),
            ),
            Column(
                title=_("Peran"),
                value=lambda row: str(row.get_role_display()),
                link=lambda row: reverse("accounts:take", args=[row.pk]),
            ),
        ),
        empty=_("Belum ada pengguna. Tambahkan yang pertama."),
        actions=(
            Action(title=_("Tambah pengguna"), url=reverse("accounts:add")),
            Action(title=_("Salah kata sandi"), url=reverse("accounts:held")),
        ),
    )
    return show(request, listing, agency.memberships.select_related("user").order_by("user__name"))


@allow(Role.ADMINISTRATOR)
def add(request: HttpRequest) -> HttpResponse:
    """Make an account and give roles."""
    agency = acting_agency(request)
    form = UserForm(request.POST or None)
    if form.is_valid():
        now, data = timezone.now(), form.cleaned_data
        actor = request.user.get_username()
        known = User.objects.filter(username=data["username"]).first()
        user = known or register_user(
            username=data["username"], name=data["name"], email=data["email"],
            password=data["password"], actor=actor, now=now,
        )  # fmt: skip
        given = give_roles(
            user=user, agency=agency, roles=[Role(role) for role in data["roles"]],
            actor=actor, now=now,
        )  # fmt: skip
        _tell_roles(request, user, given, is_new=known is None)
        return redirect("accounts:members")
    context = {
        "form": form, "title": _("Tambah pengguna"), "submit": _("Simpan"),
        "back": reverse("accounts:members"),
    }  # fmt: skip
    return render(request, "ui/form.html", context)


def _tell_roles(request: HttpRequest, user: User, given: list[Role], *, is_new: bool) -> None:
    """Say what was done: an account that exists keeps its name, address and password."""
    roles = ", ".join(str(role.label) for role in given)
    named = {"name": user.name, "roles": roles}
    if is_new:
        messages.success(request, _("Akun %(name)s dibuat dengan peran: %(roles)s.") % named)
        return
    kept = _("Akun %(name)s sudah ada; nama, surel, dan kata sandinya tidak diubah.") % named
    if given:
        messages.success(request, f"{kept} {_('Peran baru: %(roles)s.') % named}")
    else:
        messages.warning(request, f"{kept} {_('Semua peran itu sudah dimilikinya.')}")


def _member(request: HttpRequest, pk: int) -> tuple[Agency, User]:
    """The agency that one acts for, and a user who has a role in it."""
    agency = acting_agency(request)
    users = User.objects.filter(memberships__agency=agency).distinct()
    return agency, get_object_or_404(users, pk=pk)


@allow(Role.ADMINISTRATOR)
def password(request: HttpRequest, pk: int) -> HttpResponse:
    """A new password for a user of one's agency."""
    agency, user = _member(request, pk)
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        reset_password(
            user=user, agency=agency, password=form.cleaned_data["password"],
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Kata sandi diganti."))
        return redirect("accounts:members")
    return form_page(
        request, form, _("Ganti kata sandi"), reverse("accounts:members"), intro=user.name
    )


@allow(Role.ADMINISTRATOR)
def address(request: HttpRequest, pk: int) -> HttpResponse:
    """The address of a user of one's agency, with which one signs in and gets a new password."""
    agency, user = _member(request, pk)
    form = AddressForm(request.POST or None, initial={"email": user.email})
    if form.is_valid():
        change_address(
            user=user, agency=agency, email=form.cleaned_data["email"],
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Surel disimpan."))
        return redirect("accounts:members")
    return form_page(request, form, _("Ganti surel"), reverse("accounts:members"), intro=user.name)


@allow(Role.ADMINISTRATOR)
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then end one role."""
    row = get_object_or_404(Membership, pk=pk, agency=acting_agency(request))
    if request.method == "POST":
        take_role(membership=row, actor=request.user.get_username(), now=timezone.now())
        messages.success(request, _("Peran diakhiri."))
        return redirect("accounts:members")
    intro = _("%(name)s tidak lagi dapat bertindak sebagai %(role)s.") % {
        "name": row.user.name, "role": row.get_role_display(),
    }  # fmt: skip
    context = {
        "title": _("Akhiri peran?"), "intro": intro, "submit": _("Akhiri peran"),
        "back": reverse("accounts:members"),
    }  # fmt: skip
    return render(request, "ui/form.html", context)


@allow(Role.ADMINISTRATOR)
def held(request: HttpRequest) -> HttpResponse:
    """Under whose names in one's agency wrong passwords were typed lately, and who is held."""
    agency = acting_agency(request)
    users = User.objects.filter(memberships__agency=agency).distinct()
    by_name = {name.lower(): user for user in users for name in (user.email, user.username) if name}
    wrong = wrong_at(STAFF, STAFF_LIMITS, now=timezone.now())
    context = {"wrong": [(by_name[row.who], row) for row in wrong if row.who in by_name]}
    return render(request, "accounts/held.html", context)


@allow(Role.ADMINISTRATOR)
@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a user of one's agency try again to sign in."""
    agency, user = _member(request, pk)
    lift_sign_in(user=user, agency=agency, actor=request.user.get_username(), now=timezone.now())
    messages.success(request, _("%(name)s dapat mencoba masuk lagi.") % {"name": user.name})
    return redirect("accounts:held")


@allow(*Role)
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Act for another agency in which one holds a role."""
    request.session["agency"] = request.POST.get("agency", "")
    return redirect("web:home")
