"""What of a programme's sessions at sites is not here yet, or not agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from cakap.delivery.models import Attempt, RecordConflict, SitePackage
from cakap.delivery.sites.receiving import missing_by_seat
from cakap.programmes.models import Programme, Session


@dataclass(frozen=True, kw_only=True, slots=True)
class Incomplete:
    """A session whose records must not be scored yet. missing: seat number -> records; conflicts: how many
    are not settled; overdue: seats whose time is over while the site has not told how they ended."""

    session: Session
    site: str
    missing: Mapping[int, int]
    conflicts: int
    overdue: list[int]

    def __str__(self) -> str:
        start = timezone.localtime(self.session.starts_at)
        parts = [f"kursi {seat} kurang {n} catatan" for seat, n in self.missing.items()]
        if self.conflicts:
            parts.append(f"{self.conflicts} catatan bertentangan")
        if self.overdue:
            seats = ", ".join(map(str, self.overdue))
            parts.append(f"kursi {seats}: situs belum mengabarkan akhirnya")
        where = f"di situs {self.site}" if self.site else ""
        return f"{self.session.room.name} {start:%d-%m-%Y %H.%M} {where}: {'; '.join(parts)}"


def incomplete_sessions(programme: Programme, *, now: datetime) -> list[Incomplete]:
    """Sessions of a programme with records missing, contradicting or overdue, less what was decided.

    What is done in a rehearsal reaches no result, so nothing of it is waited for.
    """
    packages = SitePackage.objects.filter(session__programme=programme, session__is_rehearsal=False)
    found = [
        _incomplete(package, now)
        for package in packages.select_related("site", "session__room").order_by("session")
    ]
    held = {package.session_id for package in packages}
    found += [
        Incomplete(session=session, site="", missing={}, conflicts=n, overdue=[])
        for session in programme.sessions.filter(is_rehearsal=False)
        .exclude(pk__in=held)
        .select_related("room")
        if (n := _conflicts(session))
    ]
    return [one for one in found if one.missing or one.conflicts or one.overdue]


def _incomplete(package: SitePackage, now: datetime) -> Incomplete:
    session = package.session
    missing, overdue = missing_by_seat(package), _overdue(package, now)
    decided = session.accepted_gaps.order_by("-pk").first()  # the clock may have been put back
    if decided and decided.missing == _gap(missing, overdue):
        missing, overdue = {}, []
    return Incomplete(
        session=session, site=package.site.name, missing=missing,
        conflicts=_conflicts(session), overdue=overdue,
    )  # fmt: skip


def gap_of(package: SitePackage, *, now: datetime) -> dict[str, int]:
    """Seat number -> records missing, 0 where it is not known how the seat ended: for two to decide."""
    return _gap(missing_by_seat(package), _overdue(package, now))


def _gap(missing: Mapping[int, int], overdue: list[int]) -> dict[str, int]:
    return {str(seat): n for seat, n in sorted({**dict.fromkeys(overdue, 0), **missing}.items())}


def _conflicts(session: Session) -> int:
    return RecordConflict.objects.filter(
        attempt__seat__session=session, settled_at__isnull=True
    ).count()


def _overdue(package: SitePackage, now: datetime) -> list[int]:
    """Seats that have ended by our clock alone: the site may have records of them that it has not named.

    All that were not submitted, where the session's time is over, it is not closed, and what the site told
    last is of a moment before.
    """
    session = package.session
    if session.state not in Session.LIVE:
        return []
    unended = session.seats.exclude(attempt__submitted_at__isnull=False)
    if session.ends_at >= now or _heard_after(package, session.ends_at):
        unended = unended.filter(attempt__paused_at__isnull=True, attempt__closes_at__lt=now)
    return sorted(unended.values_list("number", flat=True))


def _heard_after(package: SitePackage, moment: datetime) -> bool:
    """Whether the site has told how it stood after this moment; its clock alone proves nothing."""
    if package.heard_at is None:
        return False
    return min(package.as_of or package.heard_at, package.heard_at) > moment


def amended_participants(programme: Programme, *, since: datetime) -> set[int]:
    """Participants of whom answers were added or changed after this moment otherwise than by the exam."""
    rows = Attempt.objects.filter(
        seat__session__programme=programme, seat__session__is_rehearsal=False, amended_at__gt=since
    )
    return set(rows.values_list("seat__participant_id", flat=True))
