from __future__ import annotations

import math
from datetime import date

import pytest
from django.urls import reverse
from world import NOW, TODAY

from cakap.accounts.models import Role
from cakap.policy.book import default_rules
from cakap.policy.errors import UnknownRule, WrongShape
from cakap.policy.queries import policy_in_force
from cakap.policy.services import override_rule


def override(**changes):
    words = {
        "agency": "A",
        "key": "posts.plan_min_gain",
        "value": 2.0,
        "reason": "uji",
        "since": TODAY,
    }
    return override_rule(**{**words, **changes}, actor="t", now=NOW)


def test_every_rule_has_a_title_and_a_source():
    assert all(rule.title and rule.source for rule in default_rules().values())


def test_an_agency_overrides_its_own_copy_from_a_day_on(db):
    override()

    assert policy_in_force(agency="A", on=TODAY)["posts.plan_min_gain"] == 2.0
    assert policy_in_force(agency="A", on=date(2025, 1, 21))["posts.plan_min_gain"] == 1.0
    assert policy_in_force(agency="B", on=TODAY)["posts.plan_min_gain"] == 1.0


def test_a_name_moves_from_one_group_to_another(db):
    first, second, *rest = default_rules()["selection.stages"].value
    override(key="selection.stages", value=[[*first, *second[:1]], second[1:], *rest])
    assert policy_in_force(agency="A", on=TODAY)["selection.stages"][0][-1] == second[0]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"key": "tidak.ada"}, UnknownRule),
        ({"value": "dua"}, WrongShape),
        ({"reason": " "}, WrongShape),
        ({"key": "talent.performance_cuts", "value": [60]}, WrongShape),
        ({"key": "selection.stage_weights", "value": {"makalah": 100}}, WrongShape),
        ({"value": math.nan}, WrongShape),
        ({"value": 10**400}, WrongShape),
        ({"key": "talent.performance_cuts", "value": [60, math.inf]}, WrongShape),
    ],
)
def test_another_shape_is_refused(db, changes, refusal):
    with pytest.raises(refusal):
        override(**changes)


def test_the_administrator_sees_what_is_not_verified(client, world):
    client.force_login(world.user(Role.ADMINISTRATOR))

    page = client.get(reverse("web:policy"), {"q": "optimal"}).content.decode()

    assert "belum terverifikasi" in page


@pytest.mark.parametrize("typed", ["NaN", "1e999", "9" * 5000, "[" * 100_000])
def test_a_value_that_cannot_be_kept_comes_back_or_is_refused(client, world, typed):
    client.force_login(world.user(Role.ADMINISTRATOR))
    told = {"value": typed, "reason": "uji", "since": "2025-01-01"}

    answer = client.post(reverse("web:rule", args=["posts.plan_min_gain"]), told)

    assert answer.status_code in {200, 400, 409}


def test_the_administrator_changes_a_rule_on_the_page(client, world):
    client.force_login(world.user(Role.ADMINISTRATOR))
    url = reverse("web:rule", args=["posts.plan_min_gain"])

    client.post(url, {"value": "3.5", "reason": "musyawarah", "since": "2025-01-01"})

    assert policy_in_force(agency="A", on=TODAY)["posts.plan_min_gain"] == 3.5
