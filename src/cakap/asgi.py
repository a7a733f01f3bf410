"""What the server starts: answers go straight to the log, consoles hear their room, pages are Django's.

Pages run as WSGI in threads: Django's synchronous views are several times faster there.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from threading import Thread
from typing import Any

from a2wsgi import WSGIMiddleware

from cakap.wsgi import application as pages  # first: it sets Django up

from django.conf import settings  # isort: skip
from django.urls import get_resolver  # isort: skip
from cakap.delivery.hot.app import PATHS, HotPath, Receive, Scope, Send  # isort: skip
from cakap.delivery.hot.stream import PATH, Streams  # isort: skip
from cakap.delivery.sites.envelope import LOG_BOUNDS  # isort: skip
from cakap.delivery.time_watch import begin_watch  # isort: skip
from cakap.ui.middleware import MOST_ANONYMOUS  # isort: skip
from cakap.web.bodies import App, BodyFirst  # isort: skip
from cakap.web.waves import SignInsInWaves  # isort: skip

THREADS, SITE_LOG = 3, "/ujian/situs/log"
_hot, _streams = HotPath(), Streams()
_threads: App = WSGIMiddleware(pages, workers=THREADS)  # type: ignore[arg-type, assignment]
_pages = BodyFirst(SignInsInWaves(_threads, most=settings.CAKAP_SIGN_INS), most=MOST_ANONYMOUS)
# What sites send has a thread of its own: however much of it comes, pages have theirs.
_site_logs = BodyFirst(WSGIMiddleware(pages, workers=1), most=LOG_BOUNDS.sent)  # type: ignore[arg-type]


def _read_in() -> None:
    """All pages and what they draw with, before anybody asks: else whoever came first waited for it, at
    a door with three thousand. Beside the start, so that answers are kept from the first moment."""
    _ = get_resolver().url_patterns
    # What is in memory by now stays: the collector need not walk through it again.
    gc.collect()
    gc.freeze()


begin_watch()
Thread(target=_read_in, name="pages", daemon=True).start()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """By its path; nothing but HTTP is spoken here."""
    if scope["type"] == "http" and scope["path"] in PATHS:
        await _hot(scope, receive, send)
    elif scope["type"] == "http" and PATH.match(scope["path"]):
        await _streams(scope, receive, send)
    elif scope["type"] == "http":
        serve = _site_logs if scope["path"] == SITE_LOG else _pages
        await serve(scope, _coroutine(receive), _coroutine(send))


def _coroutine(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The server's awaitables are its own; threads can only wait for a coroutine."""

    async def waited(*args: Any) -> Any:
        return await call(*args)

    return waited
