"""What of a programme's sessions at sites is not here yet, or not agreed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from cakap.delivery.models import Attempt, RecordConflict, SitePackage
from cakap.delivery.sites.receiving import lacking
from cakap.delivery.sites.runs import Runs, joined, total
from cakap.programmes.models import Programme, Seat, Session


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
    sessions = programme.sessions.filter(is_rehearsal=False).order_by("pk")
    rows = sessions.select_related("room", "at_site__site")
    found = [
        _incomplete(session, now) for session in rows.prefetch_related("withdrawn_packages__site")
    ]
    return [one for one in found if one.missing or one.conflicts or one.overdue]


def _incomplete(session: Session, now: datetime) -> Incomplete:
    package, withdrawn = _package(session), session.withdrawn_packages.all()
    missing, overdue = _missing(session, now)
    if missing or overdue:
        decided = session.accepted_gaps.order_by("-pk").first()  # the clock may have been put back
        if decided and decided.missing == _gap(missing, overdue):
            missing, overdue = {}, []
    sites = [package.site.name] if package else []
    sites += [row.site.name for row in withdrawn if row.lacking]
    return Incomplete(
        session=session, site=", ".join(dict.fromkeys(sites)), missing=missing,
        conflicts=_conflicts(session), overdue=overdue,
    )  # fmt: skip


def gap_of(session: Session, *, now: datetime) -> dict[str, int]:
    """Seat number -> records missing, 0 where it is not known how the seat ended: for two to decide.

    Also what was missing of a package when it was withdrawn: that it was taken back decides nothing of it.
    """
    return _gap(*_missing(session, now))


def _gap(missing: Mapping[int, int], overdue: list[int]) -> dict[str, int]:
    return {str(seat): n for seat, n in sorted({**dict.fromkeys(overdue, 0), **missing}.items())}


def lacking_of(package: SitePackage, *, now: datetime) -> dict[str, Runs]:
    """What a package that is withdrawn leaves open, by the rows of seats: see WithdrawnPackage."""
    overdue = _overdue(package, now).values_list("pk", flat=True)
    named = lacking(package)
    return {str(seat): named.get(seat, []) for seat in sorted({*overdue, *named})}


def _missing(session: Session, now: datetime) -> tuple[dict[int, int], list[int]]:
    """Seat number -> records missing; numbers of the seats of which it is not known how they ended."""
    package, unended = _package(session), dict[int, set[int]]()
    named: defaultdict[tuple[int, int], Runs] = defaultdict(list)
    for row in session.withdrawn_packages.all():
        for seat, runs in row.lacking.items():
            named[row.site_id, int(seat)] += runs
        # What a later package of the same site left open is what is open of it.
        unended[row.site_id] = {int(seat) for seat, runs in row.lacking.items() if not runs}
    if package:
        for seat, runs in lacking(package).items():
            named[package.site_id, seat] += runs
        unended[package.site_id] = set(_overdue(package, now).values_list("pk", flat=True))
    if session.state == Session.State.CANCELLED:
        unended = {}
    if not any(named.values()) and not any(unended.values()):
        return {}, []
    return _by_number(session, named, set().union(*unended.values()))


def _by_number(
    session: Session, named: Mapping[tuple[int, int], Runs], unended: set[int]
) -> tuple[dict[int, int], list[int]]:
    """The same by numbers of seats. What one site named twice is missing once."""
    numbers = dict(Seat.every.filter(session=session).values_list("pk", "number"))
    found: Counter[int] = Counter()  # a seat that was taken away and its successor have one number
    for (_site, seat), runs in named.items():
        if runs and seat in numbers:
            found[numbers[seat]] += total(joined(sorted(runs)))
    held = session.seats.filter(pk__in=unended).values_list("number", flat=True)
    return dict(sorted(found.items())), sorted(held)


def _package(session: Session) -> SitePackage | None:
    return getattr(session, "at_site", None)


def _conflicts(session: Session) -> int:
    return RecordConflict.objects.filter(
        attempt__seat__session=session, settled_at__isnull=True
    ).count()


def _overdue(package: SitePackage, now: datetime) -> QuerySet[Seat]:
    """Seats that have ended by our clock alone: the site may have records of them that it has not named.

    All that were not submitted, where the session's time is over, it is not closed, and what the site told
    last is of a moment before.
    """
    session = package.session
    if session.state not in Session.LIVE:
        return session.seats.none()
    unended = session.seats.exclude(attempt__submitted_at__isnull=False)
    if session.ends_at >= now or _heard_after(package, session.ends_at):
        unended = unended.filter(attempt__paused_at__isnull=True, attempt__closes_at__lt=now)
    return unended


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
