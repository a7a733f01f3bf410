from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class EnterForm(forms.Form):
    """NIP and the session's PIN."""

    nip = forms.RegexField(
        r"^\d{18}$", label="NIP",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": _("NIP terdiri atas 18 angka.")},
    )  # fmt: skip
    pin = forms.RegexField(
        r"^\d{6}$", label=_("PIN sesi"), help_text=_("Dibacakan oleh pengawas ruang."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": _("PIN terdiri atas 6 angka.")},
    )  # fmt: skip


class ConsentForm(forms.Form):
    """The participant's consent."""

    agree = forms.BooleanField(
        label=_("Saya mengerti dan bersedia dinilai."),
        error_messages={"required": _("Beri tanda setuju untuk melanjutkan.")},
    )
