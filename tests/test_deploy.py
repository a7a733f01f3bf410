"""The web server's configuration as it is shipped, in front of the real server."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from commands import PATIENCE, Spoken, run, wait_for
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from served import Served, post

from cakap.cli.running import free_port

NGINX = Path("/usr/sbin/nginx")
CONFIG = Path(__file__).parents[1] / "deploy" / "nginx.conf"


def certificate(folder):
    """A certificate of our own for the name in the configuration."""
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


@pytest.fixture
def front(tmp_path):
    """nginx with our file, but for ports, certificate and where it writes."""
    if not NGINX.exists():
        pytest.skip("nginx is missing: run `make tools`")
    served = Served(tmp_path / "data", CAKAP_PROXY="yes")
    secure, plain = free_port(), free_port()
    certificate(tmp_path)
    text = CONFIG.read_text()
    for old, new in {
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{served.port};",
        "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl;",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "/etc/ssl/cakap/": f"{tmp_path}/",
    }.items():
        assert old in text
        text = text.replace(old, new)
    config = tmp_path / "nginx.conf"
    config.write_text(f"daemon off; pid {tmp_path}/nginx.pid;\n{text}")
    run([NGINX, "-t", "-c", config, "-e", tmp_path / "error.log"])
    said = Spoken()
    web = subprocess.Popen([NGINX, "-c", config, "-e", "stderr"], stderr=said.file)

    def takes_connections():
        assert web.poll() is None, said()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", plain)):
            return True
        return False

    try:
        wait_for("nginx to take connections", takes_connections, said=said)
        yield served, secure, plain
    finally:
        web.terminate()
        web.wait(PATIENCE)
        served.kill(signal.SIGTERM)


def client_of(port):
    return httpx.Client(
        base_url=f"https://127.0.0.1:{port}", timeout=PATIENCE,
        headers={"Host": "127.0.0.1", "Referer": f"https://127.0.0.1:{port}/"},
        transport=httpx.HTTPTransport(verify=False, local_address="127.0.0.2"),
    )  # fmt: skip


@pytest.mark.slow
def test_an_exam_through_the_shipped_configuration(front):
    served, secure, plain = front
    moved = httpx.get(f"http://127.0.0.1:{plain}/", trust_env=False)
    assert (moved.status_code, moved.headers["location"][:8]) == (301, "https://")

    person = client_of(secure)
    told = {"nip": served.world["nips"][0], "pin": served.world["pin"]}
    assert post(person, "/ujian/", told).status_code == 302
    post(person, "/ujian/persetujuan/", {"agree": "on"})
    post(person, "/ujian/mulai/", {})
    paper = person.get("/ujian/isi.json").json()
    event = {
        "seq": 1, "kind": "answer", "item": paper["parts"][0]["questions"][0]["id"],
        "response": "a", "at": "2025-01-22T01:00:00+00:00",
    }  # fmt: skip
    body = {"attempt": paper["attempt"], "events": [event]}
    assert person.post("/ujian/jawaban", json=body).json()["kept"] == 1
    assert person.post("/ujian/jawaban", content=b"x" * 300_000).status_code == 413
    with contextlib.closing(sqlite3.connect(served.data / "cakap.sqlite3")) as database:
        (address,) = database.execute("SELECT address FROM delivery_event").fetchone()
    assert address == "127.0.0.2", "the participant's, not the web server's"

    proctor = client_of(secure)
    post(proctor, "/akun/login/", {"login": "a-proctor", "password": "rahasia-sekali"})
    stream = f"/ujian/sesi/{served.world['session']}/arus"
    with proctor.stream("GET", stream) as answer:
        first = next(line for line in answer.iter_lines() if line.startswith("data:"))
    rows = json.loads(first.removeprefix("data:"))["rows"]
    assert rows["1"][:2] == ["working", 1]
    assert person.get(stream).status_code == 403
