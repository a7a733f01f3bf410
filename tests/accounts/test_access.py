"""Every address x every role x another agency's object: the expected matrix, written out.

An address that is not listed here fails the test. `own` = the object is of the user's agency.
"""

from __future__ import annotations

import pytest
from addresses import EXPECTED, OPEN, PUBLIC, SHARED, objects
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from world import NOW, make_world

from cakap.accounts.models import Role, User
from cakap.registry.services import link_user

R = Role


def names(resolver=None, space=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from names(entry, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}"


def test_every_address_is_in_the_matrix():
    ours = {name for name in names() if ":" in name}

    assert ours == set(EXPECTED)


def knock(client, name, args):
    """GET, or POST where only that is taken."""
    address = reverse(name, args=args)
    answer = client.get(address)
    if answer.status_code != 405:
        return answer
    if name.startswith("api:"):
        return client.post(address, {"answer": "accepted"}, content_type="application/json")
    return client.post(address, {"kind": "units"})


def allowed(client, name, args) -> bool:
    answer = knock(client, name, args)
    if answer.status_code == 302 and "/akun/login/" in answer.url:
        return False
    assert answer.status_code in OPEN | {401, 403, 429}, (name, answer.status_code)
    return answer.status_code not in {401, 403, 404}


@pytest.mark.slow
@pytest.mark.long
def test_every_address_for_every_role_and_another_agencys_objects(client, db):
    world, other = make_world("A"), make_world("B")
    own = objects(world)
    wrong = []
    theirs = objects_of_other(other)
    me = {"employee": world.person(0), "user": world.user(R.PARTICIPANT)}
    link_user(**me, actor="t", now=NOW)
    for role in Role:
        client.force_login(world.user(role))
        for name, (roles, kind) in EXPECTED.items():
            if roles is PUBLIC:
                continue
            wanted = role in roles
            if allowed(client, name, own.get(kind, [])) != wanted:
                wrong.append(f"{name} as {role}: expected {wanted}")
            if kind and kind not in SHARED and allowed_other(client, name, theirs[kind]):
                wrong.append(f"{name} as {role}: another agency's object is shown")

    assert wrong == []


def objects_of_other(other) -> dict[str, list]:
    """The same for the other agency; assessors' names are taken, so its centre has its own."""
    for user in User.objects.filter(username__startswith="penilai"):
        User.objects.filter(pk=user.pk).update(username=f"lama-{user.pk}")
    return objects(other)


def allowed_other(client, name, args) -> bool:
    answer = knock(client, name, args)
    return answer.status_code in {200, 409} or (
        answer.status_code == 302 and "/akun/login/" not in answer.url
    )


@pytest.mark.slow
def test_nobody_signed_in_sees_nothing_but_the_public_pages(client, db):
    own = objects(make_world("A"))
    shown = {
        name
        for name, (roles, kind) in EXPECTED.items()
        if roles is not PUBLIC and allowed(client, name, own.get(kind, []))
    }

    assert shown == set()


def test_a_wrong_password_is_refused_and_then_slowed_down(client, world):
    world.user(R.OPERATOR)
    for _ in range(6):
        answer = client.post("/akun/login/", {"login": "a-operator", "password": "salah"})

    assert "sessionid" not in client.cookies
    assert answer.status_code in {200, 429}
    answer = client.post("/akun/login/", {"login": "a-operator", "password": "rahasia-sekali"})
    assert "sessionid" not in client.cookies


def test_sign_in_by_nip_or_e_mail(client, world):
    user = world.user(R.OPERATOR)
    type(user).objects.filter(pk=user.pk).update(email="op@contoh.go.id")

    answer = client.post("/akun/login/", {"login": "op@contoh.go.id", "password": "rahasia-sekali"})

    assert answer.status_code == 302
    assert "sessionid" in client.cookies


def test_nobody_makes_an_account_for_oneself(client, db):
    client.post(
        "/akun/signup/",
        {"username": "x", "password1": "rahasia-sekali", "password2": "rahasia-sekali"},
    )

    assert not User.objects.exists()
