"""What a machine may forget of the answers that waited on it: what is stored, and what is nobody's."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from nacl.public import Box, PrivateKey
from nacl.utils import random
from world import NOW

from cakap.delivery.door import Caller
from cakap.delivery.leftovers import deposit_token, sealing_key, take_leftovers
from cakap.delivery.models import Attempt, Device, Event, Stray
from cakap.delivery.services import begin, give_consent, sign_in
from cakap.itembank.models import ItemVersion
from cakap.programmes.models import Room

LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def other_server(settings):
    """Stand in this server's place with another secret key; called once more, the first is back."""
    keys = [settings.SECRET_KEY, "kunci-server-pengganti" * 3]

    def change():
        keys.reverse()
        settings.SECRET_KEY = keys[0]
        sealing_key.cache_clear()

    sealing_key.cache_clear()
    yield change
    sealing_key.cache_clear()


@pytest.fixture
def seat(session):
    return session.seats.select_related("participant__employee").order_by("number")[0]


@pytest.fixture
def attempt(session, seat):
    """Somebody at work."""
    own = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW)
    give_consent(attempt=own, now=NOW)
    own.refresh_from_db()
    return begin(attempt=own, now=NOW)


def event(seq=1, response="b"):
    item = ItemVersion.objects.filter(item__kind="graded").order_by("pk")[0].pk
    at = NOW.isoformat()
    return {"seq": seq, "kind": "answer", "item": item, "response": response, "at": at}


def package(content):
    """As the page seals it: to the key of the server that is in place now."""
    own, nonce = PrivateKey.generate(), random(24)
    box = Box(own, sealing_key().public_key)
    cipher = box.encrypt(json.dumps(content).encode(), nonce).ciphertext
    return base64.b64encode(bytes(own.public_key) + nonce + cipher).decode()


def waiting(attempt, *events):
    return {"token": deposit_token(attempt), "events": list(events or [event()])}


def handed_in(*packages, address="10.1.0.9"):
    return take_leftovers(list(packages), caller=Caller(address=address), now=LATER)


def test_what_was_sealed_to_another_servers_key_is_kept_until_that_server_is_back(
    attempt, other_server
):
    sealed = package(waiting(attempt))
    other_server()

    assert handed_in(sealed) == [False]

    other_server()
    assert handed_in(sealed) == [True]
    assert Event.objects.get().response == "b"


def test_what_names_another_servers_attempt_is_kept(attempt, other_server):
    """A page that closed: the next server's page sealed it, with the token that the first one gave."""
    content = waiting(attempt)
    other_server()

    assert handed_in(package(content)) == [False]
    assert not Event.objects.exists()


def test_on_an_older_copy_of_the_database_what_it_does_not_know_is_kept(attempt, seat, session):
    """Of an attempt that is not there, a device that is not, an exam that has not begun there."""
    sealed = package(waiting(attempt))
    own = Attempt.objects.filter(pk=attempt.pk)
    Device.objects.all().delete()
    own.update(device="")
    assert handed_in(sealed) == [False]

    own.update(device=attempt.device, consented_at=None, begun_at=None, closes_at=None)
    assert handed_in(sealed) == [False]

    own.delete()
    assert handed_in(sealed) == [False]
    assert not Event.objects.exists()
    assert not Stray.objects.exists()


def test_what_comes_from_outside_the_room_is_kept_until_it_comes_from_the_room(attempt):
    Room.objects.update(networks="10.1.0.0/24")
    sealed = package(waiting(attempt))

    assert handed_in(sealed, address="192.168.0.5") == [False]
    assert handed_in(sealed) == [True]


def test_what_an_earlier_machine_had_is_evidence_and_may_be_forgotten(attempt):
    sealed = package(waiting(attempt))
    Attempt.objects.filter(pk=attempt.pk).update(device="x" * 32)

    assert handed_in(sealed) == [True]
    assert Stray.objects.get().response == "b"


def test_what_is_no_package_or_says_nothing_is_nobodys_and_may_be_forgotten(attempt):
    empty = ["?", "", base64.b64encode(b"x" * 72).decode()]
    assert handed_in(*empty) == [True, True, True]

    own = waiting(attempt)
    nobodys = [
        [], {}, {"token": 1, "events": []}, {**own, "events": []}, {**own, "events": 1},
        {**own, "events": [{"seq": 1}]}, waiting(attempt, event(response="<b>")),
    ]  # fmt: skip

    assert handed_in(*map(package, nobodys)) == [True] * len(nobodys)
    assert not Event.objects.exists()


def test_of_what_is_partly_good_the_good_is_stored_and_the_rest_forgotten(attempt):
    own = waiting(attempt, event(1), {"seq": 2}, event(3, "<b>"), event(4, "a"))

    assert handed_in(package(own)) == [True]
    assert list(Event.objects.order_by("seq").values_list("seq", flat=True)) == [1, 4]
