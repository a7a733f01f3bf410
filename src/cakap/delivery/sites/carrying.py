"""A site's log as one file that is carried by hand: complete, or nothing of it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from cakap.delivery.models import LoadedPackage
from cakap.delivery.sites.envelope import LOG_BOUNDS, opened, signed
from cakap.delivery.sites.errors import BadEnvelope
from cakap.delivery.sites.identity import Card, identity
from cakap.delivery.sites.log import events_after, head_of
from cakap.delivery.sites.receiving import receive
from cakap.delivery.sites.services import refuse_unknown
from cakap.errors import Refused
from cakap.programmes.models import Session

KIND, MOST_BYTES, MOST_LINES = "cakap.site-log/1", 192 * 2**20, 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of a session in a log: records that are missing now, or why it was refused."""

    session: int
    missing: int = 0
    refusal: str = ""


def told_sessions() -> list[Session]:
    """The sessions of which this installation tells a centre: those that it has loaded."""
    loaded = LoadedPackage.objects.values("session")
    found = Session.objects.filter(pk__in=loaded).order_by("pk")
    # Sessions that were loaded before loading was noted.
    return list(found) or list(Session.objects.order_by("pk"))


def log_file(*, now: datetime) -> bytes:
    """Everything that happened here: a line that names all the others, then an envelope a line."""
    own = identity()
    lines = [signed(content, own) for content in _contents(now)]
    digests = [sha256(line).hexdigest() for line in lines]
    first = signed({"kind": KIND, "made_at": now.isoformat(), "lines": digests}, own)
    return b"".join(line + b"\n" for line in (first, *lines))


def _contents(now: datetime) -> Iterator[dict[str, Any]]:
    for session in told_sessions():
        yield head_of(session, now=now)
        yield from events_after(session, {})


def take_log(content: bytes, *, now: datetime) -> list[Outcome]:
    """Take a carried log in. A file that was cut or changed is refused whole (BadEnvelope, UnknownSite).

    Of a sound file each session is taken whole or refused alone.
    """
    card, tellings = _read(content)
    sessions: dict[int, list[Any]] = {}
    for told in tellings:
        sessions.setdefault(int(told["session"]), []).append(told)
    return [_take(card, session, own, now) for session, own in sessions.items()]


def _read(content: bytes) -> tuple[Card, list[Any]]:
    lines = content.splitlines()
    if not lines or len(content) > MOST_BYTES or len(lines) > MOST_LINES:
        raise BadEnvelope
    card, first = opened(lines[0], check=refuse_unknown, bounds=LOG_BOUNDS)
    if not isinstance(first, dict) or first.get("kind") != KIND:
        message = "Berkas ini bukan log situs yang utuh. Buatlah lagi di situs: cakap site export."
        raise BadEnvelope(message)
    if [sha256(line).hexdigest() for line in lines[1:]] != first.get("lines"):
        message = (
            "Berkas log ini terpotong atau berubah; tidak ada yang diterima. Salinlah lagi, atau "
            "buatlah lagi di situs: cakap site export."
        )
        raise BadEnvelope(message)
    tellings = [opened(line, check=refuse_unknown)[1] for line in lines[1:]]
    if any(not isinstance(told, dict) or "session" not in told for told in tellings):
        raise BadEnvelope
    return card, tellings


def _take(card: Card, session: int, tellings: list[Any], now: datetime) -> Outcome:
    try:
        with transaction.atomic():
            for told in tellings:
                receive(card, told, now=now, is_direct=False)
            # The head again: now with what its parts have brought.
            answer = receive(card, tellings[0], now=now, is_direct=False)
    except Refused as refusal:
        return Outcome(session=session, refusal=str(refusal))
    return Outcome(session=session, missing=answer.get("missing", 0))
