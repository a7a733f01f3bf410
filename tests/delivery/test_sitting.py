"""A sitting, from the door to the receipt, and what can go wrong on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from world import NOW, TODAY

from cakap.delivery.control import free_device
from cakap.delivery.errors import (
    AnswerConflict,
    AnswersMissing,
    BadEvent,
    NoSuchSeat,
    NotBegun,
    OtherDevice,
)
from cakap.delivery.live import Board
from cakap.delivery.models import Attempt, Event
from cakap.delivery.queries import finished_sheets, state_of
from cakap.delivery.saving import Sent
from cakap.delivery.services import begin, give_consent, keep_events, sign_in, submit
from cakap.itembank.models import FormItem
from cakap.policy.services import override_rule
from cakap.programmes.models import Programme
from cakap.programmes.services import close_session, freeze_policy


def sent(seq, item, response="a", kind="answer"):
    return Sent(seq=seq, kind=kind, item=item, response=response, at=NOW)


@pytest.fixture
def seat(session):
    return session.seats.select_related("participant__employee").first()


@pytest.fixture
def attempt(session, seat):
    found = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW)
    give_consent(attempt=found, now=NOW)
    return begin(attempt=Attempt.objects.get(pk=found.pk), now=NOW)


@pytest.fixture
def items(session):
    rows = FormItem.objects.filter(section__form=session.form)
    return list(rows.values_list("version_id", flat=True))


def keep(attempt, *events, now=NOW, device=None):
    fresh = Attempt.objects.get(pk=attempt.pk)
    return keep_events(attempt=fresh, device=device or fresh.device, sent=events, now=now)


def test_a_wrong_pin_and_a_closed_session_let_nobody_in(session, seat):
    nip = seat.participant.employee.nip
    wrong = f"{(int(session.pin) + 1) % 10**6:06d}"

    with pytest.raises(NoSuchSeat):
        sign_in(nip=nip, pin=wrong, now=NOW)
    close_session(session=session, actor="t", now=NOW)
    with pytest.raises(NoSuchSeat):
        sign_in(nip=nip, pin=session.pin, now=NOW)


def test_the_test_begins_only_after_consent(session, seat):
    found = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW)

    with pytest.raises(NotBegun):
        begin(attempt=found, now=NOW)
    with pytest.raises(NotBegun):
        keep(found, sent(1, 1))


def test_nothing_begins_after_the_end_of_its_session(session, seat):
    Programme.objects.update(policy_digest="")
    override_rule(
        agency=session.programme.initiator.code, key="sessions.late_begin_minutes", value=0,
        reason="uji", since=TODAY, actor="t", now=NOW,
    )  # fmt: skip
    freeze_policy(programme=Programme.objects.get(), now=NOW)
    attempt = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW)
    give_consent(attempt=attempt, now=NOW)
    own = Attempt.objects.get(pk=attempt.pk)
    with pytest.raises(NotBegun, match="hanya dapat dimulai sampai"):
        begin(attempt=own, now=session.ends_at + timedelta(seconds=1))
    assert begin(attempt=own, now=session.ends_at).begun_at == session.ends_at


def test_beginning_again_does_not_move_the_deadline(attempt):
    again = begin(attempt=attempt, now=NOW + timedelta(minutes=10))

    assert again.closes_at == attempt.closes_at == NOW + timedelta(minutes=60)


def test_resending_is_harmless(attempt, items):
    keep(attempt, sent(1, items[0]), sent(2, items[1], "b"))
    keep(attempt, sent(1, items[0]), sent(2, items[1], "b"), sent(3, items[0], "c"))

    assert state_of(attempt).answers == {items[0]: "c", items[1]: "b"}
    assert attempt.events.count() == 3


def test_another_answer_under_the_same_number_is_refused_and_holds_up_no_other(attempt, items):
    keep(attempt, sent(1, items[0], "a"))

    with pytest.raises(AnswerConflict):
        keep(attempt, sent(1, items[0], "b"))
    kept = keep(attempt, sent(1, items[0], "b"), sent(2, items[1], "a"))

    assert [event.code for event in kept.refused] == ["AnswerConflict"]
    assert state_of(attempt).answers == {items[0]: "a", items[1]: "a"}
    assert [row.response for row in attempt.strays.all()] == ["b"]


@pytest.mark.parametrize(
    ("seq", "offset", "response", "kind"),
    [
        pytest.param(1, 10**6, "a", "answer", id="an item of another form"),
        pytest.param(1, 0, "z", "answer", id="an option that is not there"),
        pytest.param(0, 0, "a", "answer", id="a number below one"),
        pytest.param(1, 0, "a", "shout", id="an unknown kind"),
    ],
)
def test_an_unknown_event_is_refused(attempt, items, seq, offset, response, kind):
    with pytest.raises(BadEvent):
        keep(attempt, sent(seq, items[0] + offset, response, kind))

    assert attempt.events.count() == 0


def test_another_machine_goes_on_only_when_a_proctor_frees_the_attempt(
    attempt, items, session, seat
):
    """And what the old machine still sends is kept as evidence, never added to the sitting."""
    keep(attempt, sent(1, items[0]))
    nip, old = seat.participant.employee.nip, attempt.device
    with pytest.raises(OtherDevice):
        sign_in(nip=nip, pin=session.pin, now=NOW)

    free_device(attempt=attempt, by="pengawas", now=NOW)
    again = sign_in(nip=nip, pin=session.pin, now=NOW)

    assert again.pk == attempt.pk
    assert state_of(again).last_seq == 1
    for _ in range(2):
        with pytest.raises(OtherDevice):
            keep(attempt, sent(2, items[1]), device=old)
    with pytest.raises(OtherDevice):
        keep(attempt, sent(3, items[1]), device="0" * 32)
    assert list(again.strays.values_list("seq", "device")) == [(2, old)]
    assert state_of(again).answers == {items[0]: "a"}


def test_an_answer_within_the_grace_counts_and_one_after_it_is_kept_and_marked(attempt, items):
    keep(attempt, sent(1, items[0]), now=attempt.closes_at + timedelta(seconds=5))
    keep(attempt, sent(2, items[1]), now=attempt.closes_at + timedelta(seconds=6))

    assert state_of(attempt).answers == {items[0]: "a"}
    assert list(attempt.events.values_list("seq", "late")) == [(1, False), (2, True)]


def test_it_is_not_over_while_the_newest_answer_is_on_its_way_and_a_gap_holds_nothing_up(
    attempt, items
):
    keep(attempt, sent(1, items[0]), sent(3, items[2]))
    fresh = Attempt.objects.get(pk=attempt.pk)

    with pytest.raises(AnswersMissing, match="sampai nomor 4"):
        submit(attempt=fresh, device=fresh.device, last_seq=4, now=NOW)

    first = submit(attempt=fresh, device=fresh.device, last_seq=3, now=NOW)
    again = submit(attempt=fresh, device=fresh.device, last_seq=3, now=NOW)
    assert (first.answered, first.code) == (2, again.code)


def test_what_comes_after_the_submission_is_kept_and_does_not_count(attempt, items, session):
    keep(attempt, sent(1, items[0]))
    fresh = Attempt.objects.get(pk=attempt.pk)
    submit(attempt=fresh, device=fresh.device, last_seq=1, now=NOW)

    keep(attempt, sent(2, items[0], "b"))

    (sheet,) = finished_sheets(session.programme, now=NOW)
    assert sheet.answers == {items[0]: "a"}
    assert attempt.events.count() == 2


def test_the_log_takes_no_second_event_of_a_number(attempt, items):
    keep(attempt, sent(1, items[0]))
    row = attempt.events.get()

    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.bulk_create([row])


def test_the_board_shows_where_everybody_stands(attempt, items, session):
    keep(attempt, sent(1, items[0]), sent(2, items[0], "b"), sent(3, items[1]))

    standings = {row.standing: row.answered for row in Board(session.pk).refresh(NOW).values()}

    assert standings["working"] == 2
    assert standings["absent"] == 0


def enter(client, session, seat):
    nip = seat.participant.employee.nip
    return client.post(reverse("delivery:enter"), {"nip": nip, "pin": session.pin})


def test_no_page_of_the_exam_shows_a_key(client, session, seat):
    """Crawls every answer the participant's side gives, for the words of the key and parameters."""
    enter(client, session, seat)
    client.post(reverse("delivery:consent"), {"agree": "on"})
    client.post(reverse("delivery:start"))

    pages = [client.get(reverse(f"delivery:{name}")) for name in ("practice", "work", "content")]

    for page in pages:
        text = page.content.decode().lower()
        assert page.status_code == 200
        assert not any(word in text for word in ("score", "slope", "threshold", "kunci", 'nilai":'))
        assert page["Cache-Control"] == "no-store"
    assert {"id", "kind", "stem", "options", "layout", "stimulus"} == set(
        pages[2].json()["parts"][0]["questions"][0]
    )
    assert {"id", "text"} == set(pages[2].json()["parts"][0]["questions"][0]["options"][0])


def test_each_participant_meets_the_items_in_an_own_order_that_stays(client, session, seat):
    enter(client, session, seat)
    client.post(reverse("delivery:consent"), {"agree": "on"})
    client.post(reverse("delivery:start"))

    first = client.get(reverse("delivery:content")).json()
    again = client.get(reverse("delivery:content")).json()

    assert first["parts"] == again["parts"]


def test_the_exam_refuses_in_json_without_a_token_or_with_a_form(client, session):
    bare = client.post(reverse("delivery:answers"), {"events": []}, "application/json")
    form = client.post(reverse("delivery:answers"), {"events": []})

    assert (bare.status_code, bare.json()["code"]) == (401, "NotSignedIn")
    assert form.status_code == 401


def test_guessing_the_pin_is_stopped(client, session, seat):
    nip = seat.participant.employee.nip
    wrong = f"{(int(session.pin) + 1) % 10**6:06d}"
    for _ in range(10):
        client.post(reverse("delivery:enter"), {"nip": nip, "pin": wrong})

    answer = client.post(reverse("delivery:enter"), {"nip": nip, "pin": session.pin})

    assert answer.status_code == 429
    assert Event.objects.count() == 0


def test_nobody_unlocks_a_pin_by_guessing_for_others(client, session, seat):
    nip = seat.participant.employee.nip
    wrong = f"{(int(session.pin) + 1) % 10**6:06d}"
    for _ in range(10):
        client.post(reverse("delivery:enter"), {"nip": nip, "pin": wrong})

    for other in range(100):
        client.post(reverse("delivery:enter"), {"nip": f"{other:018d}", "pin": wrong})

    answer = client.post(reverse("delivery:enter"), {"nip": nip, "pin": session.pin})
    assert answer.status_code == 429
