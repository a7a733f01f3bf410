"""The centre's list of sites, and what people decide about what sites tell."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from cakap.accounts.models import Agency
from cakap.audit.chain import digest
from cakap.audit.services import record
from cakap.delivery.models import (
    AcceptedGap,
    Attempt,
    Event,
    Interruption,
    RecordConflict,
    Site,
    SitePackage,
    WithdrawnPackage,
)
from cakap.delivery.sites.errors import AtASite, BadCard, BadDecision, UnknownSite
from cakap.delivery.sites.identity import Card
from cakap.delivery.sites.log import EVENT
from cakap.delivery.sites.queries import gap_of, lacking_of
from cakap.delivery.sites.receiving import missing_by_seat, standing
from cakap.errors import StalePage
from cakap.programmes.models import Session


@transaction.atomic
def add_site(*, agency: Agency, name: str, card: str, by: str, now: datetime) -> Site:
    """Make a site known; its card decides what is believed of it."""
    text = Card.read(card).text
    try:
        with transaction.atomic():
            row = Site.objects.create(agency=agency, name=name, card=text, added_at=now)
    except IntegrityError as exc:
        message = "Nama atau kartu situs ini sudah terdaftar."
        raise BadCard(message) from exc
    record(
        actor=by, action="site.add", subject=name, agency=agency.code, detail={"card": text},
        now=now,
    )  # fmt: skip
    return row


def refuse_unknown(card: Card) -> None:
    """Raises UnknownSite unless a site with this card is registered here. Reads one row by its index."""
    if not Site.objects.filter(card=card.text).exists():
        raise UnknownSite


def refuse_at_site(session: Session) -> None:
    """Raises AtASite where a session is held at a site: what its room decides is decided there."""
    if SitePackage.objects.filter(session=session).exists():
        raise AtASite


def heard_of(package: SitePackage) -> dict[str, Any]:
    """What has come from the site: attempts and records; how many records are missing, and at which seats."""
    found = standing(package)
    return {
        "attempts": Attempt.objects.filter(seat__session=package.session_id).count(),
        "records": sum(found["held"].values()), "missing": found["missing"],
        "by_seat": {str(seat): n for seat, n in missing_by_seat(package).items()},
    }  # fmt: skip


def _refuse_alone(reason: str, by: str, second: str) -> None:
    if not reason.strip() or not second or second == by:
        raise BadDecision


@transaction.atomic
def withdraw_package(
    *, package: SitePackage, reason: str, by: str, second: str, now: datetime
) -> None:
    """Take a session back from a site, which is heard no more; what it had told stays and counts.

    Then the session may be packed again: for the right site, or for a machine in place of a broken one.
    What is missing then holds scoring back until the site has told it under a new package, or until two
    people decide about it.
    """
    _refuse_alone(reason, by, second)
    # The lock of uploads: what comes at this moment is heard before, or refused.
    held = SitePackage.objects.select_for_update().filter(pk=package.pk).first()
    if held is None:
        raise StalePage
    package, session, heard = held, held.session, heard_of(held)
    WithdrawnPackage.objects.create(
        session=session, site=package.site, edition=package.edition, heard=heard,
        lacking=lacking_of(package, now=now), reason=reason.strip(), by=by, second=second, at=now,
    )  # fmt: skip
    SitePackage.objects.filter(pk=package.pk).delete()
    _let_proctors_go_on(session, now)
    record(
        actor=by, action="site.withdraw", subject=f"sesi {session.pk}",
        agency=session.programme.organiser.code, now=now,
        detail={
            "site": package.site.name, "edition": package.edition, "reason": reason.strip(),
            "second": second, **heard,
        },
    )  # fmt: skip


def _let_proctors_go_on(session: Session, now: datetime) -> None:
    """What stands still at a site that is heard no more is a pause, which a proctor here ends.

    A doubt about that site's clock is settled by nobody any more, and its clock may have been ahead.
    """
    still = session.interruptions.filter(ended_at__isnull=True)
    still.filter(kind=Interruption.Kind.CLOCK).update(kind=Interruption.Kind.PAUSE)
    still.filter(started_at__gt=now).update(started_at=now)


@transaction.atomic
def accept_gap(
    *, session: Session, reason: str, by: str, second: str, now: datetime
) -> AcceptedGap:
    """Decide that a session is scored although these records are missing; another gap is another decision."""
    _refuse_alone(reason, by, second)
    missing = gap_of(session, now=now)
    if not missing:
        message = "Tidak ada catatan yang kurang pada sesi ini."
        raise BadDecision(message)
    row = AcceptedGap.objects.create(
        session=session, missing=missing, reason=reason.strip(), by=by, second=second, at=now,
    )  # fmt: skip
    record(
        actor=by, action="site.accept_gap", subject=f"sesi {session.pk}",
        agency=session.programme.organiser.code, now=now,
        detail={"missing": missing, "reason": reason.strip(), "second": second},
    )  # fmt: skip
    return row


@transaction.atomic
def settle_conflict(
    *, conflict: RecordConflict, choice: str, reason: str, by: str, second: str, now: datetime
) -> None:
    """Decide which of two contents of a record counts; both stay written down."""
    _refuse_alone(reason, by, second)
    if choice not in RecordConflict.Choice.values:
        raise BadDecision
    fresh = RecordConflict.objects.filter(pk=conflict.pk, settled_at__isnull=True).update(
        choice=choice, reason=reason.strip(), by=by, second=second, settled_at=now
    )
    if not fresh:
        message = "Pertentangan ini sudah diputuskan."
        raise BadDecision(message)
    attempt = conflict.attempt
    if choice == RecordConflict.Choice.OTHER:
        values = {name: conflict.other[name] for name in EVENT if name != "seq"}
        Event.objects.filter(attempt=attempt, seq=conflict.seq).update(**values)
        Attempt.objects.filter(pk=attempt.pk).update(amended_at=now)
    record(
        actor=by, action="site.settle", now=now,
        subject=f"sesi {attempt.seat.session_id} kursi {attempt.seat.number} catatan {conflict.seq}",
        agency=attempt.seat.session.programme.organiser.code,
        detail={
            "choice": choice, "kept": digest(conflict.kept), "other": digest(conflict.other),
            "reason": reason.strip(), "second": second,
        },
    )  # fmt: skip
