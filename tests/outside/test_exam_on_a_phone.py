"""The exam in a hand: 390 × 844, touch; what a finger meets is large enough and near enough."""

from __future__ import annotations

import os

import pytest

from outside.agency import give_accounts, make_agency, make_form, make_programme, open_session
from outside.browser import Machine, choose, saved
from outside.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.browser]
CONTROLS = "main button, main label, main select, main summary, main a.btn"
TOO_SMALL = f"""() => [...document.querySelectorAll("{CONTROLS}")]
  .filter((node) => node.checkVisibility())
  .map((node) => [node.id || node.className || node.textContent, node.getBoundingClientRect()])
  .filter(([, box]) => box.height < 44 || box.width < 44)
  .map(([name, box]) => [name, box.width, box.height])"""
TOO_FINE = """() => [...document.querySelectorAll("main *")]
  .filter((node) => node.checkVisibility() && !node.closest(".visually-hidden"))
  .filter((node) => [...node.childNodes].some((own) => own.nodeType === 3 && own.data.trim()))
  .map((node) => [node.tagName, node.className, getComputedStyle(node).fontSize])
  .filter(([, , size]) => parseFloat(size) < 16)"""


@pytest.fixture(scope="module")
def long_exam(tmp_path_factory):
    installation = Installation(tmp_path_factory.mktemp("phone") / "data")
    agency = make_agency(installation, people=2)
    installation.start("--workers", "1")
    give_accounts(agency)
    make_form(agency, items={"LOGIKA": 80, "BAHASA": 80})
    make_programme(agency)
    open_session(agency)
    yield agency
    installation.stop()


def test_everything_is_large_enough_and_the_end_is_in_reach(long_exam, chromium):
    machine = Machine(
        chromium, long_exam.installation.base, viewport={"width": 390, "height": 844},
        has_touch=True, is_mobile=True,
    )  # fmt: skip
    page = machine.begin(long_exam, 0)
    choose(page, "dua")
    saved(page)

    assert page.evaluate(TOO_SMALL) == []
    assert page.evaluate(TOO_FINE) == []
    assert page.locator("#map button").count() == 160
    assert not page.locator("#map").is_visible(), "the map is closed until it is asked for"
    bottom = page.evaluate(
        "() => document.getElementById('finish').getBoundingClientRect().bottom + scrollY"
    )
    assert bottom < 2 * 844
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.locator("#map-box summary").tap()
    assert page.evaluate(TOO_SMALL) == []
    if os.environ.get("CAKAP_PICTURES"):
        page.screenshot(path="docs/pictures/ujian-ponsel.png")
    assert machine.troubles == []
    machine.close()
