from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet

from cakap.delivery.late_marks import LateMarks, late_marks
from cakap.delivery.models import Attempt, Event, Offer
from cakap.delivery.state import Happened, State, fold
from cakap.itembank.models import FormItem
from cakap.jobs.services import in_blocks
from cakap.policy.queries import policy_kept
from cakap.programmes.models import Programme, Seat, Session

# Most of a log may only tell of the sitting (an item shown, the page left): sheets need none of it.
COUNTED = (Event.Kind.ANSWER, Event.Kind.FLAG)


def session_of(seat: Seat) -> Session:
    """The session of a seat as it stands now, with all that the door and the paper ask of it."""
    return Session.objects.select_related("programme__organiser", "form", "room").get(
        pk=seat.session_id
    )


def rule_of(session: Session, key: str) -> Any:
    """The value of a rule as a session's programme keeps it; None before it is kept, or before the rule."""
    digest = session.programme.policy_digest
    return policy_kept(digest).get(key) if digest else None


def state_of(attempt: Attempt) -> State:
    """Where an attempt stands, from its log."""
    marks = late_marks([attempt.pk])
    rows = attempt.events.values_list(
        "attempt_id", "seq", "kind", "item_id", "response", "late", "received_at"
    )
    return fold(_happened(row, marks) for row in rows)


Row = tuple[int, int, str, int, str, bool, datetime]


def _happened(row: Row, marks: LateMarks) -> Happened:
    attempt, seq, kind, item, response, late, received_at = row
    if marks.decisions:
        late = marks.is_late(attempt, received_at, late=late)
    return Happened(seq=seq, kind=kind, item=item, response=response, late=late)


def finished_attempts(programme: Programme, *, now: datetime) -> QuerySet[Attempt]:
    """Attempts that can change no more and count: submitted, out of time, or of a closed session.

    What was set aside (retested, removed) or belongs to a cancelled session counts no more.
    """
    return _finished(now).filter(seat__session__programme=programme)


def ended_attempts(session: Session, *, now: datetime) -> QuerySet[Attempt]:
    """Attempts of a session that can change no more, of a rehearsal too."""
    return _ended(now).filter(seat__session=session)


def _finished(now: datetime) -> QuerySet[Attempt]:
    # A rehearsal is nobody's exam: whatever asks for what was finished asks here.
    return _ended(now).filter(seat__session__is_rehearsal=False)


def _ended(now: datetime) -> QuerySet[Attempt]:
    return Attempt.objects.filter(
        Q(submitted_at__lte=now)
        | Q(closes_at__lt=now, paused_at__isnull=True, seat__session__state=Session.State.OPEN)
        | Q(seat__session__state=Session.State.CLOSED, begun_at__isnull=False),
        set_aside_at__isnull=True,
    ).exclude(seat__session__state=Session.State.CANCELLED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One participant's answers: item version -> option; offered: what adaptive sections gave."""

    participant: int
    form: int
    answers: dict[int, str]
    offered: frozenset[int]


def finished_sheets(programme: Programme, *, now: datetime) -> Iterator[Sheet]:
    """The answers of every finished attempt. One query; people with two sittings come twice."""
    attempts = {
        pk: (participant, form)
        for pk, participant, form in finished_attempts(programme, now=now).values_list(
            "pk", "seat__participant_id", "seat__session__form_id"
        )
    }
    rows = (
        Event.objects.filter(attempt__seat__session__programme=programme, kind__in=COUNTED)
        .order_by("attempt_id", "seq")
        .values_list("attempt_id", "seq", "kind", "item_id", "response", "late", "received_at")
    )
    marks = late_marks()
    offered = _offered(attempts)
    seen = set()
    for attempt, own in groupby(rows.iterator(chunk_size=20000), key=lambda row: row[0]):
        if attempt in attempts:
            seen.add(attempt)
            yield _sheet(attempts[attempt], own, offered.get(attempt, NOTHING), marks)
    for attempt in attempts.keys() - seen:
        yield _sheet(attempts[attempt], (), offered.get(attempt, NOTHING), marks)


NOTHING: frozenset[int] = frozenset()


def _offered(attempts: Iterable[int]) -> dict[int, frozenset[int]]:
    """Attempt -> what its adaptive sections gave."""
    found: dict[int, set[int]] = {}
    for block in in_blocks(list(attempts), 500):
        rows = Offer.objects.filter(attempt__in=block)
        for attempt, version in rows.values_list("attempt_id", "version_id"):
            found.setdefault(attempt, set()).add(version)
    return {attempt: frozenset(versions) for attempt, versions in found.items()}


def _sheet(
    whose: tuple[int, int],
    rows: Iterable[Row],
    offered: frozenset[int],
    marks: LateMarks,
) -> Sheet:
    participant, form = whose
    answers = dict(fold(_happened(row, marks) for row in rows).answers)
    return Sheet(participant=participant, form=form, answers=answers, offered=offered)


def stored_answers(programmes: Iterable[Programme]) -> int:
    """How many answer events lie in the log of these programmes."""
    return Event.objects.filter(
        attempt__seat__session__programme__in=list(programmes),
        kind=Event.Kind.ANSWER,
        attempt__seat__session__is_rehearsal=False,
    ).count()


def present_participants(programme: Programme) -> set[int]:
    """Participants who signed in to a sitting."""
    rows = Attempt.objects.filter(
        seat__session__programme=programme, seat__session__is_rehearsal=False
    )
    return set(rows.values_list("seat__participant_id", flat=True))


def finished_participants(programme: Programme, *, now: datetime) -> set[int]:
    """Participants whose sitting is over and who had begun it."""
    rows = finished_attempts(programme, now=now)
    return set(rows.values_list("seat__participant_id", flat=True))


def set_aside_participants(programme: Programme, *, now: datetime) -> set[int]:
    """Participants of whom a sitting was set aside and none that counts is over."""
    rows = Attempt.objects.filter(
        seat__session__programme=programme, seat__session__is_rehearsal=False,
        set_aside_at__isnull=False,
    )  # fmt: skip
    return set(rows.values_list("seat__participant_id", flat=True)) - finished_participants(
        programme, now=now
    )


def finished_forms_with(versions: Iterable[int], *, now: datetime) -> list[Sheet]:
    """Every finished attempt at a form that holds one of these item versions, oldest first."""
    forms = FormItem.objects.filter(version__in=list(versions)).values("section__form")
    attempts = {
        pk: (participant, form)
        for pk, participant, form in _finished(now)
        .filter(seat__session__form__in=forms)
        .values_list("pk", "seat__participant_id", "seat__session__form_id")
    }
    found: dict[int, list[Happened]] = {pk: [] for pk in sorted(attempts)}
    rows = Event.objects.filter(
        attempt__in=_finished(now), attempt__seat__session__form__in=forms, kind__in=COUNTED
    )
    marks = late_marks()
    for row in rows.values_list(
        "attempt_id", "seq", "kind", "item_id", "response", "late", "received_at"
    ).iterator(chunk_size=20000):
        if row[0] in found:
            found[row[0]].append(_happened(row, marks))
    offered = _offered(found)
    return [
        Sheet(
            participant=attempts[pk][0],
            form=attempts[pk][1],
            answers=dict(fold(own).answers),
            offered=offered.get(pk, NOTHING),
        )
        for pk, own in found.items()
    ]
