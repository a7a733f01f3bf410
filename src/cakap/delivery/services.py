"""A sitting from the door to the receipt. Whatever this acknowledges is committed."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.crypto import salted_hmac

from cakap.accounts.guesses import note_wrong, settle_right
from cakap.audit.chain import digest
from cakap.audit.services import record
from cakap.delivery.clock_alarms import refuse_doubt
from cakap.delivery.control import allowed_time, given_to, session_pause
from cakap.delivery.door import NOWHERE, Caller, door_of, workstation_at
from cakap.delivery.ends import (
    CANCELLED,
    POSTPONED,
    REMOVED,
    day_and_time,
    end_of,
    told_of_end,
)
from cakap.delivery.errors import (
    AnswersMissing,
    BadEvent,
    NoSuchSeat,
    NotBegun,
    NotCheckedIn,
    NotTimed,
    OtherBrowser,
    OtherDevice,
    Postponed,
    TimeIsUp,
    TooManyTries,
)
from cakap.delivery.locks import limits_of, shipped_limits, try_at
from cakap.delivery.models import Attempt, Device, Offer, SectionTime
from cakap.delivery.protocol import MOST_SEQ, PAGE_SPAN, Kept, Sending, Sent
from cakap.delivery.queries import session_of, state_of
from cakap.delivery.saving import late_grace, pools_of, save
from cakap.delivery.state import State
from cakap.errors import Refused
from cakap.itembank.adaptive import next_step
from cakap.itembank.models import Section
from cakap.policy.queries import policy_kept
from cakap.programmes.holding import hold_sessions
from cakap.programmes.models import Seat, Session
from cakap.programmes.services import refuse_second_sitting


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What was kept of a submitted attempt: a code to quote, and how many items were answered."""

    code: str
    answered: int
    submitted_at: datetime | None


def sign_in(
    *, nip: str, pin: str, now: datetime, registration: str = "", caller: Caller = NOWHERE
) -> Attempt:
    """Open the seat of this NIP in an open session with this PIN, at this machine and at no other.

    An attempt that is open elsewhere goes on here only when a proctor has freed it. Where the caller
    stands is looked at before the PIN; wrong PINs are counted (cakap.accounts.guesses).
    """
    try:
        outcome = _sign_in(nip, pin, registration, caller, now)
    except OtherDevice:
        # Of two requests of one moment the other was first; perhaps it was this browser's.
        outcome = _sign_in(nip, pin, registration, caller, now)
    if isinstance(outcome, Refused):  # raised only now: what was counted is committed
        raise outcome
    return outcome


@transaction.atomic
def _sign_in(
    nip: str, pin: str, registration: str, caller: Caller, now: datetime
) -> Attempt | Refused:
    seats = _open_seats(nip)
    refusals = [door_of(seat.session).refusal(caller) for seat in seats]
    admitted = [seat for seat, no in zip(seats, refusals, strict=True) if no is None]
    if not admitted:
        return _outside((*refusals, NoSuchSeat())[0] or NoSuchSeat(), nip, caller, now)
    seat = next((seat for seat in admitted if _proves(seat, pin, registration)), None)
    guess = try_at([seat] if seat else admitted, nip, caller.address)
    limits = limits_of(admitted[0].session, now)
    if seat is None:
        return TooManyTries() if note_wrong(guess, limits, now=now) else NoSuchSeat()
    if settle_right(guess, limits, now=now):
        return TooManyTries()
    return _open(seat, caller, now)


def _outside(refusal: Refused, nip: str, caller: Caller, now: datetime) -> Refused:
    """Nothing was looked at: it counts against the address, and at no session."""
    if isinstance(refusal, OtherBrowser):
        return refusal
    guess = try_at([], nip, caller.address)
    return TooManyTries() if note_wrong(guess, shipped_limits, now=now) else refusal


def _open(seat: Seat, caller: Caller, now: datetime) -> Attempt:
    _refuse_unregistered(seat)
    earlier_devices = Device.objects.filter(attempt__seat=seat).count()
    if earlier_devices and seat.attempt.device == _device_key(seat, earlier_devices - 1, caller):
        return seat.attempt  # pressed twice, or the reply was lost: the same browser asks again
    device = _device_key(seat, earlier_devices, caller)
    is_new = not hasattr(seat, "attempt")
    attempt = _first(seat, device, now) if is_new else _freed(seat, device)
    Device.objects.create(
        attempt=attempt, key=device, address=caller.address, agent=caller.agent, since=now,
        workstation=workstation_at(seat.session.room.workstations, caller.address),
    )  # fmt: skip
    _record(attempt, "attempt.sign_in" if is_new else "attempt.resume", now)
    return attempt


def _device_key(seat: Seat, earlier_devices: int, caller: Caller) -> str:
    """The key of a seat's next device, 32 hexadecimal digits.

    It is derived from the browser's CSRF cookie, so that one browser that asks twice gets one key, and a
    browser that comes back after another one gets a new key. Without the cookie it is random.
    """
    if not caller.csrf_cookie:
        return secrets.token_hex(16)
    content = f"{seat.pk}:{earlier_devices}:{caller.csrf_cookie}"
    return salted_hmac("cakap.delivery.device", content).hexdigest()[:32]


def _first(seat: Seat, device: str, now: datetime) -> Attempt:
    try:
        return Attempt.objects.create(
            seat=seat, seed=secrets.randbits(62), device=device, signed_in_at=now
        )
    except IntegrityError as exc:  # another device came in at the same moment
        raise OtherDevice from exc


def _freed(seat: Seat, device: str) -> Attempt:
    """The attempt that a proctor has freed, now of this device; of two that ask at once only one's."""
    if not Attempt.objects.filter(seat=seat, device="").update(device=device):
        raise OtherDevice
    seat.attempt.device = device
    return seat.attempt


def _refuse_unregistered(seat: Seat) -> None:
    """By policy everybody needs a PIN from the desk."""
    if not hasattr(seat, "checkin") and _registration_required(
        seat.session.programme.policy_digest
    ):
        raise NotCheckedIn


def _proves(seat: Seat, pin: str, registration: str) -> bool:
    """Whether the PINs are the seat's; whoever was at the desk needs the one from there too."""
    checkin = getattr(seat, "checkin", None)
    given = hmac.compare_digest(checkin.pin, registration) if checkin else True
    return hmac.compare_digest(seat.session.pin, pin) and given


@lru_cache(maxsize=64)
def _registration_required(policy_digest: str) -> bool:
    return bool(policy_kept(policy_digest)["sessions.registration_required"])


def _open_seats(nip: str) -> list[Seat]:
    """The seats of a NIP in open sessions that are held here."""
    seats = list(
        Seat.objects.filter(
            participant__employee__nip=nip,
            session__state=Session.State.OPEN,
            session__at_site__isnull=True,
        ).select_related("participant__employee", "checkin", "attempt")
    )
    for seat in seats:
        seat.session = session_of(seat)
    return seats


@transaction.atomic
def give_consent(*, attempt: Attempt, now: datetime) -> None:
    """The participant agrees to be tested and to the use of the answers."""
    fresh = Attempt.objects.filter(pk=attempt.pk, consented_at__isnull=True)
    if fresh.update(consented_at=now):
        _record(attempt, "attempt.consent", now)


@transaction.atomic
def begin(*, attempt: Attempt, now: datetime) -> Attempt:
    """Start the clock, once; the deadline is the server's from here on."""
    if attempt.consented_at is None:
        message = "Persetujuan peserta belum diberikan."
        raise NotBegun(message)
    session = attempt.seat.session
    hold_sessions(session)
    refuse_doubt()
    refuse_ended(attempt=attempt, now=now)
    if session.state != Session.State.OPEN:
        message = "Sesi ini belum dibuka atau dijadwalkan ulang. Tunggu pengawas."
        raise NotBegun(message)
    _refuse_outside_window(session, now)
    if attempt.begun_at is None:
        refuse_second_sitting(session, attempt.seat.participant, besides=attempt.seat)
    if session_pause(attempt.seat.session_id):
        message = "Sesi sedang dijeda. Tunggu aba-aba pengawas."
        raise NotBegun(message)
    closes_at = now + allowed_time(attempt, given_to([attempt])[attempt.pk])
    fresh = Attempt.objects.filter(pk=attempt.pk, begun_at__isnull=True, set_aside_at__isnull=True)
    if not fresh.update(begun_at=now, closes_at=closes_at):
        return Attempt.objects.get(pk=attempt.pk)
    attempt.begun_at, attempt.closes_at = now, closes_at
    for section in pools_of(attempt.seat.session.form_id):
        _offer(attempt, section, now)
    _record(attempt, "attempt.begin", now)
    return attempt


def _refuse_outside_window(session: Session, now: datetime) -> None:
    """Nothing begins earlier or later than policy allows, however early a session was opened."""
    early, late = _begin_window(session.programme.policy_digest)
    # Without minutes of its own the late edge is the session's end: nobody begins in the night after it.
    latest = session.starts_at + late if late else session.ends_at
    if early is not None and now < session.starts_at - early:
        message = (
            f"Sesi ini mulai {day_and_time(session.starts_at)}. Ujian baru dapat dimulai "
            f"{day_and_time(session.starts_at - early)}."
        )
        raise NotBegun(message)
    if late is not None and now > latest:
        message = (
            f"Sesi ini mulai {day_and_time(session.starts_at)}; ujian hanya dapat dimulai sampai "
            f"{day_and_time(latest)}. Hubungi pengawas."
        )
        raise NotBegun(message)


@lru_cache(maxsize=64)
def _begin_window(policy_digest: str) -> tuple[timedelta | None, timedelta | None]:
    """How early and how late an exam may begin; None: whenever the session is open, late 0: till it ends.

    A programme whose policy was kept before the rule existed goes on under what it had.
    """
    policy = policy_kept(policy_digest)
    early = policy.get("sessions.early_begin_minutes")
    late = policy.get("sessions.late_begin_minutes")
    return (
        timedelta(minutes=early) if early is not None else None,
        timedelta(minutes=late) if late is not None else None,
    )


@transaction.atomic
def enter_section(
    *, attempt: Attempt, device: str, section: int, now: datetime, last_seq: int = 0
) -> SectionTime:
    """Start the time of a section that has its own, once; the one entered before is over then.

    Not while answers of it are on their way (`last_seq`, the newest that the page has sent): they would
    come too late.
    """
    _refuse_other_device(attempt, device)
    if attempt.begun_at is None or attempt.paused_at:
        raise NotBegun
    _refuse_before_all_came(attempt, last_seq)
    refuse_ended(attempt=attempt, now=now)
    if attempt.seat.session.state != Session.State.OPEN:
        raise TimeIsUp
    row = Section.objects.filter(
        pk=section, form=attempt.seat.session.form_id, minutes__isnull=False
    ).first()
    if row is None or row.minutes is None:
        raise NotTimed
    Attempt.objects.select_for_update().get(pk=attempt.pk)
    entered, is_new = SectionTime.objects.get_or_create(
        attempt=attempt, section=row,
        defaults={"begun_at": now, "closes_at": now + given_to([attempt])[attempt.pk].longer(row.minutes)},
    )  # fmt: skip
    if is_new:
        attempt.section_times.filter(left_at__isnull=True).exclude(pk=entered.pk).update(
            left_at=now
        )
    elif entered.left_at:
        raise NotTimed
    return entered


@transaction.atomic
def offer_next(*, attempt: Attempt, device: str, section: int, now: datetime) -> Offer | None:
    """The next item of an adaptive section, once the last one is answered; None when it has ended.

    Asking again without an answer gives the same item: a lost reply costs nothing.
    """
    _refuse_other_device(attempt, device)
    if attempt.begun_at is None:
        raise NotBegun
    refuse_ended(attempt=attempt, now=now)
    if attempt.seat.session.state != Session.State.OPEN:
        raise TimeIsUp
    if section not in pools_of(attempt.seat.session.form_id):
        message = f"Bagian {section} bukan bagian adaptif ujian ini."
        raise BadEvent(message)
    return _offer(attempt, section, now)


def _offer(attempt: Attempt, section: int, now: datetime) -> Offer | None:
    # The attempt's row is the lock: two tabs that ask at once get the same item.
    Attempt.objects.select_for_update().get(pk=attempt.pk)
    offers = list(attempt.offers.filter(section=section).order_by("place"))
    answers = state_of(attempt).answers
    if offers and offers[-1].version_id not in answers:
        return offers[-1]
    step = next_step(
        section,
        [(offer.version_id, answers[offer.version_id]) for offer in offers],
        prior=_prior(attempt.seat.session.programme.policy_digest),
        seed=attempt.seed,
    )
    if step.version is None:
        return None
    return Offer.objects.create(
        attempt=attempt,
        section_id=section,
        place=len(offers) + 1,
        version_id=step.version,
        theta=step.theta,
        se=step.se,
        offered_at=now,
    )


def keep_events(
    *, attempt: Attempt, device: str, sent: Sequence[Sent], caller: Caller = NOWHERE, now: datetime
) -> Kept:
    """Append to the log; what the outcome does not name as refused is kept when this returns.

    With nothing sent it is a heartbeat: this device is there, and hears how the attempt stands.
    Raises Refused where nothing at all was kept.
    """
    sending = Sending(attempt=attempt.pk, device=device, sent=sent, caller=caller)
    (outcome,) = save([sending], now=now)
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


@transaction.atomic
def hold(*, attempt: Attempt, device: str) -> int:
    """Let one more page of this device work at the attempt; its number.

    The newest page holds the attempt: an older one hears so with its next request. Each numbers its
    events in a block of its own, so that no two pages ever use one number.
    """
    own = Attempt.objects.filter(pk=attempt.pk, device=device)
    if not own.filter(pages__lt=MOST_SEQ // PAGE_SPAN - 1).update(pages=F("pages") + 1):
        _refuse_other_device(attempt, device)
        message = "Ujian ini sudah terlalu sering dibuka. Hubungi pengawas."
        raise BadEvent(message)
    return own.values_list("pages", flat=True).get()


def _refuse_other_device(attempt: Attempt, device: str) -> None:
    if not hmac.compare_digest(attempt.device.encode(), device.encode()):
        raise OtherDevice


@lru_cache(maxsize=64)
def _prior(policy_digest: str) -> tuple[float, float]:
    mean, sd = policy_kept(policy_digest)["results.prior"]
    return float(mean), float(sd)


def ended_by(attempt: Attempt, now: datetime) -> str:
    """By what an attempt has ended or waits (delivery.ends), empty while it goes on."""
    session = attempt.seat.session
    return end_of(
        submitted_at=attempt.submitted_at, session_state=session.state, bounds=attempt.bounds,
        now=now, grace=late_grace(session.programme.policy_digest) if attempt.bounds else timedelta(0),
        removed=attempt.set_aside_at is not None,
    )  # fmt: skip


def refuse_ended(*, attempt: Attempt, now: datetime) -> None:
    """Raises TimeIsUp with what counts where the attempt has ended: its paper is not shown again.

    Raises Postponed where its session waits to be opened again: at home nobody reads the paper.
    """
    by = ended_by(attempt, now)
    told = told_of_end(attempt.pk, by, now, starts_at=attempt.seat.session.starts_at)
    if told and by == POSTPONED:
        raise Postponed(told["message"])
    if told:
        raise TimeIsUp(told["message"])


@transaction.atomic
def submit(*, attempt: Attempt, device: str, last_seq: int, now: datetime) -> Receipt:
    """End the attempt, unless the newest event that the page has sent is still on its way.

    A gap before it ends nothing and holds up nothing: a number that was refused, or taken by a page
    that is gone, never comes.
    """
    _refuse_other_device(attempt, device)
    if attempt.begun_at is None:
        raise NotBegun
    if attempt.submitted_at is None:
        refuse_doubt()
    if ended_by(attempt, now) in {CANCELLED, REMOVED, POSTPONED}:
        refuse_ended(attempt=attempt, now=now)
    _refuse_before_all_came(attempt, last_seq)
    state = state_of(attempt)
    fresh = Attempt.objects.filter(pk=attempt.pk, submitted_at__isnull=True)
    if fresh.update(submitted_at=now):
        attempt.submitted_at = now
        code = receipt(attempt, state).code
        _record(attempt, "attempt.submit", now, answered=len(state.answers), code=code)
    return receipt(attempt, state)


def _refuse_before_all_came(attempt: Attempt, last_seq: int) -> None:
    """Raises AnswersMissing while the device's newest event is neither in the log nor in the evidence."""
    newest = attempt.events.aggregate(newest=Max("seq"))["newest"] or 0
    if newest >= last_seq or _is_evidence(attempt, last_seq):
        return
    message = (
        f"Catatan jawaban sampai nomor {last_seq} belum semuanya sampai ke server (terakhir "
        f"nomor {newest}). Tunggu sampai semua jawaban tersimpan."
    )
    raise AnswersMissing(message)


def _is_evidence(attempt: Attempt, seq: int) -> bool:
    return attempt.strays.filter(device=attempt.device, seq=seq).exists()


def receipt(attempt: Attempt, state: State) -> Receipt:
    """The receipt of an attempt that has ended; the code is made from the answers themselves.

    Whoever did not submit gets one all the same when the session was closed or the time ran out.
    """
    if attempt.begun_at is None:
        raise NotBegun
    content = [attempt.pk, sorted(state.answers.items())]
    return Receipt(
        code=digest(content)[:12].upper(),
        answered=len(state.answers),
        submitted_at=attempt.submitted_at,
    )


def _record(attempt: Attempt, action: str, now: datetime, **detail: object) -> None:
    seat = attempt.seat
    record(
        actor=seat.participant.employee.nip,
        action=action,
        subject=f"sesi {seat.session_id} kursi {seat.number}",
        agency=seat.session.programme.organiser.code,
        detail=detail,
        now=now,
    )
