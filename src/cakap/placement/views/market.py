"""The transfer market: a person's wishes, and what units say to them."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cakap.accounts.access import allow, one, rows, signed_in
from cakap.accounts.models import Role
from cakap.placement.forms import WishForm
from cakap.placement.wishing import rank_applicants, state_wishes
from cakap.placement.words import READERS
from cakap.policy.queries import policy_in_force
from cakap.registry.models import Employee, Position
from cakap.ui.listing import Column, Listing, show
from cakap.ui.pages import form_page


@allow(*READERS)
def wishes(request: HttpRequest) -> HttpResponse:
    """Posts that somebody wishes for, the most wished first."""
    listing = Listing(
        title=_("Minat jabatan"),
        name="minat",
        intro=_(
            "Pegawai menyatakan minat pada halamannya sendiri. Urutan dari unit mendahului kecocokan "
            "dalam skenario yang stabil."
        ),
        columns=(
            Column(
                title=_("Jabatan"), value=lambda row: row.title,
                link=lambda row: reverse("placement:applicants", args=[row.pk]),
            ),
            Column(title=_("Unit"), value=lambda row: row.unit.name),
            Column(title=_("Peminat"), value=lambda row: row.wished, number=True),
        ),
        empty=_("Belum ada minat yang dinyatakan."),
    )  # fmt: skip
    found = rows(request, Position).annotate(wished=Count("wishes")).filter(wished__gt=0)
    return show(request, listing, found.select_related("unit").order_by("-wished", "code"))


@allow(Role.TALENT_MANAGER)
def applicants(request: HttpRequest, pk: int) -> HttpResponse:
    """Who wishes for a post, and the unit's order of them."""
    row = one(request, Position, pk=pk)
    told = list(row.wishes.select_related("employee").order_by("rank", "employee__name"))
    form = forms.Form(request.POST or None)
    for wish in told:
        form.fields[f"rank_{wish.pk}"] = forms.IntegerField(
            label=f"{wish.employee.full_name} ({_('minat')} {wish.rank})", required=False,
            min_value=1, initial=wish.unit_rank,
        )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        ranks = {wish.pk: form.cleaned_data[f"rank_{wish.pk}"] for wish in told}
        actor = request.user.get_username()
        rank_applicants(position=row, ranks=ranks, actor=actor, now=timezone.now())
        return redirect("placement:wishes")
    intro = _(
        "1 paling diutamakan; angka yang sama berarti setara; kosong berarti menurut kecocokan."
    )
    title = f"{_('Peminat')} {row.title}"
    return form_page(request, form, title, reverse("placement:wishes"), intro=intro)


@allow(Role.PARTICIPANT)
def own_wishes(request: HttpRequest) -> HttpResponse:
    """A person's own wishes."""
    person = get_object_or_404(Employee, user=signed_in(request))
    policy = policy_in_force(agency=person.agency.code, on=timezone.localdate())
    stated = person.wishes.order_by("rank").values_list("rank", "position_id")
    form = WishForm(
        request.POST or None, most=policy["placement.most_wishes"],
        positions=Position.objects.filter(agency=person.agency).order_by("title", "code"),
        initial={f"wish_{rank}": post for rank, post in stated},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        actor = request.user.get_username()
        state_wishes(employee=person, posts=form.posts, actor=actor, now=timezone.now())
        messages.success(request, _("Minat disimpan."))
        return redirect("placement:own_wishes")
    context = {
        "form": form, "title": _("Minat jabatan saya"), "submit": _("Simpan"), "back": "",
        "intro": _(
            "Pilih jabatan menurut urutan keinginan Anda. Menyatakan minat yang sebenarnya tidak pernah "
            "merugikan: urutan lain tidak memberi hasil yang lebih baik. Jabatan Anda sekarang tidak dapat "
            "hilang karenanya."
        ),
    }  # fmt: skip
    return render(request, "ui/form.html", context)
