from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Agency
from cakap.itembank.models import Form
from cakap.programmes.models import Programme, Room, Session
from cakap.programmes.places import networks_of, workstations_of
from cakap.registry.models import Tier, Unit
from cakap.ui.moments import TO_THE_MINUTE, MomentField

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ProgrammeForm(forms.Form):
    """A programme as wished for."""

    code = forms.SlugField(label=_("Kode"), max_length=50)
    name = forms.CharField(label=_("Nama"), max_length=200)
    organiser = forms.ModelChoiceField(label=_("Penyelenggara"), queryset=Agency.objects.all())
    purpose = forms.ChoiceField(label=_("Tujuan"), choices=Programme.Purpose.choices)
    method = forms.ChoiceField(label=_("Metode"), choices=Programme.Method.choices)
    starts = forms.DateField(label=_("Mulai"), widget=DAY)
    ends = forms.DateField(label=_("Selesai"), widget=DAY)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if Programme.objects.filter(code=cleaned.get("code", "")).exists():
            self.add_error("code", _("Kode itu sudah dipakai."))
        if cleaned.get("starts") and cleaned.get("ends") and cleaned["ends"] < cleaned["starts"]:
            self.add_error("ends", _("Tanggal selesai tidak boleh sebelum tanggal mulai."))
        return cleaned


class RuleForm(forms.Form):
    """Participants by rule."""

    due_only = forms.BooleanField(
        label=_("Hanya yang jatuh tempo (aturan tiga tahun)"), required=False
    )
    tiers = forms.MultipleChoiceField(
        label=_("Jenjang"),
        choices=Tier.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    unit = forms.ModelChoiceField(label=_("Unit"), queryset=Unit.objects.none(), required=False)
    most = forms.IntegerField(label=_("Paling banyak"), min_value=1, required=False)

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class FileForm(forms.Form):
    """Participants by file: a column nip."""

    file = forms.FileField(label=_("Berkas CSV atau XLSX dengan kolom nip"))


class RoomForm(forms.Form):
    """A place with seats."""

    name = forms.CharField(label=_("Nama ruang"), max_length=100)
    seats = forms.IntegerField(label=_("Kursi"), min_value=1, max_value=5000)
    location = forms.CharField(label=_("Alamat"), max_length=200, required=False)
    networks = forms.CharField(
        label=_("Jaringan ujian"), required=False,
        help_text=_("Misalnya 10.1.0.0/24. Kosong: dari mana saja."),
    )  # fmt: skip
    workstations = forms.CharField(
        label=_("Komputer"), required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Satu baris satu komputer: nama dan alamat, misalnya PC-01 10.1.0.11."),
    )  # fmt: skip

    def clean_networks(self) -> str:
        return _checked(networks_of, self.cleaned_data["networks"])

    def clean_workstations(self) -> str:
        return _checked(workstations_of, self.cleaned_data["workstations"])


def _checked(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ValueError as exc:
        raise forms.ValidationError(str(exc).capitalize()) from exc
    return text


class AccommodationForm(forms.Form):
    """What a participant is given because of a disability."""

    extra_percent = forms.IntegerField(
        label=_("Tambahan waktu (persen)"), min_value=0, max_value=300, initial=0
    )
    larger_type = forms.BooleanField(label=_("Huruf lebih besar"), required=False)
    reader = forms.BooleanField(label=_("Pembaca soal"), required=False)
    reason = forms.CharField(label=_("Alasan"), max_length=500)


class SeatForm(forms.Form):
    """A session, and a seat in it where one is wanted."""

    session = forms.ModelChoiceField(label=_("Sesi"), queryset=Session.objects.none())
    number = forms.IntegerField(
        label=_("Nomor kursi"), min_value=1, required=False,
        help_text=_("Kosong: kursi bebas berikutnya."),
    )  # fmt: skip

    def __init__(self, *args: Any, sessions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = sessions  # type: ignore[attr-defined]


class SessionForm(forms.Form):
    """A room at a time with a form."""

    room = forms.ModelChoiceField(label=_("Ruang"), queryset=Room.objects.none())
    form = forms.ModelChoiceField(label=_("Formulir ujian"), queryset=Form.objects.none())
    starts_at = MomentField(label=_("Mulai"), widget=TO_THE_MINUTE)
    locked_browser = forms.BooleanField(
        label=_("Hanya dengan Safe Exam Browser"), required=False,
        help_text=_("Berkas konfigurasinya ada di papan pengawas."),
    )  # fmt: skip
    is_rehearsal = forms.BooleanField(
        label=_("Sesi latihan"), required=False,
        help_text=_("Ditandai LATIHAN; tidak pernah sampai ke hasil. Pakailah formulir latihan."),
    )  # fmt: skip

    def __init__(self, *args: Any, agency: Agency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["room"].queryset = agency.rooms.all()  # type: ignore[attr-defined]
        self.fields["form"].queryset = agency.forms.all()  # type: ignore[attr-defined]
