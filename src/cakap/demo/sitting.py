"""Simulated participants who sit the test over HTTP, as a browser would: no row is inserted here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import numpy as np

from cakap.demo.persons import Person
from cakap.errors import Refused
from cakap.itembank.queries import ScoredItem
from cakap.science.irt.bank import ItemBank
from cakap.science.irt.response import simulate

# A browser that catches up after a slow network sends several answers at once; so do these.
BATCH = 8
AT_ONCE = 16
LEFT_BLANK = 0.01
LONGEST = 900  # seconds for one request: a busy machine is slow, not broken


@dataclass(frozen=True, kw_only=True, slots=True)
class Sat:
    """What came of one sitting: answers sent, acknowledged by the server, and the receipt."""

    sent: int
    acknowledged: int
    code: str


class SittingFailed(Refused):
    """Server menjawab peserta contoh tidak seperti yang diharapkan."""

    status = 500


def responses(person: Person, items: Sequence[ScoredItem]) -> dict[int, str]:
    """What a person would answer: item version -> option, some left blank."""
    rng = Random(f"{person.nip}/answers")  # noqa: S311
    found: dict[int, str] = {}
    modelled = [item for item in items if item.slope is not None]
    bank = ItemBank.of(
        [item.slope or 1.0 for item in modelled], [item.thresholds for item in modelled]
    )
    theta = np.array([person.theta[item.dimension] for item in modelled])
    drawn = simulate(bank, theta, rng=np.random.default_rng(rng.getrandbits(32))).diagonal()
    for item, category in zip(modelled, drawn, strict=True):
        found[item.version] = rng.choice(
            [option for option, score in item.scores.items() if score == category]
        )
    for item in items:
        if item.slope is None:
            liking = round(rng.gauss(person.theta[item.dimension] + 2, 0.8))
            wanted = min(max(liking, 0), 4)
            found[item.version] = next(o for o, score in item.scores.items() if score == wanted)
    return {version: option for version, option in found.items() if rng.random() > LEFT_BLANK}


async def sit_all(
    base: str,
    sittings: Sequence[tuple[Person, str, Mapping[int, str]]],
    progress: Callable[[int, int], None],
) -> list[Sat]:
    """Let everybody sit, some at a time; sittings: (person, session PIN, answers)."""
    gate = asyncio.Semaphore(AT_ONCE)
    done: list[Sat] = []

    async def one(person: Person, pin: str, answers: Mapping[int, str]) -> Sat:
        async with gate:
            sat = await _sit(base, person, pin, answers)
        done.append(sat)
        progress(len(done), len(sittings))
        return sat

    return await asyncio.gather(*(one(*sitting) for sitting in sittings))


async def _sit(base: str, person: Person, pin: str, answers: Mapping[int, str]) -> Sat:
    async with httpx.AsyncClient(base_url=base, timeout=LONGEST, trust_env=False) as client:
        await _post(client, "/ujian/", {"nip": person.nip, "pin": pin})
        await _post(client, "/ujian/persetujuan/", {"agree": "on"})
        await _post(client, "/ujian/latihan/", {"latihan": "Serang"})
        await _post(client, "/ujian/mulai/", {})
        return await _work(client, answers)


async def _work(client: httpx.AsyncClient, answers: Mapping[int, str]) -> Sat:
    paper = await _json(client, "GET", "/ujian/isi.json")
    asked = [question["id"] for part in paper["parts"] for question in part["questions"]]
    events = [
        {"seq": seq, "kind": "answer", "item": item, "response": answers[item], "at": _now()}
        for seq, item in enumerate((item for item in asked if item in answers), start=1)
    ]
    acknowledged = 0
    for start in range(0, len(events), BATCH):
        batch = events[start : start + BATCH]
        told = {"attempt": paper["attempt"], "events": batch}
        kept = await _json(client, "POST", "/ujian/jawaban", told)
        acknowledged += len(batch) if kept["kept"] == batch[-1]["seq"] else 0
    end = {"attempt": paper["attempt"], "last_seq": len(events)}
    receipt = await _json(client, "POST", "/ujian/selesai", end)
    return Sat(sent=len(events), acknowledged=acknowledged, code=receipt["code"])


def _now() -> str:
    return datetime.now(UTC).isoformat()


async def _post(client: httpx.AsyncClient, path: str, data: dict[str, str]) -> None:
    """Send a form as the page does: fetch it first where there is no token yet."""
    if "csrftoken" not in client.cookies:
        await _request(client, "GET", path)
    token = client.cookies["csrftoken"]
    answer = await _request(client, "POST", path, data={**data, "csrfmiddlewaretoken": token})
    if answer.status_code not in {200, 302}:
        message = f"Peserta contoh di {path}: {answer.status_code}"
        raise SittingFailed(message)


async def _json(client: httpx.AsyncClient, method: str, path: str, body: object = None) -> Any:
    """Ask until the server takes it: what it sends is kept once, however often it comes."""
    until = time.monotonic() + LONGEST
    while True:
        answer = await _request(client, method, path, json=body)
        if answer.status_code != 503 or time.monotonic() > until:
            break
        # The server has more to do than it can now, and says when to come again.
        await asyncio.sleep(int(answer.headers.get("Retry-After", "2")))
    if answer.status_code != 200:
        message = f"Peserta contoh di {path}: {answer.status_code} {answer.text[:200]}"
        raise SittingFailed(message)
    return answer.json()


async def _request(
    client: httpx.AsyncClient, method: str, path: str, **body: Any
) -> httpx.Response:
    try:
        return await client.request(method, path, **body)
    except httpx.HTTPError as exc:
        message = f"Peserta contoh di {path}: {type(exc).__name__} {exc}"
        raise SittingFailed(message) from exc
