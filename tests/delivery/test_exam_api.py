"""What the exam page may send, and everything that it may not: against the real server, as documented."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)
from served import Served, begin

API = json.loads((Path(__file__).parents[2] / "docs" / "exam-api.json").read_text())
schema = schemathesis.openapi.from_dict(API)


@pytest.fixture(scope="module")
def sitting(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("api"))
    client, items = begin(served, 0)
    yield served, client, items
    served.kill(signal.SIGTERM)


def told(client):
    return {
        "Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items()),
        "Accept": "application/json",
    }


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)  # fmt: skip
def test_whatever_is_sent_gets_a_documented_reply(case, sitting):
    served, client, _ = sitting
    case.call_and_validate(
        base_url=served.base, headers=told(client),
        checks=[not_a_server_error, content_type_conformance, response_schema_conformance],
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"x" * 10 * 2**20, 400, id="ten megabytes"),
        pytest.param(b"[" * 100_000, 400, id="deep"),
        pytest.param(b'{"events": [' + b'{"seq": 1},' * 10_000 + b"{}]}", 400, id="many"),
        pytest.param(b'{"attempt": 1, "events": 1}', 400, id="no list"),
        pytest.param(b"\xff\xfe", 400, id="not text"),
    ],
)
def test_attacks_on_the_answers_are_refused_and_nothing_is_stored(sitting, body, status):
    served, client, _ = sitting
    before = stored(served)

    answer = client.post(
        "/ujian/jawaban", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == status
    assert answer.json()["message"]
    assert stored(served) == before


@pytest.mark.slow
def test_a_foreign_token_keeps_nothing(sitting):
    served, client, items = sitting
    before = stored(served)
    event = {
        "seq": 1, "kind": "answer", "item": items[0], "response": "a",
        "at": "2025-01-22T01:00:00+00:00",
    }  # fmt: skip
    own = client.cookies["cakap_ujian"]
    # Not its last letter, whose low bits say nothing.
    altered = own[:-6] + ("B" if own[-6] == "A" else "A") + own[-5:]
    for token in ("", "x", "W10:1x:y", altered):
        with served.client() as stranger:
            answer = stranger.post(
                "/ujian/jawaban", json={"attempt": client.attempt, "events": [event]},
                headers={"Cookie": f"cakap_ujian={token}"},
            )  # fmt: skip
        assert answer.status_code in {401, 409}
    assert stored(served) == before


def stored(served):
    with contextlib.closing(sqlite3.connect(served.data / "cakap.sqlite3")) as database:
        return database.execute("SELECT count(*) FROM delivery_event").fetchone()[0]
