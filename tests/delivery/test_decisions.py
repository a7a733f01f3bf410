"""What people decide about ends, seats and the server's clock, and what follows for the attempts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from world import NOW

from cakap.accounts.models import Role
from cakap.audit.models import Entry
from cakap.delivery import clock_alarms, control, decisions, time_watch
from cakap.delivery.control import close
from cakap.delivery.ends import end_of, still_open
from cakap.delivery.errors import (
    BadReopening,
    BadSeatChange,
    StillWorking,
    TimeInDoubt,
    TimeNotConfirmed,
)
from cakap.delivery.late_marks import correct_late_marks
from cakap.delivery.models import (
    Attempt,
    CheckIn,
    ClockAlarm,
    ClockReading,
    Event,
    Retest,
    Site,
    SitePackage,
)
from cakap.delivery.queries import finished_attempts, session_of, state_of
from cakap.delivery.services import begin, give_consent, sign_in, submit
from cakap.delivery.sites.queries import amended_participants
from cakap.errors import Refused, StalePage
from cakap.itembank.queries import form_versions
from cakap.programmes.errors import WrongState
from cakap.programmes.models import Seat, Session
from cakap.programmes.queries import unseated
from cakap.programmes.services import plan_session, seat_participant

TWO = {"reason": "alasan", "by": "p", "second": "q"}


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def begun(session, number: int = 0, now: datetime = NOW) -> Attempt:
    seat = session.seats.order_by("number")[number]
    attempt = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=now)
    give_consent(attempt=attempt, now=now)
    return begin(attempt=fresh(attempt), now=now)


def fresh(attempt: Attempt) -> Attempt:
    found = Attempt.objects.select_related("seat__participant__employee").get(pk=attempt.pk)
    found.seat.session = session_of(found.seat)
    return found


def event(attempt: Attempt, seq: int, at: datetime, *, late: bool) -> None:
    item = form_versions(attempt.seat.session.form_id)[seq]
    Event.objects.create(
        attempt=attempt, seq=seq, kind="answer", item_id=item, response="b", client_at=at,
        received_at=at, late=late, device=attempt.device, address="",
    )  # fmt: skip


def test_closing_asks_again_when_more_have_begun(session):
    begun(session)
    with pytest.raises(StillWorking):
        close(session=session, asked_with=None, by="p", now=later(1))
    asked = still_open(session, now=later(1)).begun
    begun(session, 1)
    with pytest.raises(StillWorking):
        close(session=session, asked_with=asked, by="p", now=later(1))
    close(session=session, asked_with=asked + 1, by="p", now=later(1))
    assert session.state == "closed"


ACTS = {
    "open": lambda one: control.open_room(session=one, by="p", now=later(3)),
    "close": lambda one: close(session=one, asked_with=9, by="p", now=later(3)),
    "pause": lambda one: control.pause_room(session=one, reason="x", by="p", now=later(3)),
    "resume": lambda one: control.resume_room(session=one, by="p", now=later(3)),
    "postpone": lambda one: control.postpone(
        session=one, starts_at=later(1500), reason="x", by="p", now=later(3)
    ),
    "cancel": lambda one: decisions.cancel_session(
        session=one, asked_with=9, **TWO, now=later(3)
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("cancel", "open"), ("cancel", "close"), ("cancel", "pause"), ("cancel", "postpone"),
        ("close", "postpone"), ("close", "cancel"), ("close", "pause"), ("postpone", "close"),
        ("postpone", "pause"), ("postpone", "resume"),
    ],
)  # fmt: skip
def test_an_act_decides_on_what_another_has_done_while_it_waited(session, first, then):
    """The second page had read the session before: then it waited for the first act's transaction."""
    begun(session)
    waited = Session.objects.get(pk=session.pk)
    if then == "open":
        waited.state = "planned"
    ACTS[first](session)
    stands = Session.objects.get(pk=session.pk)

    with pytest.raises(Refused):
        ACTS[then](waited)

    now = Session.objects.get(pk=session.pk)
    assert (now.state, now.starts_at, now.closed_at) == (
        stands.state, stands.starts_at, stands.closed_at,
    )  # fmt: skip


def test_a_postponement_that_is_sent_twice_is_done_once(session):
    shown = control.standing_shown(session)
    told = {"session": session, "reason": "x", "by": "p", "shown": shown}
    assert control.postpone(**told, starts_at=later(1500), now=later(3))
    assert not control.postpone(**told, starts_at=later(1500), now=later(4))
    with pytest.raises(StalePage):  # of another officer, whose page is from before
        control.postpone(**told, starts_at=later(1560), now=later(5))
    assert Entry.objects.filter(action="session.postpone").count() == 1
    assert session.starts_at == later(1500)


def test_a_page_of_before_pauses_and_reopens_nothing_again(session):
    attempt = begun(session)
    room = {"session": session, "reason": "x", "by": "p", "pauses_shown": 0}
    control.pause_room(**room, now=later(1))
    control.resume_room(session=session, by="p", now=later(2))
    one = {"attempt": fresh(attempt), "reason": "x", "by": "p", "pauses_shown": 0}
    control.pause_one(**one, now=later(3))
    control.resume_one(attempt=fresh(attempt), by="p", now=later(4))
    for act, told in ((control.pause_room, room), (control.pause_one, one)):
        with pytest.raises(StalePage):
            act(**told, now=later(5))
    again = {"attempt": fresh(attempt), "minutes": 5, **TWO, "reopenings_shown": 0}
    submit(attempt=fresh(attempt), device=attempt.device, last_seq=0, now=later(5))
    decisions.reopen_attempt(**again, now=later(6))
    submit(attempt=fresh(attempt), device=attempt.device, last_seq=0, now=later(7))
    with pytest.raises(StalePage):
        decisions.reopen_attempt(**again, now=later(8))

    whole = {"session": session, **TWO, "reopenings_shown": 0}
    close(session=session, asked_with=9, by="p", now=later(9))
    decisions.reopen_session(**whole, now=later(10))
    close(session=session, asked_with=9, by="p", now=later(11))
    with pytest.raises(StalePage):
        decisions.reopen_session(**whole, now=later(12))
    assert session.state == "closed"


def stale(session, *, since):
    """Whose results of this minute would no longer hold."""
    return amended_participants(session.programme, since=later(since))


def test_a_reopened_session_gives_everybody_the_time_for_which_it_was_closed(session):
    attempt = begun(session)
    close(session=session, asked_with=9, by="p", now=later(10))
    with pytest.raises(BadReopening):
        decisions.reopen_session(
            session=session, reason="keliru", by="p", second="p", now=later(25)
        )
    decisions.reopen_session(session=session, **TWO, now=later(25))
    assert fresh(attempt).closes_at == attempt.closes_at + timedelta(minutes=15)
    assert stale(session, since=24) == {attempt.seat.participant_id}
    assert session.state == "open"


def test_a_reopened_exam_goes_on_with_what_was_left(session):
    attempt = begun(session)
    submit(attempt=fresh(attempt), device=attempt.device, last_seq=0, now=later(10))
    decisions.reopen_attempt(attempt=fresh(attempt), minutes=5, **TWO, now=later(30))
    again = fresh(attempt)
    assert again.submitted_at is None
    assert again.closes_at == attempt.closes_at + timedelta(minutes=25)
    assert stale(session, since=29) == {attempt.seat.participant_id}


def test_late_marks_are_corrected_by_decision_and_the_log_stays(session):
    attempt = begun(session)
    event(attempt, 1, later(1), late=False)
    event(attempt, 2, later(5), late=True)
    decided = {"session": session, "attempt": None, "now": later(9), **TWO}
    span = {"since": later(4), "until": later(6)}
    turned = {"since": later(6), "until": later(4)}
    with pytest.raises(BadReopening, match="berakhir sebelum mulai"):
        correct_late_marks(**decided, **turned, counts=True)
    assert len(state_of(attempt).answers) == 1
    correct_late_marks(**decided, **span, counts=True)
    assert len(state_of(attempt).answers) == 2
    correct_late_marks(**decided, **span, counts=False)
    assert len(state_of(attempt).answers) == 1
    assert list(attempt.events.values_list("late", flat=True)) == [False, True]


def test_a_retest_keeps_the_first_sitting_as_evidence_and_people_decide_which_counts(session):
    attempt = begun(session)
    seat = decisions.retest(seat=fresh(attempt).seat, session=session, **TWO, now=later(5))
    assert finished_attempts(session.programme, now=later(300)).count() == 0
    assert stale(session, since=4) == {attempt.seat.participant_id}
    new = begun(session, 0, now=later(6))
    assert new.seat_id == seat.pk
    submit(attempt=fresh(new), device=new.device, last_seq=0, now=later(7))
    counting = finished_attempts(session.programme, now=later(300))
    assert [row.pk for row in counting] == [new.pk]
    decisions.decide_retest(retested=Retest.objects.get(), counts="old", **TWO, now=later(8))
    assert [row.pk for row in counting.all()] == [attempt.pk]
    assert stale(session, since=7) == {attempt.seat.participant_id}


def test_nobody_is_seated_again_for_what_was_sat(session):
    other = plan_session(
        programme=session.programme, room=session.room, form=session.form,
        starts_at=NOW + timedelta(days=4), actor="t", now=NOW,
    )  # fmt: skip
    first, second = (seat.participant for seat in session.seats.order_by("number")[:2])
    attempt = begun(session)
    seated = {"session": other, "actor": "t", "now": NOW}
    with pytest.raises(WrongState, match="Ujian ulang"):
        seat_participant(**seated, participant=first)
    Seat.objects.filter(pk=attempt.seat_id).update(removed_at=NOW)  # as some were left before
    assert first not in unseated(session.programme)
    Session.objects.filter(pk=session.pk).update(state="closed")
    assert seat_participant(**seated, participant=second)  # who did not come


def test_a_retest_decided_wrongly_is_decided_again_and_nobody_is_without_a_seat(session):
    attempt = begun(session)
    new = decisions.retest(seat=fresh(attempt).seat, session=session, **TWO, now=later(5))
    retested = Retest.objects.get()
    decisions.decide_retest(retested=retested, counts="old", **TWO, now=later(6))
    assert list(session.seats.filter(number=1)) == [attempt.seat]
    assert attempt.seat.participant not in unseated(session.programme)
    decisions.decide_retest(retested=Retest.objects.get(), counts="new", **TWO, now=later(7))
    assert list(session.seats.filter(number=1)) == [new]
    decisions.decide_retest(retested=Retest.objects.get(), counts="old", **TWO, now=later(8))
    again = decisions.retest(seat=fresh(attempt).seat, session=session, **TWO, now=later(9))
    assert begun(session, 0, now=later(10)).seat_id == again.pk
    with pytest.raises(BadSeatChange, match="sudah"):
        decisions.retest(seat=fresh(attempt).seat, session=session, **TWO, now=later(11))


def test_a_retest_decided_wrongly_costs_no_time_and_is_undone_by_no_old_page(session):
    attempt = begun(session)
    decisions.retest(seat=fresh(attempt).seat, session=session, **TWO, now=later(5))
    new = begun(session, 0, now=later(6))
    shown = decisions.retest_shown(Retest.objects.get())
    decided = {"retested": Retest.objects.get(), **TWO}
    decisions.decide_retest(**decided, counts="old", shown=shown, now=later(10))
    decisions.decide_retest(**decided, counts="old", now=later(20))
    decisions.decide_retest(**decided, counts="new", now=later(25))

    assert fresh(new).closes_at == new.closes_at + timedelta(minutes=15)
    with pytest.raises(StalePage):
        decisions.decide_retest(**decided, counts="old", shown=shown, now=later(26))
    assert fresh(new).set_aside_at is None


def test_who_was_removed_by_mistake_has_the_seat_and_the_exam_again(session):
    attempt = begun(session)
    decisions.remove_from_seat(seat=fresh(attempt).seat, **TWO, now=later(5))
    with pytest.raises(BadReopening):
        decisions.restore_seat(seat=fresh(attempt).seat, **(TWO | {"second": ""}), now=later(6))
    decisions.restore_seat(seat=fresh(attempt).seat, **TWO, now=later(6))
    assert session.seats.get(number=1) == attempt.seat
    assert fresh(attempt).set_aside_at is None
    with pytest.raises(BadSeatChange):
        decisions.restore_seat(seat=fresh(attempt).seat, **TWO, now=later(7))


def test_the_desk_counts_those_who_have_a_seat_now(client, world, session):
    seat, other = session.seats.order_by("number")[:2]
    for row in (seat, other):
        CheckIn.objects.create(seat=row, pin="1", identity="photo", by="p", at=NOW)
    decisions.remove_from_seat(seat=seat, **TWO, now=later(5))
    client.force_login(world.user(Role.PROCTOR))

    page = client.get(reverse("delivery:desk", args=[session.pk]))

    assert (page.context["done"], page.context["all"]) == (1, session.seats.count())


def test_a_cancelled_session_counts_nothing_and_its_people_are_unseated(session):
    attempt = begun(session)
    people = session.seats.count()
    before = len(unseated(session.programme))
    with pytest.raises(StillWorking):
        decisions.cancel_session(session=session, asked_with=0, **TWO, now=later(5))
    assert decisions.cancel_session(session=session, asked_with=1, **TWO, now=later(5)) == people
    assert len(unseated(session.programme)) == before + people
    assert finished_attempts(session.programme, now=later(999)).count() == 0
    own = fresh(attempt)
    assert end_of(
        submitted_at=own.submitted_at, session_state=own.seat.session.state, bounds=own.bounds,
        now=later(6), grace=timedelta(0), removed=own.set_aside_at is not None,
    ) == "cancelled"  # fmt: skip


def test_seats_are_exchanged_and_removed(session):
    first, second, third = session.seats.order_by("number")[:3]
    decisions.swap_seats(seat=first, number=second.number, reason="x", by="p", now=NOW)
    assert Seat.objects.get(pk=first.pk).number == second.number
    assert Seat.objects.get(pk=second.pk).number == first.number
    decisions.remove_from_seat(seat=third, reason="x", by="p", second="", now=NOW)
    assert third.participant in unseated(session.programme)


class Clocks:
    """Two clocks that a test moves by hand (seconds)."""

    def __init__(self) -> None:
        self.wall, self.boot = NOW.timestamp(), 1000.0

    def __call__(self) -> tuple[float, float]:
        return self.wall, self.boot

    def run(self, seconds: float) -> None:
        self.wall, self.boot = self.wall + seconds, self.boot + seconds


@pytest.fixture
def clocks(monkeypatch):
    found = Clocks()
    monkeypatch.setattr(time_watch, "clocks", found)
    return found


@pytest.fixture
def watch(clocks, monkeypatch):
    return switched_on(monkeypatch)


def switched_on(monkeypatch) -> time_watch.Watch:
    """A process's watch, as after its start."""
    found = time_watch.Watch(on=True)
    monkeypatch.setattr(time_watch, "WATCH", found)
    return found


@pytest.mark.parametrize("step", [7200, -7200, 90 * 86400, -16 * 365 * 86400])
@pytest.mark.parametrize("choice", ["old", "new"])
@pytest.mark.django_db(transaction=True)
def test_a_step_takes_nobodys_time_whichever_clock_is_right(session, watch, clocks, step, choice):
    attempt = begun(session, now=watch.now())
    clocks.run(600)
    assert watch.now() == later(10)
    left = fresh(attempt).closes_at - watch.now()
    clocks.wall += step

    assert watch.now() == later(10)  # it goes on by the clock that never steps
    assert fresh(attempt).paused_at == later(10)
    with pytest.raises(TimeInDoubt):
        submit(attempt=fresh(attempt), device=attempt.device, last_seq=0, now=watch.now())
    clocks.run(120)
    time_watch.confirm_time(
        alarm=clock_alarms.open_alarm(), choice=choice, right_at=None, reason="x", by="p"
    )

    right = datetime.fromtimestamp(clocks.wall, UTC) if choice == "new" else later(12)
    assert watch.now() == right
    own = fresh(attempt)
    assert own.paused_at is None
    assert own.closes_at - watch.now() == left
    clocks.run(30)
    assert watch.now() == right + timedelta(seconds=30)
    submit(attempt=fresh(attempt), device=attempt.device, last_seq=0, now=watch.now())


def test_slow_slews_and_suspensions_are_no_step(session, watch, clocks):
    begun(session, now=watch.now())
    for _ in range(100):
        clocks.run(10)
        clocks.wall += 0.05
        watch.now()
    clocks.run(5000)  # both clocks count a suspension, or a process that did not run
    watch.now()
    assert not ClockAlarm.objects.exists()


def test_a_process_that_starts_in_another_year_alarms(session, watch, clocks, monkeypatch):
    attempt = begun(session, now=watch.now())
    time_watch.keep_reading(*clocks(), 0.0)
    clocks.run(20)
    clocks.wall = 0.0
    other = switched_on(monkeypatch)
    assert other.now() == later(20 / 60)
    assert ClockAlarm.objects.get().kind == "step"
    assert fresh(attempt).paused_at == NOW


def test_a_machine_that_starts_before_the_newest_record_alarms(session, watch, clocks, monkeypatch):
    begun(session, now=watch.now())
    time_watch.keep_reading(*clocks(), 0.0)
    monkeypatch.setattr(time_watch, "boot_id", lambda: "another start")
    clocks.wall, clocks.boot = 0.0, 5.0
    switched_on(monkeypatch).now()
    assert ClockAlarm.objects.get().kind == "behind"


@pytest.mark.parametrize(("at_work", "alarms"), [(True, 1), (False, 0)])
def test_a_gap_asks_only_where_somebody_was_at_work(
    session, watch, clocks, monkeypatch, at_work, alarms
):
    watch.now()
    if at_work:
        begun(session, now=watch.now())
    time_watch.keep_reading(*clocks(), 0.0)
    monkeypatch.setattr(time_watch, "boot_id", lambda: "another start")
    clocks.wall, clocks.boot = clocks.wall + 11 * 3600, 5.0
    switched_on(monkeypatch).now()
    assert ClockAlarm.objects.filter(kind="gap").count() == alarms


@pytest.mark.django_db(transaction=True)
def test_what_is_reckoned_from_the_time_waits_until_it_is_confirmed(session, watch, clocks):
    """A postponed session, opened and let run on by a wrong clock, ended for everybody when it was set."""
    attempt = begun(session, now=watch.now())
    control.postpone(session=session, starts_at=later(1500), reason="x", by="p", now=watch.now())
    session.refresh_from_db()
    time_watch.raise_alarm(
        kind="behind", expected=clocks.wall, found=clocks.wall - 1000, since=clocks.wall
    )
    words = {"session": session, "by": "p", "now": watch.now()}
    for act in (
        lambda: control.open_room(**words),
        lambda: control.resume_room(**words),
        lambda: control.resume_one(attempt=attempt, by="p", now=watch.now()),
    ):
        with pytest.raises(TimeNotConfirmed):
            act()


@pytest.mark.django_db(transaction=True)
def test_the_centres_clock_stops_nobody_at_a_site(session, watch, clocks):
    """What a site told of people at work is not at work here: there another clock counts."""
    attempt = begun(session, now=watch.now())
    Attempt.objects.update(uploads=True, seen_at=later(60))
    site = Site.objects.create(agency=session.room.agency, name="S", card="x", added_at=NOW)
    SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="o")
    clocks.run(60)
    clocks.wall += 7200

    assert watch.now() == datetime.fromtimestamp(clocks.wall, UTC)
    time_watch.raise_alarm(kind="gap", expected=clocks.wall, found=clocks.wall, since=clocks.wall)
    assert not session.interruptions.exists()
    assert fresh(attempt).paused_at is None
    assert time_watch.newest_sign() is None


@pytest.mark.parametrize(("others_seconds", "alarms"), [(None, 1), (2, 0), (500, 1)])
@pytest.mark.django_db(transaction=True)
def test_a_machine_that_comes_back_beside_another_stops_nobody(
    session, watch, clocks, others_seconds, alarms
):
    """others_seconds: how long ago another machine of the installation was last at work."""
    watch.now()
    time_watch.keep_reading(*clocks(), 0.0)
    begun(session, now=watch.now())
    clocks.run(600)
    Attempt.objects.update(seen_at=later(1))
    if others_seconds is not None:
        ClockReading.objects.create(
            host="another", boot_id="x", boot=0, wall=clocks.wall - others_seconds
        )
    again = time_watch.Watch(on=True)
    again.now()
    assert ClockAlarm.objects.filter(kind="gap").count() == alarms


@pytest.mark.django_db(transaction=True)
def test_nobody_gets_time_for_a_gap_before_the_beginning(session, watch, clocks):
    watch.now()
    time_watch.keep_reading(*clocks(), 0.0)
    clocks.run(3600)
    begun(session, now=later(60))
    assert not time_watch.is_running(NOW)


@pytest.mark.parametrize("choice", ["old", "new"])
@pytest.mark.django_db(transaction=True)
def test_what_was_confirmed_at_another_machine_is_right_here_too(
    session, watch, clocks, choice, monkeypatch
):
    """Another machine took its clock for right or went on by its own; ours follows what was said there."""
    begun(session, now=watch.now())
    clocks.run(60)
    clocks.wall += 7200
    watch.now()
    assert clock_alarms.open_alarm()
    right = later(90)
    ClockAlarm.objects.update(
        is_open=False, choice=choice, confirmed_at=right, host="another", confirmed_by="p"
    )

    assert watch.now() == right
    clocks.run(30)
    assert watch.now() == right + timedelta(seconds=30)


def a_corrected_machine_is_switched_off(watch, clocks, monkeypatch) -> None:
    """Its wall clock is an hour ahead, which was known; it starts again two minutes later."""
    watch.now()
    time_watch.keep_reading(*clocks(), -3600.0)
    monkeypatch.setattr(time_watch, "boot_id", lambda: "another start")
    clocks.run(120)
    clocks.boot = 5.0


@pytest.mark.django_db(transaction=True)
def test_a_correction_is_not_forgotten_when_the_machine_starts_again(
    session, watch, clocks, monkeypatch
):
    a_corrected_machine_is_switched_off(watch, clocks, monkeypatch)
    again = switched_on(monkeypatch)

    assert again.now() == datetime.fromtimestamp(clocks.wall - 3600, UTC)
    alarm = clock_alarms.open_alarm()
    assert (alarm.kind, round(alarm.step)) == ("step", 3600)


@pytest.mark.django_db(transaction=True)
def test_a_machine_that_only_joined_a_doubt_follows_what_was_confirmed(
    session, watch, clocks, monkeypatch
):
    """Its clocks ran evenly, so its own reading still fits: it is settled with the doubt."""
    watch.now()
    time_watch.keep_reading(*clocks(), 0.0)
    begun(session, now=watch.now())
    ClockReading.objects.update(host="joined")
    joined = time_watch.Watch(on=True, ready=True, offset=watch.offset)
    watch.ask(reason="Lebih cepat satu jam", by="p")
    joined.hear_of_others()
    right = later(-60)

    time_watch.confirm_time(
        alarm=clock_alarms.open_alarm(), choice="typed", right_at=right, reason="x", by="p"
    )

    monkeypatch.setattr(time_watch, "_host", lambda: "joined")
    assert joined.now() == right
    clocks.run(30)
    assert joined.now() == right + timedelta(seconds=30)


@pytest.mark.django_db(transaction=True)
def test_a_corrected_machine_that_comes_back_beside_another_goes_by_it(
    session, watch, clocks, monkeypatch
):
    a_corrected_machine_is_switched_off(watch, clocks, monkeypatch)
    ClockReading.objects.create(host="another", boot_id="x", boot=0, wall=clocks.wall - 3600 - 2)
    again = switched_on(monkeypatch)

    assert again.now() == datetime.fromtimestamp(clocks.wall - 3600, UTC)
    assert clock_alarms.open_alarm() is None


def test_two_decisions_at_once_about_one_seat_are_one(session):
    """Each window read the seat before the other decided."""
    other = plan_session(
        programme=session.programme, room=session.room, form=session.form,
        starts_at=NOW + timedelta(days=4), actor="t", now=NOW,
    )  # fmt: skip
    read_by_both = [session.seats.get(number=1) for _ in range(2)]
    words = {"session": other, "reason": "x", "by": "p", "now": NOW}
    new = decisions.move_to_session(seat=read_by_both[0], **words)
    with pytest.raises(StalePage):
        decisions.move_to_session(seat=read_by_both[1], **words)
    # And the seat that was left is not given back to whoever sits elsewhere now.
    with pytest.raises(BadSeatChange, match="sudah mempunyai kursi"):
        decisions.restore_seat(seat=Seat.every.get(pk=read_by_both[0].pk), **TWO, now=NOW)
    assert list(Seat.objects.filter(participant=new.participant)) == [new]


def test_who_is_restored_loses_no_time(session):
    attempt = begun(session)
    left = attempt.closes_at - later(5)
    decisions.remove_from_seat(seat=fresh(attempt).seat, **TWO, now=later(5))
    decisions.restore_seat(seat=Seat.every.get(pk=attempt.seat_id), **TWO, now=later(15))
    assert fresh(attempt).closes_at - later(15) == left


@pytest.mark.django_db(transaction=True)
def test_a_doubt_that_came_and_went_between_two_looks_is_heard(session, watch, clocks):
    begun(session, now=watch.now())
    watch.look()
    other = time_watch.Watch(on=True)
    other.look()
    watch.ask(reason="Salah", by="p")
    time_watch.confirm_time(
        alarm=clock_alarms.open_alarm(), choice="typed", right_at=later(120), reason="x", by="p"
    )
    other.look()
    assert other.now() == later(120)


def an_hour_ahead(watch, clocks, session) -> Attempt:
    """An attempt of ten minutes by a clock that was an hour ahead when it was stepped back."""
    attempt = begun(session, now=watch.now())
    time_watch.keep_reading(*clocks(), 0.0)
    clocks.run(600)
    clocks.wall -= 3600
    watch.now()
    assert clock_alarms.open_alarm()
    return attempt


def settle(**said) -> datetime:
    told = {"choice": "new", "right_at": None, "reason": "x", "by": "p"} | said
    return time_watch.confirm_time(alarm=clock_alarms.open_alarm(), **told)


@pytest.mark.django_db(transaction=True)
def test_a_session_postponed_in_doubt_is_restated_whole(session, watch, clocks):
    attempt = an_hour_ahead(watch, clocks, session)
    left = fresh(attempt).bounds.left(watch.now())
    control.postpone(session=session, starts_at=later(1500), reason="x", by="p", now=watch.now())
    settle()

    assert fresh(attempt).bounds.left(watch.now()) == left


@pytest.mark.django_db(transaction=True)
def test_an_exam_submitted_by_a_clock_ahead_is_opened_with_what_was_left(session, watch, clocks):
    attempt, other = begun(session, now=watch.now()), begun(session, 1, now=watch.now())
    clocks.run(600)
    submit(attempt=attempt, device=attempt.device, last_seq=0, now=watch.now())
    clocks.wall -= 3600
    watch.now()
    left = fresh(other).bounds.left(watch.now())
    settle()
    clocks.run(60)
    decisions.reopen_attempt(attempt=fresh(attempt), minutes=0, now=watch.now(), **TWO)

    assert fresh(attempt).bounds.left(watch.now()) == left


@pytest.mark.django_db(transaction=True)
def test_a_pause_begun_in_doubt_never_lies_in_the_future(session, watch, clocks):
    attempt = begun(session, now=watch.now())
    clocks.run(60)
    clocks.wall -= 600
    watch.now()
    left = fresh(attempt).bounds.left(watch.now())
    clocks.run(300)
    control.pause_room(session=session, reason="x", by="p", now=watch.now())
    clocks.run(420)
    settle(choice="typed", right_at=watch.now() - timedelta(minutes=10))
    assert fresh(attempt).bounds.left(watch.now()) == left
    control.resume_room(session=session, by="p", now=watch.now())
    assert fresh(attempt).bounds.left(watch.now()) == left


def test_the_newest_decision_about_late_marks_is_the_one_that_was_made_last(session):
    """The clock was put back between the two."""
    attempt = begun(session)
    event(attempt, 0, later(500), late=True)
    span = {"session": session, "attempt": attempt, "since": later(0), "until": later(900)}
    correct_late_marks(**span, counts=True, now=later(60), **TWO)
    correct_late_marks(**span, counts=False, now=later(10), **TWO)
    assert not state_of(attempt).answers


@pytest.mark.django_db(transaction=True)
def test_a_machine_that_was_away_at_a_confirmation_goes_by_the_one_that_was_there(
    session, watch, clocks
):
    """Its own clock was right all the time: the minutes that it was away are no fault of it."""
    begun(session, now=watch.now())
    ClockAlarm.objects.create(
        host="another", kind="asked", expected_at=NOW, found_at=NOW, since=NOW, is_open=False,
        confirmed_at=NOW, choice="old", confirmed_by="p", reason="x",
    )  # fmt: skip
    clocks.run(300)
    ClockReading.objects.all().delete()
    ClockReading.objects.create(host="another", boot_id="x", boot=0, wall=clocks.wall - 4)

    assert watch.now() == later(5)


@pytest.mark.parametrize("at_work", [True, False])
@pytest.mark.django_db(transaction=True)
def test_a_machine_started_beside_a_corrected_one_goes_by_it(
    session, watch, clocks, monkeypatch, at_work
):
    """Both clocks are an hour ahead; it was said at the other one while this one was switched off."""
    begun(session, now=watch.now())
    ClockAlarm.objects.create(
        host="another", kind="asked", expected_at=NOW, found_at=NOW, since=NOW, is_open=False,
        confirmed_at=NOW, choice="typed", confirmed_by="p", reason="x",
    )  # fmt: skip
    ClockReading.objects.all().delete()
    ClockReading.objects.create(
        host="another", boot_id="x", boot=0, wall=clocks.wall, correction=-3600.0
    )

    def wait(_signal, seconds: float) -> None:
        clocks.run(seconds)
        if at_work:
            ClockReading.objects.update(wall=clocks.wall - 1)

    monkeypatch.setattr(time_watch.Signal, "wait", wait)
    right = clocks.wall - (3600 + 1 if at_work else 0)
    assert switched_on(monkeypatch).now().timestamp() == pytest.approx(right, abs=8)


@pytest.mark.django_db(transaction=True)
def test_the_new_time_is_the_one_that_was_shown(session, watch, clocks):
    """It was shown by another machine: ours is still as wrong as that one was."""
    begun(session, now=watch.now())
    watch.ask(reason="Satu jam di belakang", by="p")
    settle(ahead=timedelta(hours=1))
    assert watch.now() == later(60)


@pytest.mark.django_db(transaction=True)
def test_a_process_that_does_not_watch_knows_the_confirmed_time(session, watch, clocks):
    """A worker scores by it: by the machine's own clock exams would be over that are not."""
    begun(session, now=watch.now())
    time_watch.keep_reading(*clocks(), -3600.0)
    unwatched = time_watch.Watch().now()
    ClockReading.objects.all().delete()
    assert time_watch.Watch().now() - unwatched == pytest.approx(
        timedelta(hours=1), abs=timedelta(seconds=9)
    )
