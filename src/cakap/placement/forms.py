from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cakap.programmes.models import Programme


class PlanForm(forms.Form):
    """Whose posts are to be looked at together?"""

    name = forms.CharField(label=_("Nama rencana"), max_length=200)
    programmes = forms.ModelMultipleChoiceField(
        label=_("Peserta program"),
        queryset=Programme.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, programmes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programmes"].queryset = programmes  # type: ignore[attr-defined]


class ApproveForm(forms.Form):
    """The decree that makes a plan true."""

    decree = forms.CharField(label=_("Nomor keputusan"), max_length=100)
    start = forms.DateField(
        label=_("Terhitung mulai tanggal"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class RejectForm(forms.Form):
    """Why a plan is turned down."""

    reason = forms.CharField(label=_("Alasan"), max_length=100)
