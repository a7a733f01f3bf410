"""A data directory with a small world and its real server, to be used and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from cakap.cli.running import free_port

TESTS = Path(__file__).parent
CAKAP = Path(sys.executable).parent / "cakap"
SET_UP = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
call_command("createcachetable", verbosity=0)
import json
from cakap.accounts.models import Role
from world import make_world, make_open_session
"""
TELL = """
seats = session.seats.select_related("participant__employee").order_by("number")
print(json.dumps({
    "session": session.pk, "pin": session.pin, "seats": [s.pk for s in seats],
    "nips": [s.participant.employee.nip for s in seats],
}))
"""
PREPARE = f"""{SET_UP}
world = make_world()
session = make_open_session(world)
world.user(Role.OPERATOR); world.user(Role.PROCTOR)
{TELL}"""


def children_of(parent: int) -> list[int]:
    """Processes started by this one that still run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(entry.read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(entry.parent.name))
        except (OSError, ValueError):
            continue
    return found


class Served:
    """A data directory with a small world, and its server."""

    def __init__(
        self, data: Path, *, database: str = "", prepare: str = PREPARE, **more: str
    ) -> None:
        self.front = 0  # a line before the server, where there is one
        self.port = free_port()
        self.data = data
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CAKAP_")},
            "CAKAP_DATA": str(data), "DJANGO_SETTINGS_MODULE": "cakap.settings.base",
            "PYTHONPATH": str(TESTS), **more, **({"CAKAP_DATABASE_URL": database} if database else {}),
        }  # fmt: skip
        made = subprocess.run(
            [sys.executable, "-c", prepare],
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
        self.wait()

    def wait(self) -> None:
        for _ in range(150):
            try:
                address = f"http://127.0.0.1:{self.port}/sehat/"
                httpx.get(address, trust_env=False).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.2)
        message = "the server does not answer"
        raise AssertionError(message)

    def workers(self) -> list[int]:
        """The processes that serve requests: the children of granian's master."""
        masters = [
            pid
            for pid in children_of(self.process.pid)
            if "granian" in Path(f"/proc/{pid}/cmdline").read_text()
        ]
        return [pid for master in masters for pid in children_of(master)]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.front or self.port}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.base, trust_env=False, timeout=20)

    def kill(self, how: signal.Signals) -> None:
        os.killpg(self.process.pid, how)
        self.process.wait(20)


def post(client, path, data, files=None):
    if "csrftoken" not in client.cookies:
        client.get(path)
    data = {**data, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    return client.post(path, data=data, files=files)


def free(served, number):
    """The proctor lets a participant go on at another machine."""
    proctor = served.client()
    post(proctor, "/akun/login/", {"login": "a-proctor", "password": "rahasia-sekali"})
    seat = served.world["seats"][number]
    assert post(proctor, f"/ujian/kursi/{seat}/pindah/", {}).status_code == 302


def begin(served, number):
    client = served.client()
    post(client, "/ujian/", {"nip": served.world["nips"][number], "pin": served.world["pin"]})
    post(client, "/ujian/persetujuan/", {"agree": "on"})
    post(client, "/ujian/mulai/", {})
    paper = client.get("/ujian/isi.json").json()
    client.attempt = paper["attempt"]
    return client, [q["id"] for part in paper["parts"] for q in part["questions"]]
