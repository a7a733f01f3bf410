"""What release 0.1.0 kept is taken over: nothing is lost, every figure stands, the exam goes on.

On PostgreSQL where CAKAP_DATABASE_URL is set, on SQLite otherwise. The material: tests/data/upgrade.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from commands import run
from outside.agency import OpenAgency
from outside.exam import Participant
from outside.installation import Installation, words_of
from outside.upgrade import figures

pytestmark = pytest.mark.slow
KEPT = Path(__file__).parent / "data" / "upgrade" / "0.1.0"
SERVER = os.environ.get("CAKAP_DATABASE_URL", "")
NAME = "postgresql" if SERVER else "sqlite"
STAFF = {
    "operator": ["/program/", "/program/{programme}/", "/ujian/situs/", "/kepegawaian/pegawai/"],
    "proctor": ["/ujian/sesi/", "/ujian/sesi/{paused}/", "/ujian/sesi/{running}/"],
    "psychometrician": ["/bank-soal/", "/bank-soal/formulir/", "/kalibrasi/"],
    "talent_manager": ["/talenta/", "/penempatan/rencana/", "/penempatan/rencana/1/"],
    "decision_maker": ["/penempatan/rencana/1/", "/penempatan/rencana/1/rencana.pdf", "/seleksi/"],
    "auditor": [
        "/audit/",
        "/hasil/program/1/",
        "/kebijakan/",
        "/hasil/",
        "/program/1/",
        "/hasil/1/",
    ],
    "administrator": ["/pengguna/", "/kebijakan/"],
}


@dataclass
class Upgraded:
    """An installation of 0.1.0 that this version has taken over, and what 0.1.0 said of it."""

    installation: Installation
    story: dict[str, Any]
    found: dict[str, Any]

    def room(self, name: str) -> OpenAgency:
        room = self.story[name]
        return OpenAgency(
            self.installation, nips=room["nips"], programme=self.story["programme"],
            session=room["session"], pin=room["pin"],
        )  # fmt: skip


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("upgrade")
    with tarfile.open(KEPT / f"{NAME}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    database = restored(folder) if SERVER else ""
    installation = Installation(folder / "data", database=database)
    story = json.loads((KEPT / f"{NAME}.json").read_text())
    installation.run("init")
    installation.start("--workers", "1")
    yield Upgraded(installation, story, figures(installation, story))
    installation.stop()


def restored(folder: Path) -> str:
    """The dump in a database of its own in the cluster of CAKAP_DATABASE_URL."""
    name = f"upgrade_{os.getpid()}"
    run(["psql", "--dbname", SERVER, "--command", f"CREATE DATABASE {name}"])
    database = urlsplit(SERVER)._replace(path=f"/{name}").geturl()
    dump = folder / "dump.sql"
    dump.write_bytes(lzma.decompress((KEPT / "postgresql.sql.xz").read_bytes()))
    run(["psql", "--dbname", database, "-v", "ON_ERROR_STOP=1", "--quiet", "--file", str(dump)])
    return database


def sits_down(
    upgraded: Upgraded, room: OpenAgency, role: str, *, freed: bool = True
) -> Participant:
    """The participant of a role at a new machine, by the proctor's leave. The token of 0.1.0 is over."""
    nip = upgraded.story["paused"]["people"][role]["nip"]
    number = room.nips.index(nip)
    if freed:
        seat = upgraded.story["paused"]["seats"][number]
        room.sign_in("proctor").done(f"/ujian/kursi/{seat}/pindah/")
    person = Participant.__new__(Participant)
    person.agency, person.nip, person.seq = room, nip, 0
    person.browser, person.paper = upgraded.installation.visitor(), {}
    registration = upgraded.story["paused"]["registration"].get(nip, "")
    answer = person.browser.fill("/ujian/", nip=nip, pin=room.pin, registration=registration)
    assert answer.status_code == 302, words_of(answer)
    return person


def let_go_on(room: OpenAgency) -> None:
    """The proctor lets the paused room go on, whatever the release asks for besides."""
    proctor = room.sign_in("proctor")
    page = proctor.get(f"/ujian/sesi/{room.session}/")
    if f"/ujian/sesi/{room.session}/lanjut/" in page.text:
        proctor.done(f"/ujian/sesi/{room.session}/lanjut/")


def within(kept: Any, found: Any) -> Any:
    """What was found of what was kept: a release may say more, never less or otherwise."""
    if isinstance(kept, dict) and isinstance(found, dict):
        return {key: within(value, found.get(key)) for key, value in kept.items()}
    if isinstance(kept, list) and isinstance(found, list) and len(kept) == len(found):
        return [within(*pair) for pair in zip(kept, found, strict=True)]
    return found


def test_the_chain_and_every_kept_figure_are_intact(upgraded):
    verdict = json.loads(upgraded.installation.run("verify", "--json"))
    assert verdict == {"ok": True, "trouble": ""}
    assert "lengkap" in upgraded.installation.run("doctor")


@pytest.mark.parametrize("part", ["events", "results", "plan", "rows"])
def test_the_figures_are_those_that_the_old_release_gave(upgraded, part):
    kept = upgraded.story["figures"][part]
    assert within(kept, upgraded.found[part]) == kept


@pytest.mark.parametrize("name", STAFF)
def test_the_staff_sign_in_and_their_pages_open(upgraded, name):
    visitor = upgraded.installation.sign_in(name)
    story = upgraded.story
    numbers = {
        "programme": story["programme"], "paused": story["paused"]["session"],
        "running": story["running"]["session"],
    }  # fmt: skip
    for path in STAFF[name]:
        answer = visitor.get(path.format(**numbers))
        assert answer.status_code == 200, f"{path}: {answer.status_code} {words_of(answer)[:500]}"


def test_a_participant_of_the_demo_reads_the_own_result(upgraded):
    passwords = json.loads((upgraded.installation.data / "demo-sign-ins.json").read_text())
    members = words_of(upgraded.installation.sign_in("administrator").get("/pengguna/"))
    nip = re.search(r"\b\d{18}\b", members)
    assert nip, members
    visitor = upgraded.installation.sign_in(nip[0], passwords["peserta"])
    assert visitor.get("/hasil/saya/").status_code == 200
    assert visitor.get("/hasil/saya/laporan.pdf").content.startswith(b"%PDF")


def test_the_plan_is_approved_with_its_totals(upgraded):
    plan = upgraded.story["demo"]["plan"]
    page = upgraded.installation.sign_in("talent_manager").get("/penempatan/rencana/1/")
    assert "Kepgub contoh 206/2025" in words_of(page)
    found = upgraded.found["plan"]
    assert (found["state"], found["moves"]) == ("approved", plan["moves"])
    assert found["total_after"] == pytest.approx(plan["total_after"], abs=1e-4)


def test_the_session_at_a_site_is_still_at_the_site(upgraded):
    operator = upgraded.installation.sign_in("operator")
    page = operator.get(f"/ujian/sesi/{upgraded.story['away']['session']}/")
    assert "Situs Pandeglang" in words_of(page)


def test_the_exam_that_was_running_goes_on_and_is_submitted(upgraded):
    room = upgraded.room("paused")
    kept = upgraded.story["paused"]["people"]
    let_go_on(room)
    for role in ("at_work", "nothing_answered", "moved", "freed"):
        person = sits_down(upgraded, room, role, freed=role != "freed")
        person.read()
        assert person.attempt == kept[role]["attempt"]
        assert person.paper["answers"] == kept[role]["answers"], role
        assert person.paper["flagged"] == kept[role]["flagged"], role
        # The clock stood still with the room; within it ran for a moment before and after.
        assert person.paper["seconds_left"] == pytest.approx(kept[role]["seconds_left"], abs=600)

        person.hold()
        new = next(item for item in person.items if str(item) not in kept[role]["answers"])
        answer = person.answer(new, "b")
        assert answer.status_code == 200, answer.text
        receipt = person.submit()

        assert receipt.status_code == 200, receipt.text
        assert receipt.json()["answered"] == len(kept[role]["answers"]) + 1
    assert json.loads(upgraded.installation.run("verify", "--json"))["ok"]


def test_answers_of_an_earlier_machine_are_still_shown_as_evidence(upgraded):
    room = upgraded.story["paused"]
    number = room["nips"].index(room["people"]["moved"]["nip"])
    proctor = upgraded.installation.sign_in("proctor")
    trail = words_of(proctor.get(f"/ujian/kursi/{room['seats'][number]}/jejak/"))
    assert "tidak dihitung" in trail
