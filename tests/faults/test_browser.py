"""The browser itself is killed in the middle: what it held on its machine reaches the server later."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from commands import PATIENCE, wait_for
from served import Served, children_of, free, post

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def served(tmp_path):
    found = Served(tmp_path / "data")
    yield found
    found.kill(signal.SIGTERM)


def browser(playwright, profile):
    return playwright.chromium.launch_persistent_context(
        str(profile), executable_path=shutil.which("chromium"), locale="id-ID",
        args=["--no-sandbox", "--disable-gpu", "--disable-quic"],
    )  # fmt: skip


def processes_of(profile):
    """Every process of the browser with this profile, and theirs."""
    found = [
        int(entry.parent.name)
        for entry in Path("/proc").glob("[0-9]*/cmdline")
        if f"--user-data-dir={profile}".encode() in entry.read_bytes()
    ]
    return found + [child for one in found for child in children_of(one)]


def enter(page, served):
    page.goto(f"{served.base}/ujian/")
    page.fill("[name=nip]", served.world["nips"][0])
    page.fill("[name=pin]", served.world["pin"])
    page.click("main button")


def begin(page, served):
    enter(page, served)
    page.check("[name=agree]")
    page.click("text=Lanjut ke latihan")
    page.click("text=Mulai ujian")
    page.wait_for_selector("#question input")


def test_a_browser_killed_mid_answer_loses_nothing(served, tmp_path, playwright):
    profile = tmp_path / "profile"
    context = browser(playwright, profile)
    page = context.pages[0]
    page.set_default_timeout(1000 * PATIENCE)
    begin(page, served)
    page.locator("#question input").nth(0).check()
    page.wait_for_selector("#saved[data-state=saved]")
    context.set_offline(True)
    page.click("#next")
    page.locator("#question input").nth(1).check()
    page.wait_for_selector("#saved[data-state=offline]")
    for pid in processes_of(profile):
        with contextlib.suppress(ProcessLookupError):  # it ended with its parent
            os.kill(pid, signal.SIGKILL)
    (profile / "SingletonLock").unlink(missing_ok=True)

    context = browser(playwright, profile)
    page = context.pages[0]
    page.set_default_timeout(1000 * PATIENCE)
    # Even the cookie is gone: the proctor lets the participant in again, at the same machine.
    context.clear_cookies()
    free(served, 0)
    enter(page, served)
    page.wait_for_selector("#question input")
    page.wait_for_selector("#saved[data-state=saved]", timeout=1000 * PATIENCE)
    accept_evidence(served)
    page.reload()
    page.wait_for_selector("#question input")
    page.wait_for_function("document.querySelectorAll('#map .answered').length === 2")
    told = page.evaluate("async () => (await fetch('/ujian/isi.json')).json()")
    context.close()
    assert len(told["answers"]) == 2


def accept_evidence(served):
    """What the killed browser held is of an earlier device: two officers accept it."""
    proctor = served.client()
    post(proctor, "/akun/login/", {"login": "a-proctor", "password": "rahasia-sekali"})
    path = f"/ujian/kursi/{served.world['seats'][0]}/bukti/"
    strays = wait_for(
        "evidence of the killed browser",
        lambda: re.findall(r'name="strays" value="(\d+)"', proctor.get(path).text),
        said=served.said,
    )
    told = {
        "strays": strays, "accepted": "yes", "reason": "Peramban mati", "second": "a-operator",
        "password": "rahasia-sekali",
    }  # fmt: skip
    answer = post(proctor, path, told)
    assert answer.status_code == 302, answer.text[-3000:]
