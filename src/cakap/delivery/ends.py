"""How an exam has ended, and what counts of it: what the exam page is told with each answer and heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from cakap.delivery.clock import Bounds
from cakap.delivery.live import standing_of
from cakap.delivery.models import Attempt, Event
from cakap.delivery.queries import state_of
from cakap.programmes.models import Session

SUBMITTED, CLOSED, CANCELLED, REMOVED, TIME = "submitted", "closed", "cancelled", "removed", "time"
POSTPONED = "postponed"  # no end: it goes on when the session is opened again
REMEMBERED = 10  # seconds for which a worker remembers how many answers count


def end_of(
    *,
    submitted_at: datetime | None,
    session_state: str,
    bounds: Bounds | None,
    now: datetime,
    grace: timedelta,
    removed: bool = False,
) -> str:
    """By what an attempt has ended or waits, empty while it goes on; people's decisions before the time."""
    if session_state == Session.State.CANCELLED:
        return CANCELLED
    if removed:
        return REMOVED
    if submitted_at:
        return SUBMITTED
    time_is_up = bounds is not None and bounds.is_over(now, grace)
    return _BY_STATE.get(session_state) or (TIME if time_is_up else "")


_BY_STATE: dict[str, str] = {Session.State.CLOSED: CLOSED, Session.State.PLANNED: POSTPONED}


def told_of_end(
    attempt: int, by: str, now: datetime, *, starts_at: datetime
) -> dict[str, Any] | None:
    """What the page is told of an end: by what, how many answers count, and the sentence; None if none.

    starts_at: of the session, which a postponed one is told with.
    """
    if not by:
        return None
    answered = counted_answers(attempt, by, int(now.timestamp()) // REMEMBERED)
    return {"by": by, "answered": answered, "message": sentence(by, answered, starts_at)}


@lru_cache(maxsize=20000)
def counted_answers(attempt: int, by: str, tick: int) -> int:
    """How many answers of an attempt count. A closed room asks every few seconds: each worker remembers."""
    del tick
    return 0 if by in {CANCELLED, REMOVED} else len(state_of(Attempt(pk=attempt)).answers)


def sentence(by: str, answered: int, starts_at: datetime) -> str:
    """What a participant reads of an end."""
    sentences = {
        SUBMITTED: _("Ujian sudah diselesaikan. {n} jawaban dihitung."),
        CLOSED: _(
            "Sesi ini sudah ditutup oleh pengawas. {n} jawaban yang tersimpan sebelum itu dihitung; "
            "yang tiba sesudahnya disimpan sebagai bukti dan tidak dihitung."
        ),
        CANCELLED: _(
            "Sesi ini dibatalkan. Jawaban disimpan sebagai bukti dan tidak dihitung; tunggu "
            "pemberitahuan jadwal baru."
        ),
        REMOVED: _(
            "Anda tidak lagi terdaftar pada kursi ini. Jawaban disimpan sebagai bukti dan tidak "
            "dihitung; hubungi pengawas."
        ),
        TIME: _(
            "Waktu ujian sudah habis. {n} jawaban yang tersimpan dihitung; yang tiba sesudahnya "
            "disimpan dan ditandai terlambat."
        ),
        POSTPONED: _(
            "Sesi ini dijadwalkan ulang ke {when}. Jawaban yang tersimpan tetap tersimpan; ujian "
            "dilanjutkan di ruang ujian setelah pengawas membuka sesinya lagi."
        ),
    }
    return str(sentences[by]).format(n=answered, when=day_and_time(starts_at))


def day_and_time(moment: datetime) -> str:
    """A moment as a participant reads it."""
    return f"{timezone.localtime(moment):%d-%m-%Y pukul %H.%M}"


@dataclass(frozen=True, kw_only=True, slots=True)
class StillOpen:
    """Who in a session has not finished, by number of seat; answered: what counts of them.

    begun: attempts that were begun at all. The proctor is asked anew when it has grown.
    """

    working: Sequence[int]
    paused: Sequence[int]
    time_up: Sequence[int]
    waiting: Sequence[int]
    submitted: int
    absent: int
    answered: int
    begun: int

    @property
    def unfinished_seats(self) -> list[int]:
        """The seats of those who have begun and not finished."""
        return [*self.working, *self.paused, *self.time_up]

    @property
    def unfinished(self) -> int:
        """Attempts that were begun and not submitted."""
        return len(self.unfinished_seats)


def still_open(session: Session, *, now: datetime) -> StillOpen:
    """Who would be ended by closing a session now."""
    seats: dict[str, list[int]] = {"working": [], "paused": [], "time_up": [], "waiting": []}
    attempts = Attempt.objects.filter(seat__session=session, set_aside_at__isnull=True)
    begun, submitted = 0, 0
    for attempt in attempts.select_related("seat").order_by("seat__number"):
        begun += attempt.begun_at is not None
        if attempt.submitted_at:
            submitted += 1
        else:
            seats[_standing(attempt, session, now)].append(attempt.seat.number)
    kept = Event.objects.filter(
        attempt__in=attempts.filter(submitted_at__isnull=True), kind=Event.Kind.ANSWER, late=False
    )
    answers = kept.values("attempt", "item").distinct().count()
    return StillOpen(
        **seats, submitted=submitted, answered=answers, begun=begun,
        absent=session.seats.filter(attempt__isnull=True).count(),
    )  # fmt: skip


def _standing(attempt: Attempt, session: Session, now: datetime) -> str:
    if attempt.begun_at is None:
        return "waiting"
    if attempt.paused_at:
        return "paused"
    standing = standing_of(attempt, session, now)
    return standing if standing == "time_up" else "working"
