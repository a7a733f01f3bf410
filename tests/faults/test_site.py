"""Two installations: a site that loses its power again and again, and the centre that hears of it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3

import pytest
from commands import run
from faults.load import Load, Person
from faults.run import counted
from served import CAKAP, SET_UP, TELL, Served, begin, post

CENTRE = f"""{SET_UP}
from pathlib import Path
from world import NOW
from cakap.delivery.sites.identity import identity
from cakap.delivery.sites.package import pack
from cakap.delivery.sites.services import add_site
from cakap.programmes.models import Session
world = make_world()
session = make_open_session(world)
Session.objects.filter(pk=session.pk).update(state="planned")
session.refresh_from_db()
site = add_site(agency=world.agency, name="Lebak", card="%s", by="o", now=NOW)
Path("%s").write_bytes(pack(session=session, site=site, by="o", now=NOW))
world.user(Role.OPERATOR)
print(json.dumps({{"card": identity().card.text, "session": session.pk}}))
"""
SITE = f"""{SET_UP}
from cakap.programmes.models import Session
session = Session.objects.get()
{TELL}"""


def site_command(data, *words, expect=0, **more):
    return run(
        [CAKAP, "site", *words], expect=expect,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith(("CAKAP_", "DJANGO_"))},
            "CAKAP_DATA": str(data), "COLUMNS": "300", **more,
        },
    )  # fmt: skip


def events(data):
    query = (
        "SELECT a.seat_id, e.seq, e.kind, e.response, e.late FROM delivery_event e "
        "JOIN delivery_attempt a ON a.id = e.attempt_id ORDER BY 1, 2"
    )
    with contextlib.closing(sqlite3.connect(data / "cakap.sqlite3")) as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A centre that has packed a session, and the site that took it in; nobody serves yet."""
    tmp_path = tmp_path_factory.mktemp("places")
    centre_data, site_data = tmp_path / "centre", tmp_path / "site"
    package = tmp_path / "sesi.cakap"
    card = site_command(site_data, "card").stdout.strip()
    centre = Served(centre_data, prepare=CENTRE % (card, package))
    site_command(
        site_data, "load", str(package), "--centre", centre.world["card"], "--proctor", "jaga",
        CAKAP_PROCTOR_PASSWORD="rahasia-sekali-benar",
    )  # fmt: skip
    site = Served(site_data, prepare=SITE)
    yield centre, site
    for one in (centre, site):
        with contextlib.suppress(ProcessLookupError):
            one.kill(signal.SIGTERM)


@pytest.mark.long
@pytest.mark.slow
def test_the_power_of_a_whole_site_goes_and_the_centre_ends_with_the_sites_log(places):
    centre, site = places
    rng = random.Random(3)
    proctor = site.client()
    post(proctor, "/akun/login/", {"login": "jaga", "password": "rahasia-sekali-benar"})
    session = site.world["session"]
    assert post(proctor, f"/ujian/sesi/{session}/buka/", {"asked": "999"}).status_code == 302
    people = [
        Person(client, items, random.Random(number), number)
        for number in range(3)
        for client, items in [begin(site, number)]
    ]

    load = Load(people)
    with load:
        for _ in range(3):
            load.wait_for(20 + rng.randrange(40), said=site.said)
            site.kill(signal.SIGKILL)  # the power of the room: server, database, everything
            site.start()
            site_command(site.data, "send", "--to", centre.base, "--json")
    site.wait()
    load.drain()
    centre.kill(signal.SIGKILL)
    failed = site_command(site.data, "send", "--to", centre.base, expect=1)
    assert "Log tetap di sini" in failed.stderr
    centre.start()
    last = json.loads(site_command(site.data, "send", "--to", centre.base, "--json").stdout)

    found = counted(site.data, people, database="")
    assert (found["lost"], found["duplicated"], last["missing"]) == (0, 0, 0)
    assert found["acknowledged"] > 50
    assert events(centre.data) == events(site.data)


@pytest.mark.long
@pytest.mark.slow
def test_the_centres_server_is_down_at_sign_in_and_the_room_sits_all_the_same(places):
    """10 February 2020: the central server down at sign-in, nationwide. The room needs no centre."""
    centre, site = places
    centre.kill(signal.SIGKILL)
    proctor = site.client()
    post(proctor, "/akun/login/", {"login": "jaga", "password": "rahasia-sekali-benar"})
    post(proctor, f"/ujian/sesi/{site.world['session']}/buka/", {"asked": "999"})

    papers = [
        proctor.get(f"/ujian/sesi/{site.world['session']}/{name}.pdf").content[:5]
        for name in ("daftar-hadir", "kartu-meja", "berita-acara")
    ]
    assert papers == [b"%PDF-"] * 3
    client, items = begin(site, 3)
    event = {
        "seq": 1, "kind": "answer", "item": items[0], "response": "a",
        "at": "2025-01-22T01:00:00+00:00",
    }  # fmt: skip

    body = {"attempt": client.attempt, "events": [event]}
    assert client.post("/ujian/jawaban", json=body).status_code == 200
    done = client.post("/ujian/selesai", json={"attempt": client.attempt, "last_seq": 1})
    assert done.json()["answered"] == 1
