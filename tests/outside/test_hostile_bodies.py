"""What anybody can send without an account: answered with a sentence, quickly, and nobody waits for it."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
import zlib

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from outside.exam import Participant

pytestmark = pytest.mark.slow
LOG = "/ujian/situs/log"


def envelope(content: bytes) -> bytes:
    """A site's envelope, well signed with a key of the moment: nobody registered it."""
    key = Ed25519PrivateKey.generate()
    body = zlib.compress(content, 9)
    card = key.public_key().public_bytes_raw() + bytes(32)
    return json.dumps(
        {
            "card": base64.urlsafe_b64encode(card).decode(),
            "signature": base64.b64encode(key.sign(body)).decode(),
            "body": base64.b64encode(body).decode(),
        }
    ).encode()  # fmt: skip


BOMB = envelope(b"[" + b"0," * (100 * 2**20) + b"0]")


def post(agency, content: bytes, path: str = LOG) -> httpx.Response:
    return httpx.post(
        f"{agency.installation.base}{path}", content=content, timeout=60, trust_env=False
    )


def test_a_strangers_envelope_is_refused_with_a_sentence(shared_agency):
    answer = post(shared_agency, BOMB)

    assert answer.status_code == 403
    assert "tidak dikenal di pusat" in answer.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b'{"card": ' + b"[" * 100_000,
        b"{" + b'"a":1,' * 300_000 + b'"b":1}',
        b'{"card": null, "signature": 3, "body": {}}',
        b"\xff\xfe",
    ],
)
def test_no_body_without_a_signature_costs_more_than_a_refusal(shared_agency, content):
    before = time.monotonic()
    answer = post(shared_agency, content)

    assert answer.status_code in {400, 403}
    assert "<main" in answer.text
    assert time.monotonic() - before < 5


def test_saving_goes_on_while_strangers_send_bombs(shared_agency):
    person = Participant(shared_agency, 1)
    person.answer(person.items[0], "a")
    codes: list[int] = []

    def flood() -> None:
        codes.extend(post(shared_agency, BOMB).status_code for _ in range(5))

    threads = [threading.Thread(target=flood) for _ in range(6)]
    for thread in threads:
        thread.start()
    waits = []
    while any(thread.is_alive() for thread in threads) or len(waits) < 30:
        before = time.monotonic()
        assert person.answer(person.items[0], "ab"[len(waits) % 2]).status_code == 200
        waits.append(time.monotonic() - before)

    assert codes == [403] * 30
    assert sorted(waits)[int(len(waits) * 0.99)] < 2


def test_slow_senders_hold_no_page(shared_agency):
    """Forms of which half never comes: as many as there are threads, and more."""
    host, port = shared_agency.installation.host, shared_agency.installation.port
    head = f"POST /ujian/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5000\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\nCookie: csrftoken=" + "a" * 32
    senders = [socket.create_connection((host, port)) for _ in range(12)]
    for sender in senders:
        sender.sendall(f"{head}\r\n\r\nnip=1".encode())
    time.sleep(0.5)
    try:
        before = time.monotonic()
        assert shared_agency.installation.visitor().get("/ujian/").status_code == 200
        assert time.monotonic() - before < 5
    finally:
        for sender in senders:
            sender.close()


def test_a_large_body_is_refused_by_its_length_before_anybody_signed_in(shared_agency):
    answer = post(shared_agency, b"a" * (3 * 2**20), "/akun/login/")

    assert answer.status_code == 413
    assert "MiB" in answer.text
