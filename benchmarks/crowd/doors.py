"""The start of a session: everybody signs in at once, and sees the first page."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

CSRF = "csrftoken"


def sign_ins(port: int, nips: list[str], pin: str, arriving: float) -> dict[str, Any]:
    """All of them through the door to the first question, arriving over so many seconds.

    Returns seconds until the last one sits, errors, and the server's time for the pages of a person.
    """
    gate_errors: list[str] = []
    pages: list[float] = []

    async def one(place: int, nip: str) -> None:
        await asyncio.sleep(arriving * place / len(nips))
        try:
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}",
                timeout=120,
                trust_env=False,
                verify=False,  # noqa: S501 - plain HTTP: making TLS ready for each costs 20 ms of the shared cores
            ) as client:
                await client.get("/ujian/")
                await post(client, "/ujian/", {"nip": nip, "pin": pin})
                await post(client, "/ujian/persetujuan/", {"agree": "on"})
                await post(client, "/ujian/mulai/", {})
                for path in ("/ujian/kerja/", "/ujian/isi.json"):
                    start = time.perf_counter()
                    (await client.get(path)).raise_for_status()
                    pages.append(1000 * (time.perf_counter() - start))
        except (httpx.HTTPError, KeyError, ValueError) as exc:
            gate_errors.append(f"{type(exc).__name__} {exc}"[:200])

    async def post(client: httpx.AsyncClient, path: str, data: dict[str, str]) -> None:
        told = {**data, "csrfmiddlewaretoken": client.cookies[CSRF]}
        answer = await client.post(path, data=told)
        if answer.status_code != 302:
            raise ValueError(f"{path}: {answer.status_code}")

    async def everybody() -> None:
        await asyncio.gather(*(one(k, nip) for k, nip in enumerate(nips)))

    start = time.perf_counter()
    asyncio.run(everybody())
    pages.sort()
    return {
        "people": len(nips), "seconds": time.perf_counter() - start, "errors": len(gate_errors),
        "first_error": gate_errors[:1], "page_p50_ms": pages[len(pages) // 2],
        "page_p99_ms": pages[int(len(pages) * 0.99)],
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
