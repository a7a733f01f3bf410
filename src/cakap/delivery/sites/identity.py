"""Who an installation is: a pair of keys in its data directory, and the card that others know it by.

Ed25519 signs what is sent; X25519 is what packages are sealed to. The card holds the public halves.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from django.conf import settings

from cakap.delivery.sites.errors import BadCard, NotSigned

FILE = "identity.key"


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """The public halves, 32 bytes each."""

    sign: bytes
    seal: bytes

    @property
    def text(self) -> str:
        """As it is read out, pasted and kept: one line."""
        return base64.urlsafe_b64encode(self.sign + self.seal).decode()

    @classmethod
    def read(cls, text: str) -> Card:
        """A card from its line."""
        try:
            content = base64.urlsafe_b64decode(text.strip().encode())
        except ValueError as exc:
            raise BadCard from exc
        if len(content) != 64:
            raise BadCard
        return cls(sign=content[:32], seal=content[32:])

    def check(self, content: bytes, signature: bytes) -> None:
        """Raises NotSigned unless this installation signed the content."""
        try:
            Ed25519PublicKey.from_public_bytes(self.sign).verify(signature, content)
        except InvalidSignature as exc:
            raise NotSigned from exc

    @property
    def seal_key(self) -> X25519PublicKey:
        """What packages for it are sealed to."""
        return X25519PublicKey.from_public_bytes(self.seal)


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """The private halves."""

    sign: Ed25519PrivateKey
    seal: X25519PrivateKey

    @property
    def card(self) -> Card:
        """What others may know."""
        return Card(
            sign=self.sign.public_key().public_bytes_raw(),
            seal=self.seal.public_key().public_bytes_raw(),
        )


def identity() -> Identity:
    """This installation's own; made at the first asking, readable by its owner alone."""
    path = Path(settings.DATA) / FILE
    if not path.exists():
        made = {
            "sign": Ed25519PrivateKey.generate().private_bytes_raw().hex(),
            "seal": X25519PrivateKey.generate().private_bytes_raw().hex(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as out:
                json.dump(made, out)
        except FileExistsError:
            pass  # another process was quicker: its keys are ours
    told = json.loads(path.read_text())
    return Identity(
        sign=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(told["sign"])),
        seal=X25519PrivateKey.from_private_bytes(bytes.fromhex(told["seal"])),
    )
