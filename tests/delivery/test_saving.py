"""Many sendings at once: each has its own outcome, and nobody's mistake disturbs another."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import NOW

from cakap.delivery import saving
from cakap.delivery.control import free_device
from cakap.delivery.errors import (
    AnswerConflict,
    BadEvent,
    NotBegun,
    NotSignedIn,
    OtherDevice,
)
from cakap.delivery.hot.app import _whose
from cakap.delivery.models import Attempt, Event
from cakap.delivery.protocol import MOST_SEQ, Kept, Sending, Sent, events_of, told_in
from cakap.delivery.saving import save
from cakap.delivery.services import begin, give_consent, keep_events, sign_in
from cakap.itembank.models import ItemVersion


@pytest.fixture
def sitters(session):
    """Three people at work and one who has only signed in."""
    found = []
    for seat in session.seats.select_related("participant__employee").order_by("number")[:4]:
        attempt = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW)
        if len(found) < 3:
            give_consent(attempt=attempt, now=NOW)
            attempt.refresh_from_db()
            attempt = begin(attempt=attempt, now=NOW)
        found.append(attempt)
    return found


def item():
    return ItemVersion.objects.filter(item__kind="graded").order_by("pk")[0].pk


def sent(seq, response="a", *, item_=None, at=NOW):
    return Sent(seq=seq, kind="answer", item=item_ or item(), response=response, at=at)


def of(attempt, *events, device=None):
    return Sending(attempt=attempt.pk, device=device or attempt.device, sent=events)


def test_every_sending_has_its_own_outcome(sitters):
    one, two, three, not_yet = sitters

    outcomes = save(
        [
            of(one, sent(1), sent(2, "b")),
            of(two, sent(1), device="x" * 32),
            of(three, sent(1, "<script>")),
            of(not_yet, sent(1)),
            Sending(attempt=10**9, device="x", sent=[sent(1)]),
            of(two, sent(1)),
            of(three),
        ],
        now=NOW + timedelta(seconds=30),
    )

    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Kept, OtherDevice, BadEvent, NotBegun, NotSignedIn, Kept, Kept]
    assert Event.objects.count() == 3
    assert outcomes[0].last_seq == 2
    assert outcomes[0].seconds_left == pytest.approx(60 * 60 - 30)
    assert Attempt.objects.get(pk=three.pk).seen_at, "a heartbeat is seen"


def test_a_heartbeat_tells_the_servers_time(sitters):
    now = NOW + timedelta(minutes=10)
    left = keep_events(attempt=sitters[0], device=sitters[0].device, sent=(), now=now).seconds_left

    assert left == pytest.approx(50 * 60)
    with pytest.raises(OtherDevice):
        keep_events(attempt=sitters[0], device="x" * 32, sent=(), now=NOW)


def test_other_content_under_a_seq_is_refused_alone(sitters):
    one, two, *_ = sitters
    save([of(one, sent(1), sent(2))], now=NOW)

    outcomes = save([of(one, sent(2, "b"), sent(3)), of(two, sent(1))], now=NOW)

    assert isinstance(outcomes[0], Kept)
    assert [(event.seq, event.code) for event in outcomes[0].refused] == [(2, "AnswerConflict")]
    assert isinstance(outcomes[1], Kept)
    assert list(one.events.values_list("seq", "response")) == [(1, "a"), (2, "a"), (3, "a")]


def test_evidence_of_one_attempt_is_bounded_and_who_sends_more_is_told(sitters, monkeypatch):
    monkeypatch.setattr(saving, "MOST_EVIDENCE", 2)
    one, other = sitters[:2]
    save([of(one, sent(1)), of(other, sent(1))], now=NOW)

    told = [save([of(one, sent(1, option))], now=NOW)[0] for option in "bcdb"]
    (others,) = save([of(other, sent(1, "b"))], now=NOW)

    assert [outcome.refused[0].evidence for outcome in told] == [True, True, False, True]
    assert others.refused[0].evidence
    assert one.strays.count() == 2
    seat, before = one.seat, one.device
    free_device(attempt=one, by="p", now=NOW)
    sign_in(nip=seat.participant.employee.nip, pin=seat.session.pin, now=NOW)
    (earlier,) = save([of(one, sent(9), device=before)], now=NOW)
    assert isinstance(earlier, OtherDevice)
    assert [event.evidence for event in earlier.refused] == [False]


def test_the_same_event_twice_in_one_commit_is_kept_once(sitters):
    one, *_ = sitters

    outcomes = save([of(one, sent(1)), of(one, sent(1), sent(1), sent(2))], now=NOW)

    assert [type(outcome) for outcome in outcomes] == [Kept, Kept]
    assert one.events.count() == 2


def test_two_contents_under_one_seq_in_one_commit_are_not_both_acknowledged(sitters):
    one, *_ = sitters

    outcomes = save([of(one, sent(1, "a")), of(one, sent(1, "b"))], now=NOW)

    assert [type(outcome) for outcome in outcomes] == [Kept, AnswerConflict]
    assert one.events.get().response == "a"


def test_after_the_end_it_is_kept_and_marked(sitters):
    one, *_ = sitters

    (outcome,) = save([of(one, sent(1))], now=NOW + timedelta(hours=3))

    assert isinstance(outcome, Kept)
    assert (one.events.get().late, outcome.seconds_left) == (True, 0)


@pytest.mark.parametrize(
    "event",
    [
        {"seq": 0}, {"seq": MOST_SEQ + 1}, {"item_": 10**12},
        {"at": NOW.replace(year=1)}, {"at": NOW.replace(year=9999)},
    ],
)  # fmt: skip
def test_numbers_that_no_column_holds_are_refused(sitters, event):
    told = {"seq": 1} | event

    (outcome,) = save([of(sitters[0], sent(**told))], now=NOW)

    assert isinstance(outcome, BadEvent)
    assert not Event.objects.exists()


@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_refused(body):
    with contextlib.suppress(BadEvent):
        found, _ = events_of(told_in(body).get("events"))
        assert all(isinstance(event, Sent) for event in found)


STRANGE = st.sampled_from(
    [None, True, -1, 2**70, 1.5, "", "1", "x" * 50, [], [1], {}, {"a": 1}, "2025-01-22"]
)


def test_a_moment_is_kept_in_utc_whatever_zone_it_was_written_with():
    """PostgreSQL takes no zone beyond 15:59, Python does: such a row failed everybody's commit."""
    event = {
        "seq": 1,
        "kind": "answer",
        "item": 1,
        "response": "a",
        "at": "2026-01-01T00:00:00+23:00",
    }

    (found,), refused = events_of([event])

    assert (found.at.isoformat(), refused) == ("2025-12-31T01:00:00+00:00", [])


@given(st.dictionaries(st.sampled_from(["seq", "kind", "item", "response", "at"]), STRANGE))
def test_any_json_is_events_or_refused(event):
    found, refused = events_of(told_in(json.dumps({"events": [event]}).encode())["events"])
    assert len(found) + len(refused) == 1


@given(st.text(max_size=200))
def test_any_cookie_is_somebodys_or_refused(cookie):
    with pytest.raises(NotSignedIn):
        _whose({b"cookie": cookie.encode()})
