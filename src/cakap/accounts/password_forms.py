"""allauth's forms for one's own password, with our words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from django.utils.translation import gettext_lazy as _


class ChangePasswordForm(forms.ChangePasswordForm):
    """A new password of one's own; the present one is asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Kata sandi sekarang")
        _label_new(self)


class ResetPasswordForm(forms.ResetPasswordForm):
    """The address to which a link is sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Surel")


class ResetPasswordKeyForm(forms.ResetPasswordKeyForm):
    """A new password by way of a link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label_new(self)


def _label_new(form: Any) -> None:
    form.fields["password1"].label = _("Kata sandi baru")
    form.fields["password1"].help_text = _("Sedikitnya 12 huruf.")
    form.fields["password2"].label = _("Kata sandi baru, sekali lagi")
