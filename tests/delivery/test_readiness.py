"""What a machine tells of itself, when the server's own clock is set back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from world import NOW

from cakap.delivery.door import Caller
from cakap.delivery.errors import TooOften
from cakap.delivery.readiness import OLD, READY, Report, report, room_board

HOURS = timedelta(hours=2)


def told(key: str = "a") -> Report:
    return Report(
        number=1, key=key * 32, missing=(), clock_off=0, round_trip=5, lost=0, asked=10,
        download=9000, kept=True, free=None, replaces=False,
    )  # fmt: skip


def test_after_the_clock_was_set_back_a_report_is_taken_and_an_earlier_one_counts_no_more(session):
    report(session=session, told=told(), caller=Caller(), now=NOW + HOURS)
    assert room_board(session, now=NOW + HOURS)[0].standing == READY

    assert room_board(session, now=NOW)[0].standing == OLD
    report(session=session, told=told("b"), caller=Caller(), now=NOW)
    assert room_board(session, now=NOW)[0].standing == READY

    with pytest.raises(TooOften):
        report(session=session, told=told("b"), caller=Caller(), now=NOW + timedelta(seconds=1))
