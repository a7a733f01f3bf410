"""Counts wrong sign-ins, so that whoever guesses is stopped and nobody else.

Wrong guesses are counted by where they come from. A person's own guesses from one place close that
place for that person alone. Where many different people's guesses come from one place (a room behind
one address), each of them has fewer left, and whoever has not guessed wrong there still gets in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection, transaction

from cakap.accounts.models import WrongGuess

STAFF = "akun"  # the scope of the pages' own sign-in
TRIES_WHEN_CROWDED = 2
MOST_ROWS = 2000  # of one source: what goes beyond is refused and no longer written down
KEPT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Wrong guesses until one is held: of a person from one source, of a source in one scope (a
    session), of a source in all; counted over `window`."""

    per_person: int
    per_scope: int
    per_source: int
    window: timedelta


STAFF_LIMITS = Limits(per_person=5, per_scope=30, per_source=100, window=timedelta(minutes=5))


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """One try. source: an address or a known browser; scopes: what it is a try at; who: as whom."""

    source: str
    scopes: tuple[str, ...]
    who: str


def is_held(guess: Guess, limits: Callable[[], Limits], *, now: datetime) -> bool:
    """Whether a try is not looked at, right or wrong. One query for whoever never guessed wrong."""
    rows = _newest(guess.source, now)
    return bool(rows) and _holds(rows, guess, limits(), now)


@transaction.atomic
def note_wrong(guess: Guess, limits: Callable[[], Limits], *, now: datetime) -> bool:
    """Write down a wrong try; True where it was held already, and is then not written down.

    Tries from one source are settled one after the other: many at once gain nothing.
    """
    _one_at_a_time(guess.source)
    rows = _newest(guess.source, now)
    if len(rows) >= MOST_ROWS or (rows and _holds(rows, guess, limits(), now)):
        return True
    WrongGuess.objects.filter(at__lt=now - KEPT).delete()
    WrongGuess.objects.bulk_create(
        WrongGuess(source=guess.source, scope=scope, who=guess.who, at=now)
        for scope in guess.scopes
    )
    return False


@transaction.atomic
def settle_right(guess: Guess, limits: Callable[[], Limits], *, now: datetime) -> bool:
    """Whether a right try is held; where it is not, the wrong ones before it are forgotten."""
    _one_at_a_time(guess.source, shared=True)
    rows = _newest(guess.source, now)
    if not rows:
        return False
    if _holds(rows, guess, limits(), now):
        return True
    WrongGuess.objects.filter(source=guess.source, scope__in=guess.scopes, who=guess.who).delete()
    return False


def _newest(source: str, now: datetime) -> list[tuple[str, str, datetime]]:
    rows = WrongGuess.objects.filter(source=source, at__gt=now - KEPT).order_by("-at")
    return list(rows.values_list("scope", "who", "at")[:MOST_ROWS])


def _holds(
    rows: Iterable[tuple[str, str, datetime]], guess: Guess, limits: Limits, now: datetime
) -> bool:
    recent = [(scope, who) for scope, who, at in rows if at > now - limits.window]
    for name in guess.scopes:
        own = recent.count((name, guess.who))
        in_scope = sum(scope == name for scope, _who in recent)
        is_crowded = in_scope >= limits.per_scope or len(recent) >= limits.per_source
        if own >= (min(TRIES_WHEN_CROWDED, limits.per_person) if is_crowded else limits.per_person):
            return True
    return False


def lift(*, scopes: Iterable[str], who: str = "") -> int:
    """Forget the wrong guesses at these scopes, of one person where named; how many there were."""
    rows = WrongGuess.objects.filter(scope__in=list(scopes))
    return (rows.filter(who=who) if who else rows).delete()[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One who guessed wrong lately. until: when the oldest of the counted guesses is forgotten."""

    who: str
    source: str
    wrong: int
    is_held: bool
    until: datetime


def wrong_at(scope: str, limits: Limits, *, now: datetime) -> list[Held]:
    """Who guessed wrong at a scope within the window, the most first, and who is held."""
    rows = WrongGuess.objects.filter(at__gt=now - limits.window, source__in=_sources_at(scope))
    by_source: dict[str, list[tuple[str, str, datetime]]] = {}
    for source, name, who, at in rows.order_by("-at").values_list("source", "scope", "who", "at"):
        by_source.setdefault(source, []).append((name, who, at))
    found = []
    for source, guesses in by_source.items():
        for who in {who for name, who, _at in guesses if name == scope}:
            times = [at for name, own, at in guesses if (name, own) == (scope, who)]
            guess = Guess(source=source, scopes=(scope,), who=who)
            found.append(
                Held(
                    who=who, source=source, wrong=len(times), until=min(times) + limits.window,
                    is_held=_holds(guesses, guess, limits, now),
                )
            )  # fmt: skip
    return sorted(found, key=lambda row: (not row.is_held, -row.wrong, row.who, row.source))


def _sources_at(scope: str) -> list[str]:
    return list(WrongGuess.objects.filter(scope=scope).values_list("source", flat=True).distinct())


def _one_at_a_time(source: str, *, shared: bool = False) -> None:
    """Hold the lock of a source to the end of the transaction. SQLite writes one after the other."""
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(sha256(f"guess {source}".encode()).digest()[:8], signed=True)
    name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name}(%s)", [number])
