from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ItemFileForm(forms.Form):
    """Items from a table or a QTI 3 package."""

    file = forms.FileField(label=_("Berkas CSV, XLSX, atau paket QTI 3 (zip)"))


class BuildForm(forms.Form):
    """A form from whole dimensions: one section each."""

    code = forms.SlugField(label=_("Kode"), max_length=50)
    name = forms.CharField(label=_("Nama"), max_length=200)
    minutes = forms.IntegerField(label=_("Menit"), min_value=1, max_value=600)
    dimensions = forms.MultipleChoiceField(label=_("Bagian"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: object, dimensions: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["dimensions"].choices = [(one, one) for one in dimensions]  # type: ignore[attr-defined]
