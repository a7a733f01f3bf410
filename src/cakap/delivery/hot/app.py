"""The hot path: answers, heartbeats and the next adaptive item, ahead of Django's middleware. Pure ASGI."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.http import parse_cookie

from cakap.delivery import time_watch
from cakap.delivery.door import Caller
from cakap.delivery.errors import BadEvent, NotSignedIn
from cakap.delivery.following import next_question
from cakap.delivery.hot.commits import GroupCommit, Overloaded, StoreFailed
from cakap.delivery.protocol import (
    MOST_BYTES,
    Sending,
    events_of,
    number_in,
    refuse_other_page,
    reply_to,
    told_in,
)
from cakap.delivery.seb import EXAM_KEY_HEADER, HEADER
from cakap.delivery.token import COOKIE, read
from cakap.errors import Refused
from cakap.ui.addresses import address_of_scope

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
LOG = logging.getLogger(__name__)
ANSWERS, NEXT = "/ujian/jawaban", "/ujian/berikut"
PATHS = frozenset({ANSWERS, "/ujian/detak", NEXT})
HOUR = 3600
ENCODE = json.JSONEncoder(ensure_ascii=False).encode
PROOF, EXAM_PROOF = HEADER.lower().encode(), EXAM_KEY_HEADER.lower().encode()
Answer = tuple[int, dict[str, Any], list[tuple[bytes, bytes]]]


class HotPath:
    """Serves PATHS; everything else is another application's."""

    def __init__(self) -> None:
        self._commits = GroupCommit()
        self._choosers = ThreadPoolExecutor(2, thread_name_prefix="next")
        self._scheme = "https" if settings.SESSION_COOKIE_SECURE else "http"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, content, headers = await self._answer(scope, receive)
        body = ENCODE(content).encode()
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
            headers = dict(scope["headers"])
            attempt, device = _whose(headers)
            told = await _told(scope, headers, receive)
            refuse_other_page(told, attempt, device)
            caller = _caller(scope, headers, self._scheme)
            if scope["path"] == NEXT:
                found = await asyncio.get_running_loop().run_in_executor(
                    self._choosers, _following, attempt, device, number_in(told, "section"), caller
                )
                return 200, {"question": found}, []
            wanted = told.get("events") if scope["path"] == ANSWERS else None
            sent, unreadable = events_of(wanted)
            outcome = await self._commits.keep(
                Sending(
                    attempt=attempt, device=device, sent=sent, caller=caller, unreadable=unreadable
                )
            )
        except Refused as refusal:
            outcome = refusal
        except (Overloaded, StoreFailed, DatabaseError):
            message = "Server sedang sibuk; jawaban Anda aman di komputer ini dan dikirim lagi."
            return 503, {"code": "Busy", "message": message}, [(b"retry-after", b"2")]
        status, told = reply_to(outcome)
        if status != 200:
            LOG.warning("%s %s %s", scope["path"], status, told["code"])
        return status, told, []


def _following(attempt: int, device: str, section: int, caller: Caller) -> Any:
    close_old_connections()
    return next_question(
        attempt=attempt, device=device, section=section, caller=caller, now=time_watch.now()
    )


async def _told(scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> dict[str, Any]:
    if scope["method"] != "POST" or not headers.get(b"content-type", b"").startswith(
        b"application/json"
    ):
        message = "Diharapkan POST dengan isi application/json."
        raise BadEvent(message)
    return told_in(await _body(receive))


def _whose(headers: dict[bytes, bytes]) -> tuple[int, str]:
    cookies = headers.get(b"cookie", b"").decode("latin-1")
    try:
        return _verified(cookies, int(time.time()) // HOUR)
    except (KeyError, ValueError, TypeError) as exc:
        raise NotSignedIn from exc


@lru_cache(maxsize=40000)
def _verified(cookies: str, hour: int) -> tuple[int, str]:
    """The signature is checked once an hour a process; whether the device still counts, at every commit."""
    del hour
    return read(parse_cookie(cookies)[COOKIE])


def _caller(scope: Scope, headers: dict[bytes, bytes], scheme: str) -> Caller:
    def header(name: bytes) -> str:
        return headers.get(name, b"").decode("latin-1")

    return Caller(
        address=address_of_scope(str((scope.get("client") or ("",))[0]), headers),
        proof=header(PROOF),
        exam_proof=header(EXAM_PROOF),
        cookies=header(b"cookie"),
        url=f"{scheme}://{header(b'host')}{scope['path']}",
    )


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
