"""People who answer as the exam page does: keep, send, send again until the server says so."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice

import httpx
from commands import PATIENCE, wait_for

MOST = 200  # answers of one sending


def mark_of(number: int) -> int:
    """The microsecond that the events of a person carry."""
    return 1000 + number


@dataclass
class Person:
    """One sitting: what was chosen (seq -> (item, option)) and which of it was acknowledged.

    waiting: what was not, in its order; kept: what was, in the order of its acknowledgement.
    """

    client: httpx.Client
    items: list[int]
    rng: random.Random
    number: int = 0
    chosen: dict[int, tuple[int, str]] = field(default_factory=dict)
    acknowledged: set[int] = field(default_factory=set)
    waiting: dict[int, None] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    last: int = 0
    moving: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def move(self, client: httpx.Client, last_seq: int) -> None:
        """Go on at another machine, from what the server holds; what was only on the old one stays there."""
        with self.lock:
            self.client, self.last, self.moving = client, last_seq, False
            self.chosen = {seq: self.chosen[seq] for seq in self.acknowledged}
            self.waiting.clear()

    def event(self, seq: int) -> dict[str, object]:
        item, option = self.chosen[seq]
        # A clock that is hours off, as old machines have.
        at = datetime.now(UTC) + timedelta(hours=self.rng.choice([0, 0, -9, 5]))
        at = at.replace(microsecond=mark_of(self.number))  # whose it is, for the count at the end
        return {
            "seq": seq,
            "kind": "answer",
            "item": item,
            "response": option,
            "at": at.isoformat(),
        }

    def open_tab(self) -> None:
        """A second page of the same exam takes over: what waits on the first is sent by it later."""
        with self.lock:
            body = {"attempt": self.client.attempt}
            told = self.client.post("/ujian/isi.json", json=body, timeout=10)
            if told.status_code == 200:
                # A page's block holds 100,000 numbers, more than any exam has and fewer than a long run.
                self.last = max(self.last, told.json()["seq_from"])

    def choose(self, many: int = 1) -> None:
        for _ in range(many):
            self.last = seq = self.last + 1
            self.chosen[seq] = (self.rng.choice(self.items), self.rng.choice("ab"))
            self.waiting[seq] = None

    def send(self) -> None:
        """What is not acknowledged, shuffled, some of what is once more; sometimes the line breaks."""
        again = [self.rng.choice(self.kept) for _ in range(min(2, len(self.kept)))]
        batch = list(dict.fromkeys([*islice(self.waiting, MOST), *again]))
        self.rng.shuffle(batch)
        body = {
            "attempt": self.client.attempt,
            "events": [self.event(seq) for seq in batch],
        }
        hurry = self.rng.random() < 0.05
        answer = self.client.post("/ujian/jawaban", json=body, timeout=0.002 if hurry else 10)
        if answer.status_code == 200:
            self._acknowledge(batch)
        elif answer.status_code != 503 and not (self.moving and "OtherDevice" in answer.text):
            self.refused.append(f"{answer.status_code} {answer.text[:120]}")

    def _acknowledge(self, batch: list[int]) -> None:
        for seq in batch:
            if seq not in self.acknowledged:
                self.acknowledged.add(seq)
                self.kept.append(seq)
                self.waiting.pop(seq, None)

    def withdraw(self, seq: int) -> None:
        """What was chosen is never sent in one's own name."""
        del self.chosen[seq]
        self.waiting.pop(seq, None)

    def nonsense(self) -> None:
        """Truncated, forged and foreign requests: refused, nothing kept, nobody disturbed."""
        bad = self.rng.choice(
            [
                {"content": b'{"events": [{"seq": 1, "ki'},
                {
                    "json": {
                        "events": [
                            {"seq": -1, "kind": "answer", "item": 1, "response": "x", "at": "x"}
                        ]
                    }
                },
                {"json": {"events": "no"}},
                {"json": {"events": [self.event(self.last) | {"response": "<script>"}]}}
                if self.last in self.chosen
                else {"json": []},
                {"content": b"x" * 300_000},
            ]
        )
        headers = {"Content-Type": "application/json"}
        if self.rng.random() < 0.3:
            headers["Cookie"] = "cakap_ujian=forged:1x:y"
        answer = self.client.post("/ujian/jawaban", headers=headers, timeout=10, **bad)
        if answer.status_code not in {400, 401, 403, 409, 413, 503}:
            self.refused.append(f"nonsense was answered {answer.status_code}")


class Load:
    """Everybody at once, until told to stop."""

    def __init__(self, people: list[Person], pause: float = 0.01, at_once: int = 1) -> None:
        """at_once: so many answers at most are chosen before each sending."""
        self.people, self.pause, self.at_once = people, pause, at_once
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._live, args=[one]) for one in people]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _live(self, person: Person) -> None:
        while not self._end.is_set():
            with person.lock:
                if len(person.waiting) < MOST:
                    person.choose(person.rng.randint(1, self.at_once))
                try:
                    if person.rng.random() < 0.03:
                        person.nonsense()
                    person.send()
                except httpx.HTTPError:
                    time.sleep(0.05)
            time.sleep(self.pause)

    def wait_for(self, many: int, *, said: Callable[[], str]) -> None:
        """Wait until so many more answers are acknowledged."""
        enough = self._acknowledged() + many
        wait_for(f"{many} more answers", lambda: self._acknowledged() >= enough, said=said)

    def _acknowledged(self) -> int:
        return sum(len(person.acknowledged) for person in self.people)

    def drain(self, seconds: float = PATIENCE) -> None:
        """After the faults: everything that was chosen reaches the server."""
        until = time.monotonic() + seconds
        for person in self.people:
            while len(person.acknowledged) < len(person.chosen) and time.monotonic() < until:
                try:
                    person.send()
                except httpx.HTTPError:
                    time.sleep(0.1)
