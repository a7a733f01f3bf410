"""A participant and a proctor, as their pages speak to the server."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx

from outside.agency import OpenAgency
from outside.installation import Visitor, words_of


class Participant:
    """One person at one machine: signed in, consented, begun."""

    def __init__(
        self,
        agency: OpenAgency,
        number: int,
        *,
        begin: bool = True,
        browser: Visitor | None = None,
        **headers: str,
    ) -> None:
        self.agency, self.nip = agency, agency.nips[number]
        self.browser = browser or agency.installation.visitor(**headers)
        self.seq = 0
        answer = self.browser.fill("/ujian/", nip=self.nip, pin=agency.pin)
        assert answer.status_code == 302, words_of(answer)
        self.paper: dict[str, Any] = {}
        if begin:
            self.begin()

    def begin(self) -> None:
        self.browser.done("/ujian/persetujuan/", agree="on")
        self.browser.done("/ujian/mulai/")
        self.read()

    def read(self) -> dict[str, Any]:
        """The exam as the page fetches it."""
        answer = self.browser.get("/ujian/isi.json")
        assert answer.status_code == 200, answer.text
        self.paper = answer.json()
        self.seq = max(self.seq, self.paper["last_seq"])
        return self.paper

    @property
    def attempt(self) -> int:
        return int(self.paper["attempt"])

    @property
    def items(self) -> list[int]:
        return [question["id"] for part in self.paper["parts"] for question in part["questions"]]

    def event(self, item: int, response: str, **more: Any) -> dict[str, Any]:
        self.seq += 1
        return {
            "seq": self.seq, "kind": "answer", "item": item, "response": response,
            "at": datetime.now(UTC).isoformat(), **more,
        }  # fmt: skip

    def send(self, *events: dict[str, Any], attempt: int | None = None) -> httpx.Response:
        """Send events as the page does, naming the attempt."""
        return self.post("/ujian/jawaban", {"events": list(events)}, attempt=attempt)

    def post(
        self, path: str, body: dict[str, Any], *, attempt: int | None = None
    ) -> httpx.Response:
        named = {"attempt": self.attempt if attempt is None else attempt}
        # As browsers write JSON: half a surrogate pair comes as an escape.
        return self.browser.post(
            path, content=json.dumps({**named, **body}),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip

    def hold(self) -> dict[str, Any]:
        """Open the exam on one more page, which numbers its answers in a block of its own."""
        answer = self.post("/ujian/isi.json", {})
        assert answer.status_code == 200, answer.text
        self.seq = answer.json()["seq_from"]
        return answer.json()

    def answer(self, item: int, response: str) -> httpx.Response:
        return self.send(self.event(item, response))

    def submit(self) -> httpx.Response:
        return self.post("/ujian/selesai", {"last_seq": self.seq})


def free(agency: OpenAgency, number: int) -> None:
    """The proctor lets a participant go on at another machine."""
    proctor = agency.sign_in("proctor")
    proctor.done(f"/ujian/kursi/{seats_of(agency, proctor)[number]}/pindah/")


def seats_of(agency: OpenAgency, proctor: Visitor) -> list[int]:
    """The numbers of the seats' pages, in the order of the console."""
    page = proctor.get(f"/ujian/sesi/{agency.session}/")
    return [int(pk) for pk in re.findall(r'href="/ujian/kursi/(\d+)/"', page.text)]


def hidden(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of the page's form, as a browser sends them back."""
    main = page.text.partition("<main")[2]
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main)
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def close(agency: OpenAgency, session: int | None = None) -> httpx.Response:
    """The proctor closes the session, having been asked; the console that follows."""
    proctor = agency.sign_in("proctor")
    path = f"/ujian/sesi/{session or agency.session}/tutup/"
    return proctor.done(path, **hidden(proctor.get(path)))
