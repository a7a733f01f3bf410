"""A day and a time as a form asks for them: of this century, so that nothing reckoned from them runs over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FIRST, LAST = 2000, 2100


class MomentField(forms.DateTimeField):
    """A moment to the second, in the installation's time zone."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"
        )
        super().__init__(widget=widget, **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        """Refuses what is no moment, and years that can only be a slip of the hand."""
        found = super().to_python(value)
        if found is not None and not FIRST <= found.year <= LAST:
            message = _("Tahun %(first)s sampai %(last)s.") % {"first": FIRST, "last": LAST}
            raise ValidationError(message)
        return found
