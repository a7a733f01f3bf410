"""What stands in for a centre on the way there, over a real connection: each is said as what it is."""

from __future__ import annotations

import contextlib
import socket
import threading
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from django.utils import timezone

from cakap.cli.site import _say_clock
from cakap.delivery.models import LoadedPackage
from cakap.delivery.sites.sending import ADDRESS, NotSent, _tell

PORTAL = "melainkan halaman masuk jaringan ini"
UNREACHABLE = "tidak terjangkau"
HTML = "Content-Type: text/html"


def reply(status, *headers, body=b"<h1>Wi-Fi</h1>"):
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.contextmanager
def somebody(answer):
    """A listener that answers every connection with these bytes; None: it keeps silent."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        held = []

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    near, _ = door.accept()
                    near.recv(65536)
                    if answer is None:
                        held.append(near)  # open until the test is over
                    else:
                        near.sendall(answer)
                        near.shutdown(socket.SHUT_WR)
                        while near.recv(65536):  # not reset: what was sent is read
                            pass
                        near.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        for near in held:
            near.close()


def said(base):
    with httpx.Client(timeout=0.5, trust_env=False) as client, pytest.raises(NotSent) as told:
        _tell(client, base + ADDRESS, b"x")
    assert not told.value.is_final
    return str(told.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply("200 OK", HTML), PORTAL),
        (reply("200 OK", HTML, "Content-Encoding: gzip"), PORTAL),
        (reply("302 Found", "Location: http://portal.example/masuk"), PORTAL),
        (reply("302 Found", "Location: /masuk"), PORTAL),
        (reply("511 Network Authentication Required", HTML), PORTAL),
        (reply("301 Moved", "Location: https://127.0.0.1/ujian/situs/log"), "dialihkan ke https://127.0.0.1:"),
        (reply("502 Bad Gateway", HTML), "sedang tidak dapat menerima (502)"),
        (reply("404 Not Found", HTML), "atau alamatnya salah"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "jawabannya bukan HTTP"),
        (b"", "putus sebelum jawabannya lengkap"),
        (reply("200 OK", "Content-Type: application/json", body=b"{" * 99)[:-9], "putus sebelum"),
        (None, "jawabannya tidak datang pada waktunya"),
    ],
)  # fmt: skip
def test_who_answers_in_the_centres_place_is_named_and_not_called_unreachable(answer, words):
    with somebody(answer) as base:
        told = said(base)

    assert words in told
    assert UNREACHABLE not in told


def test_a_centre_that_nobody_serves_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as door:
        base = f"http://127.0.0.1:{door.getsockname()[1]}"
    assert f"{UNREACHABLE} (tidak ada yang melayani di alamat itu)" in said(base)


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0, ""), (-2.5, "Jam situs 2 jam lebih cepat"), (3.5, "Jam situs 3 jam lebih lambat")],
)
def test_loading_says_how_the_sites_clock_stands_to_the_centres(session, capsys, hours, words):
    LoadedPackage.objects.create(session=session, loaded_at=timezone.now())
    date = format_datetime(timezone.now() + timedelta(hours=hours), usegmt=True)
    centre = reply(
        "200 OK", "Content-Type: application/json", f"Date: {date}", body=b'{"ok": true}'
    )
    with somebody(centre) as base:
        _say_clock(session, f"{base}/")
    told = " ".join(capsys.readouterr().err.split())

    assert bool(told) == bool(words)
    # Of the minutes and seconds nothing is asserted: the two readings are not of one moment.
    assert told.startswith(words.rpartition(" lebih")[0])
    assert words.rpartition("lebih ")[2] in told


def test_loading_says_that_the_clock_was_not_compared_where_the_centre_did_not_answer(
    session, capsys
):
    made = timezone.now()
    LoadedPackage.objects.create(session=session, made_at=made, loaded_at=made - timedelta(hours=2))
    with somebody(reply("200 OK", HTML)) as base:
        _say_clock(session, base)
    told = " ".join(capsys.readouterr().err.split())

    assert "Jam komputer ini belum dapat dicocokkan" in told
    assert "Jam situs 2 jam lebih lambat daripada jam pusat. Betulkan jam komputer ini." in told
