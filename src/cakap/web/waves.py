"""The door in waves: when too many sign in at once, the others wait on a page that tries again by itself.

What a participant typed comes back in the form of that page and is kept nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from urllib.parse import parse_qs

from django.conf import settings
from django.http import parse_cookie
from django.template.loader import render_to_string
from django.utils import translation

from cakap.delivery.door import ENTRANCE
from cakap.ui.middleware import CONTENT_POLICY
from cakap.web.bodies import App, Receive, Scope, Send

AFTER = 5  # seconds; each page waits up to as long again, so that they do not come back together
MOST_FORM, MOST_FIELD = 16 * 2**10, 200
FIELDS = ("csrfmiddlewaretoken", "nip", "registration", "pin")


class SignInsInWaves:
    """At most `most` sign-ins are under way in this process; everything else passes as it came.

    Stands behind BodyFirst: a slow sender takes nobody's place. Those who are in are not counted.
    """

    def __init__(self, app: App, *, most: int) -> None:
        self._app, self._most = app, most
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST" or scope["path"] != ENTRANCE:
            await self._app(scope, receive, send)
            return
        if self._under_way >= self._most:
            await _let_wait(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1


async def _let_wait(scope: Scope, receive: Receive, send: Send) -> None:
    body = (await receive()).get("body", b"")
    headers = dict(scope["headers"])
    content = waiting_page(_language(headers), _typed(body)).encode()
    answer = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(content)).encode()),
        (b"retry-after", str(AFTER).encode()), (b"cache-control", b"no-store"),
        (b"content-security-policy", CONTENT_POLICY.encode()),
        (b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"DENY"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": 503, "headers": answer})
    await send({"type": "http.response.body", "body": content})


def _typed(body: bytes) -> dict[str, str]:
    """The fields of the form as they came; a body that is no form of ours has none."""
    if len(body) > MOST_FORM:
        return {}
    try:
        told = parse_qs(body.decode("ascii"), max_num_fields=20)
    except ValueError:
        return {}
    return {name: told[name][0][:MOST_FIELD] for name in FIELDS if name in told}


def waiting_page(language: str, typed: Mapping[str, str]) -> str:
    """The page of those who wait, with what they typed in its form."""
    page = _page(language)
    for name in FIELDS:
        page = page.replace(_mark(name), escape(typed.get(name, "").replace("@", "")))
    return page


def _mark(name: str) -> str:
    return f"@{name}@"


@lru_cache(maxsize=8)
def _page(language: str) -> str:
    """Drawn once: three thousand who wait cost the server no template each."""
    context = {
        "fields": [(name, _mark(name)) for name in FIELDS], "after": AFTER,
        "LANGUAGE_CODE": language,
    }  # fmt: skip
    with translation.override(language):
        return render_to_string("delivery/queue.html", context)


def _language(headers: Mapping[bytes, bytes]) -> str:
    """The reader's language: chosen, else the browser's first if we speak it, else the installation's."""
    known = dict(settings.LANGUAGES)
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    chosen = cookies.get(settings.LANGUAGE_COOKIE_NAME, "")
    if not chosen:
        chosen = headers.get(b"accept-language", b"").decode("latin-1")[:2].lower()
    return chosen if chosen in known else settings.LANGUAGE_CODE
