"""Evidence: answers that were not taken into the log, and what two officers decide about them.

An accepted answer counts as what it is: one given at its machine before what was answered later at
another. Its own number puts it there, since every page numbers its events in a block of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Min

from cakap.audit.services import record
from cakap.delivery.errors import BadEvidenceDecision
from cakap.delivery.models import Attempt, Event, EvidenceDecision, Incident, Stray
from cakap.delivery.protocol import PAGE_SPAN
from cakap.delivery.queries import state_of
from cakap.delivery.services import ended_by, receipt
from cakap.delivery.sites.services import refuse_at_site

COUNTING = (Event.Kind.ANSWER, Event.Kind.FLAG)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """A piece of evidence as an officer sees it: never the answer itself.

    answered_since: the same item was answered later, here or at another machine; that answer stays the
    newest.
    """

    stray: Stray
    workstation: str
    answered_since: bool
    decision: EvidenceDecision | None


def evidence_of(attempt: Attempt) -> list[Evidence]:
    """All that was set aside of an attempt, oldest first."""
    machines = {row.key: row.workstation or row.address for row in attempt.devices.all()}
    newest = dict(
        attempt.events.filter(kind=Event.Kind.ANSWER, late=False)
        .values_list("item")
        .annotate(seq=Max("seq"))
    )
    rows = attempt.strays.select_related("item__item", "decision").order_by("seq", "pk")
    return [
        Evidence(
            stray=row, workstation=machines.get(row.device, row.address),
            answered_since=newest.get(row.item_id or 0, 0) > row.seq,
            decision=getattr(row, "decision", None),
        )
        for row in rows
    ]  # fmt: skip


@transaction.atomic
def decide_evidence(
    *,
    attempt: Attempt,
    strays: Sequence[int],
    accepted: bool,
    reason: str,
    by: str,
    second: str,
    now: datetime,
) -> int:
    """Take the named evidence into the log, or leave it out; how many pieces were decided.

    What was decided before stays decided, and what is no answer of this exam is never taken in: it waits
    to be left out. Raises BadEvidenceDecision without a reason or a second officer, or where nothing is left.
    """
    refuse_at_site(attempt.seat.session)
    if not reason.strip() or not second or second == by:
        raise BadEvidenceDecision
    Attempt.objects.select_for_update().get(pk=attempt.pk)  # one decision after the other
    rows = list(attempt.strays.filter(pk__in=strays, decision__isnull=True).order_by("seq", "pk"))
    if not rows:
        message = "Tidak ada yang dipilih, atau semuanya sudah diputuskan."
        raise BadEvidenceDecision(message)
    if accepted:
        rows = [row for row in rows if row.cause != Stray.Cause.REFUSED]
    if not rows:
        message = "Yang tidak dikenali sebagai jawaban ujian ini tidak dapat dihitung."
        raise BadEvidenceDecision(message)
    before = _code(attempt)
    if accepted:
        for row in rows:
            _take_in(row, now)
        if ended_by(attempt, now):  # what was reckoned from its answers is older than these
            Attempt.objects.filter(pk=attempt.pk).update(amended_at=now)
    decisions = [
        EvidenceDecision(
            stray=row, accepted=accepted, reason=reason.strip(), by=by, second=second, at=now
        )
        for row in rows
    ]
    EvidenceDecision.objects.bulk_create(decisions)
    _write_down(attempt, rows, decisions[0], (before, _code(attempt)))
    return len(rows)


def pending_answers(attempt: Attempt) -> int:
    """How many answers wait for a decision; that an item was shown is no answer."""
    return attempt.strays.filter(decision__isnull=True, kind=Event.Kind.ANSWER).count()


def _take_in(row: Stray, now: datetime) -> None:
    events = Event.objects.filter(attempt=row.attempt_id)
    there = events.filter(seq=row.seq).values_list("kind", "item_id", "response").first()
    if there == (row.kind, row.item_id, row.response):
        return
    seq = row.seq if there is None else _free_number(row)
    if seq is None or row.item_id is None:
        return
    Event.objects.create(
        attempt_id=row.attempt_id, seq=seq, kind=row.kind, item_id=row.item_id,
        response=row.response, client_at=row.client_at, received_at=now, late=False,
        device=row.device, address=row.address,
    )  # fmt: skip


def _free_number(row: Stray) -> int | None:
    """The next free number of the page that the answer was given on, before what was said of the item since.

    None where all of them are taken: what was said since counts, and would whatever came before it.
    """
    end = (row.seq // PAGE_SPAN + 1) * PAGE_SPAN
    since = Event.objects.filter(attempt=row.attempt_id, seq__gt=row.seq, seq__lt=end)
    said = since.filter(kind=row.kind, item=row.item_id, late=False)
    end = said.aggregate(first=Min("seq"))["first"] or end
    taken = set(since.filter(seq__lt=end).values_list("seq", flat=True))
    return next((seq for seq in range(row.seq + 1, end) if seq not in taken), None)


def _code(attempt: Attempt) -> str:
    """Of the receipt that the participant holds, or would get now."""
    return receipt(attempt, state_of(attempt)).code if attempt.begun_at else ""


def _write_down(
    attempt: Attempt, rows: Sequence[Stray], decided: EvidenceDecision, codes: tuple[str, str]
) -> None:
    """In the minutes for people, in the audit log with the numbers. codes: of the receipt, before and now."""
    by, second, reason = decided.by, decided.second, decided.reason
    accepted, now = decided.accepted, decided.at
    session = attempt.seat.session
    word = "diterima" if accepted else "tidak diterima"
    changed = ""
    if codes[0] != codes[1]:
        changed = f". Kode tanda terima berubah dari {codes[0]} menjadi {codes[1]}."
    answers = sum(row.kind == Event.Kind.ANSWER for row in rows)
    text = f"{answers} jawaban bukti {word} oleh {by} dan {second}: {reason.rstrip('.')}"
    Incident.objects.create(
        session=session,
        seat=attempt.seat,
        by=by,
        at=now,
        text=text[: 1000 - len(changed)] + changed,
    )
    record(
        actor=by, action="evidence.accept" if accepted else "evidence.leave_out", now=now,
        subject=f"sesi {session.pk} kursi {attempt.seat.number}",
        agency=session.programme.organiser.code,
        detail={
            "attempt": attempt.pk, "second": second, "reason": reason,
            "events": [[row.device, row.seq, row.digest] for row in rows], "codes": list(codes),
        },
    )  # fmt: skip
