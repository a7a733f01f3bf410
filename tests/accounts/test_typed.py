"""Whatever is typed into any form of any page is answered in words, never by a crash nor echoed raw."""

from __future__ import annotations

import re
from random import Random

import pytest
from addresses import EXPECTED, OPEN, objects
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from world import NOW, make_world

from cakap.accounts.models import Role
from cakap.accounts.services import give_roles
from cakap.delivery.models import Attempt
from cakap.delivery.token import COOKIE, SALT
from cakap.programmes.models import Session
from cakap.registry.services import link_user

SCRIPT = "<script>alert(1)</script>"
TYPED = (
    "", " ", "\x00", "a\x00b", "x" * 5000, SCRIPT, "-1", "0", "1e9", "NaN", "9" * 40, "²", "١٢٣",
    "0001-01-01T00:00", "9999-12-31T23:59:59", "9999-12-31", "2025-02-30", "2025-01-22T10:00:00",
    "' OR 1=1 --", "{{ 7 * 7 }}", "../../etc/passwd", "on", "123456",
)  # fmt: skip
FILES = (b"", b"\x00" * 100, b"PK\x03\x04" + b"x" * 50, b"\xff\xd8\xff" + b"x" * 50, b"a,b\n1,2\n")
# Of pages that only take what another page's form sends.
ELSEWHERE = (
    "kind", "file", "upload", "reason", "text", "to", "cell", "place", "agency", "state", "line",
    "target", "stage", "answer", "note",
)  # fmt: skip
NEVER_POSTED = {"delivery:content", "delivery:stream", "delivery:asset"}
FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\bname="([^"]+)"([^>]*)')
VALUE = re.compile(r'\bvalue="([^"]*)"')
ROUNDS = 8


def fields(client, address):
    """Names of what the page asks for, with what already stands there."""
    page = client.get(address)
    if page.status_code != 200 or page.streaming:
        return dict.fromkeys(ELSEWHERE, "")
    found = {
        name: value[1] if (value := VALUE.search(rest)) else ""
        for name, rest in FIELD.findall(page.content.decode(errors="replace"))
    }
    return found or dict.fromkeys(ELSEWHERE, "")


def filled_in(rng, known):
    """Some of it as it stood there, so that the rest is read at all; a file here and there."""
    told = {
        name: value if value and rng.random() < 0.4 else rng.choice(TYPED)
        for name, value in known.items()
    }
    for name in ("file", "picture", "pictures"):
        if rng.random() < 0.5:
            told[name] = SimpleUploadedFile("x.csv", rng.choice(FILES))
    return told


def everything(world):
    """Somebody with every role, who is also an employee and sits at an exam."""
    user = world.user(Role.PARTICIPANT)
    give_roles(user=user, agency=world.agency, roles=list(Role), actor="t", now=NOW)
    link_user(employee=world.person(0), user=user, actor="t", now=NOW)
    return user


@pytest.mark.slow
@pytest.mark.long
def test_whatever_is_typed_is_answered_in_words(client, db):
    world = make_world("A")
    own = objects(world)
    client.force_login(everything(world))
    client.raise_request_exception = False
    Session.objects.update(quit_code="")
    Attempt.objects.update(consented_at=NOW)
    attempt = Attempt.objects.get()
    client.cookies[COOKIE] = signing.dumps([attempt.pk, attempt.device], salt=SALT)
    rng, wrong = Random(2025), []
    for name, (_, kind) in EXPECTED.items():
        if name.startswith("api:") or name in NEVER_POSTED:
            continue
        address = reverse(name, args=own.get(kind, []))
        known = fields(client, address)
        for _ in range(ROUNDS):
            told = filled_in(rng, known)
            problem = trouble(client, address, told)
            if problem:
                wrong.append(f"{name}: {problem} for {shortly(told)}")

    assert wrong == []


def trouble(client, address, told):
    """What is wrong with the answer, if anything; nothing of it stays."""
    with transaction.atomic():
        answer = client.post(address, told)
        transaction.set_rollback(True)
    if answer.status_code == 500:
        return repr(answer.exc_info[1])[:200]
    if answer.status_code not in OPEN | {401, 403, 405, 413, 429}:
        return answer.status_code
    return "echoed" if not answer.streaming and SCRIPT.encode() in answer.content else ""


def shortly(told):
    return {name: str(value)[:30] for name, value in told.items()}
