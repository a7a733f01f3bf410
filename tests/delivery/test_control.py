"""What a proctor does: pauses, time, machines, minutes; and the incidents that made it necessary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from world import NOW

from cakap.accounts.models import Role
from cakap.audit.models import Entry
from cakap.delivery import control
from cakap.delivery.errors import (
    BadPause,
    NotBegun,
    NotTimed,
    OtherDevice,
    Postponed,
    TimeIsUp,
    TooLong,
)
from cakap.delivery.live import Board
from cakap.delivery.minutes import code, minutes
from cakap.delivery.models import Attempt
from cakap.delivery.queries import finished_attempts, state_of
from cakap.delivery.saving import Sent
from cakap.delivery.services import (
    begin,
    enter_section,
    give_consent,
    keep_events,
    sign_in,
    submit,
)
from cakap.delivery.trail import trail
from cakap.itembank.models import FormItem, Section
from cakap.programmes.errors import OutsideProgramme, WrongState
from cakap.programmes.models import Programme
from cakap.programmes.services import accommodate, open_session


def later(minutes, seconds=0):
    return NOW + timedelta(minutes=minutes, seconds=seconds)


def sit(session, number=0, now=NOW):
    seat = session.seats.select_related("participant__employee").order_by("number")[number]
    attempt = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=now)
    give_consent(attempt=attempt, now=now)
    return begin(attempt=Attempt.objects.get(pk=attempt.pk), now=now)


def fresh(attempt):
    return Attempt.objects.get(pk=attempt.pk)


def keep(attempt, seq, response="a", now=NOW, item=None):
    own = fresh(attempt)
    first = FormItem.objects.filter(section__form=own.seat.session.form).order_by("pk")[0]
    sent = Sent(seq=seq, kind="answer", item=item or first.version_id, response=response, at=NOW)
    return keep_events(attempt=own, device=own.device, sent=[sent], now=now)


def test_a_room_stands_still_and_runs_on(session):
    one, two = sit(session, 0), sit(session, 1, now=later(5))
    control.pause_room(session=session, reason="Alarm", by="p", now=later(10))

    beat = keep_events(attempt=one, device=one.device, sent=(), now=later(40))
    assert (beat.paused, beat.seconds_left) == (True, 50 * 60)
    with pytest.raises(BadPause, match="sudah dijeda"):
        control.pause_room(session=session, reason="Lagi", by="p", now=later(11))
    assert list(finished_attempts(session.programme, now=later(90))) == []

    control.resume_room(session=session, by="p", now=later(100))
    assert fresh(one).closes_at == later(60 + 90)
    assert fresh(two).closes_at == later(65 + 90)
    assert not keep_events(attempt=one, device=one.device, sent=(), now=later(101)).paused
    assert set(Entry.objects.values_list("action", flat=True)) >= {
        "session.pause",
        "session.resume",
    }


def test_pausing_a_room_costs_the_same_few_queries_however_many_sit_in_it(
    session, django_assert_max_num_queries
):
    for number in range(3):
        sit(session, number)

    with django_assert_max_num_queries(20):
        control.pause_room(session=session, reason="Alarm", by="p", now=later(1))

    assert Attempt.objects.filter(paused_at=later(1)).count() == 3


def test_nobody_begins_in_a_room_that_stands_still(session):
    sit(session, 0)
    control.pause_room(session=session, reason="Alarm", by="p", now=later(1))

    with pytest.raises(NotBegun, match="dijeda"):
        sit(session, 1, now=later(2))


def test_one_is_paused_alone_and_stays_so_when_the_room_runs_on(session):
    one, two = sit(session, 0), sit(session, 1)
    control.pause_one(attempt=one, reason="Sakit", by="p", now=later(5))
    control.pause_room(session=session, reason="Alarm", by="p", now=later(10))
    control.resume_room(session=session, by="p", now=later(20))

    assert fresh(one).paused_at == later(5)
    assert fresh(two).paused_at is None
    control.resume_one(attempt=one, by="p", now=later(30))
    assert fresh(one).closes_at == later(60 + 25)
    assert fresh(two).closes_at == later(60 + 10)


@pytest.mark.parametrize("act", ["pause_room", "give_time"])
def test_a_reason_is_always_given(session, act):
    attempt = sit(session)
    words = {"session": session} if act == "pause_room" else {"attempt": attempt, "minutes": 5}

    with pytest.raises(BadPause):
        getattr(control, act)(**words, reason=" ", by="p", now=later(1))


def test_time_given_reaches_the_page_and_touches_no_answer(session):
    """Pain 5: extra time given but not received, or wiping the submission."""
    attempt = sit(session)
    keep(attempt, 1)
    control.give_time(attempt=attempt, minutes=15, reason="Layar mati", by="p", now=later(30))

    beat = keep_events(attempt=attempt, device=attempt.device, sent=(), now=later(31))
    assert beat.seconds_left == (75 - 31) * 60
    assert len(state_of(attempt).answers) == 1
    with pytest.raises(BadPause):
        control.give_time(attempt=attempt, minutes=900, reason="x", by="p", now=later(31))


def test_an_accommodation_is_in_the_time_from_the_beginning(session):
    seat = session.seats.order_by("number")[0]
    accommodate(
        participant=seat.participant, extra_percent=30, larger_type=True, reader=False,
        reason="Netra", actor="o", now=NOW,
    )  # fmt: skip

    assert sit(session).closes_at == later(78)


def test_time_given_after_the_end_makes_stale_what_was_reckoned_of_it(session):
    ended, over, away = sit(session, 0), sit(session, 1), sit(session, 2)
    control.give_time(attempt=fresh(ended), minutes=5, reason="Layar", by="p", now=later(50))
    assert fresh(ended).amended_at is None, "it was still worked at"

    control.give_time(attempt=fresh(ended), minutes=5, reason="Layar", by="p", now=later(66))
    accommodate(
        participant=over.seat.participant, extra_percent=50, larger_type=False, reader=False,
        reason="Netra", actor="o", now=later(67),
    )  # fmt: skip
    control.reckon_participant(over.seat.participant_id, now=later(67))
    assert [fresh(one).amended_at for one in (ended, over, away)] == [later(66), later(67), None]

    words = {"session": session, "reason": "Listrik", "by": "p"}
    control.give_back(**words, since=later(30), until=later(40), now=later(68))
    assert [fresh(one).amended_at for one in (ended, over, away)] == [
        later(66), later(67), later(68),
    ]  # fmt: skip


@pytest.fixture
def timed(session):
    """A second section of the form with ten minutes of its own."""
    rows = FormItem.objects.filter(section__form=session.form).order_by("pk")
    row = Section.objects.create(form=session.form, place=2, title="Dua", minutes=10)
    for place, item in enumerate(rows[:2], start=1):
        FormItem.objects.filter(pk=item.pk).update(section=row, place=place)
    return row


def test_a_section_has_its_own_time_and_pauses_count_for_it_too(session, timed):
    attempt = sit(session)
    own = timed.items.order_by("place")[0].version_id
    assert keep(attempt, 1, item=own).last_seq == 1, "kept, though the section was not entered"
    enter_section(attempt=fresh(attempt), device=attempt.device, section=timed.pk, now=later(1))
    keep(attempt, 2, "b", now=later(5), item=own)
    control.pause_room(session=session, reason="Alarm", by="p", now=later(6))
    control.resume_room(session=session, by="p", now=later(26))
    keep(attempt, 3, "c", now=later(30, 30), item=own)
    keep(attempt, 4, "d", now=later(31, 10), item=own)

    late = list(attempt.events.order_by("seq").values_list("late", flat=True))
    assert late == [True, False, False, True]
    assert state_of(attempt).answers == {own: "c"}
    beat = keep_events(attempt=attempt, device=attempt.device, sent=(), now=later(27))
    assert beat.sections == {timed.pk: 4 * 60}


def test_time_given_lengthens_the_section_at_hand_and_never_beyond_the_exam(session, timed):
    attempt = sit(session)
    own = timed.items.order_by("place")[0].version_id
    enter_section(attempt=fresh(attempt), device=attempt.device, section=timed.pk, now=later(52))
    keep(attempt, 1, "b", now=later(61, 30), item=own)
    control.give_time(attempt=fresh(attempt), minutes=5, reason="Layar", by="p", now=later(59))
    keep(attempt, 2, "c", now=later(64), item=own)

    late = list(attempt.events.order_by("seq").values_list("late", flat=True))
    assert late == [True, False], "the exam ends at 60 minutes, then at 65; the section at 67"


def test_a_section_left_is_closed_and_an_untimed_one_is_not_entered(session, timed):
    other = Section.objects.create(form=session.form, place=3, title="Tiga", minutes=5)
    attempt = sit(session)
    device = attempt.device
    enter_section(attempt=attempt, device=device, section=timed.pk, now=later(1))
    enter_section(attempt=attempt, device=device, section=other.pk, now=later(2))

    with pytest.raises(NotTimed):
        enter_section(attempt=attempt, device=device, section=timed.pk, now=later(3))
    first = session.form.sections.get(place=1)
    with pytest.raises(NotTimed):
        enter_section(attempt=attempt, device=device, section=first.pk, now=later(3))
    with pytest.raises(TimeIsUp):
        enter_section(attempt=attempt, device=device, section=other.pk, now=later(90))


def test_the_room_map_reads_only_what_is_new(session, django_assert_max_num_queries):
    attempt = sit(session)
    board = Board(session.pk)
    keep(attempt, 1, now=later(1))
    first = board.refresh(later(1))
    keep(attempt, 2, "", now=later(2))
    with django_assert_max_num_queries(5):
        second = board.refresh(later(2))

    number = attempt.seat.number
    assert (first[number].answered, second[number].answered) == (1, 0)
    assert board.refresh(later(5))[number].standing == "silent"
    control.pause_room(session=session, reason="Alarm", by="p", now=later(6))
    assert board.refresh(later(7))[number].standing == "paused"


def test_a_seat_beyond_a_thousand_keeps_its_plain_number_for_the_page(client, world, session):
    session.seats.filter(number=1).update(number=1234)
    client.force_login(world.user(Role.PROCTOR))

    text = client.get(reverse("delivery:board", args=[session.pk])).content.decode()

    assert 'data-seat="1234"' in text


def test_the_trail_tells_what_was_shown_answered_changed_and_where(session):
    attempt = sit(session)
    keep(attempt, 1)
    keep(attempt, 2, "b", now=later(1))
    control.pause_one(attempt=attempt, reason="Sakit", by="p", now=later(2))

    lines = [(row.what, row.response) for row in trail(fresh(attempt), with_answers=True)]

    assert [what for what, _ in lines] == ["masuk", "jawaban", "jawaban", "jeda"]
    assert [response for _, response in lines[1:3]] == ["a", "b"]


def test_the_minutes_count_and_name_what_happened(session):
    from io import BytesIO

    from pypdf import PdfReader

    attempt = sit(session)
    keep(attempt, 1)
    control.pause_room(session=session, reason="Alarm palsu", by="p", now=later(2))
    control.resume_room(session=session, by="p", now=later(4))
    control.report_incident(
        session=session, seat=attempt.seat, text="Tetikus rusak", by="p", now=later(5)
    )
    control.announce(session=session, text="Jangan pulang dulu", by="p", now=later(5))
    accommodate(
        participant=attempt.seat.participant, extra_percent=50, larger_type=True, reader=False,
        reason="Tunadaksa", actor="o", now=later(5),
    )  # fmt: skip
    before = code(session)
    pdf = minutes(session, now=later(6))

    text = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "Berita Acara" in text
    assert "Alarm palsu" in text
    assert "Tetikus rusak" in text
    assert "Pengumuman: Jangan pulang dulu" in text
    assert "+50 % waktu, huruf lebih besar" in text
    assert before in text
    keep(attempt, 2, "b", now=later(7))
    assert code(session) != before


# ---- the incidents of the public record, each with its expected end -------------------------


def test_everyone_logged_out_near_the_end_gets_exactly_the_lost_time_back(session):
    """28 October 2018: all clients logged out 16 minutes before the end, resumed with 14 and 8 left."""
    people = [sit(session, n) for n in range(2)]
    for one in people:
        keep(one, 1, now=later(44))
    assert control.last_sign_of_life(session, now=later(44)) == later(44)

    control.give_back(
        session=session, since=later(44), until=later(44 + 37), reason="Server", by="p",
        now=later(81),
    )  # fmt: skip

    for one in people:
        left = keep_events(attempt=one, device=one.device, sent=(), now=later(81)).seconds_left
        assert left == 16 * 60, "neither 14 nor 8"
        assert len(state_of(one).answers) == 1


def test_a_short_circuit_takes_a_room_and_gives_it_back_whole(session):
    """9 November 2023: load above supply. Everybody goes on with what was kept and the time they had."""
    people = [sit(session, n) for n in range(2)]
    for at, one in enumerate(people):
        keep(one, 1, "abc"[at], now=later(10))
    before = [(state_of(one).answers, later(60) - later(10)) for one in people]

    control.report_incident(session=session, seat=None, text="Korsleting", by="p", now=later(35))
    control.give_back(
        session=session, since=control.last_sign_of_life(session, now=later(35)), until=later(35),
        reason="Korsleting", by="p", now=later(35),
    )  # fmt: skip

    after = [
        (
            state_of(one).answers,
            timedelta(
                seconds=keep_events(
                    attempt=one, device=one.device, sent=(), now=later(35)
                ).seconds_left
            ),
        )
        for one in people
    ]
    assert after == before


def test_the_last_answer_before_a_cut_is_the_last_sign_of_life(session):
    """The row of who was heard is not written anew for every answer; the answers are."""
    one = sit(session)
    keep(one, 1, now=later(10))
    cut = later(10) + timedelta(seconds=4)
    keep(one, 2, "b", now=cut)

    assert control.last_sign_of_life(session, now=later(20)) == cut
    keep(one, 3, "c", now=later(30))
    assert control.last_sign_of_life(session, now=later(30.5)) == cut


def test_an_outage_during_a_pause_is_given_back_once(session):
    one = sit(session)
    control.pause_room(session=session, reason="Listrik", by="p", now=later(20))
    control.resume_room(session=session, by="p", now=later(40))
    control.give_back(
        session=session, since=later(15), until=later(30), reason="Listrik", by="p", now=later(41)
    )

    assert fresh(one).closes_at == later(60 + 25)


def test_a_provider_outage_is_continued_or_postponed_by_policy(session):
    """19 to 21 September 2021: up to three hours and before eight in the evening, or another day."""
    one = sit(session)
    keep(one, 1)
    with pytest.raises(TooLong, match="Jadwalkan ulang"):
        control.give_back(
            session=session, since=later(5), until=later(5 + 181), reason="ISP", by="p",
            now=later(190),
        )  # fmt: skip
    evening = datetime(2025, 1, 22, 13, 30, tzinfo=UTC)  # 20.30 in Serang
    with pytest.raises(TooLong):
        control.give_back(
            session=session, since=evening - timedelta(minutes=30), until=evening, reason="ISP",
            by="p", now=evening,
        )  # fmt: skip

    other_day = NOW + timedelta(days=9)
    with pytest.raises(WrongState, match="sudah dipakai"):
        control.postpone(
            session=session, starts_at=NOW + timedelta(days=1), reason="ISP", by="p", now=later(190)
        )
    with pytest.raises(OutsideProgramme, match="22-01-2025 sampai 27-01-2025"):
        control.postpone(session=session, starts_at=other_day, reason="ISP", by="p", now=later(190))
    Programme.objects.filter(pk=session.programme_id).update(ends=other_day.date())
    session.refresh_from_db()
    control.postpone(session=session, starts_at=other_day, reason="ISP", by="p", now=later(190))
    session.refresh_from_db()
    assert session.state == "planned"
    assert fresh(one).paused_at == NOW, "its last sign of life: the dark is nobody's time"

    open_session(session=session, actor="p", now=other_day)
    control.resume_room(session=session, by="p", now=other_day)
    nip = one.seat.participant.employee.nip
    with pytest.raises(OtherDevice):
        sign_in(nip=nip, pin=session.pin, now=other_day)
    control.free_device(attempt=fresh(one), by="p", now=other_day)
    again = sign_in(nip=nip, pin=session.pin, now=other_day)
    assert len(state_of(again).answers) == 1


def test_what_is_answered_at_home_after_a_postponement_is_kept_and_does_not_count(session):
    one = sit(session)
    keep(one, 1)
    words = {"session": session, "reason": "Banjir", "by": "p"}
    control.postpone(**words, starts_at=later(1500), now=later(10))
    control.postpone(**words, starts_at=later(1560), now=later(15))

    keep(one, 2, "b", now=later(10, 4))
    told = keep(one, 3, "c", now=later(11))
    assert told.ended["by"] == "postponed"
    with pytest.raises(Postponed, match="23-01-2025 pukul 10.00"):
        submit(attempt=fresh(one), device=one.device, last_seq=3, now=later(12))
    control.open_room(session=session, by="p", now=later(1560))
    control.resume_room(session=session, by="p", now=later(1560))
    assert list(one.events.order_by("seq").values_list("late", flat=True)) == [False, False, True]
    assert list(state_of(one).answers.values()) == ["b"]

    keep(one, 4, "d", now=later(1561))
    assert list(state_of(one).answers.values()) == ["d"]
    assert submit(attempt=fresh(one), device=one.device, last_seq=4, now=later(1562)).code


def test_a_tampered_workstation_leaves_a_trail_and_ends_nobodys_exam(session):
    """2021: remote control in the official room. What the page noticed is told, and decides nothing."""
    one = sit(session)
    item = FormItem.objects.filter(section__form=session.form).order_by("pk")[0].version_id
    kinds = [
        ("shown", ""),
        ("focus", "lost"),
        ("copy", "paste"),
        ("focus", "back"),
        ("answer", "a"),
    ]
    sent = [
        Sent(seq=seq, kind=kind, item=item, response=response, at=NOW)
        for seq, (kind, response) in enumerate(kinds, start=1)
    ]
    keep_events(attempt=one, device=one.device, sent=sent, now=later(1))

    row = Board(session.pk).refresh(later(1))[one.seat.number]
    assert (row.away, row.answered, row.standing) == (2, 1, "working")
    receipt = submit(attempt=fresh(one), device=one.device, last_seq=5, now=later(2))
    assert receipt.answered == 1
    assert [line.what for line in trail(fresh(one), with_answers=False)][1] == "soal ditampilkan"


@pytest.mark.parametrize(
    ("act", "typed", "sentence"),
    [
        ("pause", {"reason": ""}, "Alasan: Bidang ini tidak boleh kosong."),
        ("pause", {"reason": "x" * 501}, "Alasan: "),
        ("announce", {"text": "a\x00b"}, "Pengumuman: "),
        ("incident", {"text": "Lampu padam", "seat": "99"}, "Kursi 99 tidak ada di sesi ini."),
    ],
)
def test_what_the_console_cannot_take_is_named_and_nothing_is_kept(
    client, world, session, act, typed, sentence
):
    client.force_login(world.user(Role.PROCTOR))

    answer = client.post(reverse(f"delivery:{act}", args=[session.pk]), typed)

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not session.incidents.exists()
    assert not session.announcements.exists()
    assert not session.interruptions.exists()
