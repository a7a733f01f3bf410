from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class BoundedDecoder(json.JSONDecoder):
    """What Python's reader cannot take (too deep, too many digits) is no JSON for whoever typed it."""

    def decode(self, s: str, *args: Any) -> Any:
        try:
            return super().decode(s, *args)
        except (ValueError, RecursionError) as exc:
            raise json.JSONDecodeError(str(exc), s, 0) from exc


class OverrideForm(forms.Form):
    """An agency's own value of a rule."""

    value = forms.JSONField(
        label=_("Nilai"), widget=forms.Textarea(attrs={"rows": 5}), decoder=BoundedDecoder
    )
    reason = forms.CharField(label=_("Alasan"), widget=forms.Textarea(attrs={"rows": 3}))
    since = forms.DateField(
        label=_("Berlaku sejak"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
