from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cakap.accounts.adapter import confirmed_user
from cakap.delivery.models import Drill, RecordConflict, Retest, Site
from cakap.delivery.seb import exam_keys_of
from cakap.programmes.models import Session
from cakap.ui.moments import TO_THE_SECOND, MomentField

DIGITS = {"inputmode": "numeric", "autocomplete": "off"}


class EnterForm(forms.Form):
    """NIP, the PIN from the desk, and the session's PIN."""

    nip = forms.RegexField(
        r"^\d{18}$", label="NIP", widget=forms.TextInput(attrs=DIGITS),
        error_messages={"invalid": _("NIP terdiri atas 18 angka.")},
    )  # fmt: skip
    registration = forms.RegexField(
        r"^[0-9]{6}$", label=_("PIN registrasi"), required=False, widget=forms.TextInput(attrs=DIGITS),
        help_text=_("Dari meja pendaftaran, bila Anda mendapatkannya."),
        error_messages={"invalid": _("PIN terdiri atas 6 angka.")},
    )  # fmt: skip
    pin = forms.RegexField(
        r"^[0-9]{6}$", label=_("PIN sesi"), help_text=_("Dibacakan oleh pengawas ruang."),
        widget=forms.TextInput(attrs=DIGITS),
        error_messages={"invalid": _("PIN terdiri atas 6 angka.")},
    )  # fmt: skip


class SessionNumberForm(forms.Form):
    """The number of a session, as the console shows it."""

    session = forms.IntegerField(
        label=_("Nomor sesi"), min_value=1, max_value=2**31 - 1,
        help_text=_("Disebutkan pengawas; tampil di papan kesiapan ruang."),
    )  # fmt: skip


class DrillForm(forms.Form):
    """Which disturbance is played."""

    kind = forms.ChoiceField(
        label=_("Gangguan yang dilatih"), choices=Drill.Kind.choices, widget=forms.RadioSelect
    )


class ConsentForm(forms.Form):
    """The participant's consent."""

    agree = forms.BooleanField(
        label=_("Saya mengerti dan bersedia dinilai."),
        error_messages={"required": _("Beri tanda setuju untuk melanjutkan.")},
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Alasan"), max_length=500)


class PauseForm(ReasonForm):
    """It carries how often it was paused before it was asked."""

    pauses_shown = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)


class TimeForm(ReasonForm):
    """Minutes on top."""

    minutes = forms.IntegerField(label=_("Menit"), min_value=1, max_value=240)
    grants_shown = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    field_order = ("minutes", "reason")


class OutageForm(ReasonForm):
    """From when to when an outage lasted."""

    since = MomentField(label=_("Mulai gangguan"), widget=TO_THE_SECOND)
    until = MomentField(label=_("Sampai"), widget=TO_THE_SECOND)
    field_order = ("since", "until", "reason")


class PostponeForm(ReasonForm):
    """When a session is held instead; `shown` is how it stood when it was asked."""

    starts_at = MomentField(label=_("Mulai yang baru"), widget=TO_THE_SECOND)
    shown = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ("starts_at", "reason")


class ClockForm(ReasonForm):
    """Which time is right."""

    choice = forms.ChoiceField(
        label=_("Jam yang benar"), widget=forms.RadioSelect,
        choices=[
            ("old", _("Jam lama, yang berjalan terus menurut penghitung server")),
            ("new", _("Jam baru, yang ditunjukkan server sekarang")),
            ("typed", _("Jam lain, yang saya isi")),
        ],
    )  # fmt: skip
    right_at = MomentField(label=_("Jam lain"), widget=TO_THE_SECOND, required=False)
    field_order = ("choice", "right_at", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("choice") == "typed" and not cleaned.get("right_at"):
            self.add_error("right_at", _("Isilah jam yang benar."))
        return cleaned


class AnnounceForm(forms.Form):
    """A sentence to everybody."""

    text = forms.CharField(label=_("Pengumuman"), max_length=500)


class IncidentForm(forms.Form):
    """What happened, at which seat if at one."""

    seat = forms.IntegerField(label=_("Kursi"), min_value=1, required=False)
    text = forms.CharField(label=_("Kejadian"), max_length=1000)


class DeskForm(forms.Form):
    """Who is at the desk: what the card's code says, or a NIP as typed."""

    told = forms.CharField(
        label=_("NIP atau kode QR undangan"), max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )  # fmt: skip


class SecondOfficerForm(forms.Form):
    """The name and password of a second officer, who signs at the first one's screen.

    second_user: the account, once the form is valid.
    """

    second = forms.CharField(label=_("Petugas kedua"), max_length=150)
    password = forms.CharField(
        label=_("Kata sandi petugas kedua"), widget=forms.PasswordInput, max_length=200
    )

    def __init__(self, *args: Any, request: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = request
        self.second_user: Any = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("second"):
            self.second_user = confirmed_user(
                self._request, cleaned["second"], cleaned.get("password", "")
            )
            if self.second_user is None:
                self.add_error("password", _("Nama atau kata sandi petugas kedua tidak cocok."))
        return cleaned


class EvidenceForm(SecondOfficerForm):
    """Which pieces of evidence are decided, how, and why; it names what its page showed."""

    reason = forms.CharField(label=_("Alasan"), max_length=500)
    accepted = forms.TypedChoiceField(
        label=_("Keputusan"), widget=forms.RadioSelect, coerce=lambda value: value == "yes",
        choices=[("yes", _("Terima: dihitung sebagai jawaban")), ("no", _("Jangan dihitung"))],
    )  # fmt: skip
    strays = forms.TypedMultipleChoiceField(
        label=_("Bukti"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    field_order = ("strays", "accepted", "reason", "second", "password")

    def __init__(self, *args: Any, strays: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["strays"].choices = strays  # type: ignore[attr-defined]


class SignedForm(SecondOfficerForm):
    """A decision of two officers, with its reason."""

    reason = forms.CharField(label=_("Alasan"), max_length=500)
    field_order = (
        "begun", "session", "since", "until", "seat", "counts", "minutes", "reason", "second",
        "password",
    )  # fmt: skip


class RemoveForm(SignedForm):
    """A second officer signs only where an exam was begun: the service says where."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second"].required = self.fields["password"].required = False


class CancelForm(RemoveForm):
    """It carries how many had begun when it was asked."""

    begun = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class ReopenSessionForm(SignedForm):
    """It carries how often it was opened again before it was asked."""

    reopenings_shown = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)


class ReopenForm(ReopenSessionForm):
    """Minutes on top, where no time is left."""

    minutes = forms.IntegerField(
        label=_("Tambahan waktu (menit), bila perlu"), min_value=0, max_value=240, required=False
    )


class LateForm(SignedForm):
    """Answers received in a span: of everybody, or of one seat."""

    since = MomentField(label=_("Diterima sejak"), widget=TO_THE_SECOND)
    until = MomentField(label=_("Sampai"), widget=TO_THE_SECOND)
    seat = forms.IntegerField(label=_("Hanya kursi"), min_value=1, required=False)
    counts = forms.TypedChoiceField(
        label=_("Keputusan"), widget=forms.RadioSelect, coerce=lambda value: value == "yes",
        choices=[("yes", _("Dihitung")), ("no", _("Tidak dihitung"))],
    )  # fmt: skip

    def clean_until(self) -> Any:
        # The form speaks of whole seconds: the last one belongs to the span.
        return self.cleaned_data["until"].replace(microsecond=999999)


class SwapForm(ReasonForm):
    """The number of the other seat."""

    number = forms.IntegerField(label=_("Nomor kursi yang lain"), min_value=1)
    field_order = ("number", "reason")


class MoveForm(ReasonForm):
    """The other session."""

    session = forms.ModelChoiceField(label=_("Sesi"), queryset=Session.objects.none())
    field_order = ("session", "reason")

    def __init__(self, *args: Any, sessions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = sessions  # type: ignore[attr-defined]


class RetestForm(SignedForm):
    """The session of the new sitting."""

    session = forms.ModelChoiceField(label=_("Sesi"), queryset=Session.objects.none())

    def __init__(self, *args: Any, sessions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = sessions  # type: ignore[attr-defined]


class RetestCountsForm(SignedForm):
    """Which of two sittings counts; `shown` is what counted when it was asked."""

    counts = forms.ChoiceField(
        label=_("Yang dihitung"), choices=Retest.Counts.choices, widget=forms.RadioSelect
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)


class CheckInForm(SecondOfficerForm):
    """A picture taken now; or a reason, and the name and password of a second officer."""

    picture = forms.FileField(
        label=_("Foto peserta sekarang"), required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png", "capture": "user"}),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Alasan tanpa perbandingan foto"), max_length=500, required=False
    )
    field_order = ("picture", "reason", "second", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second"].required = self.fields["password"].required = False


class TwoPeopleForm(SecondOfficerForm):
    """A reason, and the name and password of a second officer who may decide this too."""

    reason = forms.CharField(label=_("Alasan"), max_length=500)
    field_order: tuple[str, ...] = ("reason", "second", "password")

    def __init__(self, *args: Any, may: Callable[[Any], bool], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._may = may

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned.pop("password", None)
        user = self.second_user
        if user and (user == self._request.user or not self._may(user)):
            self.add_error("second", _("Diharapkan petugas lain yang bertugas pada sesi ini."))
        elif user:
            cleaned["second"] = user.get_username()
        return cleaned


class ShownForm(TwoPeopleForm):
    """A decision about what the page named; `shown` says it again, word for word."""

    shown = forms.CharField(required=False, widget=forms.HiddenInput)


class SettleForm(TwoPeopleForm):
    """Which of two contents counts."""

    choice = forms.ChoiceField(label=_("Yang berlaku"), choices=RecordConflict.Choice.choices)
    field_order = ("choice", "reason", "second", "password")


class ExamKeysForm(forms.Form):
    """The builds of Safe Exam Browser that a session lets in."""

    exam_keys = forms.CharField(
        label=_("Browser Exam Key"), required=False, max_length=5000, strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Satu baris satu kunci (64 angka heksadesimal). Kosong: versi SEB mana saja."),
    )  # fmt: skip

    def clean_exam_keys(self) -> str:
        text = str(self.cleaned_data["exam_keys"])
        try:
            exam_keys_of(text)
        except ValueError as exc:
            raise forms.ValidationError(str(exc).capitalize()) from exc
        return text


class SiteForm(forms.Form):
    """A site by its name and card."""

    name = forms.CharField(label=_("Nama situs"), max_length=100)
    card = forms.CharField(
        label=_("Kartu situs"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Satu baris dari perintah di situs: cakap site card."),
    )  # fmt: skip


class PackForm(forms.Form):
    """The site that takes a session."""

    site = forms.ModelChoiceField(label=_("Situs"), queryset=Site.objects.none())

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]


class LogForm(forms.Form):
    """A site's log, brought by hand."""

    file = forms.FileField(label=_("Berkas log situs"))
