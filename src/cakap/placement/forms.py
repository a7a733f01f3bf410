from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cakap.accounts.models import Agency
from cakap.placement.models import AdviceLine, Plan
from cakap.placement.problem import Wanted
from cakap.programmes.models import Programme
from cakap.registry.models import Employee, Position, Unit


def _terms(label: Any, form: Any) -> forms.CharField:
    """A field of lines, each of the form given."""
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, required=False, strip=False, help_text=form, widget=widget)


class ScenarioForm(forms.Form):
    """What the next scenario has to keep to."""

    name = forms.CharField(label=gettext_lazy("Nama skenario"), max_length=200)
    method = forms.ChoiceField(label=gettext_lazy("Cara"), choices=Plan.Method.choices)
    stage = forms.IntegerField(
        label=gettext_lazy("Hanya tahap"), required=False, min_value=1,
        help_text=gettext_lazy("Urutan pengisian menurut kebijakan; kosong berarti semua."),
    )  # fmt: skip
    max_moves = forms.IntegerField(
        label=gettext_lazy("Perpindahan paling banyak"), required=False, min_value=0
    )
    move_cost = forms.FloatField(
        label=gettext_lazy("Biaya tiap perpindahan (persen kecocokan)"), required=False, min_value=0
    )
    min_gain = forms.FloatField(
        label=gettext_lazy("Kenaikan paling sedikit tiap perpindahan (persen)"), required=False
    )
    locks = _terms(gettext_lazy("Tetapkan"), gettext_lazy("NIP kode-jabatan, satu tiap baris"))
    forbidden = _terms(gettext_lazy("Larang"), gettext_lazy("NIP kode-jabatan, satu tiap baris"))
    must_fill = _terms(gettext_lazy("Harus terisi"), gettext_lazy("kode-jabatan, satu tiap baris"))
    couples = _terms(
        gettext_lazy("Di tempat yang sama"),
        gettext_lazy("NIP NIP, satu pasangan tiap baris"),
    )
    conflicts = _terms(
        gettext_lazy("Tidak dalam satu unit (benturan kepentingan)"),
        gettext_lazy("NIP NIP, satu pasangan tiap baris"),
    )
    max_leaving = _terms(
        gettext_lazy("Keluar dari unit paling banyak"),
        gettext_lazy("kode-unit jumlah, satu tiap baris"),
    )

    def __init__(self, *args: Any, agency: Agency, stages: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agency, self.stages = agency, stages

    def clean_stage(self) -> int:
        """A stage that policy has, or none."""
        stage = self.cleaned_data["stage"] or 0
        if stage > self.stages:
            raise forms.ValidationError(_("Kebijakan mempunyai %(n)s tahap.") % {"n": self.stages})
        return stage

    def clean_locks(self) -> list[list[int]]:
        """[employee, post] of every line."""
        return self._rows("locks", self._employee, self._position)

    def clean_forbidden(self) -> list[list[int]]:
        """[employee, post] of every line."""
        return self._rows("forbidden", self._employee, self._position)

    def clean_must_fill(self) -> list[int]:
        """The post of every line."""
        return [row[0] for row in self._rows("must_fill", self._position)]

    def clean_couples(self) -> list[list[int]]:
        """[employee, employee] of every line."""
        return self._rows("couples", self._employee, self._employee)

    def clean_conflicts(self) -> list[list[int]]:
        """[employee, employee] of every line."""
        return self._rows("conflicts", self._employee, self._employee)

    def clean_max_leaving(self) -> dict[str, int]:
        """Unit code -> people."""
        return dict(self._rows("max_leaving", self._unit, self._count))

    @property
    def wanted(self) -> Wanted:
        """The terms that a valid form asks for."""
        names = {name for name in self.cleaned_data if name not in ("name", "method")}
        return Wanted(**{name: self.cleaned_data[name] for name in names})

    def _rows(self, name: str, *readers: Callable[[str], Any]) -> list[Any]:
        found = []
        for number, line in enumerate(self.cleaned_data[name].splitlines(), start=1):
            words = line.split()
            if words and len(words) != len(readers):
                told = {"n": number, "form": self.fields[name].help_text}
                raise forms.ValidationError(_("Baris %(n)s: diharapkan %(form)s.") % told)
            if words:
                told_of = zip(words, readers, strict=True)
                found.append([self._read(number, word, read) for word, read in told_of])
        return found

    def _read(self, number: int, word: str, read: Callable[[str], Any]) -> Any:
        value = read(word)
        if value is None:
            message = _("Baris %(n)s: %(word)s tidak dikenal.") % {"n": number, "word": word}
            raise forms.ValidationError(message)
        return value

    def _employee(self, word: str) -> int | None:
        rows = Employee.objects.filter(agency=self.agency, nip=word)
        return rows.values_list("pk", flat=True).first()

    def _position(self, word: str) -> int | None:
        rows = Position.objects.filter(agency=self.agency, code=word)
        return rows.values_list("pk", flat=True).first()

    def _unit(self, word: str) -> str | None:
        return word if Unit.objects.filter(agency=self.agency, code=word).exists() else None

    def _count(self, word: str) -> int | None:
        return int(word) if word.isdecimal() else None


class PlanForm(forms.Form):
    """Whose posts are to be looked at together?"""

    name = forms.CharField(label=gettext_lazy("Nama rencana"), max_length=200)
    programmes = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Peserta program"),
        queryset=Programme.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, programmes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programmes"].queryset = programmes  # type: ignore[attr-defined]


class ApproveForm(forms.Form):
    """The decree that makes a plan true."""

    decree = forms.CharField(
        label=gettext_lazy("Nomor keputusan"), max_length=100,
        help_text=gettext_lazy("{n} di dalamnya menjadi nomor urut tiap orang."),
    )  # fmt: skip
    start = forms.DateField(
        label=gettext_lazy("Terhitung mulai tanggal"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class RejectForm(forms.Form):
    """Why a plan is turned down."""

    reason = forms.CharField(label=gettext_lazy("Alasan"), max_length=100)


class CommentForm(forms.Form):
    """Something to be said about a plan."""

    text = forms.CharField(
        label=gettext_lazy("Tanggapan"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class TryForm(forms.Form):
    """This person in that post: what would follow?"""

    position = forms.ModelChoiceField(
        label=gettext_lazy("Jabatan"), queryset=Position.objects.none()
    )

    def __init__(self, *args: Any, positions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].queryset = positions  # type: ignore[attr-defined]


class WishForm(forms.Form):
    """Posts that a person would like, first to last."""

    def __init__(self, *args: Any, positions: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for rank in range(1, most + 1):
            self.fields[f"wish_{rank}"] = forms.ModelChoiceField(
                label=_("Minat %(n)s") % {"n": rank}, queryset=positions, required=False
            )

    @property
    def posts(self) -> list[Position]:
        """The posts chosen, in order."""
        return [post for post in self.cleaned_data.values() if post is not None]


class AdviceForm(forms.Form):
    """A letter of recommendations for an agency."""

    number = forms.CharField(label=gettext_lazy("Nomor surat"), max_length=100)
    recipient = forms.ModelChoiceField(
        label=gettext_lazy("Kepada instansi"), queryset=Agency.objects.none()
    )
    most = forms.IntegerField(
        label=gettext_lazy("Orang tiap jabatan kosong"), min_value=1, max_value=10, initial=3
    )

    def __init__(self, *args: Any, agencies: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipient"].queryset = agencies  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """What the agency says to one recommendation."""

    answer = forms.ChoiceField(
        label=gettext_lazy("Jawaban"),
        choices=[one for one in AdviceLine.Answer.choices if one[0]],
    )
    note = forms.CharField(label=gettext_lazy("Catatan"), max_length=300, required=False)
