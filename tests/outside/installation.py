"""An installation of cakap in a directory of its own: its commands, its server, people who sign in."""

from __future__ import annotations

import html
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
from commands import PATIENCE, report, run, wait_for
from initialised import initialise

CAKAP = Path(sys.executable).parent / "cakap"
PASSWORD = "kata-sandi-panjang-7"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """A data directory and, while it runs, its server. `prefix` stands before the command (faketime)."""

    def __init__(self, data: Path, *, database: str = "", **settings: str) -> None:
        self.data = data
        data.mkdir(parents=True, exist_ok=True)
        initialise(data)
        self.log = data.parent / f"{data.name}.log"
        self.host, self.port = "127.0.0.1", free_port()
        self.authority: Path | None = None  # of its TLS, where it is served with `--tls`
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CAKAP_")},
            "CAKAP_DATA": str(data),
            **({"CAKAP_DATABASE_URL": database} if database else {}),
            **settings,
        }
        self.environment.pop("DJANGO_SETTINGS_MODULE", None)

    def run(self, *words: object, told: str = "", expect: int | None = 0) -> str:
        """Run a command of cakap; its standard output. `told` is typed; another exit code fails."""
        done = self.attempt(*words, told=told)
        assert expect is None or done.returncode == expect, report(done)
        return done.stdout

    def attempt(self, *words: object, told: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of cakap, whatever comes of it."""
        return run([CAKAP, *words], env=self.environment, told=told, expect=None)

    def start(self, *options: str, prefix: tuple[str, ...] = (), **settings: str) -> Installation:
        """Start the server and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, CAKAP, "serve", "--host", self.host, "--port", str(self.port), *options],
                env=self.environment | settings, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.wait()
        return self

    def wait(self) -> None:
        wait_for("an answer of the server", self._is_healthy, said=self.said)

    def _is_healthy(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the server ended:\n{self.said()}"
        headers = {"X-Forwarded-Proto": "https", "Host": "127.0.0.1"}
        try:
            return httpx.get(
                f"{self.base}/sehat/", trust_env=False, headers=headers, timeout=30,
                verify=self._trusts(),
            ).is_success  # fmt: skip
        except httpx.HTTPError:
            return False

    def said(self) -> str:
        """What the server printed."""
        return self.log.read_text(errors="replace")[-8000:] if self.log.exists() else ""

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, how)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                message = f"the server did not end in {PATIENCE} s\n{self.said()}"
                raise AssertionError(message) from None
        self.process = None

    @property
    def base(self) -> str:
        return f"{'https' if self.authority else 'http'}://{self.host}:{self.port}"

    def _trusts(self) -> bool | ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority) if self.authority else True

    def visitor(self, **headers: str) -> Visitor:
        """Somebody at a browser who has not signed in."""
        return Visitor(
            base_url=self.base, trust_env=False, timeout=PATIENCE, verify=self._trusts(),
            headers={
                "Accept-Language": "id", **({"Referer": self.base} if self.authority else {}),
                **headers,
            },
        )  # fmt: skip

    def sign_in(self, name: str, password: str = PASSWORD, **headers: str) -> Visitor:
        """Somebody who has signed in to the pages."""
        visitor = self.visitor(**headers)
        answer = visitor.fill("/akun/login/", login=name, password=password)
        assert answer.status_code == 302, f"{name} cannot sign in: {words_of(answer)}"
        return visitor


class Visitor(httpx.Client):
    """A browser without a screen: it fills in forms with the token that the page gave."""

    def fill(self, path: str, files: object = None, **fields: object) -> httpx.Response:
        """Post fields to a page; redirects are not followed: 302 is how a form says yes."""
        if "csrftoken" not in self.cookies:
            self.get(path)
        if "csrftoken" not in self.cookies:
            self.get("/akun/login/")
        token = next(cookie.value for cookie in self.cookies.jar if cookie.name == "csrftoken")
        return self.post(path, data={**fields, "csrfmiddlewaretoken": token}, files=files)

    def done(self, path: str, files: object = None, **fields: object) -> httpx.Response:
        """Post fields to a page that must take them; the page that follows."""
        answer = self.fill(path, files, **fields)
        assert answer.status_code == 302, f"{path} {answer.status_code}: {words_of(answer)}"
        return self.get(answer.headers["location"], follow_redirects=True)


def words_of(answer: httpx.Response) -> str:
    """What a person reads on a page: its main part without markup."""
    main = answer.text.partition("<main")[2] or answer.text
    main = re.sub(r"<(script|style).*?</\1>", " ", main, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())
