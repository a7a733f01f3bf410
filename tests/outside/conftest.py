"""One installation is made by pages and copied for each test that changes things."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from initialised import once

from outside.agency import OpenAgency, exam_in_progress
from outside.browser import Machine, lan_address
from outside.installation import Installation

PEOPLE = 12


@pytest.fixture(scope="session")
def prepared() -> OpenAgency:
    """An agency with an open session of twelve, stopped: copied, never used. On SQLite."""
    folder = once("prepared", _prepare)
    told = json.loads((folder / "agency.json").read_text())
    return OpenAgency(Installation(folder / "data"), **told)


def _prepare(folder: Path) -> None:
    installation = Installation(folder / "data")
    try:
        told = asdict(replace(exam_in_progress(installation, people=PEOPLE), installation=None))
    finally:
        installation.stop()
    (folder / "agency.json").write_text(
        json.dumps({k: v for k, v in told.items() if v is not None})
    )


def copied(prepared: OpenAgency, folder) -> OpenAgency:
    """The same agency in a directory of its own; not started."""
    shutil.copytree(prepared.installation.data, folder / "data")
    return replace(prepared, installation=Installation(folder / "data"))


@pytest.fixture
def agency_at_rest(prepared, tmp_path):
    """A copy of the prepared agency whose server the test starts itself."""
    agency = copied(prepared, tmp_path)
    yield agency
    agency.installation.stop()


@pytest.fixture
def agency(agency_at_rest):
    """A copy of the prepared agency, served."""
    agency_at_rest.installation.start("--workers", "1")
    return agency_at_rest


@pytest.fixture(scope="module")
def shared_agency(prepared, tmp_path_factory):
    """A copy that the tests of a module share: each uses people of its own."""
    agency = copied(prepared, tmp_path_factory.mktemp("shared"))
    agency.installation.start("--workers", "1")
    yield agency
    agency.installation.stop()


@pytest.fixture
def empty(tmp_path):
    """An installation in which nothing has been done."""
    installation = Installation(
        tmp_path / "data", database=os.environ.get("CAKAP_TEST_OWN_DATABASE", "")
    )
    yield installation
    installation.stop()


@pytest.fixture(scope="session")
def chromium(playwright):
    path = shutil.which("chromium")
    assert path, "chromium is missing: run `make tools`"
    browser = playwright.chromium.launch(
        executable_path=path,
        args=[
            "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ],
    )  # fmt: skip
    yield browser
    browser.close()


@pytest.fixture
def machines(chromium):
    """Make machines; no page of theirs may have an error in its script."""
    made: list[Machine] = []

    def machine(agency: OpenAgency) -> Machine:
        made.append(Machine(chromium, agency.installation.base))
        return made[-1]

    yield machine
    for one in made:
        one.close()
        assert one.troubles == []


@pytest.fixture(scope="module", params=["secure", "plain"])
def room(request, prepared, tmp_path_factory):
    """A room at the machine's own name (a secure context) and at an address of its network (none)."""
    agency = copied(prepared, tmp_path_factory.mktemp("room"))
    with contextlib.ExitStack() as stack:
        if request.param == "plain":
            agency.installation.host = stack.enter_context(lan_address())
        hosts = f"localhost,127.0.0.1,{agency.installation.host}"
        agency.installation.start("--workers", "1", CAKAP_HOSTS=hosts)
        yield agency
        agency.installation.stop()
