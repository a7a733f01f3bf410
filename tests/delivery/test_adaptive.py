"""A form with an adaptive section: what is offered, answered, scored, and comes out again."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from world import NOW, make_programme, review_items

from cakap.accounts.models import Role
from cakap.delivery.errors import BadEvent, TimeIsUp
from cakap.delivery.models import Offer
from cakap.delivery.queries import finished_sheets
from cakap.delivery.saving import Sent
from cakap.delivery.services import (
    begin,
    give_consent,
    keep_events,
    offer_next,
    sign_in,
    submit,
)
from cakap.itembank.content import Draft
from cakap.itembank.errors import BadItem
from cakap.itembank.models import ItemParameters, ItemVersion, Section
from cakap.itembank.services import SectionPlan, add_items, adopt_parameters, build_form
from cakap.policy.queries import policy_kept
from cakap.programmes.services import add_room, open_session, plan_session, seat_all
from cakap.science.irt.bank import ItemBank
from cakap.science.irt.eap import eap, normal_prior
from cakap.scoring.services import first_difference, score_programme

POOL = [f"N-{n:02d}" for n in range(24)]


def make_pool(world, *, calibrated=True):
    drafts = [
        Draft(
            code=code, kind="single", dimension="N", stem=f"<p>{code}</p>",
            options={"a": "benar", "b": "salah"}, scores={"a": 1, "b": 0},
        )
        for code in [*POOL, "TETAP"]
    ]  # fmt: skip
    add_items(agency=world.agency, drafts=drafts, actor="t", now=NOW)
    versions = ItemVersion.objects.filter(item__code__in=POOL, item__agency=world.agency)
    if calibrated:
        adopt_parameters(
            agency=world.agency,
            parameters={
                v.pk: (1.5, [b])
                for v, b in zip(versions.order_by("item__code"), np.linspace(-2, 2, 24), strict=True)
            },
            source=ItemParameters.Source.CALIBRATED, actor="t", now=NOW - timedelta(days=1),
        )  # fmt: skip


def make_form(world, **more):
    plan = {"title": "Adaptif", "instructions": "", "codes": POOL, "adaptive_items": 8}
    return build_form(
        agency=world.agency, code="CAT", name="Adaptif", minutes=30, actor="t", now=NOW,
        sections=[
            SectionPlan(**(plan | more)),
            SectionPlan(title="Tetap", instructions="", codes=["TETAP"]),
        ],
    )  # fmt: skip


def open_adaptive(world):
    """Everybody seated before a form with an adaptive section, and the session open."""
    make_pool(world)
    form, programme = make_form(world), make_programme(world)
    review_items(world)
    room = add_room(agency=world.agency, name="R", seats=20, location="", actor="t", now=NOW)
    session = plan_session(
        programme=programme, room=room, form=form, starts_at=NOW, actor="t", now=NOW
    )
    seat_all(programme=programme, actor="t", now=NOW)
    open_session(session=session, actor="t", now=NOW)
    session.refresh_from_db()
    return session


@pytest.fixture
def session(world):
    return open_adaptive(world)


def seated(session, number=0):
    seat = session.seats.select_related("participant__employee").order_by("number")[number]
    attempt = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW)
    give_consent(attempt=attempt, now=NOW)
    attempt.refresh_from_db()
    return begin(attempt=attempt, now=NOW)


def answer(attempt, seq, version, option):
    sent = [Sent(seq=seq, kind="answer", item=version, response=option, at=NOW)]
    keep_events(attempt=attempt, device=attempt.device, sent=sent, now=NOW)


def following(attempt):
    section = Section.objects.get(form=attempt.seat.session.form, adaptive_items__isnull=False)
    return offer_next(attempt=attempt, device=attempt.device, section=section.pk, now=NOW)


def sit(attempt, option):
    """The whole adaptive section with one and the same answer; returns the next seq."""
    seq = 0
    offer = attempt.offers.get()
    while offer:
        seq += 1
        answer(attempt, seq, offer.version_id, option)
        offer = following(attempt)
    return seq


def test_the_first_item_is_there_when_the_test_begins(session):
    attempt = seated(session)

    offer = attempt.offers.get()
    assert (offer.place, offer.theta) == (1, pytest.approx(0))
    assert following(attempt) == offer, "asking again without an answer gives the same item"


def test_right_answers_lead_up_and_wrong_ones_down(session):
    able, unable = seated(session, 0), seated(session, 1)
    sit(able, "a")
    sit(unable, "b")

    assert able.offers.count() == unable.offers.count() == 8
    last = {one: one.offers.order_by("place").last() for one in (able, unable)}
    assert last[able].theta > 1 > -1 > last[unable].theta
    assert last[able].se < able.offers.first().se
    assert len(set(able.offers.values_list("version", flat=True))) == 8


def test_only_the_newest_item_may_be_answered_and_resending_is_no_news(session):
    attempt = seated(session)
    first = attempt.offers.get().version_id
    answer(attempt, 1, first, "a")
    second = following(attempt).version_id
    never = ItemVersion.objects.filter(item__code__in=POOL).exclude(pk__in=[first, second])[0].pk

    with pytest.raises(BadEvent, match="sebelum soal berikutnya"):
        answer(attempt, 2, first, "b")
    with pytest.raises(BadEvent, match="sebelum soal berikutnya"):
        answer(attempt, 2, never, "a")
    answer(attempt, 1, first, "a")
    answer(attempt, 2, second, "b")
    assert attempt.events.count() == 2


def test_what_was_not_offered_is_missing_in_the_score_and_it_comes_out_again(session):
    attempt = seated(session)
    seq = sit(attempt, "a")
    submit(attempt=attempt, device=attempt.device, last_seq=seq, now=NOW)
    sheet = next(iter(finished_sheets(session.programme, now=NOW)))

    run = score_programme(programme=session.programme, actor="t", now=NOW)

    score = run.scores.get(participant=attempt.seat.participant_id, dimension="N")
    assert len(sheet.offered) == 8
    assert (score.scale, score.answered) == ("sum", 8), "TETAP has no parameters: a sum"
    assert first_difference(run) == ""


def test_the_score_of_an_adaptive_section_is_the_eap_of_its_items(session):
    tetap = ItemVersion.objects.get(item__code="TETAP")
    adopt_parameters(
        agency=session.programme.organiser, parameters={tetap.pk: (1.0, [0.0])},
        source=ItemParameters.Source.CALIBRATED, actor="t", now=NOW - timedelta(hours=1),
    )  # fmt: skip
    attempt = seated(session)
    seq = sit(attempt, "a")
    submit(attempt=attempt, device=attempt.device, last_seq=seq, now=NOW)

    run = score_programme(programme=session.programme, actor="t", now=NOW)

    score = run.scores.get(participant=attempt.seat.participant_id, dimension="N")
    given = ItemParameters.objects.filter(version__in=attempt.offers.values("version"))
    bank = ItemBank.of(
        [*given.values_list("slope", flat=True), 1.0],
        [*given.values_list("thresholds", flat=True), [0.0]],
    )
    nodes, prior = normal_prior(*policy_kept(run.policy_digest)["results.prior"])
    expected = eap(bank, np.array([[1] * 8 + [0]], dtype=np.int8), nodes=nodes, prior=prior)
    assert score.value == pytest.approx(expected.theta[0])
    assert first_difference(run) == ""


def test_the_page_gets_only_what_was_offered(session, client):
    seat = session.seats.select_related("participant__employee").order_by("number")[0]
    client.post(
        reverse("delivery:enter"), {"nip": seat.participant.employee.nip, "pin": session.pin}
    )
    client.post(reverse("delivery:consent"), {"agree": "on"})
    client.post(reverse("delivery:start"))
    content = client.get(reverse("delivery:content")).json()

    adaptive, fixed = content["parts"]
    attempt = content["attempt"]
    assert adaptive["adaptive"]["most"] == 8
    assert (len(adaptive["questions"]), len(fixed["questions"]), fixed["adaptive"]) == (1, 1, None)
    assert "scores" not in str(content)
    assert "slope" not in str(content)
    section, first = adaptive["section"], adaptive["questions"][0]["id"]
    event = {
        "seq": 1,
        "kind": "answer",
        "item": first,
        "response": "a",
        "at": "2025-01-22T01:00:00+00:00",
    }
    told = {"attempt": attempt, "events": [event]}
    client.post(reverse("delivery:answers"), told, content_type="application/json")

    def following(wanted):
        return client.post(
            reverse("delivery:following"), {"attempt": attempt, "section": wanted},
            content_type="application/json",
        )  # fmt: skip

    found = following(section)
    assert found.json()["question"]["id"] != first
    bad = following("x")
    assert bad.status_code == 400
    none = following(10**6)
    assert none.status_code == 400


def test_nothing_is_offered_after_the_end(session):
    attempt = seated(session)
    sit(attempt, "a")
    attempt.closes_at = NOW - timedelta(hours=1)

    with pytest.raises(TimeIsUp):
        following(attempt)
    assert Offer.objects.filter(attempt=attempt).count() == 8


def test_a_pool_without_parameters_or_too_small_is_refused(world):
    make_pool(world, calibrated=False)
    with pytest.raises(BadItem, match="24 butir belum berparameter"):
        make_form(world)
    versions = ItemVersion.objects.filter(item__code__in=POOL)
    adopt_parameters(
        agency=world.agency, parameters={v.pk: (1.0, [0.0]) for v in versions},
        source=ItemParameters.Source.CALIBRATED, actor="t", now=NOW,
    )  # fmt: skip
    with pytest.raises(BadItem, match="30 butir diminta"):
        make_form(world, adaptive_items=30)


def test_a_psychometrician_builds_it_on_the_page(world, client):
    make_pool(world)
    versions = ItemVersion.objects.filter(item__code="TETAP")
    adopt_parameters(
        agency=world.agency, parameters={v.pk: (1.0, [0.0]) for v in versions},
        source=ItemParameters.Source.CALIBRATED, actor="t", now=NOW,
    )  # fmt: skip
    client.force_login(world.user(Role.PSYCHOMETRICIAN))
    told = {"code": "AD", "name": "Adaptif", "minutes": 30, "dimensions": ["N"], "adaptive": ["N"]}

    client.post(reverse("itembank:build"), told)
    assert not Section.objects.exists()
    client.post(reverse("itembank:build"), told | {"adaptive_items": 10, "adaptive_precision": 0.4})

    section = Section.objects.get()
    assert (section.adaptive_items, section.adaptive_precision) == (10, 0.4)
