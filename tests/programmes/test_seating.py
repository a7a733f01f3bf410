from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from world import NOW, TODAY, make_form, make_programme, make_world

from cakap.policy.queries import policy_kept
from cakap.policy.services import override_rule
from cakap.programmes.errors import (
    NotInAgency,
    OutsideProgramme,
    SessionFull,
    TooManyAbsent,
    WrongState,
)
from cakap.programmes.letters import invitation
from cakap.programmes.models import Programme, Seat, Session
from cakap.programmes.queries import chosen_by_rule, due, units_of, unseated
from cakap.programmes.services import (
    add_listed,
    add_participants,
    add_room,
    close_session,
    note_assessed,
    open_session,
    plan_session,
    seat_all,
    seat_participant,
)
from cakap.registry.imports.tables import read_table
from cakap.registry.models import Employee

SOON = timedelta(days=90)


@pytest.fixture
def programme(world):
    return make_programme(world)


def plan(world, programme, *, seats=20, days=0, starts_at=None):
    room = add_room(agency=world.agency, name="R", seats=seats, location="", actor="t", now=NOW)
    form = world.agency.forms.first() or make_form(world)
    return plan_session(
        programme=programme, room=room, form=form,
        starts_at=starts_at or NOW + timedelta(days=days), actor="t", now=NOW,
    )  # fmt: skip


def test_a_session_before_seven_in_the_morning_is_held_on_the_day_of_the_calendar(world, programme):
    session = plan(world, programme)
    session.starts_at = datetime(
        2025, 1, 21, 23, 30, tzinfo=UTC
    )  # 06.30 in Jakarta, of the next day

    assert session.day == date(2025, 1, 22)


def test_a_session_ends_within_its_programme_too(world, programme):
    late = datetime(2025, 1, 27, 16, 0, tzinfo=UTC)  # 23.00 in Jakarta, of the last day

    with pytest.raises(OutsideProgramme, match="28-01-2025 00.30"):
        plan(world, programme, starts_at=late)


def test_no_unit_is_emptied(world, programme):
    session = plan(world, programme)

    left = seat_all(programme=programme, actor="t", now=NOW)

    units = units_of(world.agency, on=TODAY)
    away = Counter(
        units[s.participant.employee_id] for s in session.seats.select_related("participant")
    )
    staff = Counter(units.values())
    assert left
    assert all(n <= max(1, staff[unit] // 2) for unit, n in away.items())


def test_who_waits_finds_a_seat_on_another_day(world, programme):
    for days in range(4):
        plan(world, programme, days=days)

    assert seat_all(programme=programme, actor="t", now=NOW) == []
    assert Seat.objects.count() == 11


def test_a_seat_by_hand_obeys_the_same_rules(world, programme):
    session = plan(world, programme, seats=1)
    first, second = programme.participants.all()[:2]
    seat_participant(session=session, participant=first, actor="t", now=NOW)

    with pytest.raises(SessionFull):
        seat_participant(session=session, participant=second, actor="t", now=NOW)


def test_a_seat_by_hand_that_would_empty_a_unit_is_refused(world, programme):
    session = plan(world, programme)
    unit = world.post("KASI1").unit_id
    units = units_of(world.agency, on=TODAY)
    own = [p for p in programme.participants.all() if units[p.employee_id] == unit]
    for participant in own[:3]:
        seat_participant(session=session, participant=participant, actor="t", now=NOW)

    with pytest.raises(TooManyAbsent):
        seat_participant(session=session, participant=own[3], actor="t", now=NOW)


def test_nobody_is_seated_in_a_session_that_is_being_cancelled(world, programme):
    session = plan(world, programme)
    first, second = programme.participants.all()[:2]
    seat_participant(session=session, participant=first, actor="t", now=NOW)
    Session.objects.filter(pk=session.pk).update(state="cancelled")  # since it was read here

    with pytest.raises(WrongState):
        seat_participant(session=session, participant=second, actor="t", now=NOW)
    assert first in unseated(programme), "whose seat was given a moment too late"


def test_the_policy_is_frozen_before_the_first_session(world, programme):
    session = plan(world, programme)
    open_session(session=session, actor="t", now=NOW)
    override_rule(
        agency=world.agency.code, key="results.min_answered", value=1, reason="uji",
        since=TODAY, actor="t", now=NOW,
    )  # fmt: skip

    frozen = policy_kept(Programme.objects.get(pk=programme.pk).policy_digest)

    assert frozen["results.min_answered"] == 4


def test_a_session_opens_once_and_closes_once(world, programme):
    session = plan(world, programme)
    open_session(session=session, actor="t", now=NOW)

    with pytest.raises(WrongState):
        open_session(session=session, actor="t", now=NOW)
    close_session(session=session, actor="t", now=NOW)
    with pytest.raises(WrongState):
        close_session(session=session, actor="t", now=NOW)


def test_who_is_due_and_who_is_late(world):
    fresh, soon, late = world.person(0), world.person(1), world.person(2)
    start = TODAY - timedelta(days=1000)
    note_assessed(
        validity={
            fresh.pk: (start, TODAY + timedelta(days=400)),
            soon.pk: (start, TODAY + timedelta(days=30)),
            late.pk: (start, TODAY - timedelta(days=1)),
        },
        source="berkas", actor="t", agency="A", now=NOW,
    )  # fmt: skip

    rows = {row.candidate.employee.pk: row.late for row in due(world.agency, on=TODAY, within=SOON)}

    assert fresh.pk not in rows
    assert (rows[soon.pk], rows[late.pk]) == (False, True)
    assert len(rows) == 10


def test_people_are_chosen_by_tier_and_branch(world):
    found = chosen_by_rule(
        world.agency, on=TODAY, within=SOON, due_only=False, tiers=["pengawas"],
        unit=world.post("KASI2").unit, most=2,
    )  # fmt: skip

    assert len(found) == 2
    assert {p.appointments.get(end=None).position.code for p in found} == {"KASI2"}


def test_a_stranger_is_named_and_nobody_is_added(world):
    programme, other = make_programme(world), make_world("B")
    programme.participants.all().delete()

    with pytest.raises(NotInAgency, match=other.person(0).nip):
        add_participants(
            programme=programme, employees=[world.person(0), other.person(0)],
            source="hand", actor="t", now=NOW,
        )  # fmt: skip
    table = read_table("p.csv", f"nip\n{world.person(0).nip}\n999\n".encode())
    with pytest.raises(NotInAgency, match="baris 3, kolom nip"):
        add_listed(programme=programme, table=table, actor="t", now=NOW)

    assert programme.participants.count() == 0


def test_the_invitation_is_a_tagged_pdf(world, programme):
    plan(world, programme)
    seat_all(programme=programme, actor="t", now=NOW)
    participant = programme.participants.filter(seats__isnull=False)[0]

    content = invitation(participant)

    assert content.startswith(b"%PDF")
    assert b"/MarkInfo" in content or b"StructTreeRoot" in content
    assert Employee.objects.count() == 11
