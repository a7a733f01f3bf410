"""Plans: the list, one line by line, and its way to the decree."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, holds, one, rows
from cakap.accounts.models import Role
from cakap.jobs.services import ask_for_job
from cakap.placement.forms import ApproveForm, CommentForm, PlanForm, RejectForm
from cakap.placement.models import Line, Plan
from cakap.placement.reports import plan_document
from cakap.placement.services import (
    approve_plan,
    comment_on,
    make_plan,
    propose_plan,
    reject_plan,
    review_plan,
)
from cakap.placement.tasks import measure
from cakap.placement.trial import links
from cakap.placement.words import CRITERION, READERS, terms_in_words
from cakap.programmes.models import Programme
from cakap.ui.files import download
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page

OPEN = (Plan.State.DRAFT, Plan.State.REVIEWED, Plan.State.PROPOSED)


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
            Column(title=_("Cara"), value=lambda row: str(row.get_method_display())),
            Column(title=_("Sebelum"), value=lambda row: round(row.total_before, 2), number=True),
            Column(title=_("Sesudah"), value=lambda row: round(row.total_after, 2), number=True),
            Column(title=_("Keadaan"), value=lambda row: str(row.get_state_display())),
        ),
        empty=_("Belum ada rencana. Susun dari peserta program yang hasilnya sudah terbit."),
        actions=(
            Action(title=_("Susun rencana"), url=reverse("placement:make")),
            Action(title=_("Bandingkan skenario"), url=reverse("placement:compare")),
            Action(title=_("Minat jabatan"), url=reverse("placement:wishes")),
        ),
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
            Column(
                title=_("Nama"), value=lambda line: line.employee.full_name,
                link=lambda line: reverse("placement:line", args=[row.pk, line.pk]),
            ),
            Column(title=_("Dari"), value=lambda line: line.source.title),
            Column(
                title=_("Ke"),
                value=lambda line: line.target.title if line.target_id != line.source_id else _("tetap"),
            ),
            Column(title=_("Semula (%)"), value=lambda line: round(line.fit_before, 2), number=True),
            Column(title=_("Menjadi (%)"), value=lambda line: round(line.fit_after, 2), number=True),
            Column(title=_("Bertahan (%)"), value=_stands, number=True),
            Column(title=_("Alasan"), value=lambda line: line.reason),
        ),
        empty=_("Rencana ini kosong."),
        extra=_surroundings(request, row) | {"moves": len(moves), "people": len(lines)},
        template="placement/plan.html",
    )  # fmt: skip
    return show(request, listing, sorted(lines, key=lambda line: line.source_id == line.target_id))


def _stands(line: Line) -> int | None:
    return None if line.standing is None else round(100 * line.standing)


def _surroundings(request: HttpRequest, row: Plan) -> dict[str, object]:
    """What stands around the lines of a plan."""
    return {
        "plan": row,
        "terms": terms_in_words(row),
        "links": links(row),
        "open_posts": row.open_posts.select_related("position__unit", "acting"),
        "sensitivity": [(CRITERION[name], 100 * share) for name, share in row.sensitivity.items()],
        "comments": row.comments.all(),
        "comment_form": CommentForm(),
        "open": row.state in OPEN,
        "may_decide": row.state == Plan.State.PROPOSED and holds(request, Role.DECISION_MAKER),
        "may_work": row.state in OPEN and holds(request, Role.TALENT_MANAGER),
        "step": _next_step(request, row),
    }


def _next_step(request: HttpRequest, row: Plan) -> tuple[str, str] | None:
    """The one step that a talent manager can take now: where it leads, and its name."""
    steps = {
        Plan.State.DRAFT: ("placement:review", _("Tandai ditelaah")),
        Plan.State.REVIEWED: ("placement:propose", _("Usulkan kepada pejabat yang berwenang")),
    }
    if row.state not in steps or not holds(request, Role.TALENT_MANAGER):
        return None
    url, title = steps[Plan.State(row.state)]
    return reverse(url, args=[row.pk]), title


@allow(*READERS)
def plan_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan as a PDF."""
    row = one(request, Plan, pk=pk)
    return download(plan_document(row), f"rencana-rotasi-{row.pk}.pdf")


@allow(Role.TALENT_MANAGER)
@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Every line of a draft has been looked at."""
    row = one(request, Plan, pk=pk)
    review_plan(plan=row, actor=request.user.get_username(), now=timezone.now())
    return redirect("placement:plan", pk)


@allow(Role.TALENT_MANAGER)
@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Lay a plan before the decision maker."""
    row = one(request, Plan, pk=pk)
    propose_plan(plan=row, actor=request.user.get_username(), now=timezone.now())
    return redirect("placement:plan", pk)


@allow(Role.TALENT_MANAGER, Role.DECISION_MAKER)
@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something about a plan."""
    row, form = one(request, Plan, pk=pk), CommentForm(request.POST)
    if form.is_valid():
        actor, now = request.user.get_username(), timezone.now()
        comment_on(plan=row, text=form.cleaned_data["text"], actor=actor, now=now)
    return redirect("placement:plan", pk)


@allow(Role.TALENT_MANAGER)
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """How sure is it? Long work, may be left."""
    row = one(request, Plan, pk=pk)
    job = ask_for_job(
        kind="placement.measure", title=f"{_('Uji ketahanan')} {row.name}", agency=row.agency.code,
        actor=request.user.get_username(), now=timezone.now(),
    )  # fmt: skip
    measure.enqueue(job=job.pk, plan=row.pk)
    return redirect("web:job", job.pk)


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
