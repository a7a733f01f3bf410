"""What is decided at two ends about one session: neither undoes the other, and none blocks the log."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib import import_module

import pytest
from delivery.test_control import fresh, keep, later, sit
from delivery.test_sites import wiped
from django.apps import apps
from django.db import connection
from django.db.models import F
from django.urls import reverse
from world import NOW, make_open_session

from cakap.accounts.models import Role
from cakap.delivery import control
from cakap.delivery.decisions import remove_from_seat, swap_seats
from cakap.delivery.evidence import decide_evidence
from cakap.delivery.late_marks import correct_late_marks
from cakap.delivery.models import (
    Attempt,
    Event,
    Interruption,
    LoadedPackage,
    RecordConflict,
    SitePackage,
    Stray,
    WithdrawnPackage,
)
from cakap.delivery.services import submit
from cakap.delivery.sites.errors import BadEnvelope
from cakap.delivery.sites.identity import Card, identity
from cakap.delivery.sites.log import events_after, head_of
from cakap.delivery.sites.package import changed_since_packing, contents_of, pack, take_in
from cakap.delivery.sites.queries import incomplete_sessions
from cakap.delivery.sites.receiving import missing_by_seat, receive
from cakap.delivery.sites.services import (
    accept_gap,
    add_site,
    settle_conflict,
    withdraw_package,
)
from cakap.errors import StalePage
from cakap.itembank.errors import NotReviewed
from cakap.itembank.models import FormItem, ItemVersion
from cakap.itembank.services import move_versions
from cakap.programmes.models import Programme, Seat, Session
from cakap.programmes.services import open_session, postpone_session

TWO = {"reason": "Diputuskan", "by": "p", "second": "o"}


@pytest.fixture(autouse=True)
def _own_keys(settings, tmp_path):
    settings.DATA = tmp_path


@pytest.fixture
def site(world):
    return add_site(agency=world.agency, name="Lebak", card=identity().card.text, by="o", now=NOW)


def at_site(session, site):
    return SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="o")


def loaded(content):
    return take_in(content, centre=identity().card.text, now=later(5))


# ---- seats ----------------------------------------------------------------------------------


def test_a_seat_that_the_centre_does_not_know_keeps_no_head_out(world, site):
    session = make_open_session(world)
    one = sit(session)
    head = head_of(session, now=later(2))
    unknown = Seat.every.order_by("-pk").first().pk + 1
    head["seats"][str(unknown)] = {"number": 19, "removed_at": None}
    wiped(session)
    at_site(session, site)

    receive(identity().card, head, now=later(3))

    assert Attempt.objects.get().seat_id == one.seat_id
    assert not Seat.every.filter(pk=unknown).exists()
    head["attempts"][str(unknown)] = head["attempts"][str(one.seat_id)]
    with pytest.raises(BadEnvelope):
        receive(identity().card, {**head, "number": 9}, now=later(4))


def test_a_programme_that_was_loaded_before_the_mark_is_the_centres(world):
    session = make_open_session(world)
    other = Programme.objects.get(pk=session.programme_id)
    other.pk, other.code = None, "P-LAIN"
    other.save_base(raw=True, force_insert=True)
    LoadedPackage.objects.create(session=session, edition=1, loaded_at=NOW)

    import_module("cakap.delivery.migrations.0012_from_centre").mark_from_centre(apps, None)

    assert list(Programme.objects.filter(from_centre=True)) == [session.programme]


def test_seats_that_make_way_take_no_number_that_another_still_has(world, site):
    session = make_open_session(world)
    one, two, three = list(session.seats.order_by("number")[:3])
    head = head_of(session, now=later(2))
    head["seats"] = {str(one.pk): {"number": 1, "removed_at": None}}
    for seat, number in ((one, 19), (two, 1), (three, 2)):
        Seat.every.filter(pk=seat.pk).update(number=number + 100)
    Seat.every.filter(session=session, number__gt=100).update(number=F("number") - 100)
    at_site(session, site)

    receive(identity().card, head, now=later(3))

    numbers = dict(Seat.objects.filter(session=session).values_list("pk", "number"))
    assert numbers[one.pk] == 1
    assert numbers[three.pk] == 2
    assert len(set(numbers.values())) == len(numbers)


def fresh_seat(seat):
    return Seat.every.select_related("session__room").get(pk=seat.pk)


def test_who_was_removed_at_the_centre_stays_removed_whatever_the_site_tells(world, site):
    session = make_open_session(world)
    seat = session.seats.order_by("number").first()
    head = head_of(session, now=later(1))
    remove_from_seat(seat=seat, **TWO, now=later(2))
    new = Seat.objects.create(session=session, participant=seat.participant, number=seat.number)
    at_site(session, site)

    receive(identity().card, head, now=later(3))

    assert fresh_seat(seat).removed_at == later(2)
    assert Seat.objects.get(pk=new.pk).number == seat.number


def test_who_was_removed_at_the_centre_is_removed_by_the_next_package_too(world, site):
    session = make_open_session(world)
    seat = session.seats.order_by("-number").first()
    free = seat.number
    swap_seats(seat=seat, number=free + 1, reason="x", by="p", now=later(1))
    remove_from_seat(seat=fresh_seat(seat), **TWO, now=later(2))
    # The new seat stands before the old one in the package, whose order is by number.
    new = Seat.objects.create(session=session, participant=seat.participant, number=free)
    content = pack(session=session, site=site, by="o", now=later(3))
    Seat.every.filter(pk=new.pk).delete()
    Seat.every.filter(pk=seat.pk).update(removed_at=None)

    for _ in range(2):
        loaded(content)
        assert fresh_seat(seat).removed_at == later(2)
        assert Seat.objects.get(pk=new.pk).participant_id == seat.participant_id


def test_what_is_missing_at_a_seat_and_at_its_successor_is_missing_together(world, site):
    session = make_open_session(world)
    seat = session.seats.order_by("number").first()
    remove_from_seat(seat=seat, **TWO, now=later(2))
    new = Seat.objects.create(session=session, participant=seat.participant, number=seat.number)
    package = at_site(session, site)
    package.declared = {str(seat.pk): 3, str(new.pk): 4}

    assert missing_by_seat(package) == {seat.number: 7}


def test_a_package_of_before_is_not_said_to_have_changed(client, world, site):
    session = make_open_session(world)
    pack(session=session, site=site, by="o", now=NOW)
    package = SitePackage.objects.get()
    earlier = {**package.contents, "kursi": "digest of numbers too"}
    del earlier["penghuni kursi"]

    package.contents = earlier
    assert changed_since_packing(package) == []

    Seat.objects.filter(pk=session.seats.first().pk).delete()
    assert "penghuni kursi" in contents_of(session)
    client.force_login(world.user(Role.PROCTOR))
    page = client.get(reverse("delivery:board", args=[session.pk]))
    assert "penghuni kursi" in page.content.decode()


# ---- items ----------------------------------------------------------------------------------


def retire_one(session):
    item = FormItem.objects.filter(section__form=session.form).order_by("pk")[0]
    versions = ItemVersion.objects.filter(pk=item.version_id).select_related("item__agency")
    move_versions(versions=list(versions), to="retired", reason="Bocor", actor="t", now=NOW)


def test_items_are_looked_at_when_a_session_is_packed_and_not_at_the_site(world, site):
    session = make_open_session(world)
    Session.objects.filter(pk=session.pk).update(state=Session.State.PLANNED)
    session.refresh_from_db()
    content = pack(session=session, site=site, by="o", now=NOW)
    retire_one(session)

    with pytest.raises(NotReviewed):
        pack(session=session, site=site, by="o", now=NOW)
    assert SitePackage.objects.get().edition == 1
    with pytest.raises(NotReviewed):
        open_session(session=session, actor="p", now=NOW)
    at_the_site = loaded(content)
    open_session(session=at_the_site, actor="p", now=NOW)
    assert at_the_site.state == Session.State.OPEN


def test_a_postponed_exam_that_was_begun_opens_again_though_an_item_was_retired(world):
    session = make_open_session(world)
    sit(session)
    postpone_session(
        session=session, starts_at=later(30), reason="Listrik", actor="p", now=later(1)
    )
    retire_one(session)

    open_session(session=session, actor="p", now=later(30))

    assert Session.objects.get(pk=session.pk).state == Session.State.OPEN


# ---- what makes results stale ---------------------------------------------------------------


def test_a_mark_of_stale_that_others_set_meanwhile_is_not_written_back(world, site):
    session = make_open_session(world)
    one = sit(session)
    head = head_of(session, now=later(1))
    Attempt.objects.update(pages=7)
    at_site(session, site)

    def beside(execute, sql, params, many, context):
        if sql.startswith('UPDATE "delivery_attempt"') and not done:
            done.append(sql)
            Attempt.objects.filter(pk=one.pk).update(amended_at=later(2))
        return execute(sql, params, many, context)

    done: list[str] = []
    with connection.execute_wrapper(beside):
        receive(identity().card, head, now=later(3))

    assert fresh(one).pages == one.pages
    assert fresh(one).amended_at == later(2)


def ended(session, number=0):
    """An attempt with one answer, submitted."""
    one = sit(session, number)
    keep(one, 1, now=later(1))
    submit(attempt=fresh(one), device=one.device, last_seq=1, now=later(2))
    return fresh(one)


def evidence_at(attempt):
    return Stray.objects.create(
        attempt=attempt, item=Event.objects.filter(attempt=attempt)[0].item, kind="answer",
        response="b", client_at=NOW, received_at=NOW, address="", device="lama", seq=2, digest="d",
    ).pk  # fmt: skip


def test_evidence_makes_stale_what_was_reckoned_of_an_ended_exam(world):
    session = make_open_session(world)
    one, running = ended(session), sit(session, 1)
    keep(running, 1)

    def decide(attempt, *, accepted):
        decide_evidence(
            attempt=fresh(attempt), strays=[evidence_at(attempt)], accepted=accepted, **TWO,
            now=later(3),
        )  # fmt: skip
        found = fresh(attempt).amended_at
        Stray.objects.filter(attempt=attempt).update(seq=3)
        return found

    assert decide(running, accepted=True) is None
    assert decide(one, accepted=False) is None
    Stray.objects.filter(attempt=one).update(digest="e")
    assert decide(one, accepted=True) == later(3)


def test_late_marks_make_stale_the_exams_whose_answers_turned(world):
    session = make_open_session(world)
    one, two = ended(session), ended(session, 1)
    Event.objects.filter(attempt=one).update(late=True)

    def correct(attempt, minute, *, counts):
        correct_late_marks(
            session=session, attempt=attempt, since=NOW, until=later(1), counts=counts, **TWO,
            now=later(minute),
        )  # fmt: skip
        return fresh(one).amended_at, fresh(two).amended_at

    assert correct(None, 3, counts=True) == (later(3), None)
    assert correct(None, 4, counts=True) == (later(3), None)
    assert correct(two, 5, counts=False) == (later(3), later(5))
    assert correct(None, 6, counts=False) == (later(6), later(5))


# ---- what the site did not tell, or tells otherwise ---------------------------------------------


@pytest.mark.parametrize(
    ("state", "minutes", "overdue"),
    [("planned", -600, True), ("open", -600, True), ("open", 1, False), ("closed", -600, False)],
)
def test_a_site_heard_only_before_the_end_has_not_told_the_end(
    world, site, state, minutes, overdue
):
    """The morning's head, then no network: nothing is declared, and still the records are missing."""
    session = make_open_session(world)
    package = at_site(session, site)
    Session.objects.filter(pk=session.pk).update(state=state)
    heard = session.ends_at + timedelta(minutes=minutes)
    SitePackage.objects.filter(pk=package.pk).update(as_of=heard, heard_at=heard)

    found = incomplete_sessions(session.programme, now=session.ends_at + timedelta(hours=20))

    assert bool(found) == overdue
    if overdue:
        assert len(found[0].overdue) == session.seats.count()


def test_another_altered_record_is_noticed_beside_one_that_was_settled(world, site):
    session = make_open_session(world)
    one = sit(session)
    for seq in (1, 2):
        keep(one, seq)
    Session.objects.filter(pk=session.pk).update(state="closed")
    session.refresh_from_db()
    tellings = [list(events_after(session, {}))]
    heads = []
    for seq in (1, 2):
        Event.objects.filter(seq=seq).update(received_at=later(30))
        heads.append(head_of(session, now=later(31)))
        tellings.append(list(events_after(session, {})))
    wiped(session)
    at_site(session, site)

    def hear(head, parts=()):
        for told in parts:
            receive(identity().card, told, now=later(40))
        answer = receive(identity().card, head, now=later(40))
        return answer["whole"], answer["conflicts"]

    def settle(choice):
        conflict = RecordConflict.objects.get(settled_at__isnull=True)
        settle_conflict(conflict=conflict, choice=choice, **TWO, now=later(41))

    receive(identity().card, heads[0], now=later(39))
    assert hear(heads[0], tellings[0]) == ([one.seat_id], [])
    assert hear(heads[0], tellings[1]) == ([], ["1/1"])
    settle("kept")
    assert hear(heads[0]) == ([], []), "what was settled is no news"
    assert hear(heads[1]) == ([one.seat_id], [])
    assert hear(heads[1], tellings[2]) == ([], ["1/2"])
    settle("other")
    assert hear(heads[1]) == ([], [])


def three_and_one_missing(session, site):
    """One of three records has come when the package is taken back; a browser wrote on at the site."""
    one = sit(session)
    for seq in (1, 2, 3):
        keep(one, seq)
    (part,) = events_after(session, {})
    head = head_of(session, now=later(3))
    wiped(session)
    package = at_site(session, site)
    ((seat, rows),) = part["seats"].items()
    receive(identity().card, head, now=later(4))
    receive(identity().card, {**part, "seats": {seat: rows[:1]}}, now=later(4))
    withdraw_package(package=package, reason="Mesin rusak", by="o", second="p", now=later(5))
    return part


def test_what_was_missing_when_a_package_was_withdrawn_is_missing_until_its_site_tells_it(
    world, site
):
    """Another machine goes on under the same numbers: that is other work, not what is missing."""
    session = make_open_session(world)
    part = three_and_one_missing(session, site)
    (found,) = incomplete_sessions(session.programme, now=later(6))
    assert (found.missing, found.site) == ({1: 2}, "Lebak")
    other = Card(sign=b"a" * 32, seal=b"b" * 32)
    spare = add_site(agency=world.agency, name="Serang", card=other.text, by="o", now=NOW)

    package = at_site(session, spare)
    their = json.loads(json.dumps(part).replace('"a"', '"c"'))
    their["seats"] = {seat: rows[1:] for seat, rows in their["seats"].items()}
    receive(other, their, now=later(7))
    assert incomplete_sessions(session.programme, now=later(8))[0].missing == {1: 2}
    withdraw_package(package=package, reason="Kembali", by="o", second="p", now=later(9))
    at_site(session, site)
    receive(identity().card, part, now=later(10))

    (found,) = incomplete_sessions(session.programme, now=later(11))
    assert (found.missing, found.conflicts) == ({}, 2)


def test_a_decision_names_what_was_missing_when_a_package_was_withdrawn(world, site):
    session = make_open_session(world)
    three_and_one_missing(session, site)

    row = accept_gap(session=session, **TWO, now=later(6))

    assert row.missing == {"1": 2}
    assert incomplete_sessions(session.programme, now=later(7)) == []


def test_an_end_that_a_site_did_not_tell_is_not_told_by_withdrawing_its_package(world, site):
    session = make_open_session(world)
    package, after = at_site(session, site), session.ends_at + timedelta(hours=1)
    withdraw_package(package=package, reason="Mesin rusak", by="o", second="p", now=after)

    (found,) = incomplete_sessions(session.programme, now=after)
    assert len(found.overdue) == session.seats.count()
    with pytest.raises(StalePage):
        withdraw_package(package=package, reason="x", by="o", second="p", now=after)
    again = at_site(session, site)
    Session.objects.filter(pk=session.pk).update(state="closed")
    assert incomplete_sessions(session.programme, now=after) == [], "the site has told the end"
    again.delete()
    Session.objects.filter(pk=session.pk).update(state="cancelled")
    assert incomplete_sessions(session.programme, now=after) == []


@pytest.mark.parametrize(
    ("told", "missing"), [(3, 1), (2, 0), ([[1, 2], [4, 6]], 3), ([[1, 2]], 0), ([[4, 4]], 1)]
)
def test_what_is_lacking_is_named_by_number_also_where_a_site_tells_only_how_many(
    world, site, told, missing
):
    session = make_open_session(world)
    one = sit(session)
    for seq in (1, 2):
        keep(one, seq)
    package = at_site(session, site)
    package.declared = {str(one.seat_id): told}

    assert missing_by_seat(package) == ({one.seat.number: missing} if missing else {})


def test_an_old_head_does_not_undo_what_the_centre_decided_after_taking_back(world, site):
    session = make_open_session(world)
    sit(session)
    old = {**head_of(session, now=later(1)), "number": 9, "edition": 1}
    wiped(session)
    package = at_site(session, site)
    withdraw_package(package=package, reason="Salah ruang", by="o", second="p", now=later(2))
    Session.objects.filter(pk=session.pk).update(starts_at=later(600), ends_at=later(660))
    pack(session=Session.objects.get(pk=session.pk), site=site, by="o", now=later(3))

    receive(identity().card, old, now=later(4))

    own = Session.objects.get(pk=session.pk)
    assert (own.starts_at, own.state) == (later(600), "planned")
    assert Attempt.objects.filter(seat__session=session).count() == 1
    receive(identity().card, {**old, "number": 10, "edition": 2}, now=later(5))
    assert Session.objects.get(pk=session.pk).starts_at == session.starts_at


def test_pauses_that_were_restated_with_the_clock_stand_once_in_the_minutes(world, site):
    session = make_open_session(world)
    sit(session)
    control.pause_room(session=session, reason="Listrik", by="p", now=later(5))
    first = head_of(session, now=later(6))
    Interruption.objects.update(started_at=later(3), ended_at=later(7))
    second = head_of(session, now=later(8))
    wiped(session)
    at_site(session, site)
    Interruption.objects.create(
        session=session, kind="cut", started_at=later(-60), ended_at=later(-50), reason="x", by="p"
    )

    for told in (first, second):
        receive(identity().card, told, now=later(9))

    assert list(Interruption.objects.values_list("started_at", flat=True)) == [later(-60), later(3)]


def test_a_doubt_about_a_broken_machines_clock_is_a_pause_at_the_next(world, site):
    session = make_open_session(world)
    attempt = sit(session)
    Interruption.objects.create(
        session=session, kind="clock", started_at=later(5), reason="x", by="sistem"
    )
    WithdrawnPackage.objects.create(
        session=session, site=site, edition=1, heard={}, reason="x", by="o", second="p", at=NOW
    )
    Attempt.objects.update(uploads=True)
    package = pack(session=session, site=site, by="o", now=later(6))
    wiped(session)
    SitePackage.objects.all().delete()

    taken = loaded(package)

    assert fresh_attempt(attempt).paused_at == later(5)
    taken.refresh_from_db()
    Session.objects.filter(pk=taken.pk).update(state="open")
    control.resume_room(session=Session.objects.get(pk=taken.pk), by="p", now=later(20))
    assert fresh_attempt(attempt).paused_at is None


def fresh_attempt(attempt):
    return Attempt.objects.get(seat=attempt.seat_id)


def test_a_site_that_was_put_back_is_compared_though_fewer_records_are_declared(world, site):
    session = make_open_session(world)
    one = sit(session)
    keep(one, 1)
    keep(one, 2, "b")
    parts = list(events_after(session, {}))
    Event.objects.filter(seq=2).delete()
    Event.objects.filter(seq=1).update(response="e")
    Session.objects.filter(pk=session.pk).update(state="closed")
    head = head_of(Session.objects.get(pk=session.pk), now=later(3))
    wiped(session)
    at_site(session, site)
    receive(identity().card, head, now=later(4))
    for part in parts:
        receive(identity().card, part, now=later(4))

    assert receive(identity().card, head, now=later(5))["whole"] == [one.seat_id]
    Event.objects.filter(seq=1).update(response="e")
    assert receive(identity().card, head, now=later(6))["whole"] == [], (
        "it has nothing else to tell"
    )


def test_a_record_too_many_makes_up_for_none_that_is_missing(world, site):
    """Of a site that was put back: what it has now is wanted, not as many as it has."""
    session = make_open_session(world)
    one = sit(session)
    for seq in (1, 2, 3):
        keep(one, seq)
    parts = list(events_after(session, {}))
    first = head_of(session, now=later(3))
    Event.objects.filter(seq=3).delete()
    keep(one, 5, "c")
    second = {**head_of(session, now=later(4)), "number": first["number"] + 1}
    wiped(session)
    package = at_site(session, site)
    for told in (first, *parts):
        receive(identity().card, told, now=later(5))

    answer = receive(identity().card, second, now=later(6))

    assert answer["missing"] == 1
    package.refresh_from_db()
    assert missing_by_seat(package) == {one.seat.number: 1}


def test_a_doubt_of_a_site_that_is_heard_no_more_is_a_pause_that_ends_here(world, site):
    """Its clock was ahead of ours; nobody settles that doubt any more."""
    session = make_open_session(world)
    package = at_site(session, site)
    Interruption.objects.create(
        session=session,
        kind=Interruption.Kind.CLOCK,
        started_at=later(120),
        reason="x",
        by="sistem",
    )
    withdraw_package(package=package, reason="Mesin rusak", by="o", second="p", now=later(5))

    control.resume_room(session=session, by="p", now=later(6))

    assert not session.interruptions.filter(ended_at__isnull=True).exists()
