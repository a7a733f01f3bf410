from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cakap.accounts.access import acting_agency, allow, holds, one, rows
from cakap.accounts.models import Role
from cakap.placement.forms import ApproveForm, PlanForm, RejectForm
from cakap.placement.models import Plan
from cakap.placement.queries import Proposal, Recommendation, people_for, posts_for
from cakap.placement.reports import plan_document, recommendation_document
from cakap.placement.services import approve_plan, make_plan, reject_plan
from cakap.programmes.models import Programme
from cakap.registry.models import Employee, Position
from cakap.registry.queries import empty_seats
from cakap.registry.reference import STEP
from cakap.ui.files import download
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page

READERS = (Role.TALENT_MANAGER, Role.DECISION_MAKER, Role.AUDITOR)


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
            Column(title=_("Kotak"), value=lambda p: p.box),
            Column(title=_("Di atas standar"), value=lambda p: "; ".join(p.strengths)),
            Column(title=_("Di bawah standar"), value=lambda p: "; ".join(p.gaps)),
            Column(title=_("Perlu diperiksa"), value=_flags),
        ),
        empty=_("Tidak ada yang memenuhi syarat. Alasannya ada di bawah."),
        extra={"excluded": found.excluded[:300], "not_assessed": found.not_assessed},
        template="placement/recommendation.html",
    )
    return show(request, listing, list(found.proposed))


def _flags(proposal: Proposal) -> str:
    return "; ".join(proposal.findings)


@allow(*READERS)
def plans(request: HttpRequest) -> HttpResponse:
    """Rotation plans."""
    listing = Listing(
        title=_("Rencana rotasi"),
        name="rencana",
        columns=(
            Column(
                title=_("Nama"), value=lambda row: row.name,
                link=lambda row: reverse("placement:plan", args=[row.pk]),
            ),
            Column(title=_("Disusun"), value=lambda row: row.on),
            Column(title=_("Sebelum"), value=lambda row: round(row.total_before, 2), number=True),
            Column(title=_("Sesudah"), value=lambda row: round(row.total_after, 2), number=True),
            Column(title=_("Keadaan"), value=lambda row: str(row.get_state_display())),
        ),
        empty=_("Belum ada rencana. Susun dari peserta program yang hasilnya sudah terbit."),
        actions=(Action(title=_("Susun rencana"), url=reverse("placement:make")),),
    )  # fmt: skip
    return show(request, listing, rows(request, Plan))


@allow(Role.TALENT_MANAGER)
def make(request: HttpRequest) -> HttpResponse:
    """Make a plan."""
    agency = acting_agency(request)
    form = PlanForm(request.POST or None, programmes=Programme.objects.filter(initiator=agency))
    if form.is_valid():
        row = make_plan(
            programmes=list(form.cleaned_data["programmes"]), name=form.cleaned_data["name"],
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return redirect("placement:plan", row.pk)
    intro = _(
        "Setiap orang ditempatkan tepat satu kali pada jabatan peserta dan jabatan kosong, "
        "sehingga kecocokan seluruhnya setinggi mungkin menurut kebijakan."
    )
    title = _("Susun rencana rotasi")
    return form_page(request, form, title, reverse("placement:plans"), intro=intro, submit=title)


@allow(*READERS)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """A plan line by line, before and after side by side."""
    row = one(request, Plan, pk=pk)
    lines = list(row.lines.select_related("employee", "source", "target"))
    moves = [line for line in lines if line.source_id != line.target_id]
    listing = Listing(
        title=row.name,
        name=f"rencana-{row.pk}",
        columns=(
            Column(title="NIP", value=lambda line: line.employee.nip),
            Column(title=_("Nama"), value=lambda line: line.employee.full_name),
            Column(title=_("Dari"), value=lambda line: line.source.title),
            Column(
                title=_("Ke"),
                value=lambda line: line.target.title if line.target_id != line.source_id else _("tetap"),
            ),
            Column(title=_("Semula (%)"), value=lambda line: round(line.fit_before, 2), number=True),
            Column(title=_("Menjadi (%)"), value=lambda line: round(line.fit_after, 2), number=True),
            Column(title=_("Alasan"), value=lambda line: line.reason),
        ),
        empty=_("Rencana ini kosong."),
        extra={
            "plan": row, "moves": len(moves), "people": len(lines),
            "open_posts": row.open_posts.select_related("position__unit"),
            "may_decide": row.state == Plan.State.DRAFT
            and holds(request, Role.DECISION_MAKER),
        },
        template="placement/plan.html",
    )  # fmt: skip
    return show(request, listing, sorted(lines, key=lambda line: line.source_id == line.target_id))


@allow(*READERS)
def plan_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan as a PDF."""
    row = one(request, Plan, pk=pk)
    return download(plan_document(row), f"rencana-rotasi-{row.pk}.pdf")


@allow(Role.DECISION_MAKER)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a plan: its moves become appointments."""
    row = one(request, Plan, pk=pk)
    form = ApproveForm(request.POST or None, initial={"start": timezone.localdate()})
    if form.is_valid():
        n = approve_plan(
            plan=row, **form.cleaned_data, actor=request.user.get_username(), now=timezone.now()
        )
        messages.success(request, _("Rencana disetujui; %(n)s pengangkatan dicatat.") % {"n": n})
        return redirect("placement:plan", pk)
    intro = _(
        "Semua perpindahan dalam rencana ini dicatat sebagai pengangkatan. "
        "Tindakan ini tidak dapat dibatalkan."
    )
    back = reverse("placement:plan", args=[pk])
    title = f"{_('Setujui')} {row.name}"
    return form_page(request, form, title, back, intro=intro, submit=title)


@allow(Role.DECISION_MAKER)
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn a plan down."""
    row = one(request, Plan, pk=pk)
    form = RejectForm(request.POST or None)
    if form.is_valid():
        reject_plan(
            plan=row, **form.cleaned_data, actor=request.user.get_username(), now=timezone.now()
        )
        return redirect("placement:plan", pk)
    back = reverse("placement:plan", args=[pk])
    title = f"{_('Tolak')} {row.name}"
    return form_page(request, form, title, back, submit=title)
