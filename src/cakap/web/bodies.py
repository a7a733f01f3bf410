"""The body of a request is read before a thread works for it: whoever sends slowly holds no thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
SECONDS, MOST_HELD = 60.0, 128 * 2**20


class BodyFirst:
    """Reads bodies of at most `most` bytes whole, then calls the app; longer ones the app judges itself.

    A body that does not arrive in time is answered with 408; 503 while too many bytes wait.
    """

    def __init__(self, app: App, *, most: int) -> None:
        self._app, self._most = app, most
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = content_length(scope)
        if not 0 < length <= self._most:
            await self._app(scope, receive, send)
            return
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(SECONDS):
                is_whole = await self._read(parts, length, receive)
            if is_whole:
                await self._app(scope, _replayed(b"".join(parts), receive), send)
            else:
                await _refuse(send, 503)
        except TimeoutError:
            await _refuse(send, 408)
        finally:
            self._held -= sum(map(len, parts))

    async def _read(self, parts: list[bytes], length: int, receive: Receive) -> bool:
        """Read until the body is whole. False where this process holds too much already."""
        while True:
            message = await receive()
            part = message.get("body", b"")
            parts.append(part)
            self._held += len(part)
            if self._held > MOST_HELD:
                return False
            if not message.get("more_body") or sum(map(len, parts)) >= length:
                return True


def content_length(scope: Scope) -> int:
    """What a request says of its length; 0 where it says nothing that is a number."""
    said = dict(scope["headers"]).get(b"content-length", b"")
    return int(said) if said.isdigit() and len(said) < 20 else 0


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body in one message, then whatever comes after it."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return replay


async def _refuse(send: Send, status: int) -> None:
    sentence = b"Kiriman tidak tiba dalam waktunya, atau server sedang sibuk. Cobalah lagi.\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"5"),
        (b"content-length", str(len(sentence)).encode()), (b"connection", b"close"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence})
