"""What travels between centre and site: signed by who sends, sealed where only one may read.

Sealing: an X25519 key of the moment with the reader's, HKDF-SHA256, ChaCha20-Poly1305 (RFC 7748, 5869,
8439). A file that was cut or changed anywhere is refused whole.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cakap.delivery.sites.errors import BadCard, BadEnvelope
from cakap.delivery.sites.identity import Card, Identity

SEALED = b"cakap-sealed-1\n"
NONCE = bytes(12)  # the key is of the moment, so it is used once
MOST_RATIO = 100
MiB = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """How large an envelope may be: its bytes as sent, its content unpacked, the values in that and how
    deep they lie in each other."""

    sent: int
    unpacked: int
    values: int
    deepest: int


LOG_BOUNDS = Bounds(sent=8 * MiB, unpacked=16 * MiB, values=600_000, deepest=8)
# Questions lie deep: rows, fields, the layout of an item, its rows, their blanks, the options of each.
PACKAGE_BOUNDS = Bounds(sent=384 * MiB, unpacked=256 * MiB, values=20_000_000, deepest=24)


def signed(content: Any, own: Identity, *, bounds: Bounds | None = None) -> bytes:
    """The content as JSON, packed, with the sender's card and signature.

    With bounds, raises BadEnvelope for what a reader with these bounds would refuse.
    """
    body = zlib.compress(json.dumps(content, ensure_ascii=False, default=str).encode())
    if bounds:
        _unpacked(body, bounds)
    envelope = {
        "card": own.card.text,
        "signature": base64.b64encode(own.sign.sign(body)).decode(),
        "body": base64.b64encode(body).decode(),
    }
    packed = json.dumps(envelope).encode()
    if bounds and len(packed) > bounds.sent:
        raise BadEnvelope
    return packed


def opened(
    envelope: bytes, *, check: Callable[[Card], None], bounds: Bounds = LOG_BOUNDS
) -> tuple[Card, Any]:
    """Who signed, and what. Nothing is unpacked before `check` has let the signer's card pass and the
    signature has fitted it. Raises what `check` raises, NotSigned or BadEnvelope."""
    card, signature, body = _parts(envelope, bounds)
    check(card)
    card.check(body, signature)
    return card, _unpacked(body, bounds)


def _parts(envelope: bytes, bounds: Bounds) -> tuple[Card, bytes, bytes]:
    """The three texts of an envelope: no nesting, so nothing in it is costly to read."""
    if len(envelope) > bounds.sent:
        raise BadEnvelope
    # An envelope is one object of three texts, none of which holds a bracket or a comma. Anything more
    # is nesting or a long list, and nobody has signed it yet.
    if envelope.count(b"{") + envelope.count(b"[") != 1 or envelope.count(b",") != 2:
        raise BadEnvelope
    try:
        told = json.loads(envelope)
        card = Card.read(told["card"])
        signature = base64.b64decode(told["signature"], validate=True)
        body = base64.b64decode(told["body"], validate=True)
    except (KeyError, TypeError, ValueError, AttributeError, BadCard) as exc:
        raise BadEnvelope from exc
    return card, signature, body


def _unpacked(body: bytes, bounds: Bounds) -> Any:
    """The JSON content of a signed body, refused where it is larger or deeper than anything we write."""
    most = min(bounds.unpacked, max(MiB, MOST_RATIO * len(body)))
    unpack = zlib.decompressobj()
    try:
        content = unpack.decompress(body, most)
        if unpack.unconsumed_tail or not unpack.eof:
            raise BadEnvelope
        if content.count(b",") + content.count(b"[") + content.count(b"{") > bounds.values:
            raise BadEnvelope
        told = json.loads(content)
    except (zlib.error, ValueError, RecursionError) as exc:
        raise BadEnvelope from exc
    if not _is_shallow(told, bounds.deepest):
        raise BadEnvelope
    return told


def _is_shallow(content: Any, deepest: int) -> bool:
    """Whether nothing in it lies deeper than that."""
    level: list[Any] = [content]
    for _depth in range(deepest):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return True
    return False


def _inside(value: Any) -> Iterable[Any]:
    inner: Iterable[Any] = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, list):
        inner = value
    return [one for one in inner if isinstance(one, dict | list)]


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
