"""Open bidding from the announcement to the appointment."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from cakap.accounts.models import Agency
from cakap.audit.services import record
from cakap.placement.eligibility import reasons_against
from cakap.policy.book import Policy
from cakap.policy.queries import policy_in_force, policy_kept
from cakap.policy.services import keep_policy
from cakap.registry.models import Employee, Position
from cakap.registry.queries import empty_seats, records
from cakap.registry.services import appoint
from cakap.selection.errors import (
    BadScore,
    NotNominated,
    NotTyped,
    NotVacant,
    ReasonMissing,
    ScoresMissing,
    StageAheadOpen,
    TooFewCandidates,
    WrongStage,
)
from cakap.selection.models import (
    Application,
    Bidding,
    Decision,
    Nomination,
    StageClosure,
    StageScore,
)
from cakap.selection.queries import (
    UNDER_WAY,
    Ranked,
    competence_stage,
    ranking,
    stage_of,
    stages_left_open,
)


@transaction.atomic
def announce(*, position: Position, text: str, on: date, actor: str, now: datetime) -> Bidding:
    """Open a vacant post for applications; refused while a stage ahead of it is open."""
    agency = position.agency
    policy = policy_in_force(agency=agency.code, on=on)
    if position.pk not in empty_seats(agency, on=on):
        raise NotVacant
    ahead = stages_left_open(agency, policy, before=stage_of(position.tier, policy))
    if ahead:
        message = f"Tahap {ahead[0]} belum ditutup; {position.title} diisi sesudahnya."
        raise StageAheadOpen(message)
    if position.biddings.filter(state__in=UNDER_WAY).exists():
        message = f"Seleksi untuk {position.title} sedang berjalan."
        raise WrongStage(message)
    row = Bidding.objects.create(
        position=position,
        announced_on=on,
        closes_on=on + timedelta(days=policy["selection.announcement_days"]),
        text=text,
        policy_digest=keep_policy(policy),
    )
    _record(row, "bidding.announce", position.code, actor, now, closes=row.closes_on)
    return row


@transaction.atomic
def apply(
    *, bidding: Bidding, employee: Employee, on: date, actor: str, now: datetime
) -> Application:
    """Put oneself forward, within the time of the announcement."""
    if (
        bidding.state != Bidding.State.ANNOUNCED
        or not bidding.announced_on <= on <= bidding.closes_on
    ):
        message = (
            f"Lamaran diterima {bidding.announced_on:%d-%m-%Y} sampai {bidding.closes_on:%d-%m-%Y}."
        )
        raise WrongStage(message)
    row, new = Application.objects.get_or_create(
        bidding=bidding, employee=employee, defaults={"applied_at": now}
    )
    if new:
        _record(bidding, "bidding.apply", employee.nip, actor, now)
    return row


@transaction.atomic
def check_requirements(*, bidding: Bidding, on: date, actor: str, now: datetime) -> int:
    """After the closing day: admit or refuse everybody, each with the reason. Returns how many in.

    With fewer admitted than policy asks, the bidding goes no further until it is cancelled.
    """
    if bidding.state != Bidding.State.ANNOUNCED:
        raise WrongStage
    if on <= bidding.closes_on:
        message = f"Pengumuman masih berjalan sampai {bidding.closes_on:%d-%m-%Y}."
        raise WrongStage(message)
    policy = policy_kept(bidding.policy_digest)
    known = records(bidding.position.agency, on=bidding.closes_on)
    admitted = 0
    for row in bidding.applications.select_related("employee"):
        reasons = reasons_against(
            known[row.employee_id], bidding.position.tier, policy, on=bidding.closes_on
        )
        standing = Application.Standing.REFUSED if reasons else Application.Standing.ADMITTED
        admitted += not reasons
        Application.objects.filter(pk=row.pk).update(
            standing=standing, reason="; ".join(reasons) or "memenuhi seluruh syarat"
        )
    _refuse_too_few(admitted, policy["selection.min_candidates"])
    _move(bidding, Bidding.State.ASSESSING)
    _record(bidding, "bidding.check", bidding.position.code, actor, now, admitted=admitted)
    return admitted


def _refuse_too_few(admitted: int, least: int) -> None:
    if admitted < least:
        message = (
            f"{admitted} pelamar memenuhi syarat; diperlukan sedikitnya {least}. "
            "Perpanjang pengumuman atau batalkan seleksi."
        )
        raise TooFewCandidates(message)


@transaction.atomic
def extend(*, bidding: Bidding, closes_on: date, actor: str, now: datetime) -> None:
    """Give an announcement more days, when too few came."""
    if bidding.state != Bidding.State.ANNOUNCED or closes_on <= bidding.closes_on:
        raise WrongStage
    Bidding.objects.filter(pk=bidding.pk).update(closes_on=closes_on)
    bidding.closes_on = closes_on
    _record(bidding, "bidding.extend", bidding.position.code, actor, now, closes=closes_on)


@transaction.atomic
def score_stage(
    *, application: Application, stage: str, score: float, actor: str, now: datetime
) -> None:
    """Write down what an admitted applicant reached in one stage; never in the competence stage."""
    bidding = application.bidding
    if (
        bidding.state != Bidding.State.ASSESSING
        or application.standing != Application.Standing.ADMITTED
    ):
        raise WrongStage
    policy = policy_kept(bidding.policy_digest)
    if stage == competence_stage(policy):
        raise NotTyped
    if stage not in policy["selection.stage_weights"]:
        message = f"Tahap {stage} tidak ada pada seleksi ini."
        raise WrongStage(message)
    if not 0 <= score <= 100:
        raise BadScore
    StageScore.objects.update_or_create(
        application=application, stage=stage, defaults={"score": score}
    )
    _record(
        bidding, "bidding.score", f"{application.employee.nip} {stage}", actor, now, score=score
    )


@transaction.atomic
def nominate(*, bidding: Bidding, actor: str, now: datetime) -> list[Nomination]:
    """Put the best names before the decision maker; the ranking is frozen by this.

    The competence scores are kept with the results that they were read from on this day.
    """
    if bidding.state != Bidding.State.ASSESSING:
        raise WrongStage
    policy = policy_kept(bidding.policy_digest)
    ranked = ranking(bidding, on=timezone.localdate(now))
    _refuse_too_few(len(ranked), policy["selection.min_candidates"])
    _refuse_incomplete(ranked, policy)
    for row in ranked:
        if row.competence.result is not None and row.competence.score is not None:
            StageScore.objects.update_or_create(
                application=row.application, stage=competence_stage(policy),
                defaults={"score": row.competence.score, "result": row.competence.result},
            )  # fmt: skip
    rows = Nomination.objects.bulk_create(
        Nomination(bidding=bidding, application=row.application, rank=rank, total=row.total or 0.0)
        for rank, row in enumerate(ranked[: policy["selection.shortlist"]], start=1)
    )
    _move(bidding, Bidding.State.PROPOSED)
    _record(bidding, "bidding.nominate", bidding.position.code, actor, now, names=len(rows))
    return rows


def _refuse_incomplete(ranked: list[Ranked], policy: Policy) -> None:
    """Name everybody without a score in a stage that counts, and the stage."""
    stages = list(policy["selection.stage_weights"])
    lacking = []
    for row in ranked:
        absent = [stage for stage in stages if stage not in row.scores]
        words = [
            f"{stage} – {row.competence.source}" if stage == competence_stage(policy) else stage
            for stage in absent
        ]
        if words:
            lacking.append(f"{row.application.employee.name} ({'; '.join(words)})")
    if lacking:
        message = f"Nilai belum lengkap: {', '.join(lacking)}."
        raise ScoresMissing(message)


@transaction.atomic
def decide(
    *,
    bidding: Bidding,
    nomination: Nomination,
    reason: str,
    decree: str,
    start: date,
    actor: str,
    now: datetime,
) -> Decision:
    """The decision maker chooses any of the names; the appointment follows at once."""
    if bidding.state != Bidding.State.PROPOSED:
        raise WrongStage
    if nomination.bidding_id != bidding.pk:
        raise NotNominated
    if not reason.strip() or not decree.strip():
        raise ReasonMissing
    row = Decision.objects.create(
        bidding=bidding, nomination=nomination, reason=reason, decree=decree,
        decided_by=actor, decided_at=now,
    )  # fmt: skip
    appoint(
        employee=nomination.application.employee, position=bidding.position, start=start,
        decree=decree, actor=actor, now=now,
    )  # fmt: skip
    _move(bidding, Bidding.State.DECIDED)
    _record(
        bidding, "bidding.decide", nomination.application.employee.nip, actor, now,
        rank=nomination.rank, reason=reason, decree=decree,
    )  # fmt: skip
    return row


@transaction.atomic
def cancel(*, bidding: Bidding, reason: str, actor: str, now: datetime) -> None:
    """End a bidding without a choice, with the reason; its history stays."""
    if bidding.state not in UNDER_WAY:
        raise WrongStage
    if not reason.strip():
        raise ReasonMissing
    Bidding.objects.filter(pk=bidding.pk).update(state=Bidding.State.CANCELLED, reason=reason)
    _record(bidding, "bidding.cancel", bidding.position.code, actor, now, reason=reason)


@transaction.atomic
def close_stage(*, agency: Agency, stage: int, reason: str, actor: str, now: datetime) -> None:
    """Declare a stage of filling posts closed; refused while one of its biddings is under way."""
    policy = policy_in_force(agency=agency.code, on=timezone.localdate(now))
    stages = policy["selection.stages"]
    if not 1 <= stage <= len(stages) or not reason.strip():
        raise ReasonMissing
    busy = Bidding.objects.filter(
        position__agency=agency, position__tier__in=stages[stage - 1], state__in=UNDER_WAY
    ).first()
    if busy:
        message = f"Seleksi untuk {busy.position.title} masih berjalan."
        raise StageAheadOpen(message)
    StageClosure.objects.get_or_create(
        agency=agency,
        stage=stage,
        defaults={"closed_on": timezone.localdate(now), "reason": reason},
    )
    record(
        actor=actor, action="stage.close", subject=f"tahap {stage}", agency=agency.code,
        detail={"reason": reason}, now=now,
    )  # fmt: skip


def _move(bidding: Bidding, state: Bidding.State) -> None:
    Bidding.objects.filter(pk=bidding.pk).update(state=state)
    bidding.state = state


def _record(
    bidding: Bidding, action: str, subject: str, actor: str, now: datetime, **detail: object
) -> None:
    record(
        actor=actor, action=action, subject=subject, agency=bidding.position.agency.code,
        detail={"bidding": bidding.pk, **detail}, now=now,
    )  # fmt: skip
