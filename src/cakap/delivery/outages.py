"""When a whole room fell silent: from the silences of its attempts, not from who came back first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cakap.delivery.models import Attempt, Event, Silence
from cakap.programmes.models import Session

# A page is heard every 15 seconds, so three that were missed are no accident.
SILENT_AFTER = timedelta(seconds=45)
# How long an attempt's row may say nothing of answers: writing it anew for each costs more than the answer.
SEEN_AGAIN = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """since: the last sign of life before it; until: when somebody was heard again, None if not yet."""

    since: datetime
    until: datetime | None


def note_silences(seen: Mapping[int, datetime | None], *, now: datetime) -> None:
    """Write down of attempts that are heard again how long they were not. seen: when each was heard last."""
    silent = {
        attempt: last
        for attempt, last in seen.items()
        if last is not None and now - last > SILENT_AFTER
    }
    found = [
        Silence(attempt_id=attempt, since=last, until=now)
        for attempt, last in last_heard(silent, now=now).items()
    ]
    if found:
        Silence.objects.bulk_create(found, ignore_conflicts=True)


def last_heard(seen: Mapping[int, datetime], *, now: datetime) -> dict[int, datetime]:
    """Attempt -> its last sign of life: an answer may be newer than what its row says (`SEEN_AGAIN`)."""
    if not seen:
        return {}
    answers = Event.objects.filter(
        attempt__in=list(seen), received_at__gt=min(seen.values()), received_at__lt=now
    )
    heard = dict(seen)
    for attempt, at in answers.values_list("attempt", "received_at").distinct():
        if at <= seen[attempt] + SEEN_AGAIN:
            heard[attempt] = max(heard[attempt], at)
    return heard


def outages(session: Session, *, now: datetime) -> list[Outage]:
    """Times in which nobody of a room who was at work was heard, the newest first."""
    attempts = list(
        Attempt.objects.filter(seat__session=session, begun_at__isnull=False, seen_at__isnull=False)
    )
    gaps: dict[int, list[Outage]] = {attempt.pk: [] for attempt in attempts}
    for row in Silence.objects.filter(attempt__in=gaps):
        gaps[row.attempt_id].append(Outage(since=row.since, until=row.until))
    silent = {
        attempt.pk: attempt.seen_at
        for attempt in attempts
        if attempt.seen_at and not attempt.submitted_at and now - attempt.seen_at > SILENT_AFTER
    }
    for pk, since in last_heard(silent, now=now).items():
        gaps[pk].append(Outage(since=since, until=None))
    ends = {gap.until or now for own in gaps.values() for gap in own}
    found = (_outage_before(end, attempts, gaps, now) for end in sorted(ends, reverse=True))
    return list(dict.fromkeys(one for one in found if one))


def _outage_before(
    end: datetime, attempts: Iterable[Attempt], gaps: Mapping[int, list[Outage]], now: datetime
) -> Outage | None:
    """The silence of all that ends here: None where somebody was heard shortly before."""
    since: datetime | None = None
    until: datetime | None = None
    for attempt in attempts:
        begun, ended = attempt.begun_at, attempt.submitted_at
        if begun is None or begun >= end:
            continue
        covering = [gap for gap in gaps[attempt.pk] if gap.since < end <= (gap.until or now)]
        if covering:
            since = max(since or covering[0].since, covering[0].since)
            if covering[0].until:
                until = min(until or covering[0].until, covering[0].until)
        elif ended and ended < end:
            since = since or None
        else:
            return None
    if since is None or end - since <= SILENT_AFTER:
        return None
    return Outage(since=since, until=until)


def last_outage(session: Session, *, now: datetime) -> Outage | None:
    """The newest of them."""
    return next(iter(outages(session, now=now)), None)
