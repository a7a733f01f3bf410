"""Rehearsals, the sealed configuration of the locked browser, and the trail without answers."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import plistlib
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.urls import reverse
from world import NOW

from cakap.accounts.models import Role
from cakap.delivery.door import Caller, Door
from cakap.delivery.models import Attempt, Event
from cakap.delivery.queries import finished_attempts, finished_sheets, present_participants
from cakap.delivery.seb import config_key, sealed, settings_of
from cakap.programmes.models import Session
from cakap.programmes.queries import scheduled, unseated
from cakap.programmes.services import plan_session, register_exam_keys


@pytest.fixture
def seat(session):
    return session.seats.order_by("number").first()


PAGE = "https://ujian.example/ujian/"


def of_url(url: str, key: str) -> str:
    return hashlib.sha256(f"{url}{key}".encode()).hexdigest()


def test_a_sealed_configuration_opens_with_its_password_alone():
    settings = settings_of(PAGE, "s" * 16)
    inner = gzip.decompress(sealed(settings, "kata-sandi-berkas"))
    body, mac = inner[4:-32], inner[-32:]

    def key(salt):
        return hashlib.pbkdf2_hmac("sha1", b"kata-sandi-berkas", salt, 10000, 32)

    assert inner[:6] == b"pswd\x03\x01"
    assert hmac.digest(key(body[10:18]), body, "sha256") == mac
    cipher = Cipher(algorithms.AES(key(body[2:10])), modes.CBC(body[18:34])).decryptor()
    plain = cipher.update(body[34:]) + cipher.finalize()
    assert plistlib.loads(gzip.decompress(plain[: -plain[-1]])) == settings


def test_a_page_of_the_modern_view_proves_both_keys_by_its_cookie():
    known = "ab" * 32
    door = Door(quit_code="s" * 16, exam_keys=known)
    config = config_key(settings_of(PAGE, "s" * 16))

    def refused(page: str, exam_key: str) -> bool:
        told = f"{of_url(page, config)}.{of_url(page, exam_key)}.{quote(page, safe='')}"
        caller = Caller(
            url="https://ujian.example/ujian/detak", cookies=f"a=b; cakap_seb={told}; c=d"
        )
        return door.refusal(caller) is not None

    assert not refused(PAGE, known)
    assert refused(PAGE, "cd" * 32)
    assert refused("https://lain.example/ujian/", known)
    assert door.refusal(Caller(url=PAGE, proof=of_url(PAGE, config))) is not None
    by_header = Caller(url=PAGE, proof=of_url(PAGE, config), exam_proof=of_url(PAGE, known))
    assert door.refusal(by_header) is None


def test_a_session_has_codes_of_sixteen_characters(session):
    row = plan_session(
        programme=session.programme, room=session.room, form=session.form, locked_browser=True,
        starts_at=session.starts_at.replace(hour=(session.starts_at.hour + 5) % 24), actor="o", now=NOW,
    )  # fmt: skip
    register_exam_keys(session=row, keys=["ab" * 32], actor="o", now=NOW)

    row.refresh_from_db()
    assert (len(row.quit_code), len(row.open_code), row.exam_keys) == (16, 16, "ab" * 32)
    assert row.quit_code != row.open_code


def finished(seat) -> Attempt:
    return Attempt.objects.create(
        seat=seat, seed=1, device="d", signed_in_at=NOW, consented_at=NOW, begun_at=NOW,
        closes_at=NOW.replace(hour=23), submitted_at=NOW,
    )  # fmt: skip


def test_what_is_done_in_a_rehearsal_counts_nowhere(session, seat):
    finished(seat)
    programme = session.programme
    assert finished_attempts(programme, now=NOW).count() == 1
    assert scheduled(programme).exists()

    Session.objects.filter(programme=programme).update(is_rehearsal=True)

    assert list(finished_attempts(programme, now=NOW)) == []
    assert list(finished_sheets(programme, now=NOW)) == []
    assert present_participants(programme) == set()
    assert not scheduled(programme).exists()
    assert len(unseated(programme)) == programme.participants.count()


def test_who_runs_the_exam_reads_no_answer_in_the_trail(client, world, session, seat):
    attempt = finished(seat)
    item = session.form.sections.first().items.first().version
    Event.objects.create(
        attempt=attempt, seq=1, kind="answer", item=item, response="jawaban-rahasia", late=False,
        client_at=NOW, received_at=NOW, device="d", address="",
    )  # fmt: skip
    trail = reverse("delivery:trail", args=[seat.pk])
    for role, reads in ((Role.PROCTOR, False), (Role.OPERATOR, False), (Role.AUDITOR, True)):
        client.force_login(world.user(role))
        assert ("jawaban-rahasia" in client.get(trail).content.decode()) is reads
