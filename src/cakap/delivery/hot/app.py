"""The hot path: answers and heartbeats, ahead of Django's middleware. Pure ASGI, one thought a request."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings

from cakap.delivery.door import Caller
from cakap.delivery.errors import BadEvent, NotSignedIn
from cakap.delivery.hot.commits import GroupCommit, Overloaded, StoreFailed
from cakap.delivery.saving import UNREADABLE, Kept, Sending, Sent, events_of
from cakap.delivery.seb import HEADER
from cakap.delivery.token import COOKIE, read
from cakap.errors import Refused

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
PATHS = frozenset({"/ujian/jawaban", "/ujian/detak"})
MOST_BYTES = 256 * 1024
PROOF = HEADER.lower().encode()
Answer = tuple[int, dict[str, Any], list[tuple[bytes, bytes]]]


class HotPath:
    """Serves PATHS; everything else is another application's."""

    def __init__(self) -> None:
        self._commits = GroupCommit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, content, headers = await self._answer(scope, receive)
        body = json.dumps(content, ensure_ascii=False).encode()
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                    (b"cache-control", b"no-store"),
                    *headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        try:
            sending = await _sending(scope, receive)
            outcome = await self._commits.keep(sending)
        except Refused as refusal:
            outcome = refusal
        except (Overloaded, StoreFailed):
            message = "Server sedang sibuk; jawaban Anda aman di komputer ini dan dikirim lagi."
            return 503, {"code": "Busy", "message": message}, [(b"retry-after", b"2")]
        if isinstance(outcome, Kept):
            return 200, outcome.told, []
        return outcome.status, {"code": type(outcome).__name__, "message": str(outcome)}, []


async def _sending(scope: Scope, receive: Receive) -> Sending:
    headers = dict(scope["headers"])
    if scope["method"] != "POST" or not headers.get(b"content-type", b"").startswith(
        b"application/json"
    ):
        message = "Diharapkan POST dengan isi application/json."
        raise BadEvent(message)
    attempt, device = _whose(headers.get(b"cookie", b"").decode("latin-1"))
    body = await _body(receive)
    sent = _events(body) if scope["path"] == "/ujian/jawaban" else []
    return Sending(attempt=attempt, device=device, sent=sent, caller=_caller(scope, headers))


def _whose(cookies: str) -> tuple[int, str]:
    try:
        return _verified(cookies)
    except (CookieError, KeyError, ValueError, TypeError) as exc:
        raise NotSignedIn from exc


@lru_cache(maxsize=40000)
def _verified(cookies: str) -> tuple[int, str]:
    """The signature is checked once a process; whether the device still counts, at every commit."""
    return read(SimpleCookie(cookies)[COOKIE].value)


def _caller(scope: Scope, headers: dict[bytes, bytes]) -> Caller:
    def header(name: bytes) -> str:
        return headers.get(name, b"").decode("latin-1")

    scheme = "https" if settings.SESSION_COOKIE_SECURE else "http"
    return Caller(
        address=_address(scope, headers),
        proof=header(PROOF),
        url=f"{scheme}://{header(b'host')}{scope['path']}",
    )


def _address(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """As the socket tells it; behind our own web server, as that one tells it. Anybody can send a header."""
    if settings.CAKAP_PROXY:
        return headers.get(b"x-real-ip", b"").decode("latin-1")[:45]
    client = scope.get("client") or ("", 0)
    return str(client[0])[:45]


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BYTES:
            sentence = f"Kiriman lebih dari {MOST_BYTES // 1024} KiB."
            raise BadEvent(sentence)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _events(body: bytes) -> list[Sent]:
    try:
        return events_of(json.loads(body)["events"])
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise BadEvent(UNREADABLE) from exc
