"""What travels between centre and site: signed by who sends, sealed where only one may read.

Sealing: an X25519 key of the moment with the reader's, HKDF-SHA256, ChaCha20-Poly1305 (RFC 7748, 5869,
8439). A file that was cut or changed anywhere is refused whole.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cakap.delivery.sites.errors import BadEnvelope
from cakap.delivery.sites.identity import Card, Identity

SEALED, LARGEST = b"cakap-sealed-1\n", 256 * 2**20
NONCE = bytes(12)  # the key is of the moment, so it is used once


def signed(content: Any, own: Identity) -> bytes:
    """The content as JSON, packed, with the sender's card and signature."""
    body = zlib.compress(json.dumps(content, ensure_ascii=False, default=str).encode())
    envelope = {
        "card": own.card.text,
        "signature": base64.b64encode(own.sign.sign(body)).decode(),
        "body": base64.b64encode(body).decode(),
    }
    return json.dumps(envelope).encode()


def opened(envelope: bytes) -> tuple[Card, Any]:
    """Who signed, and what. Whether that one is known is the caller's to ask."""
    try:
        told = json.loads(envelope)
        card = Card.read(told["card"])
        body = base64.b64decode(told["body"])
        signature = base64.b64decode(told["signature"])
    except (KeyError, TypeError, ValueError) as exc:
        raise BadEnvelope from exc
    card.check(body, signature)
    unpack = zlib.decompressobj()
    try:
        content = unpack.decompress(body, LARGEST)
        if unpack.unconsumed_tail or not unpack.eof:
            raise BadEnvelope
        return card, json.loads(content)
    except (zlib.error, ValueError) as exc:
        raise BadEnvelope from exc


def sealed(content: bytes, reader: Card) -> bytes:
    """Readable by the holder of the card alone."""
    moment = X25519PrivateKey.generate()
    public = moment.public_key().public_bytes_raw()
    key = _key(moment.exchange(reader.seal_key), public + reader.seal)
    return SEALED + public + ChaCha20Poly1305(key).encrypt(NONCE, content, SEALED)


def unsealed(content: bytes, own: Identity) -> bytes:
    """What was sealed to this installation; BadEnvelope for anything else."""
    if not content.startswith(SEALED) or len(content) < len(SEALED) + 48:
        raise BadEnvelope
    public = content[len(SEALED) : len(SEALED) + 32]
    shared = own.seal.exchange(X25519PublicKey.from_public_bytes(public))
    key = _key(shared, public + own.card.seal)
    try:
        return ChaCha20Poly1305(key).decrypt(NONCE, content[len(SEALED) + 32 :], SEALED)
    except InvalidTag as exc:
        raise BadEnvelope from exc


def _key(shared: bytes, context: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=SEALED + context).derive(shared)
