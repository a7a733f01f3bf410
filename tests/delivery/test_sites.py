"""A site takes a session, holds it alone, and tells the centre: in whatever order, the same end.

One database stands for both here: what the site tells is taken down, the session's rows are removed as if
they had never been at the centre, and the tellings are taken in. `tests/faults` has two installations.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import permutations

import pytest
from delivery.test_control import fresh, keep, later, sit
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from itembank.test_kinds import DRAFTS, PICTURE
from world import NOW, make_open_session, make_world

from cakap.accounts.models import Role
from cakap.delivery import control, minutes
from cakap.delivery.decisions import remove_from_seat, reopen_session, swap_seats
from cakap.delivery.errors import NoSuchSeat
from cakap.delivery.evidence import decide_evidence
from cakap.delivery.late_marks import correct_late_marks
from cakap.delivery.models import (
    Attempt,
    Device,
    Event,
    EvidenceDecision,
    Grant,
    Incident,
    Interruption,
    LateCorrection,
    Reopening,
    Silence,
    SitePackage,
    Stray,
)
from cakap.delivery.queries import state_of
from cakap.delivery.services import sign_in, submit
from cakap.delivery.sites import package as package_module
from cakap.delivery.sites.carrying import KIND
from cakap.delivery.sites.envelope import PACKAGE_BOUNDS, opened, sealed, signed, unsealed
from cakap.delivery.sites.errors import (
    BadCard,
    BadEnvelope,
    NotForSites,
    NotSigned,
    UnknownSite,
)
from cakap.delivery.sites.identity import Card, identity
from cakap.delivery.sites.log import events_after, head_of
from cakap.delivery.sites.package import pack, take_in
from cakap.delivery.sites.receiving import receive
from cakap.delivery.sites.services import add_site, withdraw_package
from cakap.itembank.models import ItemKey, Section
from cakap.itembank.services import SectionPlan, add_package, build_form
from cakap.programmes.errors import FromCentre
from cakap.programmes.models import Seat, Session
from cakap.programmes.services import seat_all

TWO = {"reason": "Diputuskan", "by": "p", "second": "o"}
CARD = Card(sign=b"a" * 32, seal=b"b" * 32)


@pytest.fixture(autouse=True)
def _own_keys(settings, tmp_path):
    settings.DATA = tmp_path


@pytest.fixture
def site(world):
    return add_site(agency=world.agency, name="Lebak", card=identity().card.text, by="o", now=NOW)


# ---- envelopes ------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.binary(max_size=200), st.integers(0, 400), st.integers(1, 255))
def test_what_was_cut_or_changed_is_refused_whole(tmp_path_factory, content, at, bit):
    from django.test import override_settings

    with override_settings(DATA=tmp_path_factory.getbasetemp()):
        own = identity()
        whole = sealed(content, own.card)
        assert unsealed(whole, own) == content
        broken = bytearray(whole)
        broken[at % len(whole)] ^= bit
        with pytest.raises(BadEnvelope):
            unsealed(bytes(broken), own)
        with pytest.raises(BadEnvelope):
            unsealed(whole[: at % len(whole)], own)


def anybody(_card):
    """A check that lets every signer pass."""


def test_an_envelope_tells_who_signed_it_and_takes_no_change():
    whole = signed({"a": 1}, identity())
    assert opened(whole, check=anybody) == (identity().card, {"a": 1})

    told = json.loads(whole)
    for change in (
        {"card": CARD.text},
        {"signature": "AAAA"},
        {"body": told["body"][:-8] + "AAAAAAA="},
    ):
        with pytest.raises((NotSigned, BadEnvelope)):
            opened(json.dumps({**told, **change}).encode(), check=anybody)
    for broken in (b"[]", b"", b"{}", b"[" * 10**5, b'{"card":' * 10**5):
        with pytest.raises(BadEnvelope):
            opened(broken, check=anybody)
    with pytest.raises(BadCard):
        Card.read("AAAA")


def packed(content):
    """An envelope, well signed, of whatever content."""
    own, body = identity(), zlib.compress(content)
    return json.dumps(
        {
            "card": own.card.text, "body": base64.b64encode(body).decode(),
            "signature": base64.b64encode(own.sign.sign(body)).decode(),
        }
    ).encode()  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b'"' + b"0" * (20 * 2**20) + b'"',
        b"[" * 500_000,
        b"[" * 10 + b"]" * 10,
        b"[" + b"0," * 700_000 + b"0]",
    ],
)
def test_what_is_too_large_deep_or_long_is_refused_even_of_a_known_site(content):
    with pytest.raises(BadEnvelope):
        opened(packed(content), check=anybody)


def test_nothing_of_a_stranger_is_unpacked(monkeypatch):
    from cakap.delivery.sites import envelope

    monkeypatch.setattr(envelope, "zlib", None)

    def nobody(_card):
        raise UnknownSite

    with pytest.raises(UnknownSite):
        opened(packed(b'"a"'), check=nobody)


# ---- packages -------------------------------------------------------------------------------


def test_a_package_holds_no_key_and_is_for_one_reader(world, site):
    session = make_open_session(world)
    content = pack(session=session, site=site, by="o", now=NOW)

    _, told = opened(unsealed(content, identity()), check=anybody)
    models = {row["model"] for row in told["rows"]}
    assert "itembank.itemversion" in models
    assert not models & {"itembank.itemkey", "itembank.itemparameters", "accounts.user"}
    assert not any("scores" in row["fields"] for row in told["rows"])
    with pytest.raises(BadEnvelope):
        unsealed(sealed(b"x", CARD), identity())


def test_taking_in_twice_is_no_news_and_a_strangers_package_is_refused(world, site):
    session = make_open_session(world)
    content = pack(session=session, site=site, by="o", now=NOW)
    keys = ItemKey.objects.count()

    for _ in range(2):
        taken = take_in(content, centre=identity().card.text, now=NOW)
    assert (taken.pk, taken.state) == (session.pk, "open")
    assert ItemKey.objects.count() == keys
    with pytest.raises(NotSigned):
        take_in(content, centre=CARD.text, now=NOW)


def test_rows_that_no_package_holds_are_refused(world, site):
    session = make_open_session(world)
    rogue = {"session": session.pk, "rows": [{"model": "accounts.user", "pk": 1, "fields": {}}]}
    with pytest.raises(BadEnvelope):
        take_in(
            sealed(signed(rogue, identity()), identity().card),
            centre=identity().card.text, now=NOW,
        )  # fmt: skip


def test_every_kind_of_question_travels_with_the_pictures_that_it_shows_alone(world, site):
    add_package(
        agency=world.agency,
        drafts=DRAFTS,
        stimuli={},
        files=[PICTURE, replace(PICTURE, digest="0" * 64)],
        actor="t",
        now=NOW,
    )
    plan = SectionPlan(
        title="Semua", instructions="", codes=[one.code for one in DRAFTS], shuffle=False
    )
    form = build_form(
        agency=world.agency, code="K", name="Semua", minutes=60, sections=[plan], actor="t", now=NOW
    )
    session = make_open_session(world, form=form)
    content = pack(session=session, site=site, by="o", now=NOW)

    _, told = opened(unsealed(content, identity()), check=anybody, bounds=PACKAGE_BOUNDS)
    pictures = [row for row in told["rows"] if row["model"] == "itembank.asset"]
    assert [row["fields"]["digest"] for row in pictures] == [PICTURE.digest]
    assert take_in(content, centre=identity().card.text, now=NOW).pk == session.pk


def test_what_no_site_would_take_is_not_packed(world, site, monkeypatch):
    session = make_open_session(world)
    small = replace(PACKAGE_BOUNDS, unpacked=1000)
    monkeypatch.setattr(package_module, "PACKAGE_BOUNDS", small)
    with pytest.raises(NotForSites, match="terlalu besar"):
        pack(session=session, site=site, by="o", now=NOW)
    assert not SitePackage.objects.exists()


def test_a_session_that_needs_keys_or_was_begun_is_not_packed(world, site):
    session = make_open_session(world)
    sit(session)
    with pytest.raises(NotForSites, match="sudah dikerjakan"):
        pack(session=session, site=site, by="o", now=NOW)
    other = session.programme.sessions.exclude(pk=session.pk)[0]
    Section.objects.filter(form=session.form).update(adaptive_items=3)
    with pytest.raises(NotForSites, match="adaptif"):
        pack(session=other, site=site, by="o", now=NOW)


def test_nobody_sits_here_what_is_held_at_a_site(world, site):
    session = make_open_session(world)
    pack(session=session, site=site, by="o", now=NOW)
    seat = session.seats.select_related("participant__employee").first()

    with pytest.raises(NoSuchSeat):
        sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW)


# ---- the log --------------------------------------------------------------------------------


def an_exam_day(session):
    """What a site would tell at three moments, and its events in parts. Seat 2 signs in first."""
    one = sit(session, 1)
    keep(one, 1)
    first = head_of(session, now=later(1))
    two = sit(session, 0, now=later(2))
    keep(two, 1, "b")
    control.pause_room(session=session, reason="Listrik", by="p", now=later(3))
    control.resume_room(session=session, by="p", now=later(13))
    control.give_time(attempt=fresh(one), minutes=5, reason="x", by="p", now=later(14))
    control.report_incident(session=session, seat=two.seat, text="Tetikus", by="p", now=later(15))
    middle = head_of(session, now=later(16))
    keep(one, 2, "c", now=later(17))
    submit(attempt=fresh(one), device=one.device, last_seq=2, now=later(18))
    last = head_of(session, now=later(19))
    parts = list(events_after(session, {}))
    states = {a.seat_id: state_of(a) for a in Attempt.objects.filter(seat__session=session)}
    return [first, middle, last, *parts], states


def wiped(session):
    """As the centre was before it heard of the day."""
    for model in (Event, Device, Grant, Interruption, Incident, Silence):
        model.objects.all().delete()
    Attempt.objects.all().delete()
    Session.objects.filter(pk=session.pk).update(state="planned")


def summary(session):
    return (
        {a.seat_id: (a.submitted_at, a.closes_at) for a in Attempt.objects.all()},
        sorted(Event.objects.values_list("attempt__seat", "seq", "response", "late")),
        Interruption.objects.count(), Grant.objects.count(), Incident.objects.count(),
        Session.objects.get(pk=session.pk).state, minutes.code(session),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_interrupted_repeated_and_reordered_uploads_end_in_the_same_state(world, site, seed):
    import random

    session = make_open_session(world)
    told, states = an_exam_day(session)
    pk = session.pk
    wanted = summary(session)
    wiped(session)
    SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="o")
    orders = list(permutations(range(len(told))))
    order = random.Random(seed).choice(orders) if seed else range(len(told))

    card = identity().card
    for at in order:
        for _ in range(2):
            try:
                receive(card, told[at], now=later(60))
            except BadEnvelope:
                continue  # events of somebody of whom no head has told yet: sent again later
    for one in [*told, told[2]]:
        found = receive(card, one, now=later(61))

    assert found["missing"] == 0
    assert summary(Session(pk=pk)) == wanted
    assert {a.seat_id: state_of(a) for a in Attempt.objects.all()} == states


def test_what_a_site_decides_about_seats_and_answers_is_decided_here_too(world, site):
    session = make_open_session(world)
    one, two = sit(session, 0), sit(session, 1)
    keep(one, 1)
    told_stray = {"device": "lama", "seq": 1, "digest": "d"}
    item = Event.objects.get().item
    stray = Stray.objects.create(
        attempt=one, item=item, kind="answer", response="b", client_at=NOW, received_at=NOW,
        address="", **told_stray,
    )  # fmt: skip
    decide_evidence(attempt=one, strays=[stray.pk], accepted=False, **TWO, now=later(2))
    correct_late_marks(
        session=session, attempt=one, since=NOW, until=later(1), counts=True, **TWO, now=later(3)
    )
    swap_seats(seat=one.seat, number=2, reason="x", by="p", now=later(4))
    remove_from_seat(seat=fresh(two).seat, **TWO, now=later(5))
    head = head_of(session, now=later(6))
    for model in (EvidenceDecision, Stray, LateCorrection):
        model.objects.all().delete()
    wiped(session)
    seats = [one.seat_id, two.seat_id]
    Seat.every.filter(pk__in=seats).update(removed_at=None)
    for place, pk in enumerate(seats):
        Seat.every.filter(pk=pk).update(number=100 + place)
    newcomer = Seat.every.filter(session=session).exclude(pk__in=seats).first()
    head["seats"].pop(str(newcomer.pk))
    Seat.every.filter(pk=newcomer.pk).update(number=2)
    SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="o")

    for _ in range(2):
        receive(identity().card, {**head, "number": _ + 1}, now=later(60))

    numbers = dict(Seat.every.filter(session=session).values_list("pk", "number"))
    assert numbers[one.seat_id] == 2
    assert numbers[newcomer.pk] not in {2, 0}
    assert not Seat.objects.filter(pk=two.seat_id).exists()
    assert Attempt.objects.get(seat=two.seat_id).set_aside_at == later(5)
    assert EvidenceDecision.objects.get().accepted is False
    assert LateCorrection.objects.get().until == later(1)


def test_a_session_that_was_reopened_at_the_site_is_reopened_here_too(world, site):
    session = make_open_session(world)
    keep(sit(session, 0), 1)
    control.close(session=session, asked_with=1, by="p", now=later(2))
    closed = head_of(fresh_session(session), now=later(3))
    reopen_session(session=fresh_session(session), **TWO, now=later(5))
    opened_again = {**head_of(fresh_session(session), now=later(6)), "number": closed["number"] + 1}
    wiped(session)
    Reopening.objects.all().delete()
    SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="o")

    receive(identity().card, closed, now=later(60))
    assert (fresh_session(session).state, Reopening.objects.count()) == ("closed", 0)
    for _ in range(2):
        receive(identity().card, opened_again, now=later(61))

    assert (fresh_session(session).state, fresh_session(session).closed_at) == ("open", None)
    row = Reopening.objects.get()
    assert (row.attempt, row.at, row.ended_at) == (None, later(5), later(2))
    assert {"reason": row.reason, "by": row.by, "second": row.second} == TWO


def test_a_second_load_keeps_the_seats_of_the_room_and_makes_way_for_a_new_one(world, site):
    session = make_open_session(world)
    content = pack(session=session, site=site, by="o", now=NOW)
    SitePackage.objects.all().delete()
    first, second = session.seats.order_by("number")[:2]
    free = session.room.seats
    swap_seats(seat=first, number=free, reason="Meja rusak", by="p", now=later(1))
    Seat.objects.filter(pk=second.pk).delete()
    Seat.objects.exclude(pk=first.pk).filter(session=session, number=free - 1).update(
        number=second.number
    )

    take_in(content, centre=identity().card.text, now=later(2))

    assert Seat.objects.get(pk=first.pk).number == free
    held = list(Seat.objects.filter(session=session).values_list("number", flat=True))
    assert len(held) == len(set(held))
    session.programme.refresh_from_db()
    assert session.programme.from_centre
    with pytest.raises(FromCentre):
        seat_all(programme=session.programme, actor="o", now=later(3))


@pytest.mark.parametrize("is_taken_back", [False, True])
def test_who_held_the_session_last_says_when_it_is(world, site, is_taken_back):
    """A second load keeps the site's date; after the session was taken back the centre's holds."""
    session = make_open_session(world)
    took_in = {"centre": identity().card.text}
    take_in(pack(session=session, site=site, by="o", now=NOW), **took_in, now=later(1))
    package = SitePackage.objects.get(session=session)
    if is_taken_back:
        words = {"reason": "Mesin rusak", "by": "o", "second": "p"}
        withdraw_package(package=package, **words, now=later(2))
    Session.objects.filter(pk=session.pk).update(starts_at=later(600), ends_at=later(660))
    again = pack(session=fresh_session(session), site=site, by="o", now=later(3))
    Session.objects.filter(pk=session.pk).update(starts_at=later(90), ends_at=later(150))

    take_in(again, **took_in, now=later(4))

    assert fresh_session(session).starts_at == later(600 if is_taken_back else 90)


def fresh_session(session):
    return Session.objects.get(pk=session.pk)


def test_the_centre_shows_what_is_still_missing(client, world, site):
    session = make_open_session(world)
    told, _ = an_exam_day(session)
    wiped(session)
    SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="o")

    found = receive(identity().card, told[2], now=later(60))

    assert (found["declared"], found["missing"]) == (3, 3)
    client.force_login(world.user(Role.OPERATOR))
    text = client.get(reverse("delivery:sites")).content.decode()
    assert "Lebak" in text
    assert identity().card.text in text
    page = client.get(reverse("delivery:board", args=[session.pk])).content.decode()
    assert "<strong>3</strong> belum sampai" in page


def test_the_same_number_with_other_content_is_a_conflict_for_people(world, site):
    session = make_open_session(world)
    told, _ = an_exam_day(session)
    wiped(session)
    SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="o")
    card = identity().card
    for one in told:
        receive(card, one, now=later(60))
    changed = json.loads(json.dumps(told[3]))
    next(iter(changed["seats"].values()))[0][3] = "e"

    receive(card, changed, now=later(61))

    assert receive(card, told[2], now=later(62))["conflicts"] == ["1/1"]
    assert Event.objects.filter(response="e").count() == 0


def test_only_the_site_that_holds_the_session_is_heard(client, world, site):
    session = make_open_session(world)
    told = head_of(session, now=NOW)
    SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="o")
    with pytest.raises(UnknownSite):
        receive(CARD, told, now=NOW)

    answers = [
        client.post(reverse("delivery:site_log"), content, "application/octet-stream").status_code
        for content in (b"", b"{}", signed(told, identity()), signed({"session": 0}, identity()))
    ]
    assert answers == [400, 400, 200, 403]


def test_a_log_carried_by_hand_is_taken_like_one_that_was_sent(client, world, site):
    from django.core.files.uploadedfile import SimpleUploadedFile

    session = make_open_session(world)
    told, _ = an_exam_day(session)
    wiped(session)
    SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="o")
    lines = [signed(one, identity()) for one in told[2:]]
    digests = [sha256(line).hexdigest() for line in lines]
    first = signed({"kind": KIND, "lines": digests}, identity())
    client.force_login(world.user(Role.OPERATOR))

    def carried(*lines):
        file = SimpleUploadedFile("log", b"".join(line + b"\n" for line in lines))
        return client.post(reverse("delivery:site_log_file"), {"file": file}).status_code

    assert carried(first, *lines[:-1]) == 400
    assert carried(*lines) == 400
    assert (Event.objects.count(), SitePackage.objects.get().as_of) == (0, None)
    assert carried(first, *lines) == 302

    assert Event.objects.count() == 3
    assert SitePackage.objects.get().heard_at
    assert SitePackage.objects.get().clock_off is None
    assert timedelta(0) <= later(19) - SitePackage.objects.get().as_of


def test_another_agencys_world_is_not_in_the_package(world, site):
    make_world("B")
    session = make_open_session(world)
    content = unsealed(pack(session=session, site=site, by="o", now=NOW), identity())
    _, told = opened(content, check=anybody)

    agencies = [row["fields"]["code"] for row in told["rows"] if row["model"] == "accounts.agency"]
    assert agencies == ["A"]
