from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cakap.accounts.access import acting_agency, allow, holds, one, rows
from cakap.accounts.models import Role
from cakap.jobs.services import ask_for_job
from cakap.registry.forms import ApproveForm, ImportForm, PortraitsForm
from cakap.registry.imports.doors import DOORS, Door
from cakap.registry.models import Competency, Employee, Portrait, Position, Standard, Unit
from cakap.registry.portraits import import_portraits
from cakap.registry.queries import findings
from cakap.registry.services import approve_standard, preview_file
from cakap.registry.tasks import import_upload
from cakap.registry.uploads import keep_upload, kept_upload
from cakap.ui.files import WRITERS, download, shown_file
from cakap.ui.listing import Column, Listing, show

READERS = (Role.OPERATOR, Role.TALENT_MANAGER, Role.DECISION_MAKER, Role.AUDITOR)


@allow(*READERS)
def home(request: HttpRequest) -> HttpResponse:
    """The registry's rooms, and its files in and out."""
    return render(request, "registry/home.html", {"doors": DOORS.values()})


@allow(*READERS)
def units(request: HttpRequest) -> HttpResponse:
    """The offices of one's agency."""
    listing = Listing(
        title=_("Unit organisasi"),
        name="unit",
        columns=(
            Column(title=_("Kode"), value=lambda row: row.code),
            Column(title=_("Nama"), value=lambda row: row.name),
            Column(title=_("Induk"), value=lambda row: row.parent.name if row.parent else ""),
            Column(title=_("Lokasi"), value=lambda row: row.location),
        ),
        empty=_("Belum ada unit. Impor berkas unit organisasi."),
    )
    return show(request, listing, rows(request, Unit).select_related("parent"))


@allow(*READERS)
def positions(request: HttpRequest) -> HttpResponse:
    """The posts of one's agency."""
    listing = Listing(
        title=_("Jabatan"),
        name="jabatan",
        columns=(
            Column(title=_("Kode"), value=lambda row: row.code),
            Column(
                title=_("Nama"), value=lambda row: row.title,
                link=lambda row: reverse("registry:position", args=[row.pk]),
            ),
            Column(title=_("Unit"), value=lambda row: row.unit.name),
            Column(title=_("Jenjang"), value=lambda row: row.get_tier_display()),
            Column(title=_("Eselon"), value=lambda row: row.eselon),
            Column(title=_("Kelas"), value=lambda row: row.job_class, number=True),
            Column(title=_("Kebutuhan"), value=lambda row: row.headcount, number=True),
        ),
        empty=_("Belum ada jabatan. Impor berkas jabatan."),
    )  # fmt: skip
    return show(request, listing, rows(request, Position).select_related("unit"))


@allow(*READERS)
def position(request: HttpRequest, pk: int) -> HttpResponse:
    """A post: what it asks for, in every version, and who holds it."""
    row = one(request, Position, pk=pk)
    context = {
        "position": row,
        "standards": row.standards.prefetch_related("lines__competency"),
        "holders": row.appointments.select_related("employee"),
        "may_approve": holds(request, Role.OPERATOR),
    }
    return render(request, "registry/position.html", context)


@allow(Role.OPERATOR)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a drafted standard in force."""
    row = one(request, Standard, pk=pk)
    form = ApproveForm(request.POST or None)
    if form.is_valid():
        approve_standard(
            standard=row, basis=form.cleaned_data["basis"],
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("Standar ditetapkan."))
        return redirect("registry:position", row.position_id)
    context = {
        "form": form, "title": _("Tetapkan standar kompetensi"),
        "intro": f"{row.position.title}, v{row.version}", "submit": _("Tetapkan"),
        "back": reverse("registry:position", args=[row.position_id]),
    }  # fmt: skip
    return render(request, "ui/form.html", context)


@allow(*READERS)
def employees(request: HttpRequest) -> HttpResponse:
    """The civil servants of one's agency."""
    listing = Listing(
        title=_("Pegawai"),
        name="pegawai",
        columns=(
            Column(title="NIP", value=lambda row: row.nip),
            Column(
                title=_("Nama"), value=lambda row: row.full_name,
                link=lambda row: reverse("registry:employee", args=[row.pk]),
            ),
            Column(title=_("Jenis"), value=lambda row: row.type),
            Column(title=_("Golongan"), value=lambda row: row.rank),
            Column(title=_("Pendidikan"), value=lambda row: row.education),
            Column(title=_("Sintetis"), value=lambda row: _("ya") if row.synthetic else ""),
        ),
        empty=_("Belum ada pegawai. Impor berkas pegawai, misalnya ekspor SIASN apa adanya."),
    )  # fmt: skip
    return show(request, listing, rows(request, Employee))


@allow(*READERS)
def employee(request: HttpRequest, pk: int) -> HttpResponse:
    """A civil servant's record."""
    row = one(request, Employee, pk=pk)
    return render(request, "registry/employee.html", {"employee": row, "findings": findings(row)})


@allow(*READERS)
def portrait(request: HttpRequest, pk: int) -> HttpResponse:
    """An employee's picture on record."""
    row = one(request, Portrait, employee=pk)
    return shown_file(row.content, row.media_type)


@allow(Role.OPERATOR)
def portraits(request: HttpRequest) -> HttpResponse:
    """Pictures for the check-in, from a zip."""
    form = PortraitsForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        n = import_portraits(
            agency=acting_agency(request), file=file.name, content=file.read(),
            actor=request.user.get_username(), now=timezone.now(),
        )  # fmt: skip
        messages.success(request, _("%(n)s foto tersimpan.") % {"n": n})
        return redirect("registry:home")
    context = {
        "form": form, "title": _("Impor foto pegawai"), "submit": _("Impor"),
        "intro": _("Foto dibandingkan dengan wajah peserta di meja pendaftaran."),
        "back": reverse("registry:home"),
    }  # fmt: skip
    return render(request, "ui/form.html", context)


@allow(*READERS, Role.ASSESSOR, Role.PSYCHOMETRICIAN)
def competencies(request: HttpRequest) -> HttpResponse:
    """The dictionary: levels and the behaviours that show them."""
    found = Competency.objects.prefetch_related("levels")
    return render(request, "registry/competencies.html", {"competencies": found})


@allow(Role.OPERATOR)
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a file, then see what it would change before anything does."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        context = {
            "form": form, "title": _("Impor berkas"), "submit": _("Pratinjau"),
            "intro": _("Tidak ada yang berubah sebelum Anda menyetujui pratinjau."),
            "back": reverse("registry:home"),
        }  # fmt: skip
        return render(request, "ui/form.html", context)
    file, content = form.cleaned_data["file"].name, form.cleaned_data["file"].read()
    kind = form.cleaned_data["kind"]
    preview = preview_file(kind=kind, file=file, content=content, agency=acting_agency(request))
    context = {
        "preview": preview, "file": file, "door": DOORS[kind], "upload": keep_upload(content),
        "problems": preview.problems[:2000], "findings": preview.findings[:50],
    }  # fmt: skip
    return render(
        request, "registry/preview.html", context, status=400 if preview.problems else 200
    )


@allow(Role.OPERATOR)
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Start the import that was previewed."""
    door = _door(request.POST.get("kind", ""))
    agency, actor = acting_agency(request), request.user.get_username()
    file, upload_name = request.POST.get("file", ""), request.POST.get("upload", "")
    kept_upload(upload_name)
    job = ask_for_job(
        kind=f"import.{door.name}", title=f"{_('Impor')} {file}", agency=agency.code,
        actor=actor, now=timezone.now(),
    )  # fmt: skip
    import_upload.enqueue(
        job=job.pk, kind=door.name, file=file, upload=upload_name,
        agency=agency.code, actor=actor,
    )  # fmt: skip
    return redirect("web:job", job.pk)


@allow(Role.OPERATOR)
def template(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    """Our own template, with one example row."""
    door = _door(kind)
    if form not in WRITERS:
        raise Http404
    return download(WRITERS[form](*door.template), f"templat-{door.name}.{form}")


@allow(Role.OPERATOR, Role.AUDITOR)
def export(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    """All that the agency has of a kind, in the form that the import takes."""
    door = _door(kind)
    if form not in WRITERS:
        raise Http404
    return download(WRITERS[form](*door.export(acting_agency(request))), f"{door.name}.{form}")


def _door(kind: str) -> Door:
    if kind not in DOORS:
        raise Http404
    return DOORS[kind]
