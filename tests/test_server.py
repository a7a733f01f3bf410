"""The real server and worker, as started by `cakap serve`: long work, and a kill in the middle."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

TESTS = Path(__file__).parent
CAKAP = Path(sys.executable).parent / "cakap"
PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
import json
from cakap.accounts.models import Role
from world import make_world, make_open_session
world = make_world()
session = make_open_session(world)
world.user(Role.OPERATOR)
seats = [s.participant.employee.nip for s in session.seats.select_related("participant__employee")]
print(json.dumps({"pin": session.pin, "nips": seats}))
"""


class Served:
    """A data directory with a small world, and its server."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data = data
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CAKAP_")},
            "CAKAP_DATA": str(data), "DJANGO_SETTINGS_MODULE": "cakap.settings.base",
            "PYTHONPATH": str(TESTS),
        }  # fmt: skip
        made = subprocess.run(
            [sys.executable, "-c", PREPARE],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        self.world = json.loads(made.stdout.splitlines()[-1])
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [CAKAP, "serve", "--port", str(self.port)], env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        for _ in range(150):
            try:
                httpx.get(f"{self.base}/sehat/", trust_env=False).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.2)
        message = "the server does not answer"
        raise AssertionError(message)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.base, trust_env=False, timeout=20)

    def kill(self, how: signal.Signals) -> None:
        os.killpg(self.process.pid, how)
        self.process.wait(20)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    found = Served(tmp_path_factory.mktemp("served"))
    yield found
    found.kill(signal.SIGTERM)


def post(client, path, data, files=None):
    if "csrftoken" not in client.cookies:
        client.get(path)
    data = {**data, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    return client.post(path, data=data, files=files)


def begin(served, number):
    client = served.client()
    post(client, "/ujian/", {"nip": served.world["nips"][number], "pin": served.world["pin"]})
    post(client, "/ujian/persetujuan/", {"agree": "on"})
    post(client, "/ujian/mulai/", {})
    paper = client.get("/ujian/isi.json").json()
    return client, [q["id"] for part in paper["parts"] for q in part["questions"]]


@pytest.mark.slow
def test_an_import_asked_for_on_a_page_is_done_by_the_worker(served):
    client = served.client()
    post(client, "/akun/login/", {"login": "a-operator", "password": "rahasia-sekali"})
    file = {"file": ("unit.csv", b"kode,nama\nW1,Unit W1\n", "text/csv")}
    preview = post(client, "/kepegawaian/impor/", {"kind": "units"}, file).text
    upload = preview.split('name="upload" value="')[1].split('"')[0]

    answer = post(
        client,
        "/kepegawaian/impor/jalankan/",
        {"kind": "units", "file": "unit.csv", "upload": upload},
    )

    page = answer.headers["location"]
    for _ in range(60):
        text = client.get(page).text
        if "1 baru" in text:
            break
        time.sleep(0.5)
    assert "1 baru, 0 berubah, 0 tetap" in text


@pytest.mark.slow
def test_a_kill_in_the_middle_loses_no_acknowledged_answer(served):
    """Several people answer as fast as they can; the server is killed; what was said is there."""
    acknowledged: dict[int, int] = {}

    def answer(number, client, items):
        seq = 0
        try:
            while True:
                event = {
                    "seq": seq + 1, "kind": "answer", "item": items[seq % len(items)],
                    "response": "a", "at": datetime.now(UTC).isoformat(),
                }  # fmt: skip
                client.post("/ujian/jawaban", json={"events": [event]}).raise_for_status()
                seq += 1
                acknowledged[number] = seq
        except httpx.HTTPError:
            return

    sittings = [(number, *begin(served, number)) for number in range(3)]
    threads = [threading.Thread(target=answer, args=sitting) for sitting in sittings]
    for thread in threads:
        thread.start()
    time.sleep(2)
    served.kill(signal.SIGKILL)
    for thread in threads:
        thread.join()

    with sqlite3.connect(served.data / "cakap.sqlite3") as database:
        stored = database.execute(
            "SELECT count(*), max(seq) FROM delivery_event GROUP BY attempt_id ORDER BY 2"
        ).fetchall()
    served.start()
    client, _ = begin(served, 0)
    assert sum(acknowledged.values()) > 30
    assert all(count == last for count, last in stored)
    assert [last for _, last in stored] >= sorted(acknowledged.values())
    assert client.get("/ujian/isi.json").json()["last_seq"] >= acknowledged[0]
