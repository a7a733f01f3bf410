"""Ends and seats changed by people: reopened, removed, moved, retested, cancelled. Each with its reason.

What touches an exam that somebody has begun needs a second officer. Nothing is deleted: an attempt that
counts no more is set aside and stays as evidence.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from cakap.audit.services import record
from cakap.delivery.clock_alarms import refuse_unconfirmed_time
from cakap.delivery.control import (
    give_time,
    last_sign_of_life,
    reckon_attempts,
    reckon_running,
)
from cakap.delivery.errors import BadReopening, BadSeatChange, StillWorking
from cakap.delivery.models import (
    Announcement,
    Attempt,
    CheckIn,
    Event,
    Incident,
    Interruption,
    Reopening,
    Retest,
)
from cakap.delivery.sites.services import refuse_at_site
from cakap.errors import StalePage
from cakap.programmes.holding import hold_sessions
from cakap.programmes.models import Participant, Seat, Session
from cakap.programmes.services import (
    refuse_from_centre,
    refuse_second_sitting,
    seat_participant,
)

ASIDE = 32000  # a number of seat that no room has: where one waits while two are exchanged


@transaction.atomic
def reopen_session(
    *,
    session: Session,
    reason: str,
    by: str,
    second: str,
    now: datetime,
    reopenings_shown: int | None = None,
) -> int:
    """Let a closed session go on; nobody loses the time for which it was closed.

    Returns how many answers came while it was closed: they are late until people decide otherwise. Raises
    StalePage where it was opened since the page was shown, and closed once more.
    """
    _refuse_unsigned(reason, by, second)
    hold_sessions(session)
    refuse_at_site(session)
    refuse_unconfirmed_time()
    _refuse_reopened(session, None, shown=reopenings_shown)
    ended_at = session.closed_at or last_sign_of_life(session, now=now) or now
    closed = Session.objects.filter(pk=session.pk, state=Session.State.CLOSED)
    if not closed.update(state=Session.State.OPEN, closed_at=None):
        message = "Hanya sesi yang sudah ditutup dapat dibuka kembali."
        raise BadReopening(message)
    session.refresh_from_db()
    unsubmitted = Attempt.objects.filter(seat__session=session, submitted_at__isnull=True)
    unsubmitted.update(amended_at=now)
    _write_reopening(session, None, ended_at=ended_at, reason=reason, by=by, second=second, now=now)
    reckon_running(session)
    late = Event.objects.filter(attempt__in=unsubmitted, kind=Event.Kind.ANSWER, late=True)
    return late.filter(received_at__gte=ended_at).count()


@transaction.atomic
def reopen_attempt(
    *,
    attempt: Attempt,
    minutes: int,
    reason: str,
    by: str,
    second: str,
    now: datetime,
    reopenings_shown: int | None = None,
) -> None:
    """Let a submitted exam go on with the time that was left, and minutes on top where given.

    Raises StalePage where it was reopened since the page was shown, and submitted once more.
    """
    session = attempt.seat.session
    _refuse_unsigned(reason, by, second)
    hold_sessions(session)
    refuse_at_site(session)
    refuse_unconfirmed_time()
    if session.state != Session.State.OPEN:
        message = "Sesi ini tidak sedang dibuka; buka kembali sesinya lebih dahulu."
        raise BadReopening(message)
    _refuse_reopened(session, attempt, shown=reopenings_shown)
    # Handed in, reopened and handed in again since it was read: the time of the last counts.
    ended_at = Attempt.objects.values_list("submitted_at", flat=True).get(pk=attempt.pk)
    own = Attempt.objects.filter(
        pk=attempt.pk, submitted_at__isnull=False, set_aside_at__isnull=True
    )
    if ended_at is None or not own.update(submitted_at=None, amended_at=now):
        message = "Hanya ujian yang sudah diselesaikan dan dihitung dapat dibuka kembali."
        raise BadReopening(message)
    attempt.submitted_at = None
    _write_reopening(
        session, attempt, ended_at=ended_at, reason=reason, by=by, second=second, now=now
    )
    reckon_attempts([attempt], now=now)
    if minutes:
        give_time(attempt=attempt, minutes=minutes, reason=reason, by=by, now=now)


def reopenings(session: Session, attempt: Attempt | None) -> int:
    """How often a session, or one exam of it, was opened again."""
    return Reopening.objects.filter(session=session, attempt=attempt).count()


def _refuse_reopened(session: Session, attempt: Attempt | None, *, shown: int | None) -> None:
    if shown is not None and reopenings(session, attempt) != shown:
        raise StalePage


def _write_reopening(
    session: Session,
    attempt: Attempt | None,
    *,
    ended_at: datetime,
    reason: str,
    by: str,
    second: str,
    now: datetime,
) -> None:
    Reopening.objects.create(
        session=session, attempt=attempt, ended_at=ended_at, reason=reason.strip(), by=by,
        second=second, at=now,
    )  # fmt: skip
    _leave_out_time(session, attempt, since=ended_at, reason=reason, by=by, second=second, now=now)
    _write(
        session, "attempt.reopen" if attempt else "session.reopen", by, now,
        f"{'Ujian' if attempt else 'Sesi'} dibuka kembali oleh {by} dan {second}: {reason.strip()}",
        seat=attempt.seat if attempt else None, second=second, reason=reason.strip(),
        ended_at=ended_at.isoformat(),
    )  # fmt: skip


def _leave_out_time(
    session: Session,
    attempt: Attempt | None,
    *,
    since: datetime,
    reason: str,
    by: str,
    second: str,
    now: datetime,
) -> None:
    """Write down that the time since an end that was undone does not count, for one attempt or for all."""
    Interruption.objects.create(
        session=session, attempt=attempt, kind=Interruption.Kind.ENDED,
        started_at=min(since, now), ended_at=now, reason=reason.strip(), by=by, ended_by=second,
    )  # fmt: skip


@transaction.atomic
def cancel_session(
    *, session: Session, asked_with: int, reason: str, by: str, second: str, now: datetime
) -> int:
    """Cancel a session: its people have no seat any more, what was begun stays as evidence.

    `asked_with` is how many had begun when it was asked. Returns how many lost their seat.
    """
    hold_sessions(session)
    refuse_at_site(session)
    attempts = Attempt.objects.filter(seat__session=session, set_aside_at__isnull=True)
    begun = attempts.filter(begun_at__isnull=False).count()
    if begun > asked_with:
        raise StillWorking
    if begun:
        _refuse_unsigned(reason, by, second)
    _refuse_without_reason(reason)
    live = Session.objects.filter(pk=session.pk, state__in=Session.LIVE)
    if not live.update(state=Session.State.CANCELLED, closed_at=now):
        message = "Hanya sesi yang direncanakan atau dibuka dapat dibatalkan."
        raise BadSeatChange(message)
    attempts.update(set_aside_at=now, amended_at=now)
    freed = Seat.objects.filter(session=session).update(removed_at=now)
    Announcement.objects.create(
        session=session, text=f"Sesi dibatalkan: {reason.strip()}"[:500], by=by, at=now
    )
    _write(
        session, "session.cancel", by, now, f"Sesi dibatalkan: {reason.strip()}",
        reason=reason.strip(), second=second, begun=begun, freed=freed,
    )  # fmt: skip
    session.refresh_from_db()
    return freed


@transaction.atomic
def remove_from_seat(*, seat: Seat, reason: str, by: str, second: str, now: datetime) -> None:
    """Take a participant out of a session; an exam that was begun stays as evidence."""
    hold_sessions(seat.session)
    _refuse_stale(seat)
    _refuse_ended(seat)
    _refuse_without_reason(reason)
    attempt = Attempt.objects.filter(seat=seat).first()
    if attempt and attempt.begun_at:
        _refuse_unsigned(reason, by, second)
    _take_away(seat, attempt, now)
    _write(
        seat.session, "seat.remove", by, now, f"Peserta dikeluarkan: {reason.strip()}", seat=seat,
        second=second, reason=reason.strip(), nip=seat.participant.employee.nip,
    )  # fmt: skip


@transaction.atomic
def restore_seat(*, seat: Seat, reason: str, by: str, second: str, now: datetime) -> None:
    """Give a seat back to whoever was taken out of it by mistake; what was begun counts again."""
    _refuse_unsigned(reason, by, second)
    hold_sessions(seat.session)
    _refuse_stale(seat)
    refuse_at_site(seat.session)
    refuse_from_centre(seat.session.programme)
    attempt = Attempt.objects.filter(seat=seat).first()
    if attempt and Retest.objects.filter(old=attempt).exists():
        message = (
            "Ada ujian ulangnya; putuskan mana yang dihitung pada halaman kursi ujian ulang itu."
        )
        raise BadSeatChange(message)
    refuse_second_sitting(seat.session, seat.participant, besides=seat)
    _refuse_seated_elsewhere(seat)
    _give_back(seat)
    if attempt:
        _count_again(attempt, seat.session, reason=reason, by=by, second=second, now=now)
    _write(
        seat.session, "seat.restore", by, now,
        f"Peserta dikembalikan ke kursinya oleh {by} dan {second}: {reason.strip()}", seat=seat,
        second=second, reason=reason.strip(), nip=seat.participant.employee.nip,
    )  # fmt: skip


def _refuse_seated_elsewhere(seat: Seat) -> None:
    """Raise BadSeatChange if the participant has another seat for the same form."""
    live = Seat.objects.filter(
        participant=seat.participant_id, session__form=seat.session.form_id,
        session__state__in=Session.LIVE,
        session__is_rehearsal=seat.session.is_rehearsal,
    ).select_related("session__room")  # fmt: skip
    other = live.exclude(pk=seat.pk).first()
    if other:
        message = (
            f"Peserta ini sudah mempunyai kursi {other.number} pada sesi {other.session}; keluarkan dahulu "
            "dari sana."
        )
        raise BadSeatChange(message)


def _refuse_stale(seat: Seat) -> None:
    """Lock the participant until the transaction ends, and raise StalePage if the seat has changed since it
    was read: of two decisions at once the second is refused.
    """
    Participant.objects.select_for_update().get(pk=seat.participant_id)
    stands = Seat.every.values_list("removed_at", "number").get(pk=seat.pk)
    if stands != (seat.removed_at, seat.number):
        raise StalePage


def _give_back(seat: Seat) -> None:
    """Undo the removal of a seat; raises BadSeatChange if it cannot be used any more."""
    live = seat.session.state in Session.LIVE
    if not (live and _is_free(seat)) or not Seat.every.filter(
        pk=seat.pk, removed_at__isnull=False
    ).update(removed_at=None):
        message = (
            f"Kursi {seat.number} sesi {seat.session} tidak dapat dikembalikan: sesinya sudah berakhir, "
            "atau kursi itu sudah terisi."
        )
        raise BadSeatChange(message)


def _is_free(seat: Seat) -> bool:
    """Whether neither the number nor another seat of this person is taken in the session."""
    taken = Seat.objects.filter(session=seat.session_id).exclude(pk=seat.pk)
    return not taken.filter(Q(number=seat.number) | Q(participant=seat.participant_id)).exists()


@transaction.atomic
def swap_seats(*, seat: Seat, number: int, reason: str, by: str, now: datetime) -> None:
    """Exchange a seat with the one of this number, or take it where it is free."""
    session = seat.session
    hold_sessions(session)
    _refuse_stale(seat)
    _refuse_ended(seat)
    _refuse_without_reason(reason)
    if not 1 <= number <= session.room.seats or number == seat.number:
        message = f"Diharapkan nomor kursi lain, 1 sampai {session.room.seats}; ditemukan {number}."
        raise BadSeatChange(message)
    before = seat.number
    other = Seat.objects.filter(session=session, number=number).first()
    if other:
        Seat.objects.filter(pk=other.pk).update(number=ASIDE)
    Seat.objects.filter(pk=seat.pk).update(number=number)
    if other:
        Seat.objects.filter(pk=other.pk).update(number=before)
    _write(
        session, "seat.swap", by, now, f"Kursi {before} dan {number} ditukar: {reason.strip()}",
        reason=reason.strip(), numbers=[before, number],
    )  # fmt: skip


@transaction.atomic
def move_to_session(
    *, seat: Seat, session: Session, reason: str, by: str, now: datetime
) -> Seat:  # fmt: skip
    """Seat a participant who has not begun in another session of the programme."""
    hold_sessions(seat.session, session)
    _refuse_stale(seat)
    _refuse_ended(seat)
    _refuse_without_reason(reason)
    refuse_from_centre(session.programme)
    _refuse_target(seat, session)
    attempt = Attempt.objects.filter(seat=seat).first()
    if (attempt and attempt.begun_at) or session.pk == seat.session_id:
        message = (
            "Yang sudah mulai mengerjakan tidak dipindahkan; beri ujian ulang atau tunda sesinya."
        )
        raise BadSeatChange(message)
    _take_away(seat, attempt, now)
    new = seat_participant(session=session, participant=seat.participant, actor=by, now=now)
    _write(
        seat.session, "seat.move", by, now,
        f"Peserta dipindahkan ke sesi {session.pk} kursi {new.number}: {reason.strip()}",
        seat=seat, reason=reason.strip(), to=session.pk,
    )  # fmt: skip
    return new


@transaction.atomic
def retest(
    *, seat: Seat, session: Session, reason: str, by: str, second: str, now: datetime
) -> Seat:
    """Give a person whose sitting was spoilt a new one; the first stays as evidence and counts no more."""
    _refuse_unsigned(reason, by, second)
    hold_sessions(seat.session, session)
    _refuse_stale(seat)
    refuse_at_site(seat.session)
    refuse_from_centre(seat.session.programme)
    _refuse_target(seat, session)
    old = Attempt.objects.filter(seat=seat, begun_at__isnull=False).first()
    earlier = Retest.objects.filter(old=old).first() if old else None
    if earlier and Attempt.objects.filter(seat=earlier.seat_id).exists():
        message = "Ujian ini sudah diulang; putuskan mana yang dihitung pada kursi ujian ulang itu."
        raise BadSeatChange(message)
    if old is None or seat.removed_at:
        message = "Ujian ulang diberikan kepada peserta yang sudah mulai mengerjakan."
        raise BadSeatChange(message)
    Attempt.objects.filter(pk=old.pk, submitted_at__isnull=True).update(submitted_at=now)
    _take_away(seat, old, now)
    if session.pk == seat.session_id:
        new = Seat.objects.create(session=session, participant=seat.participant, number=seat.number)
        for row in CheckIn.objects.filter(seat=seat):  # the same person at the same door
            row.pk, row.seat = None, new
            CheckIn.objects.bulk_create([row])
    else:
        new = seat_participant(session=session, participant=seat.participant, actor=by, now=now)
    given = {"seat": new, "reason": reason.strip(), "by": by, "second": second, "at": now}
    if earlier:  # a new sitting that was taken back before it was worked
        Retest.objects.filter(pk=earlier.pk).update(**given, counts=Retest.Counts.NEW)
    else:
        Retest.objects.create(old=old, **given)
    _write(
        seat.session, "attempt.retest", by, now,
        f"Ujian ulang pada sesi {session.pk} kursi {new.number}, diputuskan {by} dan {second}: "
        f"{reason.strip()}",
        seat=seat, reason=reason.strip(), second=second, to=session.pk,
    )  # fmt: skip
    return new


@transaction.atomic
def decide_retest(
    *,
    retested: Retest,
    counts: str,
    reason: str,
    by: str,
    second: str,
    now: datetime,
    shown: str = "",
) -> None:
    """Decide which of two sittings counts; the other one is set aside.

    Nobody loses the time for which a sitting was set aside by a decision that is undone. Raises StalePage
    where it was decided since the page showed what counts (retest_shown).
    """
    _refuse_unsigned(reason, by, second)
    retested = _held_retest(retested)
    if shown and shown != retest_shown(retested):
        raise StalePage
    new = Attempt.objects.filter(seat=retested.seat).first()
    first = counts == Retest.Counts.OLD
    signed: dict[str, Any] = {"reason": reason, "by": by, "second": second, "now": now}
    Retest.objects.filter(pk=retested.pk).update(
        counts=counts, reason=reason.strip(), by=by, second=second, at=now
    )
    if not first:
        _set_aside(retested.old_id, now)
    elif new:
        _set_aside(new.pk, now)
    if first:
        _count_again(retested.old, retested.old.seat.session, **signed)
    elif new:
        _count_again(new, retested.seat.session, **signed)
    if not new:
        _seat_as_decided(retested, first=first, now=now)
    _write(
        retested.seat.session, "attempt.retest_counts", by, now,
        f"Yang dihitung: {Retest.Counts(counts).label}, diputuskan {by} dan {second}: "
        f"{reason.strip()}",
        seat=retested.seat, reason=reason.strip(), second=second, counts=counts,
    )  # fmt: skip


def _held_retest(retested: Retest) -> Retest:
    """A retest as it stands now, held with its sessions and its participant to the end of the transaction."""
    seats = (retested.seat, retested.old.seat)
    hold_sessions(*(seat.session for seat in seats))
    for seat in seats:
        refuse_at_site(seat.session)
        refuse_from_centre(seat.session.programme)
    Participant.objects.select_for_update().get(pk=retested.seat.participant_id)
    rows = Retest.objects.select_related("seat__session", "old__seat__session")
    return rows.get(pk=retested.pk)


def _seat_as_decided(retested: Retest, *, first: bool, now: datetime) -> None:
    """Where the new sitting was not worked: nobody shall sit what would not count."""
    if first:
        Seat.objects.filter(pk=retested.seat_id).update(removed_at=now)
        if _is_free(retested.old.seat):
            Seat.every.filter(pk=retested.old.seat_id).update(removed_at=None)
    elif retested.counts == Retest.Counts.OLD:
        # It was decided wrongly before: the new sitting waits again.
        Seat.objects.filter(pk=retested.old.seat_id).update(removed_at=now)
        _give_back(retested.seat)
    else:
        message = "Ujian ulangnya belum dikerjakan; belum ada yang dapat dihitung."
        raise BadSeatChange(message)


def retest_shown(retested: Retest) -> str:
    """What a page shows of a retest: which sitting counts, and since when it was so decided."""
    return f"{retested.counts} {retested.at.isoformat()}"


def _take_away(seat: Seat, attempt: Attempt | None, now: datetime) -> None:
    Seat.objects.filter(pk=seat.pk).update(removed_at=now)
    if attempt:
        _set_aside(attempt.pk, now)


def _set_aside(attempt: int, now: datetime) -> None:
    """Let a sitting count no more, since now or since it was set aside before; results are stale."""
    Attempt.objects.filter(pk=attempt).update(
        set_aside_at=Coalesce("set_aside_at", now), amended_at=now
    )


def _count_again(
    attempt: Attempt, session: Session, *, reason: str, by: str, second: str, now: datetime
) -> None:
    """Let a sitting count; while it was set aside it could not be worked, so that its time stood still."""
    own = Attempt.objects.select_for_update().filter(pk=attempt.pk)
    since, submitted_at = own.values_list("set_aside_at", "submitted_at").get()
    own.update(set_aside_at=None, amended_at=now)
    attempt.set_aside_at = None
    if since and attempt.begun_at and not submitted_at:
        _leave_out_time(session, attempt, since=since, reason=reason, by=by, second=second, now=now)
        reckon_attempts([attempt], now=now)


def _refuse_without_reason(reason: str) -> None:
    if not reason.strip():
        raise BadSeatChange


def _refuse_unsigned(reason: str, by: str, second: str) -> None:
    if not reason.strip() or not second or second == by:
        raise BadReopening


def _refuse_ended(seat: Seat) -> None:
    refuse_at_site(seat.session)
    ended = seat.session.state in {Session.State.CLOSED, Session.State.CANCELLED}
    if seat.removed_at or ended:
        message = "Kursi sesi yang sudah berakhir, atau yang sudah dikosongkan, tidak diubah."
        raise BadSeatChange(message)


def _refuse_target(seat: Seat, session: Session) -> None:
    refuse_at_site(session)
    ready = session.state in Session.LIVE
    if not ready or session.programme_id != seat.session.programme_id:
        message = "Pilihlah sesi program ini yang direncanakan atau sedang dibuka."
        raise BadSeatChange(message)
    if session.is_rehearsal != seat.session.is_rehearsal:
        message = "Sesi latihan dan sesi yang dinilai tidak saling menggantikan."
        raise BadSeatChange(message)


def _write(
    session: Session, action: str, by: str, now: datetime, text: str, *, seat: Seat | None = None,
    **detail: object,
) -> None:  # fmt: skip
    Incident.objects.create(session=session, seat=seat, by=by, at=now, text=text[:1000])
    record(
        actor=by, action=action, subject=f"sesi {session.pk}", now=now,
        agency=session.programme.organiser.code,
        detail={**detail, **({"seat": seat.number} if seat else {})},
    )  # fmt: skip
