"""Answers that waited on a machine whose page is gone: sealed there, opened here, kept as that attempt's.

A page that closes with answers unsent (a power cut, the next person signs in) leaves them on the machine
sealed to the server's key, together with a token that says of which attempt and device they are. Any
later page of the machine hands them in. They are saved as if their own page had sent them: into the log
where that device still holds the attempt, as evidence where another machine does.

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
from cakap.delivery.errors import BadEvent, OtherBrowser, WrongPlace
from cakap.delivery.models import Attempt
from cakap.delivery.protocol import Sending, events_of, told_in
from cakap.delivery.saving import save
from cakap.errors import Refused

SALT, MOST_SEALED = "cakap.delivery.deposit", 50


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

    One that cannot be opened, or whose events are refused, will not get better by being sent again; one
    that came from outside the room waits until it comes from the room.
    """
    if not isinstance(sealed, list) or not all(isinstance(one, str) for one in sealed):
        message = "Diharapkan sealed: daftar teks."
        raise BadEvent(message)
    if len(sealed) > MOST_SEALED:
        message = f"Diharapkan paling banyak {MOST_SEALED} titipan; ditemukan {len(sealed)}."
        raise BadEvent(message)
    return [_taken(_opened(package, caller), now) for package in sealed]


def _taken(sending: Sending | None, now: datetime) -> bool:
    if sending is None:
        return True
    (outcome,) = save([sending], now=now)
    return not isinstance(outcome, WrongPlace | OtherBrowser)


def _opened(package: str, caller: Caller) -> Sending | None:
    """The sending in a package; None for what is not ours."""
    try:
        content = base64.b64decode(package, validate=True)
        box = Box(sealing_key(), PublicKey(content[:32]))
        told = told_in(box.decrypt(content[56:], content[32:56]))
        attempt, device = signing.Signer(salt=SALT).unsign_object(told["token"])
        sent, unreadable = events_of(told["events"])
    except (CryptoError, signing.BadSignature, Refused, KeyError, TypeError, ValueError):
        return None
    return Sending(attempt=attempt, device=device, sent=sent, unreadable=unreadable, caller=caller)
