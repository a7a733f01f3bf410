from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cakap.audit.models import Entry, Head
from cakap.audit.queries import first_broken_link
from cakap.audit.services import record
from cakap.web.services import first_trouble

NOW = datetime(2025, 1, 22, tzinfo=UTC)


@pytest.fixture
def log(db):
    return [
        record(actor="a", action=f"act.{n}", subject=f"s{n}", agency="A", detail={"n": n}, now=NOW)
        for n in range(5)
    ]


def test_a_whole_chain_is_whole(log):
    assert first_broken_link() == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            lambda: Entry.objects.filter(seq=3).update(actor="b"), "catatan 3", id="changed"
        ),
        pytest.param(
            lambda: Entry.objects.filter(seq=2).delete(), "catatan 2 hilang", id="removed"
        ),
        pytest.param(
            lambda: Entry.objects.filter(seq=5).delete(), "ujung rantai", id="tail cut off"
        ),
        pytest.param(
            lambda: Entry.objects.filter(seq=4).update(detail={"n": 99}), "catatan 4", id="detail"
        ),
    ],
)
def test_the_first_broken_link_is_named(log, change, words):
    change()

    assert words in first_broken_link()
    assert words in first_trouble()


def test_the_log_goes_on_from_its_head(log):
    record(actor="a", action="more", subject="s", now=NOW)

    assert Head.objects.get().seq == 6
    assert first_broken_link() == ""
