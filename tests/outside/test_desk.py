"""The registration desk with a camera: a code, a look, one press, and the next."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from outside.agency import give_portraits, plan_session
from outside.browser import CAMERA, sign_in

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture
def officer(playwright, shared_agency):
    """A proctor's browser that has a camera."""
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", *CAMERA]
    )
    page = browser.new_page(base_url=shared_agency.installation.base, locale="id-ID")
    page.troubles = []
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    sign_in(page, shared_agency.installation.base, "proctor")
    yield page
    browser.close()
    assert page.troubles == []


def test_three_people_need_a_scan_and_a_press_each(officer, shared_agency):
    agency = shared_agency
    officer.set_viewport_size({"width": 480, "height": 640})
    give_portraits(agency, officer.screenshot(type="jpeg"))
    soon = datetime.now(UTC) + timedelta(hours=1)
    session = plan_session(agency, soon, is_rehearsal="on")
    agency.sign_in("operator").done(f"/program/{agency.programme}/kursi/")
    officer.goto(f"/ujian/sesi/{session}/meja/")

    pins = set()
    for nip in agency.nips[:3]:
        # A scanner types into whatever has the focus, and ends with Enter.
        officer.keyboard.type(f"cakap:{nip}")
        officer.keyboard.press("Enter")
        officer.wait_for_selector("#live:not([hidden])")
        assert nip in officer.inner_text("main")
        officer.keyboard.press("Enter")
        pins.add((nip, officer.inner_text("#pin")))
        taken = officer.locator(".faces img").nth(1)
        assert taken.evaluate("image => image.naturalWidth") == 640

    assert len(pins) == 3
    officer.goto(f"/ujian/sesi/{session}/meja/")
    assert "3 dari 12" in officer.inner_text("main")
