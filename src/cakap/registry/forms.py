from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cakap.registry.imports.doors import DOORS

LARGEST = 50 * 2**20


class ImportForm(forms.Form):
    """A file of one kind."""

    kind = forms.ChoiceField(
        label=_("Jenis data"), choices=[(door.name, door.title) for door in DOORS.values()]
    )
    file = forms.FileField(label=_("Berkas CSV atau XLSX"))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            message = _("Berkas melebihi 50 MiB.")
            raise forms.ValidationError(message)
        return file


class ApproveForm(forms.Form):
    """The basis on which a standard is put in force."""

    basis = forms.CharField(label=_("Dasar penetapan"), max_length=200)


class PortraitsForm(forms.Form):
    """A zip of pictures."""

    file = forms.FileField(
        label=_("Berkas zip"),
        help_text=_("Satu gambar satu pegawai, bernama NIP.jpg atau NIP.png."),
    )
