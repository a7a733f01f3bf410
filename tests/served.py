"""A data directory with a small world and its real server, to be used and killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from commands import PATIENCE, Spoken, run, wait_for
from initialised import initialise

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
        self,
        data: Path,
        *,
        database: str = "",
        prepare: str = PREPARE,
        server: dict[str, str] | None = None,
        **more: str,
    ) -> None:
        """server: what the server's environment has besides, and no command's."""
        self.front = 0  # a line before the server, where there is one
        self.port = free_port()
        self.data = data
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CAKAP_")},
            "CAKAP_DATA": str(data), "DJANGO_SETTINGS_MODULE": "cakap.settings.base",
            "PYTHONPATH": str(TESTS), **more, **({"CAKAP_DATABASE_URL": database} if database else {}),
        }  # fmt: skip
        self.server = server or {}
        self.said = Spoken()
        initialise(data)
        made = run([sys.executable, "-c", prepare], env=self.environment)
        self.world = json.loads(made.stdout.splitlines()[-1])
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [CAKAP, "serve", "--port", str(self.port)], env=self.environment | self.server,
            stdout=self.said.file, stderr=self.said.file, start_new_session=True,
        )  # fmt: skip
        self.wait()

    def wait(self) -> None:
        wait_for("an answer of the server", self._is_healthy, said=self.said)

    def _is_healthy(self) -> bool:
        assert self.process.poll() is None, f"the server ended:\n{self.said()}"
        try:
            address = f"http://127.0.0.1:{self.port}/sehat/"
            return httpx.get(address, trust_env=False, timeout=30).is_success
        except httpx.HTTPError:
            return False

    def workers(self) -> list[int]:
        """The processes that serve requests: the children of granian's master."""
        masters = [pid for pid in children_of(self.process.pid) if "granian" in _words_of(pid)]
        return [pid for master in masters for pid in children_of(master)]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.front or self.port}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.base, trust_env=False, timeout=PATIENCE)

    def kill(self, how: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            message = f"the server did not end in {PATIENCE} s after {how.name}\n{self.said()}"
            raise AssertionError(message) from None


def _words_of(pid: int) -> str:
    """The command of a process; empty where it has just ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


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
    answer = post(proctor, f"/ujian/kursi/{seat}/pindah/", {})
    assert answer.status_code == 302, answer.text[:2000]


def begin(served, number):
    client = served.client()
    post(client, "/ujian/", {"nip": served.world["nips"][number], "pin": served.world["pin"]})
    post(client, "/ujian/persetujuan/", {"agree": "on"})
    post(client, "/ujian/mulai/", {})
    paper = client.get("/ujian/isi.json").json()
    client.attempt = paper["attempt"]
    return client, [q["id"] for part in paper["parts"] for q in part["questions"]]
