"""People at machines: a browser profile is a machine, its tabs share what the machine keeps."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import time

from commands import PATIENCE

from outside.agency import OpenAgency
from outside.installation import PASSWORD

# Chromium's own test picture, without asking.
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
ALL_KEPT = """async () => {
  const found = [];
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((done) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
    });
    for (const store of db.objectStoreNames)
      found.push(...await new Promise((done) => {
        const asked = db.transaction(store).objectStore(store).getAll();
        asked.onsuccess = () => done(asked.result.map((row) => [store, row]));
      }));
    db.close();
  }
  const cached = [];
  if ("caches" in window) for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) cached.push(request.url);
  return JSON.stringify({ rows: found, cached, local: { ...localStorage }, session: { ...sessionStorage } });
}"""


class Machine:
    """A machine of the room: one browser profile."""

    def __init__(self, chromium, base: str, **more) -> None:
        looks = {"viewport": {"width": 1280, "height": 900}, "locale": "id-ID", **more}
        self.context = chromium.new_context(base_url=base, **looks)
        self.troubles: list[str] = []

    def tab(self):
        page = self.context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        return page

    def sign_in(self, page, agency: OpenAgency, number: int) -> None:
        page.goto("/ujian/")
        page.fill("[name=nip]", agency.nips[number])
        page.fill("[name=pin]", agency.pin)
        page.locator("main button.btn-primary").last.click()
        page.wait_for_url(re.compile("/(persetujuan|kerja)/$"))

    def begin(self, agency: OpenAgency, number: int):
        """A tab in which this person is at work."""
        page = self.tab()
        self.sign_in(page, agency, number)
        page.check("[name=agree]")
        page.locator("main button.btn-primary").click()
        page.wait_for_url("**/latihan/")
        page.locator("main button.btn-primary").click()
        page.wait_for_url("**/kerja/")
        ready(page)
        return page

    def kept(self, page) -> dict:
        """Everything that this machine keeps for the site."""
        return json.loads(page.evaluate(ALL_KEPT))

    def close(self) -> None:
        self.context.close()


def sign_in(page, base: str, name: str) -> None:
    """An officer signs in to the pages."""
    page.goto(f"{base}/akun/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)


def ready(page) -> None:
    page.wait_for_selector("#question fieldset")


def choose(page, option: str) -> None:
    """Choose an option of the question that is shown, by its text."""
    page.locator("#question label", has_text=option).locator("input").click()


def saved(page) -> None:
    page.wait_for_selector("#saved[data-state=saved]")


def kept_until(machine: Machine, page, found) -> None:
    """Until what the machine keeps is as is looked for."""
    until = time.monotonic() + PATIENCE
    while not found(kept := machine.kept(page)):
        assert time.monotonic() < until, kept
        page.wait_for_timeout(50)


def sealed(kept) -> list:
    """What a machine keeps of pages that are gone."""
    return [row for store, row in kept["rows"] if store == "sealed"]


def later(machine: Machine, minutes: int) -> None:
    """The pages that this machine loads from here on have a clock that is so much further on."""
    machine.context.add_init_script(
        f"const now = Date.now; Date.now = () => now() + {minutes} * 60000;"
    )


@contextlib.contextmanager
def lan_address():
    """An address of this machine that is not the loopback's, so that pages are no secure context."""
    own = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout
    found = [one for one in own.split() if "." in one and not one.startswith("127.")]
    if found:
        yield found[0]
        return
    # One for each process: tests run side by side.
    name, address = f"cakap{os.getpid() % 10**7}", f"10.99.{os.getpid() % 250}.1"
    made = ["ip", "link", "add", name, "type", "dummy"]
    subprocess.run(made, check=True, capture_output=True)
    try:
        subprocess.run(["ip", "addr", "add", f"{address}/24", "dev", name], check=True)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
        yield address
    finally:
        subprocess.run(["ip", "link", "del", name], check=False)
