"""The proctor's console hears its room: server-sent events, one reader of the database a session.

However many consoles look at a room, this process asks once; a console that cannot keep up is let go
and comes back by itself, as the browser's EventSource does.
"""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import Http404, HttpRequest, parse_cookie

from cakap.accounts.access import act_as, one
from cakap.accounts.models import Role
from cakap.delivery import time_watch
from cakap.delivery.live import Board, Now, changes, counts, newest_incident
from cakap.errors import Refused
from cakap.programmes.models import Session

PATH = re.compile(r"/ujian/sesi/(\d+)/arus\Z")
EVERY, MOST_WAITING = 1.0, 20
MAY = (Role.PROCTOR, Role.OPERATOR)
Scope = Any


class Room:
    """One session: its board, and who listens."""

    def __init__(self, session: int) -> None:
        self.session = session
        self.listeners: set[asyncio.Queue[str | None]] = set()
        self.task: asyncio.Task[None] | None = None
        self._board: Board | None = None
        self.rows: dict[int, Now] = {}

    def look(self) -> str:
        """What has changed since the last look, as one message; empty where nothing has."""
        close_old_connections()
        self._board = self._board or Board(self.session)
        rows = self._board.refresh(time_watch.now())
        changed = changes(self.rows, rows)
        self.rows = rows
        return message(self.session, rows, changed) if changed else ""

    def whole(self) -> str:
        """Everything, for somebody who has just come."""
        return message(self.session, self.rows, changes({}, self.rows))


def message(session: int, rows: dict[int, Now], changed: dict[int, list[object]]) -> str:
    """An event of the stream."""
    told = {"rows": changed, "counts": counts(rows), "incident": newest_incident(session)}
    return f"data: {json.dumps(told, ensure_ascii=False)}\n\n"


class Streams:
    """Serves PATH."""

    def __init__(self) -> None:
        self._rooms: dict[int, Room] = {}
        self._reader = ThreadPoolExecutor(2, thread_name_prefix="board")

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        loop = asyncio.get_running_loop()
        session = int(PATH.match(scope["path"]).group(1))  # type: ignore[union-attr]
        status = await loop.run_in_executor(self._reader, _status, _cookies(scope), session)
        if status != 200:
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        headers = [
            (b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        room = self._rooms.get(session)
        if room is None:
            room = self._rooms[session] = Room(session)
            room.task = loop.create_task(self._watch(room))
        waiting: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
        # First a listener, then a newcomer: a room that nobody listens to is given up meanwhile.
        room.listeners.add(waiting)
        if room.rows:
            _tell(waiting, await loop.run_in_executor(self._reader, room.whole))
        gone = loop.create_task(_until_gone(receive, waiting))
        try:
            while (text := await waiting.get()) is not None:
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        finally:
            room.listeners.discard(waiting)
            gone.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _watch(self, room: Room) -> None:
        """Look at a room as long as somebody listens."""
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(0)
            while room.listeners:
                text = await loop.run_in_executor(self._reader, room.look)
                for waiting in list(room.listeners):
                    _tell(waiting, text or ": ada\n\n")
                await asyncio.sleep(EVERY)
        finally:
            self._rooms.pop(room.session, None)
            for waiting in room.listeners:
                _tell(waiting, None)


def _tell(waiting: asyncio.Queue[str | None], text: str | None) -> None:
    if waiting.full():
        while not waiting.empty():
            waiting.get_nowait()
        text = None
    waiting.put_nowait(text)


async def _until_gone(receive: Any, waiting: asyncio.Queue[str | None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    _tell(waiting, None)


def _cookies(scope: Scope) -> str:
    return dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")


def _status(cookies: str, session: int) -> int:
    """Whether whoever sends these cookies may see this session: the rules of the pages."""
    close_old_connections()
    request = HttpRequest()
    request.COOKIES = parse_cookie(cookies)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = get_user(request)
    try:
        act_as(request, *MAY)
        one(request, Session, pk=session)
    except Refused:
        return 403
    except Http404:
        return 404
    return 200
