from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

MODELS = (
    ("2pl", "2PL"),
    ("rasch", "Rasch"),
    ("graded", _("Respons berjenjang (graded)")),
    ("gpcm", _("Kredit parsial umum (gpcm) – hanya dilihat")),
    ("3pl", _("3PL – hanya dilihat")),
)


class AnswersForm(forms.Form):
    """A dimension of the bank, calibrated from collected answers."""

    dimension = forms.ChoiceField(label=_("Dimensi"))
    model = forms.ChoiceField(label=_("Model"), choices=MODELS)
    group_by = forms.ChoiceField(
        label=_("Bandingkan kelompok (DIF)"),
        choices=(("", _("tidak")), ("sex", _("jenis kelamin"))),
        required=False,
    )

    def __init__(self, *args: object, dimensions: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["dimension"].choices = [(one, one) for one in dimensions]  # type: ignore[attr-defined]


class AnswersFileForm(forms.Form):
    """A file of answers: one row a person, one column an item."""

    file = forms.FileField(label=_("Berkas CSV"))
    model = forms.ChoiceField(label=_("Model"), choices=MODELS)
    id_column = forms.CharField(label=_("Kolom pengenal orang"), required=False, max_length=100)
    group_by = forms.CharField(label=_("Kolom kelompok (DIF)"), required=False, max_length=100)
