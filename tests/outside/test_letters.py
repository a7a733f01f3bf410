"""Letters of recommendation on another installation: believed by a key that was entered there by hand."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

pytestmark = pytest.mark.slow
CONTENT = {
    "kind": "cakap.advice/1", "number": "R-7", "issuer": "KANREG-3", "recipient": "KOTA",
    "signed_by": "kepala", "signed_at": "2026-11-20T08:00:00+07:00", "lines": [],
}  # fmt: skip


def card_of(key: Ed25519PrivateKey) -> str:
    return base64.urlsafe_b64encode(key.public_key().public_bytes_raw() + bytes(32)).decode()


def letter(key: Ed25519PrivateKey, *, card: str = "", **changed: str) -> str:
    """A letter signed with this key; its own card in it, or another's."""
    document = json.dumps({**CONTENT, **changed}, sort_keys=True)
    signature = base64.b64encode(key.sign(document.encode())).decode()
    return json.dumps({"document": document, "signature": signature, "card": card or card_of(key)})


@pytest.fixture
def check(empty, tmp_path):
    """Run check-letter on a text: its exit code, and what it said."""
    empty.run("init")

    def checked(text: str) -> tuple[int, str]:
        file = tmp_path / "surat.json"
        file.write_text(text)
        done = empty.attempt("check-letter", file)
        return done.returncode, done.stdout + done.stderr

    return checked


def test_a_letter_is_believed_by_the_key_that_was_registered_and_by_no_other(empty, check):
    office, forger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()

    code, said = check(letter(office))
    assert code != 0
    assert "tidak dikenal" in said

    empty.run("signer", "add", "KANREG-3", card_of(office))
    code, said = check(letter(office))
    assert code == 0, said
    assert "R-7" in said

    for forged in (letter(forger), letter(forger, card=card_of(office))):
        code, said = check(forged)
        assert code != 0
        assert "R-7, dari" not in said
    code, said = check(letter(forger, issuer="KANREG-4"))
    assert code != 0
    assert "KANREG-4" in said


@pytest.mark.long
def test_a_registered_key_is_changed_only_after_the_old_one_was_withdrawn(empty, check):
    old, new = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    empty.run("signer", "add", "KANREG-3", card_of(old))

    refused = empty.attempt("signer", "add", "KANREG-3", card_of(new))
    assert refused.returncode == 2
    assert "cabut" in refused.stderr
    empty.run("signer", "withdraw", "KANREG-3", "--reason", "komputer diganti")
    empty.run("signer", "add", "KANREG-3", card_of(new))

    assert check(letter(new))[0] == 0
    assert check(letter(old))[0] != 0
    assert "komputer diganti" in empty.run("signer", "list")


@pytest.mark.long
def test_a_file_that_is_no_letter_is_one_sentence(check):
    for text in ("", "[]", "[" * 100_000, '{"document": 3}', '{"document": "' + "[" * 9000 + '"}'):
        code, said = check(text)
        assert code == 2
        assert "Traceback" not in said
