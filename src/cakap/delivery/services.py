"""A sitting from the door to the receipt. Whatever this acknowledges is committed."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import transaction

from cakap.audit.chain import digest
from cakap.audit.services import record
from cakap.delivery.errors import (
    AnswerConflict,
    AnswersMissing,
    BadEvent,
    NoSuchSeat,
    NotBegun,
    OtherDevice,
    TimeIsUp,
)
from cakap.delivery.models import Attempt, Event, Offer
from cakap.delivery.queries import state_of
from cakap.delivery.state import State
from cakap.itembank.adaptive import next_step
from cakap.itembank.models import Form
from cakap.itembank.queries import adaptive_pools, form_options
from cakap.policy.queries import policy_kept
from cakap.programmes.models import Seat, Session

MOST_EVENTS = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One event as the page sends it."""

    seq: int
    kind: str
    item: int
    response: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What was kept of a submitted attempt: a code to quote, and how many items were answered."""

    code: str
    answered: int
    submitted_at: datetime


@transaction.atomic
def sign_in(*, nip: str, pin: str, now: datetime) -> Attempt:
    """Open the seat of this NIP in an open session with this PIN, here and on no other device.

    Signing in again, on this or another machine, goes on where the attempt stands.
    """
    seat = _seat(nip, pin)
    device = secrets.token_hex(16)
    attempt, is_new = Attempt.objects.get_or_create(
        seat=seat,
        defaults={"seed": secrets.randbits(62), "device": device, "signed_in_at": now},
    )
    if not is_new:
        Attempt.objects.filter(pk=attempt.pk).update(device=device)
        attempt.device = device
    _record(attempt, "attempt.sign_in" if is_new else "attempt.resume", now)
    return attempt


def _seat(nip: str, pin: str) -> Seat:
    seats = Seat.objects.filter(
        participant__employee__nip=nip, session__state=Session.State.OPEN
    ).select_related("session__programme__organiser", "participant__employee")
    found = [seat for seat in seats if hmac.compare_digest(seat.session.pin, pin)]
    if not found:
        raise NoSuchSeat
    return found[0]


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
    if attempt.seat.session.state != Session.State.OPEN:
        raise TimeIsUp
    closes = now + timedelta(minutes=attempt.seat.session.form.minutes)
    fresh = Attempt.objects.filter(pk=attempt.pk, begun_at__isnull=True)
    if fresh.update(begun_at=now, closes_at=closes):
        _record(attempt, "attempt.begin", now)
        for section in _pools(attempt.seat.session.form_id):
            _offer(attempt, section, now)
    return Attempt.objects.get(pk=attempt.pk)


@transaction.atomic
def offer_next(*, attempt: Attempt, device: str, section: int, now: datetime) -> Offer | None:
    """The next item of an adaptive section, once the last one is answered; None when it has ended.

    Asking again without an answer gives the same item: a lost reply costs nothing.
    """
    _refuse_other_device(attempt, device)
    if attempt.begun_at is None:
        raise NotBegun
    if _is_over(attempt, now):
        raise TimeIsUp
    if section not in _pools(attempt.seat.session.form_id):
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


@transaction.atomic
def keep_events(
    *, attempt: Attempt, device: str, sent: Sequence[Sent], address: str, now: datetime
) -> int:
    """Append to the log; all of it is kept when this returns, none of it when it raises.

    A page that heard nothing sends again: the same event under the same seq is no news. What
    comes after the end is kept and marked late. Returns the newest seq of this call.
    """
    _refuse_other_device(attempt, device)
    if attempt.begun_at is None or attempt.closes_at is None:
        raise NotBegun
    _refuse_unknown(attempt, sent)
    _refuse_out_of_turn(attempt, sent)
    late = _is_over(attempt, now)
    rows = [
        Event(
            attempt=attempt,
            seq=event.seq,
            kind=event.kind,
            item_id=event.item,
            response=event.response,
            client_at=event.at,
            received_at=now,
            late=late,
            device=device,
            address=address,
        )
        for event in sent
    ]
    Event.objects.bulk_create(rows, ignore_conflicts=True)
    _refuse_other_content(attempt, sent)
    Attempt.objects.filter(pk=attempt.pk).update(seen_at=now)
    return max((event.seq for event in sent), default=0)


def _refuse_other_device(attempt: Attempt, device: str) -> None:
    if not hmac.compare_digest(attempt.device, device):
        raise OtherDevice


def _refuse_unknown(attempt: Attempt, sent: Sequence[Sent]) -> None:
    if len(sent) > MOST_EVENTS:
        message = f"Terlalu banyak jawaban sekaligus: {len(sent)}, paling banyak {MOST_EVENTS}."
        raise BadEvent(message)
    options = _options(attempt.seat.session.form_id)
    for event in sent:
        allowed = options.get(event.item)
        if allowed is None:
            message = f"Butir {event.item} tidak ada dalam ujian ini."
            raise BadEvent(message)
        known = {"", "1"} if event.kind == Event.Kind.FLAG else {"", *allowed}
        if event.kind not in Event.Kind.values or event.response not in known or event.seq < 1:
            message = f"Jawaban nomor urut {event.seq} tidak dikenali."
            raise BadEvent(message)


def _refuse_out_of_turn(attempt: Attempt, sent: Sequence[Sent]) -> None:
    """Of an adaptive section only the newest item may be answered; what is kept already is no news."""
    pools = _pools(attempt.seat.session.form_id)
    own = {version: section for section, pool in pools.items() for version in pool}
    turns = [event for event in sent if event.item in own and event.kind == Event.Kind.ANSWER]
    if not turns:
        return
    newest = {offer.section_id: offer.version_id for offer in attempt.offers.order_by("place")}
    kept = set(
        Event.objects.filter(attempt=attempt, seq__in=[event.seq for event in turns]).values_list(
            "seq", flat=True
        )
    )
    for event in turns:
        if event.seq not in kept and newest.get(own[event.item]) != event.item:
            message = "Soal bagian adaptif hanya dapat dijawab sebelum soal berikutnya diminta."
            raise BadEvent(message)


@lru_cache(maxsize=64)
def _pools(form: int) -> dict[int, frozenset[int]]:
    return adaptive_pools(form)


@lru_cache(maxsize=64)
def _prior(policy_digest: str) -> tuple[float, float]:
    mean, sd = policy_kept(policy_digest)["results.prior"]
    return float(mean), float(sd)


@lru_cache(maxsize=64)
def _options(form: int) -> dict[int, frozenset[str]]:
    """A form in use is frozen, so its options may be remembered by every worker."""
    return form_options(Form.objects.get(pk=form))


@lru_cache(maxsize=64)
def _grace(policy_digest: str) -> timedelta:
    return timedelta(seconds=policy_kept(policy_digest)["sessions.late_grace_seconds"])


def _is_over(attempt: Attempt, now: datetime) -> bool:
    session = attempt.seat.session
    if attempt.submitted_at or session.state != Session.State.OPEN:
        return True
    return attempt.closes_at is None or now > attempt.closes_at + _grace(
        session.programme.policy_digest
    )


def _refuse_other_content(attempt: Attempt, sent: Sequence[Sent]) -> None:
    """An insert that ignores conflicts says nothing of other content: read back and compare."""
    kept = {
        seq: content
        for seq, *content in Event.objects.filter(
            attempt=attempt, seq__in=[event.seq for event in sent]
        ).values_list("seq", "kind", "item_id", "response")
    }
    for event in sent:
        if kept.get(event.seq) != [event.kind, event.item, event.response]:
            message = f"Jawaban lain sudah tersimpan dengan nomor urut {event.seq}."
            raise AnswerConflict(message)


@transaction.atomic
def submit(*, attempt: Attempt, device: str, last_seq: int, now: datetime) -> Receipt:
    """End the attempt, but only when the server holds every event that the page has sent."""
    _refuse_other_device(attempt, device)
    if attempt.begun_at is None:
        raise NotBegun
    state = state_of(attempt)
    held = attempt.events.filter(seq__lte=last_seq).count()
    if held < last_seq:
        message = (
            f"{last_seq - held} dari {last_seq} catatan jawaban belum sampai ke server; "
            "ujian belum diselesaikan."
        )
        raise AnswersMissing(message)
    fresh = Attempt.objects.filter(pk=attempt.pk, submitted_at__isnull=True)
    if fresh.update(submitted_at=now):
        attempt.submitted_at = now
        _record(attempt, "attempt.submit", now, answered=len(state.answers))
    return receipt(attempt, state)


def receipt(attempt: Attempt, state: State) -> Receipt:
    """The receipt of a submitted attempt; the code is made from the answers themselves."""
    if attempt.submitted_at is None:
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
