"""Answers that waited on a machine whose page is gone: sealed there, opened here, kept as that attempt's.

A page that closes with answers unsent (a power cut, the next person signs in) leaves them on the machine
sealed to the server's key, together with a token that says of which attempt and device they are. Any
later page of the machine hands them in. They are saved as if their own page had sent them: into the log
where that device still holds the attempt, as evidence where another machine does. What this server
cannot tell whose it is stays on the machine: the server that knows may come back.

Sealing is NaCl's box (X25519, XSalsa20, Poly1305) from a key of the moment, by tweetnacl in the page:
the browser's own cryptography is missing where a site has no TLS.
"""

from __future__ import annotations

import base64
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core import signing
from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey

from cakap.delivery.door import Caller
from cakap.delivery.errors import BadEvent, EventRefusal
from cakap.delivery.models import Attempt
from cakap.delivery.protocol import Kept, Outcome, Sending, events_of, told_in
from cakap.delivery.saving import save
from cakap.errors import Refused

SALT, MOST_SEALED = "cakap.delivery.deposit", 50
# Bytes of a package before its text, and of the mark that the text is whole.
KEY, NONCE, MARK = 32, 24, 16


def deposit_token(attempt: Attempt) -> str:
    """What a page keeps beside its answers: it can hand in, and nothing else. The same at every asking."""
    return signing.Signer(salt=SALT).sign_object([attempt.pk, attempt.device])


@lru_cache(maxsize=1)
def sealing_key() -> PrivateKey:
    """The key that waiting answers are sealed to: every web worker has the same, from the secret key."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=SALT.encode())
    return PrivateKey(derived.derive(settings.SECRET_KEY.encode()))


def sealing_key_text() -> str:
    """Its public half, as pages carry it."""
    return base64.b64encode(bytes(sealing_key().public_key)).decode()


def take_leftovers(sealed: Any, *, caller: Caller, now: datetime) -> list[bool]:
    """Open and save what was sealed; of each package, whether the machine may forget it.

    It may forget what is stored here, and what can never be anybody's. Everything else it keeps: this
    server may stand in a broken one's place, or on an older copy of its database, and what the machine
    holds may be the last there is of those answers.
    """
    if not isinstance(sealed, list) or not all(isinstance(one, str) for one in sealed):
        message = "Diharapkan sealed: daftar teks."
        raise BadEvent(message)
    if len(sealed) > MOST_SEALED:
        message = f"Diharapkan paling banyak {MOST_SEALED} titipan; ditemukan {len(sealed)}."
        raise BadEvent(message)
    return [_may_be_forgotten(package, caller, now) for package in sealed]


def _may_be_forgotten(package: str, caller: Caller, now: datetime) -> bool:
    try:
        sending = _opened(package, caller)
    except (CryptoError, signing.BadSignature):  # first: some of NaCl's errors are ValueErrors too
        return False
    except (Refused, KeyError, TypeError, ValueError):
        return True
    if not sending.sent:
        return True
    (outcome,) = save([sending], now=now)
    return _is_stored(outcome)


def _is_stored(outcome: Outcome) -> bool:
    """Whether the log or the evidence has what can be read of a sending.

    A refusal that names no event has kept none: nobody knows the attempt or the device, the attempt has
    not begun, or this came from outside the room and waits until it comes from there.
    """
    return isinstance(outcome, Kept) or (
        isinstance(outcome, EventRefusal) and bool(outcome.refused)
    )


def _opened(package: str, caller: Caller) -> Sending:
    """The sending in a package.

    CryptoError and BadSignature: sealed to another server's key, or of another server's attempt; this
    server cannot know whether anybody's answers are in it. Any other error: they are nobody's.
    """
    content = base64.b64decode(package, validate=True)
    if len(content) <= KEY + NONCE + MARK:
        message = "nothing is sealed in it"
        raise ValueError(message)
    box = Box(sealing_key(), PublicKey(content[:KEY]))
    told = told_in(box.decrypt(content[KEY + NONCE :], content[KEY : KEY + NONCE]))
    attempt, device = signing.Signer(salt=SALT).unsign_object(told["token"])
    sent, unreadable = events_of(told["events"])
    return Sending(attempt=attempt, device=device, sent=sent, unreadable=unreadable, caller=caller)
