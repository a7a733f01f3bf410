"""A session that only Safe Exam Browser may enter: its file, its keys, by header and by cookie.

The browser's side is written here from its documentation (safeexambrowser.org, "Config Key", "File
Format"); a real Safe Exam Browser was not at hand.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import plistlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from outside.agency import make_room, open_session, plan_session
from outside.exam import Participant
from outside.installation import words_of

pytestmark = pytest.mark.slow
BUILD = "ab" * 32  # the Browser Exam Key of the build that the room uses


def opened(file: bytes, password: str) -> dict:
    """The settings of a .seb file, as the browser reads them with a password."""
    packed = gzip.decompress(file)
    assert packed[:4] == b"pswd"
    body, mac = packed[4:-32], packed[-32:]
    salt, mac_salt, start = body[2:10], body[10:18], body[18:34]
    key, mac_key = (
        hashlib.pbkdf2_hmac("sha1", password.encode(), own, 10_000, 32) for own in (salt, mac_salt)
    )
    assert hmac.compare_digest(hmac.digest(mac_key, body, "sha256"), mac), "another password"
    reader = Cipher(AES256(key), CBC(start)).decryptor()
    padded = reader.update(body[34:]) + reader.finalize()
    return plistlib.loads(gzip.decompress(padded[: -padded[-1]]))


def key_of(settings: dict) -> str:
    def ordered(value):
        if isinstance(value, dict):
            return {name: ordered(value[name]) for name in sorted(value, key=str.lower)}
        return [ordered(one) for one in value] if isinstance(value, list) else value

    told = {name: value for name, value in settings.items() if name != "originatorVersion"}
    text = json.dumps(ordered(told), separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(url: str, key: str) -> str:
    return hashlib.sha256(f"{url.partition('#')[0]}{key}".encode()).hexdigest()


@pytest.fixture(scope="module")
def locked(shared_agency):
    """The agency's second session, for Safe Exam Browser alone; and what its file says."""
    agency = shared_agency
    operator = agency.sign_in("operator")
    make_room(agency, "Ruang SEB")
    starts = datetime.now(UTC) + timedelta(minutes=1)
    number = plan_session(agency, starts, room="Ruang SEB", locked_browser="on")
    proctor = agency.sign_in("proctor")
    for seat in range(4):
        page = proctor.get(f"/ujian/sesi/{agency.session}/").text
        own = re.search(rf'href="/ujian/kursi/(\d+)/"[^>]*data-seat="{seat + 1}"', page)[1]
        proctor.done(f"/ujian/kursi/{own}/sesi-lain/", session=number, reason="Ruang SEB")
    pin = open_session(replace(agency), number)
    told = words_of(operator.get(f"/ujian/sesi/{number}/peramban/"))
    password, quit_code = re.search(r"konfigurasi: (\S+) – kode keluar: (\S+)", told).groups()
    settings = opened(operator.get(f"/ujian/sesi/{number}/sesi.seb").content, password)
    return replace(agency, session=number, pin=pin), settings, quit_code


def test_the_file_opens_with_its_password_alone_and_leaves_by_a_long_code(locked):
    agency, settings, quit_code = locked
    assert len(quit_code) == 16
    assert settings["hashedQuitPassword"] == hashlib.sha256(quit_code.encode()).hexdigest()
    assert settings["startURL"] == f"{agency.installation.base}/ujian/"
    assert settings["allowQuit"] is True
    with pytest.raises(AssertionError, match="another password"):
        opened(
            agency.sign_in("operator").get(f"/ujian/sesi/{agency.session}/sesi.seb").content, "x"
        )


@pytest.mark.parametrize("tells", ["headers", "cookie"])
def test_only_the_browser_of_the_file_gets_in_and_stays_in(locked, tells):
    agency, settings, _ = locked
    number = {"headers": 0, "cookie": 1}[tells]
    plain = agency.installation.visitor()
    assert plain.fill("/ujian/", nip=agency.nips[number], pin=agency.pin).status_code != 302

    person = participant(agency, number, tells, key_of(settings), BUILD)
    assert person.answer(person.items[0], "b").status_code == 200

    person.browser.event_hooks = {"request": [forget]}
    assert person.answer(person.items[1], "b").status_code == 403, "another browser with the token"
    person.browser.event_hooks = {"request": [teller(tells, "0" * 64, BUILD, agency)]}
    assert person.answer(person.items[1], "b").status_code == 403, "other settings"


def test_a_build_that_was_not_registered_is_kept_out(locked):
    agency, settings, _ = locked
    operator = agency.sign_in("operator")
    path = f"/ujian/sesi/{agency.session}/peramban/"
    wrong = operator.fill(path, exam_keys="kunci")
    assert wrong.status_code == 200
    assert "64 angka heksadesimal" in words_of(wrong)
    operator.done(path, exam_keys=BUILD)

    for tells, number in (("headers", 2), ("cookie", 3)):
        with pytest.raises(AssertionError):
            participant(agency, number, tells, key_of(settings), "cd" * 32)
        person = participant(agency, number, tells, key_of(settings), BUILD)
        assert person.answer(person.items[0], "b").status_code == 200
    operator.done(path, exam_keys="")


def participant(agency, number, tells, config, build) -> Participant:
    browser = agency.installation.visitor()
    browser.event_hooks = {"request": [teller(tells, config, build, agency)]}
    return Participant(agency, number, browser=browser)


def teller(tells, config, build, agency):
    """What the browser adds to a request: headers of its URL, or the cookie that its page's script set."""

    def by_headers(request):
        url = str(request.url)
        request.headers["X-SafeExamBrowser-ConfigKeyHash"] = hashed(url, config)
        request.headers["X-SafeExamBrowser-RequestHash"] = hashed(url, build)

    def by_cookie(request):
        page = f"{agency.installation.base}/ujian/"
        told = f"cakap_seb={hashed(page, config)}.{hashed(page, build)}.{quote(page, safe='')}"
        had = request.headers.get("cookie", "")
        request.headers["cookie"] = f"{had}; {told}" if had else told

    return by_headers if tells == "headers" else by_cookie


def forget(request) -> None:
    for name in ("X-SafeExamBrowser-ConfigKeyHash", "X-SafeExamBrowser-RequestHash"):
        request.headers.pop(name, None)
