"""Both ways: who for this post, which post for this person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cakap.accounts.access import acting_agency, allow, one, rows
from cakap.placement.queries import Proposal, Recommendation, people_for, posts_for
from cakap.placement.reports import recommendation_document
from cakap.placement.words import CRITERION, READERS
from cakap.registry.models import Employee, Position
from cakap.registry.queries import empty_seats
from cakap.registry.reference import STEP
from cakap.ui.files import download
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.numbers import decimal


@allow(*READERS)
def posts(request: HttpRequest) -> HttpResponse:
    """Vacant posts first, each leading to its people."""
    empty = empty_seats(acting_agency(request), on=timezone.localdate())
    listing = Listing(
        title=_("Siapa untuk jabatan ini?"),
        name="jabatan",
        intro=_("Pilih jabatan. Yang kosong di atas. Untuk arah sebaliknya, pilih orangnya."),
        columns=(
            Column(
                title=_("Jabatan"), value=lambda row: row.title,
                link=lambda row: reverse("placement:post", args=[row.pk]),
            ),
            Column(title=_("Unit"), value=lambda row: row.unit.name),
            Column(title=_("Jenjang"), value=lambda row: row.get_tier_display()),
            Column(title=_("Kursi kosong"), value=lambda row: empty.get(row.pk, 0), number=True),
        ),
        empty=_("Belum ada jabatan."),
        actions=(Action(title=_("Jabatan apa untuk orang ini?"), url=reverse("placement:people")),),
    )  # fmt: skip
    found = sorted(
        rows(request, Position).select_related("unit"),
        key=lambda row: (row.pk not in empty, -STEP[row.tier], row.code),
    )
    return show(request, listing, found)


@allow(*READERS)
def people(request: HttpRequest) -> HttpResponse:
    """People, each leading to their posts."""
    listing = Listing(
        title=_("Jabatan apa untuk orang ini?"),
        name="orang",
        intro=_("Pilih orangnya."),
        columns=(
            Column(title="NIP", value=lambda row: row.nip),
            Column(
                title=_("Nama"), value=lambda row: row.full_name,
                link=lambda row: reverse("placement:person", args=[row.pk]),
            ),
            Column(title=_("Golongan"), value=lambda row: row.rank),
        ),
        empty=_("Belum ada pegawai."),
    )  # fmt: skip
    return show(request, listing, rows(request, Employee))


@allow(*READERS)
def post(request: HttpRequest, pk: int) -> HttpResponse:
    """Siapa untuk jabatan ini?"""
    row = one(request, Position, pk=pk)
    found = people_for(row, on=timezone.localdate())
    who = Column(
        title=_("Nama"), value=lambda p: p.employee.full_name,
        link=lambda p: reverse("results:detail", args=[p.result.pk]),
    )  # fmt: skip
    title = f"{_('Siapa untuk jabatan ini?')} {row.title}"
    return _recommendation(request, title, who, found)


@allow(*READERS)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Jabatan apa untuk orang ini?"""
    row = one(request, Employee, pk=pk)
    found = posts_for(row, on=timezone.localdate())
    which = Column(
        title=_("Jabatan"), value=lambda p: p.position.title,
        link=lambda p: reverse("placement:post", args=[p.position.pk]),
    )  # fmt: skip
    title = f"{_('Jabatan apa untuk orang ini?')} {row.full_name}"
    return _recommendation(request, title, which, found)


def _recommendation(
    request: HttpRequest, title: str, first: Column, found: Recommendation
) -> HttpResponse:
    if request.GET.get("format") == "pdf":
        content = recommendation_document(title, found, now=timezone.now())
        return download(content, "rekomendasi.pdf")
    listing = Listing(
        title=title,
        name="rekomendasi",
        columns=(
            Column(title=_("Peringkat"), value=lambda p: found.proposed.index(p) + 1, number=True),
            first,
            Column(title=_("Kecocokan (%)"), value=lambda p: round(p.fit, 2), number=True),
            Column(title=_("Peluang kategori (%)"), value=_likely, number=True),
            Column(title=_("Kotak"), value=lambda p: p.box),
            Column(title=_("Di atas standar"), value=lambda p: "; ".join(p.strengths)),
            Column(title=_("Di bawah standar"), value=lambda p: "; ".join(p.gaps)),
            Column(title=_("Perlu diperiksa"), value=_flags),
            Column(title=_("Kriteria lain (0–100)"), value=_others),
        ),
        empty=_("Tidak ada yang memenuhi syarat. Alasannya ada di bawah."),
        extra={"excluded": found.excluded[:300], "not_assessed": found.not_assessed},
        template="placement/recommendation.html",
    )
    return show(request, listing, list(found.proposed))


def _likely(proposal: Proposal) -> float | None:
    chance = proposal.criteria.get("probability")
    return None if chance is None else round(chance)


def _others(proposal: Proposal) -> str:
    known = proposal.criteria
    return "; ".join(
        f"{title} {decimal(known[name], 0)}"
        for name, title in CRITERION.items()
        if name in known and name not in {"match", "probability"}
    )


def _flags(proposal: Proposal) -> str:
    return "; ".join(proposal.findings)
