"""One installation is made by pages and copied for each test that changes things."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest

from outside.agency import OpenAgency, exam_in_progress
from outside.installation import Installation

PEOPLE = 12


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> OpenAgency:
    """An agency with an open session of twelve, stopped: copied, never used. On SQLite."""
    installation = Installation(tmp_path_factory.mktemp("prepared") / "data")
    try:
        return exam_in_progress(installation, people=PEOPLE)
    finally:
        installation.stop()


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
