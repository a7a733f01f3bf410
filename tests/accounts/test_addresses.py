"""Addresses of accounts are kept in small letters, also those of before; two of one address stay two."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from world import NOW, make_world

from cakap.accounts.errors import AddressTaken
from cakap.accounts.models import Role, User
from cakap.accounts.services import change_address, give_roles, register_user
from cakap.errors import NotAllowed

ACCOUNT = {"name": "Budi", "password": "rahasia-sekali", "actor": "t", "now": NOW}


def test_addresses_kept_with_capitals_are_lowered(db):
    for username, email in (("a", "x@kota.go.id"), ("b", "y@kota.go.id")):
        register_user(username=username, email=email, **ACCOUNT)
    User.objects.filter(username="a").update(email="Budi.Santoso@kota.go.id")
    User.objects.filter(username="b").update(email="budi.santoso@KOTA.go.id")

    import_module("cakap.accounts.migrations.0003_small_addresses").to_small_letters(apps, None)

    assert {row.email for row in User.objects.all()} == {"budi.santoso@kota.go.id"}


def test_an_address_is_nobody_elses_and_not_set_for_who_acts_elsewhere(db):
    world, other = make_world("A"), make_world("B")
    told = {"agency": world.agency, "actor": "t", "now": NOW}
    register_user(username="a", email="Budi@Kota.go.id", **ACCOUNT)
    with pytest.raises(AddressTaken):
        register_user(username="b", email="budi@kota.go.id", **ACCOUNT)
    user = world.user(Role.OPERATOR)
    with pytest.raises(AddressTaken):
        change_address(user=user, email="BUDI@kota.go.id", **told)
    give_roles(user=user, agency=other.agency, roles=[Role.OPERATOR], actor="t", now=NOW)
    with pytest.raises(NotAllowed):
        change_address(user=user, email="lain@kota.go.id", **told)
