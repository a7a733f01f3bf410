"""Make the material of the upgrade tests with an installed release of cakap, by its commands and pages.

    PYTHONPATH=tests RELEASE/.venv/bin/python tests/data/upgrade/make.py TARGET [DATABASE_URL]

The Python must be that of the release: `cakap` is taken from beside it. TARGET gets `NAME.tar.xz`, with a
database URL also `NAME.sql.xz`, and `NAME.json`, where NAME is sqlite or postgresql. See README.md.
"""

from __future__ import annotations

import csv
import io
import json
import lzma
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from commands import run
from outside.agency import items_file, option
from outside.installation import PASSWORD, Installation, Visitor, words_of
from outside.upgrade import figures

PEOPLE = 10
DEMO_ACCOUNTS = (
    "operator", "pengawas", "psikometris", "talenta", "gubernur", "auditor", "admin", "peserta",
    *(f"asesor{number}" for number in range(1, 7)),
)  # fmt: skip
ROLES = (
    "operator", "proctor", "assessor", "psychometrician", "talent_manager", "decision_maker",
    "auditor", "administrator",
)  # fmt: skip
# Room, its seats, its form; the last is held at a site.
ROOMS = (
    ("Ruang Naik 1", 9, "Formulir naik"), ("Ruang Naik 2", 3, "Formulir naik"),
    ("Ruang Naik 3", 2, "Formulir situs"),
)  # fmt: skip
# The demo of 0.1.0 gave its server twenty seconds to start, which a busy machine does not keep.
PATIENT = """
import time, urllib.request
from cakap.cli import demo, main

def patient(port):
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/sehat/", timeout=30).close()
            return
        except OSError:
            time.sleep(1)

demo._await_server = patient
main()
"""


def make(data: Path, database: str) -> dict[str, Any]:
    """Everything, in a new data directory; what the tests have to know of it."""
    installation = Installation(data, database=database)
    demo = _demo(installation)
    installation.start("--workers", "1")
    try:
        story = _story(installation, demo)
    finally:
        installation.stop()
    verdict = json.loads(installation.run("verify", "--json"))
    assert verdict["ok"], verdict
    return story


def _demo(installation: Installation) -> dict[str, Any]:
    """The demo's figures; all its accounts have the one password of the tests."""
    sign_ins = installation.data / "demo-sign-ins.json"
    sign_ins.write_text(json.dumps(dict.fromkeys(DEMO_ACCOUNTS, PASSWORD)))
    words = ("demo", "--people", PEOPLE, "--no-serve", "--data", installation.data, "--json")
    done = run([sys.executable, "-c", PATIENT, *words], env=installation.environment, timeout=3600)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _story(installation: Installation, demo: dict[str, Any]) -> dict[str, Any]:
    admin = installation.sign_in("admin")
    for name, role in {**{role: role for role in ROLES}, "second": "proctor"}.items():
        admin.done("/pengguna/tambah/", username=name, name=name, password=PASSWORD, roles=role)
    nips = _nips(installation)
    programme = _programme(installation, nips)
    paused, running, away = _sessions(installation, programme)
    story: dict[str, Any] = {
        "demo": {name: demo[name] for name in ("people", "participants", "answers", "results", "plan")},
        "programme": programme,
        "paused": _console(installation, paused),
        "running": _console(installation, running),
        "away": {"session": away},
    }  # fmt: skip
    story["paused"]["people"] = _paused_room(installation, story["paused"])
    story["running"]["people"] = _running_room(installation, story["running"])
    _pack(installation, away)
    story["tested"] = _tested(installation)
    story["figures"] = figures(installation, story)
    return story


def _nips(installation: Installation) -> list[str]:
    """People of different offices, one for every seat."""
    file = installation.data / "employees.csv"
    installation.run("export", "employees", file, "--agency", "BANTEN")
    found = [row["nip"] for row in csv.DictReader(io.StringIO(file.read_text("utf-8-sig")))]
    file.unlink()
    many = sum(seats for _, seats, _ in ROOMS)
    return found[7 :: len(found) // many][:many]


def _programme(installation: Installation, nips: list[str]) -> int:
    """Items, a form with an adaptive section, a programme with its people."""
    writer = installation.sign_in("psychometrician")
    content = items_file({"NAIK-LOGIKA": 6, "NAIK-BAHASA": 6})
    writer.done("/bank-soal/impor/", files={"file": ("butir.csv", content)})
    writer.done(
        "/bank-soal/formulir/susun/", code="NAIK", name="Formulir naik", minutes=600,
        dimensions=["NAIK-LOGIKA", "NAIK-BAHASA", "TIU"], adaptive=["TIU"], adaptive_items=5,
    )  # fmt: skip
    # A site holds no keys, and an adaptive section needs them.
    writer.done(
        "/bank-soal/formulir/susun/", code="SITUS", name="Formulir situs", minutes=600,
        dimensions=["NAIK-LOGIKA", "NAIK-BAHASA"],
    )  # fmt: skip
    operator = installation.sign_in("operator")
    today = datetime.now(UTC).date()
    page = operator.done(
        "/program/rencana/", code="NAIK-1", name="Program yang sedang berjalan", purpose="mapping",
        organiser=option(operator.get("/program/rencana/"), "organiser", "Provinsi Banten"),
        method="cat", starts=str(today - timedelta(days=2)), ends=str(today + timedelta(days=60)),
    )  # fmt: skip
    programme = int(page.url.path.strip("/").rsplit("/", 1)[-1])
    listed = "nip\n" + "\n".join(nips) + "\n"
    path = f"/program/{programme}/peserta"
    operator.done(f"{path}/berkas/", files={"file": ("peserta.csv", listed)})
    person = re.search(r"/program/peserta/(\d+)/penyesuaian/", operator.get(f"{path}/").text)
    assert person
    operator.done(
        f"/program/peserta/{person[1]}/penyesuaian/", extra_percent=25, larger_type="on",
        reason="Penglihatan kurang.",
    )  # fmt: skip
    return programme


def _sessions(installation: Installation, programme: int) -> list[int]:
    """A session in each room, in the order of the rooms, with everybody seated."""
    operator = installation.sign_in("operator")
    page = f"/program/{programme}/sesi/"
    found: list[int] = []
    for room, seats, form in ROOMS:
        operator.done("/program/ruang/", name=room, seats=seats, location="", networks="")
        starts = datetime.now(UTC) + timedelta(hours=8)  # WIB is seven hours ahead
        shown = operator.get(page)
        after = operator.done(
            page, room=option(shown, "room", room), form=option(shown, "form", form),
            starts_at=f"{starts:%Y-%m-%dT%H:%M}",
        )  # fmt: skip
        new = set(map(int, re.findall(r"/ujian/sesi/(\d+)/", after.text))) - set(found)
        (session,) = new
        found.append(session)
    operator.done(f"/program/{programme}/kursi/")
    return found


def _console(installation: Installation, session: int) -> dict[str, Any]:
    """Open a session; its PIN, its seats and who sits there. One is registered at the desk before."""
    proctor = installation.sign_in("proctor")
    seats = re.findall(r'href="/ujian/kursi/(\d+)/"', proctor.get(f"/ujian/sesi/{session}/").text)
    nips = [_nip_at(proctor, seat) for seat in seats]
    page = proctor.done(
        f"/ujian/kursi/{seats[0]}/daftar/", reason="Tanpa foto arsip.", second="second",
        password=PASSWORD,
    )  # fmt: skip
    registration = re.search(r"\b(\d{6})\b", words_of(page))
    assert registration, words_of(page)
    page = proctor.done(f"/ujian/sesi/{session}/buka/")
    pin = re.search(r"PIN[^0-9]*(\d{6})", words_of(page))
    assert pin, words_of(page)
    return {
        "session": session, "pin": pin[1], "seats": [int(seat) for seat in seats], "nips": nips,
        "registration": {nips[0]: registration[1]},
    }  # fmt: skip


def _nip_at(proctor: Visitor, seat: str) -> str:
    found = re.search(r"\b\d{18}\b", words_of(proctor.get(f"/ujian/kursi/{seat}/")))
    assert found
    return found[0]


class Participant:
    """One person at one machine, in the protocol of 0.1.0."""

    def __init__(self, installation: Installation, room: dict[str, Any], number: int) -> None:
        self.browser, self.seq = installation.visitor(), 0
        nip = room["nips"][number]
        answer = self.browser.fill(
            "/ujian/", nip=nip, pin=room["pin"], registration=room["registration"].get(nip, "")
        )
        assert answer.status_code == 302, words_of(answer)

    def consent(self) -> Participant:
        self.browser.done("/ujian/persetujuan/", agree="on")
        return self

    def begin(self) -> Participant:
        self.consent().browser.done("/ujian/mulai/")
        return self.read()

    def read(self) -> Participant:
        answer = self.browser.get("/ujian/isi.json")
        assert answer.status_code == 200, answer.text
        self.paper = answer.json()
        return self

    def send(self, kind: str, *pairs: tuple[int, str], expect: int = 200) -> None:
        events = []
        for item, response in pairs:
            self.seq += 1
            events.append({
                "seq": self.seq, "kind": kind, "item": item, "response": response,
                "at": datetime.now(UTC).isoformat(),
            })  # fmt: skip
        answer = self.browser.post("/ujian/jawaban", json={"events": events})
        assert answer.status_code == expect, answer.text

    def items(self, part: int) -> list[int]:
        return [question["id"] for question in self.paper["parts"][part]["questions"]]

    def work(self, many: int) -> Participant:
        """Answer some of the first section, change one, mark one, and begin the adaptive section."""
        own = self.items(0)
        self.send("answer", *((item, "abc"[n % 3]) for n, item in enumerate(own[:many])))
        self.send("answer", (own[0], "c"))
        self.send("flag", (own[0], "1"))
        (offered,) = self.items(2)[-1:]
        options = self.paper["parts"][2]["questions"][-1]["options"]
        first = next(iter(options)) if isinstance(options, dict) else options[0]["id"]
        self.send("answer", (offered, first))
        section = self.paper["parts"][2]["section"]
        answer = self.browser.post("/ujian/berikut", json={"section": section})
        assert answer.status_code == 200, answer.text
        return self.read()

    def submit(self) -> dict[str, Any]:
        answer = self.browser.post("/ujian/selesai", json={"last_seq": self.seq})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def kept(self) -> dict[str, Any]:
        own = self.read().paper
        return {
            "attempt": own["attempt"], "answers": own["answers"], "flagged": own["flagged"],
            "seconds_left": round(own["seconds_left"]),
        }  # fmt: skip


def _paused_room(installation: Installation, room: dict[str, Any]) -> dict[str, Any]:
    """Who stands where when the proctor pauses the room: role -> NIP and what the server holds."""
    proctor, nips = installation.sign_in("proctor"), room["nips"]
    at_work = Participant(installation, room, 0).begin().work(4)
    submitted = Participant(installation, room, 1).begin().work(5)
    receipt = submitted.submit()
    nothing_answered = Participant(installation, room, 2).begin()
    Participant(installation, room, 3).consent()
    Participant(installation, room, 4)
    moved_from = Participant(installation, room, 5).begin().work(3)
    proctor.done(f"/ujian/kursi/{room['seats'][5]}/pindah/")
    moved = Participant(installation, room, 5)
    moved.read().seq = moved_from.seq
    moved_from.send("answer", (moved.items(1)[0], "a"), expect=409)
    moved.send("answer", (moved.items(1)[1], "b"))
    paused = Participant(installation, room, 6).begin().work(2)
    proctor.done(f"/ujian/kursi/{room['seats'][6]}/jeda/", reason="Ke kamar kecil.")
    freed = Participant(installation, room, 7).begin().work(2)
    proctor.done(f"/ujian/kursi/{room['seats'][0]}/waktu/", minutes=30, reason="Keyboard diganti.")
    path = f"/ujian/sesi/{room['session']}"
    proctor.done(f"{path}/umumkan/", text="Waktu istirahat sebentar.")
    proctor.done(f"{path}/kejadian/", seat=2, text="Tetikus diganti.")
    proctor.done(f"{path}/jeda/", reason="Ruang diistirahatkan.")
    found = {
        "at_work": at_work.kept(), "submitted": receipt, "nothing_answered": nothing_answered.kept(),
        "consented": {}, "signed_in": {}, "moved": moved.kept(), "paused": paused.kept(),
        "freed": freed.kept(), "absent": {},
    }  # fmt: skip
    proctor.done(f"/ujian/kursi/{room['seats'][7]}/pindah/")
    return {name: {"nip": nip, **own} for (name, own), nip in zip(found.items(), nips, strict=True)}


def _running_room(installation: Installation, room: dict[str, Any]) -> dict[str, Any]:
    """A room whose clock ran when the data was kept."""
    at_work = Participant(installation, room, 0).begin().work(4)
    submitted = Participant(installation, room, 1).begin().work(3)
    found = {"at_work": at_work.kept(), "submitted": submitted.submit(), "absent": {}}
    return {
        name: {"nip": nip, **own}
        for (name, own), nip in zip(found.items(), room["nips"], strict=True)
    }


def _pack(installation: Installation, session: int) -> None:
    """A session that a site has taken with it."""
    with tempfile.TemporaryDirectory() as folder:
        site = Installation(Path(folder) / "site")
        site.run("init")
        card = site.run("site", "card").strip()
    operator = installation.sign_in("operator")
    operator.done("/ujian/situs/tambah/", name="Situs Pandeglang", card=card)
    path = f"/ujian/sesi/{session}/situs/"
    answer = operator.fill(path, site=option(operator.get(path), "site", "Situs Pandeglang"))
    assert answer.status_code == 200, words_of(answer)


def _tested(installation: Installation) -> list[str]:
    """One NIP of each programme of the demo."""
    auditor = installation.sign_in("auditor")
    found = []
    for programme in (1, 2):
        page = words_of(auditor.get(f"/program/{programme}/peserta/"))
        found.append(re.findall(r"\b\d{18}\b", page)[0])
    return found


def keep(data: Path, target: Path, name: str, database: str) -> None:
    """The archive of the directory without what is made again, and the dump."""
    shutil.rmtree(data / "static")
    if database:
        dump = subprocess.run(
            ["pg_dump", "--no-owner", "--no-privileges", "--dbname", database],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
        (target / f"{name}.sql.xz").write_bytes(lzma.compress(dump, preset=9 | lzma.PRESET_EXTREME))
    else:
        # Opened by itself, the database knows no function that its constraints call.
        connection = sqlite3.connect(data / "cakap.sqlite3", isolation_level=None)
        connection.create_function("regexp", 2, lambda _pattern, _text: True, deterministic=True)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("VACUUM")
        connection.close()
    with tarfile.open(target / f"{name}.tar.xz", "w:xz", preset=9 | lzma.PRESET_EXTREME) as archive:
        archive.add(data, arcname="data", filter=_nobody)


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def main(target: Path, database: str = "") -> None:
    """Make and keep it."""
    name = "postgresql" if database else "sqlite"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        story = make(data, database)
        keep(data, target, name, database)
    content = json.dumps(story, indent=1, ensure_ascii=False, sort_keys=True)
    (target / f"{name}.json").write_text(content + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
