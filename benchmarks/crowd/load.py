"""People who answer: many open connections, each as a browser keeps it. Run in a process of its own."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from functools import cache
from typing import Any

COOKIE, CLIENTS = "cakap_ujian", 64

EVERY = 10.0  # seconds between two answers of a person


@cache
def attempt_of(token: str) -> int:
    """The attempt that a token was given for: the signed part is JSON in base64."""
    signed = token.partition(":")[0]
    return int(json.loads(base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4)))[0])


def request_of(token: str, seq: int, item: int, option: str) -> bytes:
    body = json.dumps(
        {"attempt": attempt_of(token),
         "events": [{"seq": seq, "kind": "answer", "item": item, "response": option,
                     "at": "2025-01-22T01:00:00+00:00"}]}
    ).encode()  # fmt: skip
    return (
        b"POST /ujian/jawaban HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nCookie: "
        + f"{COOKIE}={token}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


class Line:
    """One open connection, as a browser keeps it."""

    def __init__(self, port: int, place: int = 0) -> None:
        # One address has some 28,000 ports to call from: larger crowds call from several.
        self.port, self.source = port, f"127.0.0.{2 + place % 6}"
        self.reader: Any = None
        self.writer: Any = None

    async def send(self, request: bytes) -> int:
        """The status of the reply."""
        return int((await self.exchange(request))[9:12])

    async def exchange(self, request: bytes) -> bytes:
        """The head of the reply; its body is read and passed over."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.port, local_addr=(self.source, 0)
            )
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        await self.reader.readexactly(int(length[1]) if length else 0)
        return head

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None


def rate(port: int, tokens: list, items: list, seconds: float, first_seq: int) -> tuple[int, int]:
    """Answers acknowledged by CLIENTS connections in so many seconds, and errors."""

    async def one(token: str, until: float) -> tuple[int, int]:
        line, kept, errors = Line(port), 0, 0
        while time.perf_counter() < until:
            item, option = items[kept % len(items)]
            status = await line.send(request_of(token, first_seq + kept, item, option))
            if status == 200:
                kept += 1
            else:
                errors += 1
        line.close()
        return kept, errors

    async def everybody() -> tuple[int, int]:
        until = time.perf_counter() + seconds
        found = await asyncio.gather(*(one(token, until) for _, token in tokens[:CLIENTS]))
        return sum(kept for kept, _ in found), sum(errors for _, errors in found)

    return asyncio.run(everybody())


def hour(
    port: int, crowd: tuple[list, list], part: tuple[int, int], *, seconds: float, first_seq: int
) -> dict[str, Any]:
    """Everybody answers once per `EVERY` seconds; latencies in ms, what was acknowledged, errors.

    People come in over a while, as through a door; latencies count once all are there. part: the place of
    the first of these people among all, and how many there are in all, since a process opens only so many
    connections.
    """
    tokens, items = crowd
    first, everyone = part
    ramp = max(EVERY, everyone / 400)
    settled = time.perf_counter() + ramp + 1
    until = settled + seconds

    async def one(place: int, token: str, out: dict[str, Any]) -> None:
        line, seq = Line(port, first + place), 0
        await asyncio.sleep(ramp * (first + place) / everyone)
        while time.perf_counter() < until:
            start = time.perf_counter()
            status = await answer(line, token, seq)
            took = time.perf_counter() - start
            seq += status == 200
            out["acknowledged"] += status == 200
            out["errors"] += status != 200
            if start > settled:
                out["latencies"].append(1000 * took)
            if (place + seq) % 120 == 0:
                line.close()
            await asyncio.sleep(max(EVERY - took, 0))
        line.close()

    async def answer(line: Line, token: str, seq: int) -> int:
        item, option = items[seq % len(items)]
        try:
            return await line.send(request_of(token, first_seq + seq, item, option))
        except (OSError, asyncio.IncompleteReadError, TypeError):
            line.close()
            return 0

    async def everybody() -> dict[str, Any]:
        out: dict[str, Any] = {"latencies": [], "acknowledged": 0, "errors": 0}
        await asyncio.gather(*(one(k, token, out) for k, (_, token) in enumerate(tokens)))
        return out

    return asyncio.run(everybody())
