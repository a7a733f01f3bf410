"""Letters of recommendation: what the office writes and signs, what the agency reads and answers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, holds, one, rows
from cakap.accounts.models import Agency, Role
from cakap.placement.advising import answer_line, sealed, send_advice, write_advice
from cakap.placement.forms import AdviceForm, AnswerForm
from cakap.placement.models import Advice, AdviceLine
from cakap.placement.reports import advice_document
from cakap.placement.words import READERS
from cakap.ui.files import download
from cakap.ui.listing import Action, Column, Listing, show
from cakap.ui.pages import form_page

ANSWERS = (Role.TALENT_MANAGER, Role.DECISION_MAKER)


@allow(*READERS)
def letters(request: HttpRequest) -> HttpResponse:
    """Letters that this office has written."""
    listing = Listing(
        title=_("Surat rekomendasi"),
        name="surat",
        intro=_(
            "Kantor penilai merekomendasikan orang bagi jabatan kosong suatu instansi, "
            "juga dari instansi lain."
        ),
        columns=(
            Column(
                title=_("Nomor"), value=lambda row: row.number,
                link=lambda row: reverse("placement:letter", args=[row.pk]),
            ),
            Column(title=_("Kepada"), value=lambda row: row.recipient.name),
            Column(title=_("Disusun"), value=lambda row: timezone.localdate(row.made_at)),
            Column(title=_("Keadaan"), value=lambda row: str(row.get_state_display())),
            Column(title=_("Dijawab"), value=_answered),
        ),
        empty=_("Belum ada surat."),
        actions=(
            Action(title=_("Susun surat"), url=reverse("placement:write")),
            Action(title=_("Surat masuk"), url=reverse("placement:incoming")),
        ),
    )  # fmt: skip
    return show(request, listing, rows(request, Advice).select_related("recipient"))


def _answered(letter: Advice) -> str:
    answers = list(letter.lines.values_list("answer", flat=True))
    return f"{sum(bool(one) for one in answers)} / {len(answers)}"


@allow(Role.TALENT_MANAGER)
def write(request: HttpRequest) -> HttpResponse:
    """Write a letter for one agency."""
    form = AdviceForm(request.POST or None, agencies=Agency.objects.all())
    if form.is_valid():
        made = write_advice(
            issuer=acting_agency(request), **form.cleaned_data,
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        return redirect("placement:letter", made.pk)
    intro = _(
        "Bagi setiap jabatan kosong instansi itu: orang terbaik yang dinilai kantor ini dan memenuhi syarat."
    )
    title = _("Susun surat rekomendasi")
    return form_page(request, form, title, reverse("placement:letters"), intro=intro, submit=title)


@allow(*READERS)
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter, line by line, with the answers."""
    row = one(request, Advice, pk=pk)
    lines = row.lines.select_related("employee__agency", "position__unit")
    listing = Listing(
        title=f"{row.number} – {row.recipient.name}",
        name=f"surat-{row.pk}",
        columns=(*_line_columns(), *_answer_columns()),
        empty=_("Surat ini kosong."),
        extra={
            "letter": row,
            "may_send": row.state == Advice.State.DRAFT and holds(request, Role.DECISION_MAKER),
        },
        template="placement/letter.html",
    )
    return show(request, listing, lines)


def _line_columns() -> tuple[Column, ...]:
    return (
        Column(title=_("Jabatan"), value=lambda line: line.position.title),
        Column(title=_("Unit"), value=lambda line: line.position.unit.name),
        Column(title="NIP", value=lambda line: line.employee.nip),
        Column(title=_("Nama"), value=lambda line: line.employee.full_name),
        Column(title=_("Instansi sekarang"), value=lambda line: line.employee.agency.name),
        Column(title=_("Kecocokan (%)"), value=lambda line: round(line.fit, 2), number=True),
        Column(title=_("Alasan"), value=lambda line: line.reason),
    )


def _answer_columns() -> tuple[Column, ...]:
    return (
        Column(title=_("Jawaban"), value=lambda line: str(line.get_answer_display())),
        Column(title=_("Catatan"), value=lambda line: line.answer_note),
    )


@allow(Role.DECISION_MAKER)
@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a letter and let the agency read it."""
    row = one(request, Advice, pk=pk)
    send_advice(letter=row, actor=request.user.get_username(), now=timezone.now())
    messages.success(request, _("Surat ditandatangani dan dikirim."))
    return redirect("placement:letter", pk)


@allow(*READERS)
def letter_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter as a PDF."""
    row = one(request, Advice, pk=pk)
    return download(advice_document(row), f"rekomendasi-{row.pk}.pdf")


@allow(*READERS)
def incoming(request: HttpRequest) -> HttpResponse:
    """Recommendations that this agency has received."""
    listing = Listing(
        title=_("Rekomendasi masuk"),
        name="rekomendasi-masuk",
        columns=(
            Column(
                title=_("Surat"), value=lambda line: line.advice.number,
                link=lambda line: reverse("placement:answer", args=[line.pk]),
            ),
            Column(title=_("Dari"), value=lambda line: line.advice.issuer.name),
            *_line_columns(), *_answer_columns(),
        ),
        empty=_("Belum ada rekomendasi yang dikirim kepada instansi ini."),
    )  # fmt: skip
    found = rows(request, AdviceLine).filter(advice__state=Advice.State.SENT)
    return show(
        request, listing,
        found.select_related("advice__issuer", "employee__agency", "position__unit"),
    )  # fmt: skip


@allow(*ANSWERS)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer one recommendation."""
    line = one(request, AdviceLine, pk=pk, advice__state=Advice.State.SENT)
    form = AnswerForm(
        request.POST or None, initial={"answer": line.answer, "note": line.answer_note}
    )
    if form.is_valid():
        answer_line(
            line=line, **form.cleaned_data, actor=request.user.get_username(), now=timezone.now()
        )
        return redirect("placement:incoming")
    title = f"{line.employee.full_name} – {line.position.title}"
    back = reverse("placement:incoming")
    return form_page(request, form, title, back, intro=line.reason, submit=_("Kirim jawaban"))


@allow(*READERS)
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """The signed document of which a recommendation is a line, as it left."""
    line = one(request, AdviceLine, pk=pk, advice__state=Advice.State.SENT)
    return JsonResponse(sealed(line.advice), json_dumps_params={"ensure_ascii": False})
