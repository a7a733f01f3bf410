"""A centre and a site for a day of exams: prepared by pages and commands, copied for each test."""

from __future__ import annotations

import http.server
import re
import shutil
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import httpx
from commands import run
from pypdf import PdfReader

from outside.agency import OpenAgency, option, plan_session
from outside.exam import seats_of
from outside.installation import CAKAP, PASSWORD, Installation, words_of

IN_FIRST, IN_OTHER = 6, 2
SECOND = {"second": "petugas2", "password": PASSWORD}  # the second officer of the site
AT_CENTRE = {"second": "second", "password": PASSWORD}


@dataclass
class Day:
    """agency: the centre; room: the site, as tests of an exam know it; other: the second session."""

    agency: OpenAgency
    room: OpenAgency
    other: int

    @property
    def centre(self) -> Installation:
        return self.agency.installation

    @property
    def site(self) -> Installation:
        return self.room.installation

    @property
    def session(self) -> int:
        return self.agency.session

    def send(self, *options: str, to: str = "", prefix: tuple[str, ...] = ()):
        """`cakap site send`, whatever comes of it; its words are one line."""
        words = [*prefix, CAKAP, "site", "send", "--to", to or self.centre.base, *options]
        return run(words, env=self.site.environment, expect=None)

    def console(self, session: int | None = None) -> str:
        """The centre's console of a session, as the operator reads it."""
        page = self.agency.sign_in("operator").get(f"/ujian/sesi/{session or self.session}/")
        return words_of(page)

    def told(self, session: int | None = None) -> str:
        """The centre's page about a session that is at a site."""
        page = self.agency.sign_in("operator").get(f"/ujian/situs/sesi/{session or self.session}/")
        return words_of(page)

    def load(self, session: int, site: Installation | None = None) -> str:
        """Carry a session's package to a site, as the guide says; what the command said."""
        content = package_of(self.agency, session, "Lebak" if site is None else "Serang")
        return loaded(site or self.site, content, self.agency)

    def stop(self) -> None:
        self.centre.stop()
        self.site.stop()


def make_day(prepared: OpenAgency, folder: Path) -> Day:
    """A centre with two sessions that are packed for a site, and the site that has loaded them."""
    shutil.copytree(prepared.installation.data, folder / "centre")
    centre, site = Installation(folder / "centre"), Installation(folder / "site")
    agency = replace(prepared, installation=centre)
    centre.start("--workers", "1")
    # The desk is open and exams may begin.
    starts = datetime.now(UTC) + timedelta(minutes=25)
    operator = agency.sign_in("operator")
    page = operator.get(f"/program/{agency.programme}/peserta/").text
    people = sorted(set(map(int, re.findall(r"/program/peserta/(\d+)/kursi/", page))))
    sessions = []
    for room, seats in {"Ruang 2": IN_FIRST, "Ruang 3": IN_OTHER}.items():
        operator.done("/program/ruang/", name=room, seats=seats + 2, location="")
        more = {} if not sessions else {"locked_browser": "on"}
        sessions.append(plan_session(agency, starts, room=room, **more))
        for person in people[:seats]:
            operator.done(f"/program/peserta/{person}/kursi/", session=sessions[-1])
        people = people[seats:]
    agency.session, other = sessions
    register_site(agency, site, "Lebak")
    day = Day(agency, replace(agency, installation=site), other)
    for session in (day.session, other):
        day.load(session)
    staff(site, "petugas2", "proctor", "operator")
    staff(site, "kepala", "administrator")
    centre.stop()
    return day


def copied_day(day: Day, folder: Path) -> Day:
    """The same in directories of its own; nobody serves."""
    made = {}
    for name in ("centre", "site"):
        shutil.copytree(getattr(day, name).data, folder / name)
        made[name] = Installation(folder / name)
    return Day(
        replace(day.agency, installation=made["centre"]),
        replace(day.room, installation=made["site"]), day.other,
    )  # fmt: skip


def register_site(agency: OpenAgency, site: Installation, name: str) -> None:
    """The site's card, made known at the centre by page."""
    card = site.run("site", "card").strip()
    agency.sign_in("operator").done("/ujian/situs/tambah/", name=name, card=card)


def package_of(agency: OpenAgency, session: int, site: str) -> bytes:
    """*Bawa ke situs* on the console: the package."""
    operator, path = agency.sign_in("operator"), f"/ujian/sesi/{session}/situs/"
    answer = operator.fill(path, site=option(operator.get(path), "site", site))
    assert answer.status_code == 200, words_of(answer)
    assert answer.headers["content-type"] == "application/octet-stream", words_of(answer)
    return answer.content


def loaded(site: Installation, content: bytes, agency: OpenAgency) -> str:
    """`cakap site load` with the centre's card, as its page shows it; a proctor `jaga` is made."""
    file = site.data.parent / f"{site.data.name}.cakap"
    file.write_bytes(content)
    shown = words_of(agency.sign_in("operator").get("/ujian/situs/"))
    card = re.search(r"Kartu pusat ini, untuk dibawa ke situs: (\S+)", shown)
    assert card, shown
    to = agency.installation.base
    words = ("site", "load", file, "--centre", card[1], "--proctor", "jaga", "--to", to)
    done = site.attempt(*words, told=f"{PASSWORD}\n{PASSWORD}\n")
    assert done.returncode == 0, done.stderr
    return one_line(done.stderr)


def staff(site: Installation, name: str, *roles: str, password: str = PASSWORD, expect: int = 0):
    """`cakap site staff`: an officer of the site, or an administrator."""
    options = [word for role in roles for word in ("--role", role)]
    done = site.attempt("site", "staff", name, *options, told=f"{password}\n{password}\n")
    assert done.returncode == expect, done.stderr
    return done


def one_line(text: str) -> str:
    """What a command printed, without the breaks of its lines."""
    return " ".join(text.split())


def opened(day: Day, *, proctor: str = "jaga") -> OpenAgency:
    """The room with its session open: the site's proctor reads the PIN from the console."""
    page = day.room.sign_in(proctor).done(f"/ujian/sesi/{day.session}/buka/", asked="999")
    found = re.search(r"PIN[^0-9]*(\d{6})", words_of(page))
    assert found, words_of(page)
    day.room = replace(day.room, pin=found[1])
    return day.room


def seat_of(day: Day, number: int, *, proctor: str = "jaga", session: int | None = None) -> int:
    """The row of a participant's seat, which is the same at the centre and at the site."""
    room = replace(day.room, session=session or day.session)
    return seats_of(room, room.sign_in(proctor))[number]


def minutes_text(agency: OpenAgency, session: int, officer: str) -> str:
    """The minutes of a session: the words of the PDF, its lines joined."""
    pdf = agency.sign_in(officer).get(f"/ujian/sesi/{session}/berita-acara.pdf").content
    return one_line(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages))


class Road:
    """What lies between a site and the centre: lets some requests through, answers others itself.

    lets: how many are let through; then every answer is `instead` (status, type, body).
    """

    def __init__(self, centre: str, *, lets: int, instead: tuple[int, str, bytes]) -> None:
        self.centre, self.lets, self.instead, self.seen = centre, lets, instead, 0
        road = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, kind, content = road.answer(self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_words: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        self.seen += 1
        if self.seen > self.lets:
            return self.instead
        told = httpx.post(self.centre + path, content=body, trust_env=False, timeout=60)
        return told.status_code, "application/json", told.content

    def __enter__(self) -> Road:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_why: object) -> None:
        self.server.shutdown()
        self.server.server_close()
