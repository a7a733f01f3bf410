"""The start of a session: everybody signs in at once, and sees the first page."""

from __future__ import annotations

import asyncio
import random
import re
import time
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

import httpx

from crowd.load import Line

CSRF = "csrftoken"
QUEUED, AFTER = 503, 5


class Visitor:
    """One person's browser, as light as it can be: it shares the cores with the server."""

    def __init__(self, port: int, place: int) -> None:
        self._line = Line(port, place)
        self.cookies: dict[str, str] = {}

    def close(self) -> None:
        self._line.close()

    async def ask(self, path: str, data: dict[str, str] | None = None) -> int:
        """GET, or POST of a form with its token; the status."""
        body = b""
        if data is not None:
            body = urlencode({**data, "csrfmiddlewaretoken": self.cookies[CSRF]}).encode()
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = (
            f"{'GET' if data is None else 'POST'} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Accept-Language: id\r\nCookie: {cookies}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        reply = await self._line.exchange(head.encode() + body)
        for name, value in re.findall(rb"(?im)^set-cookie: ([^=]+)=([^;\r]*)", reply):
            self.cookies[name.decode()] = value.decode()
        return int(reply[9:12])


STEPS: tuple[tuple[str, dict[str, str] | None, int], ...] = (
    ("/ujian/persetujuan/", None, 200),
    ("/ujian/persetujuan/", {"agree": "on"}, 302),
    ("/ujian/latihan/", None, 200),
    ("/ujian/mulai/", {}, 302),
    ("/ujian/kerja/", None, 200),
    ("/ujian/isi.json", None, 200),
)


def sign_ins(port: int, nips: list[str], pin: str, arriving: float) -> dict[str, Any]:
    """All of them through the door to the first question, arriving over so many seconds.

    Returns seconds until the last one sits, errors, and how long the pages of the exam took to come.
    """
    errors: list[str] = []
    pages: list[float] = []
    waits: list[int] = []

    async def one(place: int, nip: str) -> None:
        await asyncio.sleep(arriving * place / len(nips))
        try:
            with closing(Visitor(port, place)) as visitor:
                await visitor.ask("/ujian/")
                for path, data, wanted in (("/ujian/", {"nip": nip, "pin": pin}, 302), *STEPS):
                    start = time.perf_counter()
                    status = await visitor.ask(path, data)
                    while status == QUEUED:  # as the page of the queue does
                        waits.append(1)
                        await asyncio.sleep(AFTER * (1 + random.random()))  # noqa: S311
                        status = await visitor.ask(path, data)
                    if status != wanted:
                        raise ValueError(f"{path}: {status}")
                    if data is None:
                        pages.append(1000 * (time.perf_counter() - start))
        except (OSError, EOFError, KeyError, ValueError) as exc:
            errors.append(f"{type(exc).__name__} {exc}"[:200])

    async def everybody() -> None:
        await asyncio.gather(*(one(k, nip) for k, nip in enumerate(nips)))

    start = time.perf_counter()
    asyncio.run(everybody())
    pages.sort()
    return {
        "people": len(nips), "seconds": time.perf_counter() - start, "errors": len(errors),
        "first_error": errors[:1], "waits": len(waits),
        "page_p50_ms": pages[len(pages) // 2] if pages else None,
        "page_p99_ms": pages[int(len(pages) * 0.99)] if pages else None,
    }  # fmt: skip


def first_page(port: int, token: str, times: int) -> float:
    """Milliseconds for the exam page and what is asked on it, when nothing else runs; the median."""
    took = []
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", trust_env=False, cookies={"cakap_ujian": token}
    ) as client:
        for _ in range(times):
            start = time.perf_counter()
            client.get("/ujian/kerja/").raise_for_status()
            client.get("/ujian/isi.json").raise_for_status()
            took.append(1000 * (time.perf_counter() - start))
    return sorted(took)[times // 2]
