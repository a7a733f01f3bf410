from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Role, User
from cakap.programmes.models import Participant


class SimulationForm(forms.Form):
    """A simulation and the competencies that it shows."""

    code = forms.SlugField(label=_("Kode"), max_length=20)
    name = forms.CharField(label=_("Nama"), max_length=100)
    competencies = forms.MultipleChoiceField(
        label=_("Kompetensi yang terlihat"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, competencies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["competencies"].choices = [(one.code, str(one)) for one in competencies]  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    """An assessor for a participant."""

    participant = forms.ModelChoiceField(label=_("Peserta"), queryset=Participant.objects.none())
    assessor = forms.ModelChoiceField(label=_("Asesor"), queryset=User.objects.none())

    def __init__(self, *args: Any, participants: Any, organiser: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = self.fields["participant"]
        people.queryset = participants  # type: ignore[attr-defined]
        people.label_from_instance = lambda row: row.employee.full_name  # type: ignore[attr-defined]
        assessors = self.fields["assessor"]
        assessors.queryset = User.objects.filter(  # type: ignore[attr-defined]
            memberships__agency=organiser, memberships__role=Role.ASSESSOR
        ).distinct()
        assessors.label_from_instance = lambda row: row.name  # type: ignore[attr-defined]


class RatingForm(forms.Form):
    """A level and the behaviour seen."""

    level = forms.DecimalField(
        label=_("Tingkat (0–5, boleh seperempat)"), min_value=0, max_value=5, decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.25"}),
    )  # fmt: skip
    evidence = forms.CharField(
        label=_("Bukti perilaku yang terlihat"), widget=forms.Textarea(attrs={"rows": 3})
    )


class CorrectionForm(RatingForm):
    """An own rating said anew, and why; `seen` says which state of it the page showed."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Alasan perbaikan"), widget=forms.Textarea(attrs={"rows": 2}))


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(label=_("Alasan"), widget=forms.Textarea(attrs={"rows": 3}))


class AgreementForm(forms.Form):
    """The agreed level and why; `seen` says which agreement the page showed."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    level = forms.DecimalField(
        label=_("Tingkat yang disepakati"), min_value=0, max_value=5, decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.25"}),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Alasan, termasuk pendapat yang berbeda"), widget=forms.Textarea(attrs={"rows": 3})
    )


class RatingsFileForm(forms.Form):
    """Ratings from a file."""

    file = forms.FileField(label=_("Berkas: nip, asesor, simulasi, kompetensi, tingkat, bukti"))
