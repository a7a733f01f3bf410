"""Late marks, corrected by decision: rows of the log keep their mark, and whoever counts asks here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from cakap.audit.services import record
from cakap.delivery.errors import BadReopening
from cakap.delivery.models import Attempt, Event, Incident, LateCorrection
from cakap.delivery.sites.services import refuse_at_site
from cakap.programmes.models import Session


@dataclass(frozen=True, slots=True)
class LateMarks:
    """Decisions by attempt, oldest first: since, until, whether what was received then counts."""

    decisions: Mapping[int, Sequence[tuple[datetime, datetime, bool]]]

    def is_late(self, attempt: int, received_at: datetime, *, late: bool) -> bool:
        """Whether an event counts as late: by its mark, or by the newest decision about it."""
        for since, until, counts in reversed(self.decisions.get(attempt, ())):
            if since <= received_at <= until:
                return not counts
        return late


def late_marks(attempts: Iterable[int] | None = None) -> LateMarks:
    """The decisions about these attempts, or about all. One query where nothing was decided."""
    rows = LateCorrection.objects.order_by("pk")  # not by the clock, which may have been put back
    found: dict[int, list[tuple[datetime, datetime, bool]]] = {}
    wanted = None if attempts is None else set(attempts)
    for row in rows:
        whose = [row.attempt_id] if row.attempt_id else _attempts_of(row.session_id)
        for attempt in whose:
            if wanted is None or attempt in wanted:
                found.setdefault(attempt, []).append((row.since, row.until, row.counts))
    return LateMarks(found)


def _attempts_of(session: int) -> list[int]:
    return list(Attempt.objects.filter(seat__session=session).values_list("pk", flat=True))


def _turned(events: QuerySet[Event], *, counts: bool) -> set[int]:
    """The attempts of which an event counts, or does not, otherwise than was decided so far."""
    rows = list(events.values_list("attempt", "received_at", "late").distinct())
    marks = late_marks(attempt for attempt, _at, _late in rows)
    return {
        attempt
        for attempt, received_at, late in rows
        if marks.is_late(attempt, received_at, late=late) == counts
    }


@transaction.atomic
def correct_late_marks(
    *,
    session: Session,
    attempt: Attempt | None,
    since: datetime,
    until: datetime,
    counts: bool,
    reason: str,
    by: str,
    second: str,
    now: datetime,
) -> LateCorrection:
    """Decide that answers received in a span count, or do not; the log itself stays as it is.

    Raises BadReopening without a reason or a second officer, or where the span ends before it starts.
    """
    refuse_at_site(session)
    if not reason.strip() or not second or second == by:
        raise BadReopening
    if until < since:
        message = "Rentang waktu ini berakhir sebelum mulai; periksa sejak kapan dan sampai kapan."
        raise BadReopening(message)
    events = Event.objects.filter(
        attempt__seat__session=session, received_at__gte=since, received_at__lte=until
    )
    amended = _turned(events.filter(attempt=attempt) if attempt else events, counts=counts)
    Attempt.objects.filter(pk__in=amended).update(amended_at=now)
    row = LateCorrection.objects.create(
        session=session, attempt=attempt, since=since, until=until, counts=counts,
        reason=reason.strip(), by=by, second=second, at=now,
    )  # fmt: skip
    word = "dihitung" if counts else "tidak dihitung"
    Incident.objects.create(
        session=session, seat=attempt.seat if attempt else None, by=by, at=now,
        text=f"Jawaban yang diterima dalam rentang waktu diputuskan {word} oleh {by} dan {second}: "
        f"{reason.strip()}"[:900] + " Kode tanda terima ikut berubah.",
    )  # fmt: skip
    record(
        actor=by, action="answers.correct_late", subject=f"sesi {session.pk}", now=now,
        agency=session.programme.organiser.code,
        detail={
            "seat": attempt.seat.number if attempt else 0, "since": since.isoformat(),
            "until": until.isoformat(), "counts": counts, "reason": reason.strip(),
            "second": second,
        },
    )  # fmt: skip
    return row
