"""A day and a time as a form asks for them: of this century, so that nothing reckoned from them runs over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FIRST, LAST = 2000, 2100
TO_THE_SECOND = forms.DateTimeInput(
    attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"
)
TO_THE_MINUTE = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class MomentField(forms.DateTimeField):
    """A moment in the installation's time zone; `TO_THE_SECOND` or `TO_THE_MINUTE` is its widget."""

    def to_python(self, value: Any) -> datetime | None:
        """Refuses what is no moment, and years that can only be a slip of the hand."""
        found = super().to_python(value)
        if found is not None and not FIRST <= found.year <= LAST:
            message = _("Tahun %(first)s sampai %(last)s.") % {"first": FIRST, "last": LAST}
            raise ValidationError(message)
        return found
