"""The real server and worker, as started by `cakap serve`: long work, and a kill in the middle."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from commands import wait_for
from served import Served, begin, free, post

from cakap.cli import running

FORGETS_ONCE = """
import signal, sys
asked = []
def hear(*_):
    asked.append(1)
    if len(asked) > 1:
        sys.exit(0)
signal.signal(signal.SIGTERM, hear)
print("x", end="", flush=True)
while True:
    signal.pause()
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    found = Served(tmp_path_factory.mktemp("served"))
    yield found
    found.kill(signal.SIGTERM)


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
    wait_for(
        "the result of the import on its page",
        lambda: "1 baru, 0 berubah, 0 tetap" in client.get(page).text, said=served.said,
    )  # fmt: skip


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
                body = {"attempt": client.attempt, "events": [event]}
                client.post("/ujian/jawaban", json=body).raise_for_status()
                seq += 1
                acknowledged[number] = seq
        except httpx.HTTPError:
            return

    sittings = [(number, *begin(served, number)) for number in range(3)]
    threads = [threading.Thread(target=answer, args=sitting) for sitting in sittings]
    for thread in threads:
        thread.start()
    wait_for(
        "answers of all three", said=served.said,
        look=lambda: len(acknowledged) == 3 and min(acknowledged.values()) > 10,
    )  # fmt: skip
    served.kill(signal.SIGKILL)
    for thread in threads:
        thread.join()

    with sqlite3.connect(served.data / "cakap.sqlite3") as database:
        stored = database.execute(
            "SELECT count(*), max(seq) FROM delivery_event GROUP BY attempt_id ORDER BY 2"
        ).fetchall()
    served.start()
    free(served, 0)
    client, _ = begin(served, 0)
    assert sum(acknowledged.values()) > 30
    assert all(count == last for count, last in stored)
    assert [last for _, last in stored] >= sorted(acknowledged.values())
    assert client.get("/ujian/isi.json").json()["last_seq"] >= acknowledged[0]


def test_a_server_that_forgets_that_it_was_asked_to_end_is_asked_again(monkeypatch):
    monkeypatch.setattr(running, "HEARD", 0)
    monkeypatch.setattr(running, "ASKED_AGAIN", 1)
    forgetful = subprocess.Popen([sys.executable, "-c", FORGETS_ONCE], stdout=subprocess.PIPE)
    worker = subprocess.Popen(["sleep", "60"])
    forgetful.stdout.read(1)

    running.end_all(forgetful, worker)

    assert (forgetful.returncode, worker.returncode) == (0, -signal.SIGTERM)


STUCK = """
import signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL).pid, flush=True)
signal.pause()
"""


def test_a_server_that_never_ends_is_killed_with_what_it_started(monkeypatch):
    """Its workers would hold the port: the next start would be refused."""
    for name, seconds in {"HEARD": 0, "ASKED_AGAIN": 1, "END_OF_SERVER": 2}.items():
        monkeypatch.setattr(running, name, seconds)
    stuck = subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE)
    child = int(stuck.stdout.readline())
    worker = subprocess.Popen(["sleep", "60"])

    running.end_all(stuck, worker)

    assert (stuck.returncode, worker.returncode) == (-signal.SIGKILL, -signal.SIGTERM)
    words = Path(f"/proc/{child}/cmdline")
    wait_for("the end of its child", lambda: not (words.exists() and words.read_bytes()))
