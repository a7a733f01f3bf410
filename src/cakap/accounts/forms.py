from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from cakap.accounts.models import Role, User


class PasswordForm(forms.Form):
    """A new password for somebody else."""

    password = forms.CharField(label=_("Kata sandi baru"), widget=forms.PasswordInput)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class AddressForm(forms.Form):
    """The address of somebody's account; empty: none."""

    email = forms.EmailField(label=_("Surel"), required=False, max_length=254)


class UserForm(forms.Form):
    """A new account, or more roles for one that exists."""

    username = forms.CharField(label=_("NIP atau nama pengguna"), max_length=150)
    name = forms.CharField(label=_("Nama"), max_length=200)
    email = forms.EmailField(label=_("Surel"), required=False, max_length=254)
    password = forms.CharField(
        label=_("Kata sandi awal"), required=False, widget=forms.PasswordInput,
        help_text=_("Sedikitnya 12 huruf; kosongkan bila pengguna sudah ada."),
    )  # fmt: skip
    roles = forms.MultipleChoiceField(
        label=_("Peran"), choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        username = cleaned.get("username")
        if username and not User.objects.filter(username=username).exists():
            password = cleaned.get("password") or ""
            try:
                validate_password(password)
            except forms.ValidationError as exc:
                self.add_error("password", exc)
        return cleaned
