from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cakap.registry.models import Position
from cakap.selection.models import Nomination

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AnnounceForm(forms.Form):
    """A vacant post to announce."""

    position = forms.ModelChoiceField(label=_("Jabatan kosong"), queryset=Position.objects.none())
    text = forms.CharField(label=_("Teks pengumuman"), widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, *args: Any, positions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].queryset = positions  # type: ignore[attr-defined]


class ScoresForm(forms.Form):
    """An applicant's scores, one field a stage."""

    def __init__(self, *args: Any, stages: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for stage in stages:
            self.fields[stage] = forms.FloatField(
                label=stage.replace("_", " "), min_value=0, max_value=100, required=False
            )


class ExtendForm(forms.Form):
    """More days for an announcement."""

    closes_on = forms.DateField(label=_("Ditutup pada"), widget=DAY)


class CancelForm(forms.Form):
    """Why a bidding ends without a choice."""

    reason = forms.CharField(label=_("Alasan"), widget=forms.Textarea(attrs={"rows": 3}))


class DecideForm(forms.Form):
    """The decision maker's choice."""

    nomination = forms.ModelChoiceField(
        label=_("Nama yang dipilih"),
        queryset=Nomination.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
    )
    reason = forms.CharField(label=_("Alasan"), widget=forms.Textarea(attrs={"rows": 3}))
    decree = forms.CharField(label=_("Nomor keputusan"), max_length=100)
    start = forms.DateField(label=_("Terhitung mulai tanggal"), widget=DAY)

    def __init__(self, *args: Any, nominations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["nomination"]
        field.queryset = nominations  # type: ignore[attr-defined]
        field.label_from_instance = (  # type: ignore[attr-defined]
            lambda row: f"{row.rank}. {row.application.employee.full_name} – {row.total:.2f}"
        )


class StageForm(forms.Form):
    """A stage to declare closed."""

    stage = forms.IntegerField(label=_("Tahap"), min_value=1)
    reason = forms.CharField(label=_("Alasan"), widget=forms.Textarea(attrs={"rows": 3}))
