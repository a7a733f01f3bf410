from __future__ import annotations

import pytest

from cakap.accounts.models import Role


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
    assert len(client.get("/api/openapi.json").json()["paths"]) == 5
