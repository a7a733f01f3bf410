"""Decisions about ends and seats: a page each, with its reason and, where an exam was begun, two officers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from cakap.accounts.access import allow, one
from cakap.accounts.models import Role
from cakap.delivery import decisions, time_watch
from cakap.delivery.ends import still_open
from cakap.delivery.errors import NoRetest, StillWorking
from cakap.delivery.forms import (
    CancelForm,
    LateForm,
    MoveForm,
    RemoveForm,
    ReopenForm,
    ReopenSessionForm,
    RetestCountsForm,
    RetestForm,
    SignedForm,
    SwapForm,
)
from cakap.delivery.late_marks import correct_late_marks
from cakap.delivery.models import Attempt, Event, Retest
from cakap.delivery.views.seats import any_seat
from cakap.programmes.models import Seat, Session
from cakap.ui.pages import form_page

DESK = (Role.PROCTOR, Role.OPERATOR)


def _second(form: Any, session: Session) -> str:
    """The second officer's name, if it is one who serves in this session."""
    user = form.second_user
    mine = user and Session.objects.for_user(user, DESK).filter(pk=session.pk).exists()
    return str(user.get_username()) if mine else ""


def _signed(request: HttpRequest, form: Any, session: Session) -> dict[str, Any]:
    """What every decision says besides its own: who, the second officer, why, when."""
    return {
        "reason": form.cleaned_data["reason"], "second": _second(form, session),
        "by": request.user.get_username(), "now": time_watch.now(),
    }  # fmt: skip


def _board(pk: int) -> str:
    return reverse("delivery:board", args=[pk])


def _seat(pk: int) -> str:
    return reverse("delivery:seat", args=[pk])


@allow(Role.PROCTOR)
def reopen_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a closed session go on."""
    row = one(request, Session, pk=pk)
    initial = {"reopenings_shown": decisions.reopenings(row, None)}
    form = ReopenSessionForm(request.POST or None, request=request, initial=initial)
    if form.is_valid():
        late = decisions.reopen_session(
            session=row, reopenings_shown=form.cleaned_data["reopenings_shown"],
            **_signed(request, form, row),
        )  # fmt: skip
        messages.success(request, _("Sesi dibuka kembali; waktu selama ditutup tidak dihitung."))
        if late:
            text = _(
                "%(n)s jawaban tiba selagi sesi ditutup dan belum dihitung; putuskan pada Jawaban terlambat."
            )
            messages.warning(request, text % {"n": late})
        return redirect(_board(pk))
    intro = _("Peserta yang belum menyelesaikan meneruskan dengan sisa waktunya.")
    return form_page(request, form, _("Buka kembali sesi"), _board(pk), intro=intro)


@allow(*DESK)
def cancel_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a session, having been told who has begun."""
    row = one(request, Session, pk=pk)
    standing = still_open(row, now=time_watch.now())
    form = CancelForm(request.POST or None, request=request, initial={"begun": standing.begun})
    if form.is_valid():
        try:
            freed = decisions.cancel_session(
                session=row, asked_with=form.cleaned_data["begun"], **_signed(request, form, row)
            )
        except StillWorking:
            form = CancelForm(request=request, initial={"begun": standing.begun})
        else:
            text = _("Sesi dibatalkan; %(n)s peserta kembali tanpa kursi.")
            messages.success(request, text % {"n": freed})
            return redirect("programmes:detail", row.programme_id)
    intro = _(
        "%(begun)s peserta sudah mulai mengerjakan dan %(seats)s kursi terisi. Jawaban menjadi bukti "
        "dan tidak dihitung; semua peserta kembali tanpa kursi. Petugas kedua diperlukan bila ada yang "
        "sudah mulai."
    ) % {"begun": standing.begun, "seats": row.seats.count()}
    return form_page(
        request, form, _("Batalkan sesi"), _board(pk), intro=intro, submit=_("Batalkan sesi ini")
    )


@allow(Role.PROCTOR)
def correct_late(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide about answers that were marked late, or should have been."""
    row = one(request, Session, pk=pk)
    late = Event.objects.filter(attempt__seat__session=row, kind=Event.Kind.ANSWER, late=True)
    span = late.order_by("received_at").values_list("received_at", flat=True)
    initial = {"since": span.first(), "until": span.last()}
    form = LateForm(request.POST or None, request=request, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        seat = row.seats.filter(number=data["seat"]).first() if data["seat"] else None
        attempt = Attempt.objects.filter(seat=seat).first() if seat else None
        if data["seat"] and attempt is None:
            form.add_error("seat", _("Kursi ini tidak ada, atau pesertanya belum masuk."))
        else:
            correct_late_marks(
                session=row, attempt=attempt, since=data["since"], until=data["until"],
                counts=data["counts"], **_signed(request, form, row),
            )  # fmt: skip
            messages.success(request, _("Keputusan tentang jawaban terlambat dicatat."))
            return redirect(_board(pk))
    intro = _("%(n)s jawaban sesi ini ditandai terlambat. Catatan aslinya tetap.")
    return form_page(
        request, form, _("Jawaban terlambat"), _board(pk), intro=intro % {"n": late.count()}
    )


def _attempt(request: HttpRequest, pk: int) -> Attempt:
    row = Attempt.objects.filter(seat=one(request, Seat, pk=pk)).first()
    if row is None:
        raise Http404
    return row


@allow(Role.PROCTOR)
def reopen_attempt(request: HttpRequest, pk: int) -> HttpResponse:
    """Let one submitted exam go on."""
    attempt = _attempt(request, pk)
    initial = {"reopenings_shown": decisions.reopenings(attempt.seat.session, attempt)}
    form = ReopenForm(request.POST or None, request=request, initial=initial)
    if form.is_valid():
        decisions.reopen_attempt(
            attempt=attempt, minutes=form.cleaned_data["minutes"] or 0,
            reopenings_shown=form.cleaned_data["reopenings_shown"],
            **_signed(request, form, attempt.seat.session),
        )  # fmt: skip
        messages.success(request, _("Ujian peserta ini dibuka kembali."))
        return redirect(_seat(pk))
    return form_page(request, form, _("Buka kembali ujian"), _seat(pk))


@allow(*DESK)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a participant out of the session."""
    seat = one(request, Seat, pk=pk)
    form = RemoveForm(request.POST or None, request=request)
    if form.is_valid():
        decisions.remove_from_seat(seat=seat, **_signed(request, form, seat.session))
        messages.success(request, _("Peserta dikeluarkan dari sesi ini dan kembali tanpa kursi."))
        return redirect(_board(seat.session_id))
    intro = _("Bila ujiannya sudah dimulai, petugas kedua diperlukan dan jawabannya menjadi bukti.")
    title = _("Keluarkan %(who)s dari sesi") % {"who": seat.participant.employee.full_name}
    return form_page(request, form, title, _seat(pk), intro=intro, submit=_("Keluarkan"))


@allow(*DESK)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a seat back to whoever was taken out of it."""
    seat = any_seat(request, pk)
    form = SignedForm(request.POST or None, request=request)
    if form.is_valid():
        decisions.restore_seat(seat=seat, **_signed(request, form, seat.session))
        messages.success(request, _("Peserta dikembalikan ke kursinya."))
        return redirect(_seat(pk))
    intro = _("Bila ujiannya sudah dimulai, jawabannya dihitung lagi.")
    title = _("Kembalikan %(who)s ke kursi") % {"who": seat.participant.employee.full_name}
    return form_page(request, form, title, _seat(pk), intro=intro)


@allow(*DESK)
def swap(request: HttpRequest, pk: int) -> HttpResponse:
    """Exchange two seats."""
    seat = one(request, Seat, pk=pk)
    form = SwapForm(request.POST or None)
    if form.is_valid():
        decisions.swap_seats(
            seat=seat, **form.cleaned_data, by=request.user.get_username(), now=time_watch.now()
        )
        messages.success(request, _("Kursi ditukar."))
        return redirect(_seat(pk))
    return form_page(request, form, _("Tukar kursi"), _seat(pk), submit=_("Tukar"))


@allow(*DESK)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Seat a participant in another session."""
    seat = one(request, Seat, pk=pk)
    form = MoveForm(request.POST or None, sessions=_targets(seat).exclude(pk=seat.session_id))
    if form.is_valid():
        new = decisions.move_to_session(
            seat=seat, **form.cleaned_data, by=request.user.get_username(), now=time_watch.now()
        )
        messages.success(request, _("Peserta dipindahkan ke sesi lain."))
        return redirect(_seat(new.pk))
    return form_page(request, form, _("Pindah ke sesi lain"), _seat(pk), submit=_("Pindahkan"))


def _targets(seat: Seat) -> Any:
    live = Session.LIVE
    own = seat.session
    alike = own.programme.sessions.filter(state__in=live, is_rehearsal=own.is_rehearsal)
    return alike.select_related("room")


@allow(Role.PROCTOR)
def retest(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a new sitting."""
    seat = one(request, Seat, pk=pk)
    form = RetestForm(request.POST or None, request=request, sessions=_targets(seat))
    if form.is_valid():
        new = decisions.retest(
            seat=seat, session=form.cleaned_data["session"], **_signed(request, form, seat.session)
        )
        messages.success(request, _("Ujian ulang diberikan; ujian pertama disimpan sebagai bukti."))
        return redirect(_seat(new.pk))
    intro = _(
        "Ujian pertama disimpan sebagai bukti dan tidak dihitung lagi, kecuali diputuskan lain."
    )
    return form_page(request, form, _("Ujian ulang"), _seat(pk), intro=intro)


@allow(Role.PROCTOR)
def retest_counts(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide which of two sittings counts."""
    seat = any_seat(request, pk)
    retested = Retest.objects.filter(seat=seat).first()
    if retested is None:
        raise NoRetest
    initial = {"counts": retested.counts, "shown": decisions.retest_shown(retested)}
    form = RetestCountsForm(request.POST or None, request=request, initial=initial)
    if form.is_valid():
        decisions.decide_retest(
            retested=retested, counts=form.cleaned_data["counts"],
            shown=form.cleaned_data["shown"],
            **_signed(request, form, seat.session),
        )  # fmt: skip
        messages.success(request, _("Keputusan dicatat."))
        return redirect(_seat(pk))
    return form_page(request, form, _("Ujian mana yang dihitung"), _seat(pk))
