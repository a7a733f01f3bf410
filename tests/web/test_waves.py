"""The door in waves: so many at once, the others keep what they typed, and nobody inside waits for it."""

from __future__ import annotations

import asyncio

import pytest

from cakap.settings.reader import BadConfiguration, read_configuration
from cakap.web.waves import SignInsInWaves, waiting_page

TYPED = b"csrfmiddlewaretoken=t&nip=1980&registration=&pin=%3Cb%3E%40nip%40"


def asked(app, path: str, *, method: str = "POST", body: bytes = TYPED, language: bytes = b"id"):
    """A request; the messages that answer it."""
    sent = []
    headers = [(b"accept-language", language)]

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    return sent, app(scope, receive, send)


def test_one_more_than_can_be_worked_on_waits_and_the_next_gets_in():
    async def play():
        go, started = asyncio.Event(), []

        async def slow(scope, receive, send):
            started.append(scope["path"])
            await go.wait()
            await send({"type": "http.response.start", "status": 302, "headers": []})

        gate = SignInsInWaves(slow, most=2)
        inside = [asyncio.create_task(asked(gate, "/ujian/")[1]) for _ in range(2)]
        await asyncio.sleep(0)
        third, work = asked(gate, "/ujian/")
        await work
        others = [
            asyncio.create_task(asked(gate, path, method=method)[1])
            for path, method in (("/ujian/", "GET"), ("/ujian/mulai/", "POST"))
        ]
        await asyncio.sleep(0)
        assert len(started) == 4
        go.set()
        await asyncio.gather(*inside, *others)
        fourth, work = asked(gate, "/ujian/")
        await work
        return third, fourth

    third, fourth = asyncio.run(play())

    headers = dict(third[0]["headers"])
    page = third[1]["body"].decode()
    assert (third[0]["status"], headers[b"retry-after"]) == (503, b"5")
    assert headers[b"cache-control"] == b"no-store"
    assert "Anda di antrean" in page
    assert 'name="nip" value="1980"' in page
    assert 'name="pin" value="&lt;b&gt;nip"' in page
    assert fourth[0]["status"] == 302


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"nip=1&" * 40, b"nip=" + b"1" * 20000])
def test_a_body_that_is_no_form_is_answered_all_the_same(body):
    async def nobody(scope, receive, send):
        raise AssertionError

    sent, work = asked(SignInsInWaves(nobody, most=0), "/ujian/", body=body, language=b"en-GB")
    asyncio.run(work)

    assert sent[0]["status"] == 503
    assert 'name="nip" value=""' in sent[1]["body"].decode()
    assert "You are in the queue" in sent[1]["body"].decode()


def test_the_page_keeps_nothing_of_the_one_before():
    waiting_page("id", {"nip": "123", "pin": "654321"})

    assert "654321" not in waiting_page("id", {"nip": "456"})


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "100000"])
def test_a_bound_that_is_none_is_refused(value, monkeypatch, tmp_path):
    monkeypatch.setenv("CAKAP_SIGN_INS", value)

    with pytest.raises(BadConfiguration, match="sign_ins"):
        read_configuration(tmp_path / "none.toml")
