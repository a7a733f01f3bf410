from __future__ import annotations

from collections.abc import Collection
from typing import Any

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
    adaptive = forms.MultipleChoiceField(
        label=_("Bagian adaptif (di antara yang dipilih)"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_(
            "Butirnya dipilih menurut jawaban sebelumnya; semua butirnya harus berparameter."
        ),
    )
    adaptive_items = forms.IntegerField(
        label=_("Paling banyak butir tiap bagian adaptif"), min_value=1, required=False
    )
    adaptive_precision = forms.FloatField(
        label=_("Berhenti pada galat baku"), min_value=0, required=False
    )

    replace = forms.BooleanField(
        label=_("Ganti isi formulir yang sudah memakai kode ini"), required=False
    )

    def __init__(
        self, *args: object, dimensions: list[str], taken: Collection[str] = (), **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.taken = taken
        for name in ("dimensions", "adaptive"):
            self.fields[name].choices = [(one, one) for one in dimensions]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """An adaptive section needs its length; a code that is in use, a yes."""
        data = super().clean() or {}
        if data.get("code") in self.taken and not data.get("replace"):
            self.add_error(
                "code",
                _("Kode ini sudah dipakai formulir lain; pilih kode lain atau gantilah isinya."),
            )
        if data.get("adaptive") and not data.get("adaptive_items"):
            self.add_error("adaptive_items", _("Isi banyaknya butir untuk bagian adaptif."))
        return data
