"""The shipped nginx in front of an installation; visitors come from addresses of their own."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from outside.installation import Installation, Visitor, free_port

NGINX = Path("/usr/sbin/nginx")
CONFIG = Path(__file__).parents[2] / "deploy" / "nginx.conf"


class Front:
    """nginx with the shipped file, but for its ports, its certificate and where it writes."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.secure, plain = free_port(), free_port()
        make_certificate(folder)
        text = CONFIG.read_text()
        for shipped, here in {
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{installation.port};",
            "listen 443 ssl;": f"listen 127.0.0.1:{self.secure} ssl;",
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "/etc/ssl/cakap/": f"{folder}/",
        }.items():
            assert shipped in text
            text = text.replace(shipped, here)
        self.config = folder / "nginx.conf"
        self.config.write_text(f"daemon off; pid {folder}/nginx.pid;\n{text}")
        self.errors = folder / "error.log"

    def visitor(self, address: str, **headers: str) -> Visitor:
        """Somebody at a machine with this address (of the loopback network)."""
        origin = f"https://127.0.0.1:{self.secure}"
        return Visitor(
            base_url=origin, timeout=60, trust_env=False,
            headers={"Host": "127.0.0.1", "Referer": f"{origin}/", "Accept-Language": "id", **headers},
            transport=httpx.HTTPTransport(verify=False, local_address=address),
        )  # fmt: skip


@contextmanager
def front_of(installation: Installation, folder: Path):
    """The web server runs while the block does."""
    if not NGINX.exists():
        pytest.skip("nginx is missing: run `make tools`")
    front = Front(installation, folder)
    web = subprocess.Popen([NGINX, "-c", front.config, "-e", front.errors])
    try:
        while not answers(front.secure):
            assert web.poll() is None, front.errors.read_text()
            time.sleep(0.05)
        yield front
    finally:
        web.terminate()
        web.wait(10)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_certificate(folder: Path) -> None:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cakap.example.go.id")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(
        issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1,
        not_valid_before=now - timedelta(1), not_valid_after=now + timedelta(1),
    ).sign(key, SHA256())  # fmt: skip
    (folder / "fullchain.pem").write_bytes(made.public_bytes(Encoding.PEM))
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "privkey.pem").write_bytes(plain)
