from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cakap.registry.models import Position


class PostForm(forms.Form):
    """Against which post?"""

    position = forms.ModelChoiceField(label=_("Jabatan"), queryset=Position.objects.none())

    def __init__(self, *args: Any, positions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].queryset = positions  # type: ignore[attr-defined]
