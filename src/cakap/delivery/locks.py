"""Wrong PINs at the entrance of an exam: how many are looked at, who is held, and letting them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from cakap.accounts.guesses import Guess, Held, Limits, lift, wrong_at
from cakap.audit.services import record
from cakap.delivery.policy import policy_of
from cakap.policy.book import Policy, default_rules
from cakap.programmes.models import Seat, Session
from cakap.ui.addresses import subscriber_of

OUTSIDE = "ujian"  # the scope of tries at which no seat was looked at
SOURCES_OF_A_ROOM = 5  # so many sessions' wrong guesses an address may have in all


def scope_of(session: int) -> str:
    """What wrong PINs of a session are counted under."""
    return f"sesi {session}"


def try_at(seats: Iterable[Seat], nip: str, address: str) -> Guess:
    """A try with this NIP from this address at these seats; at none where none was looked at."""
    scopes = tuple(scope_of(seat.session_id) for seat in seats) or (OUTSIDE,)
    return Guess(source=subscriber_of(address), scopes=scopes, who=nip)


def limits_of(session: Session, now: datetime) -> Callable[[], Limits]:
    """The limits in force for a session, read when asked for: a crowd that makes no mistake never does."""
    return lambda: _limits(policy_of(session, timezone.localdate(now)))


def shipped_limits() -> Limits:
    """The limits where no agency is known."""
    return _limits(Policy(default_rules()))


def _limits(policy: Policy) -> Limits:
    per_scope = max(1, policy["sessions.wrong_pins_per_address"])
    return Limits(
        per_person=max(1, policy["sessions.wrong_pins_per_person"]),
        per_scope=per_scope,
        per_source=per_scope * SOURCES_OF_A_ROOM,
        window=timedelta(minutes=max(1, policy["sessions.wrong_pins_minutes"])),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongAtSeat:
    """A participant under whose NIP wrong PINs were typed, from where, and whether that is held."""

    seat: Seat
    held: Held


def wrong_pins(session: Session, *, now: datetime, seat: Seat | None = None) -> list[WrongAtSeat]:
    """Under whose NIP wrong PINs were typed lately, the held first."""
    found = wrong_at(scope_of(session.pk), limits_of(session, now)(), now=now)
    if not found:
        return []
    rows = session.seats.filter(participant__employee__nip__in=[row.who for row in found])
    seats = {
        one.participant.employee.nip: one for one in rows.select_related("participant__employee")
    }
    return [
        WrongAtSeat(seat=seats[row.who], held=row)
        for row in found
        if row.who in seats and (seat is None or seats[row.who].pk == seat.pk)
    ]


@transaction.atomic
def lift_locks(*, session: Session, seat: Seat | None = None, by: str, now: datetime) -> int:
    """Forget the wrong PINs of one seat, or of a whole session; how many there were."""
    who = seat.participant.employee.nip if seat else ""
    lifted = lift(scopes=[scope_of(session.pk)], who=who)
    record(
        actor=by, action="session.lift_locks", subject=f"sesi {session.pk}", now=now,
        agency=session.programme.organiser.code,
        detail={"seat": seat.number if seat else 0, "wrong_pins": lifted},
    )  # fmt: skip
    return lifted
