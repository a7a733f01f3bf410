"""Group commit: whoever sends while a transaction is under way goes into the next one together."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError, close_old_connections, connection

from cakap.delivery import time_watch
from cakap.delivery.protocol import Outcome, Sending
from cakap.delivery.saving import save

MOST_WAITING, MOST_TOGETHER = 4000, 400


class Overloaded(Exception):
    """More is waiting than can be kept soon: come back in a moment."""


class StoreFailed(Exception):
    """The database did not take it; nothing of it is kept."""


class GroupCommit:
    """One writer for this process, so that many small commits become one."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Sending, asyncio.Future[Outcome]]] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._running: asyncio.Task[None] | None = None

    async def keep(self, sending: Sending) -> Outcome:
        """Returns after the commit. Raises Overloaded or StoreFailed; then nothing is kept."""
        if len(self._waiting) >= MOST_WAITING:
            raise Overloaded
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((sending, future))
        if self._running is None or self._running.done():
            self._running = loop.create_task(self._work())
        return await future

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
            try:
                outcomes = await loop.run_in_executor(
                    self._writer, _save, [sending for sending, _ in taken]
                )
            except Exception as exc:  # noqa: BLE001 - whatever it is, each who waits must hear of it
                for _, future in taken:
                    if not future.done():
                        future.set_exception(_known(exc))
                continue
            for (_, future), outcome in zip(taken, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)


def _known(exc: Exception) -> Exception:
    return StoreFailed() if isinstance(exc, DatabaseError) else exc


def _save(sendings: list[Sending]) -> list[Outcome]:
    try:
        return time_watch.at_right_time(
            lambda now, settled: save(sendings, now=now, settled=settled)
        )
    except DatabaseError:
        # A connection that broke is not used again; the next sending opens another.
        connection.close()
        raise
    finally:
        close_old_connections()
