from __future__ import annotations

import pytest
from world import NOW

from cakap.accounts.models import Role
from cakap.placement.problem import Wanted
from cakap.placement.services import make_plan
from cakap.programmes.models import Programme


def test_the_api_tells_what_the_pages_tell(client, world, published):
    client.force_login(world.user(Role.TALENT_MANAGER))
    row = published[0]

    found = client.get(f"/api/results/{row.employee.nip}").json()
    people = client.get("/api/posts/KADIS2/people").json()
    vacant = client.get("/api/posts/vacant").json()

    assert found["jpm_ratio"] == pytest.approx(row.jpm_ratio)
    assert len(found["levels"]) == 9
    assert {row["code"] for row in vacant} == {"SEKDA", "KADIS2", "KABID2", "KASI2"}
    assert all(one["reasons"] for one in people["excluded"])


def test_the_api_refuses_in_json(client, world):
    assert client.get("/api/posts/vacant").status_code == 401
    client.force_login(world.user(Role.PARTICIPANT))

    answer = client.get("/api/posts/vacant")

    assert (answer.status_code, answer.json()["code"]) == (403, "NotAllowed")


def test_the_description_lists_every_address(client, db):
    assert len(client.get("/api/openapi.json").json()["paths"]) == 7


def test_a_plan_by_api_has_its_terms_and_every_criterion(client, world, published):
    programme = Programme.objects.get(initiator=world.agency)
    plan = make_plan(
        programmes=[programme], name="R", actor="t", now=NOW, wanted=Wanted(max_moves=1)
    )
    client.force_login(world.user(Role.AUDITOR))

    told = client.get(f"/api/plans/{plan.pk}").json()

    assert (told["terms"], told["method"]) == ({"max_moves": 1}, "optimum")
    line = told["lines"][0]
    assert line["criteria_after"]["match"] == pytest.approx(line["fit_after"], abs=1e-5)
    assert line["standing"] is None
