"""allauth's forms for one's own password, with our words."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from allauth.account import forms
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cakap.accounts.services import note_own_password

MAILS, MAIL_WINDOW = 5, 3600  # to one address, and seconds


class ChangePasswordForm(forms.ChangePasswordForm):
    """A new password of one's own; the present one is asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Kata sandi sekarang")
        _label_new(self)


class ResetPasswordForm(forms.ResetPasswordForm):
    """The address to which a link is sent; at the limit no more are, the links in the mailbox work."""

    users: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Surel")

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        if self.users and not _may_be_mailed(self.cleaned_data["email"].lower()):
            self.users = []
        email: str = super().save(request, **kwargs)
        return email


class ResetPasswordKeyForm(forms.ResetPasswordKeyForm):
    """A new password by way of a link; whoever is held for wrong ones is held no longer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label_new(self)

    def save(self) -> None:
        forms.ResetPasswordKeyForm.save(self)
        note_own_password(user=self.user, now=timezone.now())


def _may_be_mailed(address: str) -> bool:
    """Take one of an address's mails an hour; False where all are taken. Each is free an hour later."""
    name = sha256(address.encode()).hexdigest()
    return any(cache.add(f"reset-mail-{name}-{number}", 1, MAIL_WINDOW) for number in range(MAILS))


def _label_new(form: Any) -> None:
    form.fields["password1"].label = _("Kata sandi baru")
    form.fields["password1"].help_text = _("Sedikitnya 12 huruf.")
    form.fields["password2"].label = _("Kata sandi baru, sekali lagi")
