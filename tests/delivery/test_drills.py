"""A drill of a disturbance passes what was done in time, fails the rest, and is kept in the minutes."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader
from world import NOW

from cakap.accounts.models import Role
from cakap.delivery import control
from cakap.delivery.drills import begin_drill, checks, end_drill
from cakap.delivery.errors import NoDrill
from cakap.delivery.minutes import minutes
from cakap.delivery.models import CheckIn, Drill
from cakap.policy.queries import policy_in_force
from cakap.policy.services import keep_policy, override_rule
from cakap.programmes.models import Programme, Session

SHORT, LONG = Drill.Kind.SHORT, Drill.Kind.LONG


def at(minutes: float):
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def rehearsal(session):
    """A rehearsal that begins in an hour and a quarter; a participant was at the desk in time."""
    Session.objects.filter(pk=session.pk).update(
        is_rehearsal=True, starts_at=at(75), ends_at=at(165)
    )
    session.refresh_from_db()
    CheckIn.objects.create(seat=session.seats.first(), pin="1", identity="photo", by="p", at=at(10))
    return session


def outcome(session) -> dict[str, bool]:
    drill = end_drill(session=session, by="p2", now=at(400))
    return {code: passed for code, passed, *_ in drill.outcome}


def test_a_short_disturbance_is_paused_given_back_and_let_run_on_in_time(rehearsal):
    drill = begin_drill(session=rehearsal, kind=SHORT, by="p", now=at(20))
    assert [check.passed for check in checks(drill, now=at(21))] == [True, True, None, None, None]
    control.pause_room(session=rehearsal, reason="padam", by="p", now=at(22))
    control.give_back(
        session=rehearsal, since=at(20), until=at(22), reason="padam", by="p", now=at(30)
    )
    control.resume_room(session=rehearsal, by="p", now=at(31))

    assert set(outcome(rehearsal).values()) == {True}


def test_what_can_still_be_done_has_not_failed(rehearsal):
    CheckIn.objects.all().delete()
    drill = begin_drill(session=rehearsal, kind=SHORT, by="p", now=at(5))

    assert [check.passed for check in checks(drill, now=at(10))] == [None] * 5
    found = [check.passed for check in checks(drill, now=at(16))]
    assert found == [False, None, False, None, None]


def test_what_comes_too_late_fails(rehearsal):
    CheckIn.objects.create(
        seat=rehearsal.seats.last(), pin="1", identity="photo", by="p", at=at(71)
    )
    begin_drill(session=rehearsal, kind=SHORT, by="p", now=at(20))
    control.pause_room(session=rehearsal, reason="padam", by="p", now=at(26))
    control.resume_room(session=rehearsal, by="p", now=at(20 + 181))

    assert outcome(rehearsal) == {
        "present": True, "desk": False, "paused": False, "given_back": False, "resumed": False,
    }  # fmt: skip


def test_nothing_goes_on_after_the_hour_of_policy(rehearsal):
    evening = NOW.replace(hour=12, minute=30)  # 19.30 WIB
    drill = begin_drill(session=rehearsal, kind=SHORT, by="p", now=evening)
    control.pause_room(session=rehearsal, reason="padam", by="p", now=evening)
    control.resume_room(session=rehearsal, by="p", now=evening + timedelta(minutes=31))

    (resumed,) = [check for check in checks(drill, now=evening) if check.code == "resumed"]
    assert (resumed.passed, resumed.limit) == (False, "20.00.00")


def test_a_drill_is_judged_by_the_policy_that_the_programme_keeps(rehearsal):
    agency = rehearsal.programme.initiator.code
    for key, value in (
        ("sessions.outage_latest_hour", 24), ("sessions.outage_longest_minutes", 1400),
    ):  # fmt: skip
        override_rule(
            agency=agency, key=key, value=value, reason="x", since=date(2025, 1, 1), actor="t",
            now=NOW,
        )  # fmt: skip
    drill = begin_drill(session=rehearsal, kind=SHORT, by="p", now=at(20))

    def limit() -> str:
        drill.session.refresh_from_db()
        return next(one.limit for one in checks(drill, now=at(20)) if one.code == "resumed")

    kept = limit()
    digest = keep_policy(policy_in_force(agency=agency, on=NOW.date()))
    Programme.objects.filter(pk=rehearsal.programme_id).update(policy_digest=digest)
    drill.session.programme.refresh_from_db()

    assert (kept == limit(), limit()) == (False, "00.00.00")


@pytest.mark.parametrize(("later", "passed"), [(20 + 181, True), (20 + 90, False)])
def test_a_long_disturbance_is_rescheduled_to_after_it(rehearsal, later, passed):
    begin_drill(session=rehearsal, kind=LONG, by="p", now=at(20))
    control.pause_room(session=rehearsal, reason="padam", by="p", now=at(21))
    control.postpone(session=rehearsal, starts_at=at(later), reason="padam", by="p", now=at(22))

    assert outcome(rehearsal)["postponed"] is passed


def test_only_an_open_rehearsal_that_runs_has_a_drill_and_one_at_a_time(rehearsal):
    begin_drill(session=rehearsal, kind=SHORT, by="p", now=at(20))
    with pytest.raises(NoDrill):
        begin_drill(session=rehearsal, kind=SHORT, by="p", now=at(20))
    end_drill(session=rehearsal, by="p", now=at(21))
    with pytest.raises(NoDrill):
        end_drill(session=rehearsal, by="p", now=at(21))
    Session.objects.filter(pk=rehearsal.pk).update(is_rehearsal=False)
    rehearsal.refresh_from_db()
    with pytest.raises(NoDrill):
        begin_drill(session=rehearsal, kind=SHORT, by="p", now=at(22))

    assert Drill.objects.count() == 1


def test_a_proctor_plays_a_drill_by_page_and_reads_it_in_the_minutes(client, world, rehearsal):
    client.force_login(world.user(Role.PROCTOR))
    page = reverse("delivery:drill", args=[rehearsal.pk])
    console = reverse("delivery:board", args=[rehearsal.pk])

    assert page in client.get(console).content.decode()
    assert client.post(page, {"kind": "x"}).status_code == 200
    assert not Drill.objects.exists()
    client.post(page, {"kind": "short"})
    assert "Ruang dijeda sebelum" in client.get(page).content.decode()
    client.post(page, {"end": "yes"})
    assert "2 / 5" in client.get(console).content.decode()

    read = PdfReader(io.BytesIO(minutes(rehearsal, now=NOW)))
    text = " ".join(part.extract_text() for part in read.pages)
    assert "Latihan gangguan: gangguan singkat" in text
    assert "tidak terpenuhi" in text
