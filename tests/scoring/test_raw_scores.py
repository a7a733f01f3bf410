"""A raw score is on the receipt and the board by policy alone, and never of what does not count."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core import signing
from django.urls import reverse
from world import NOW

from cakap.accounts.models import Role
from cakap.delivery.models import Attempt, Event
from cakap.itembank.models import FormItem
from cakap.policy.queries import policy_in_force
from cakap.policy.services import keep_policy, override_rule
from cakap.programmes.models import Programme, Session
from cakap.scoring import raw_scores


@pytest.fixture
def attempt(session):
    """Submitted, with three graded answers: 4, 4 (after 1) and 2 points."""
    seat = session.seats.order_by("number").first()
    row = Attempt.objects.create(
        seat=seat, seed=1, device="d", signed_in_at=NOW, consented_at=NOW, begun_at=NOW,
        closes_at=NOW + timedelta(hours=1), submitted_at=NOW + timedelta(minutes=5),
    )  # fmt: skip
    items = FormItem.objects.filter(
        section__form=session.form, version__item__kind="graded"
    ).values_list("version", flat=True)[:3]
    for seq, (item, response) in enumerate(
        [(items[0], "e"), (items[1], "b"), (items[1], "e"), (items[2], "c")], start=1
    ):
        Event.objects.create(
            attempt=row, seq=seq, kind="answer", item_id=item, response=response, client_at=NOW,
            received_at=NOW, late=False, device="d", address="",
        )  # fmt: skip
    return row


def switch_on(session, *keys: str) -> None:
    agency = session.programme.initiator.code
    for key in keys:
        override_rule(
            agency=agency,
            key=key,
            value=True,
            reason="x",
            since=date(2025, 1, 1),
            actor="t",
            now=NOW,
        )
    digest = keep_policy(policy_in_force(agency=agency, on=NOW.date()))
    Programme.objects.filter(pk=session.programme_id).update(policy_digest=digest)


def receipt_of(client, attempt) -> str:
    client.cookies["cakap_ujian"] = signing.dumps([attempt.pk, "d"], salt="cakap.delivery")
    return client.get(reverse("delivery:receipt")).content.decode()


def board_of(client, world, session):
    client.force_login(world.user(Role.PROCTOR))
    return client.get(reverse("web:live_scores", args=[session.pk]))


def test_without_the_rule_no_page_shows_a_score_and_none_is_computed(
    client, world, session, attempt, monkeypatch
):
    monkeypatch.setattr(raw_scores, "scored_items", None)

    assert "Skor mentah" not in receipt_of(client, attempt)
    assert board_of(client, world, session).status_code == 404
    console = client.get(reverse("delivery:board", args=[session.pk])).content.decode()
    assert "/skor/" not in console


def test_by_policy_the_receipt_shows_the_raw_score_and_says_that_it_is_no_result(
    client, session, attempt
):
    switch_on(session, raw_scores.ON_RECEIPT)

    text = receipt_of(client, attempt)

    assert "<strong>10</strong> dari" in text
    assert "bukan hasil penilaian" in text


def test_by_policy_the_board_shows_submitted_attempts_by_seat_or_by_name(
    client, world, session, attempt
):
    switch_on(session, raw_scores.ON_BOARD)
    name = attempt.seat.participant.employee.full_name
    text = board_of(client, world, session).content.decode()
    assert "<strong>10</strong>" in text
    assert name not in text

    switch_on(session, raw_scores.WITH_NAMES)
    text = board_of(client, world, session).content.decode()
    assert name in text

    Attempt.objects.update(submitted_at=None)
    assert "Belum ada peserta" in board_of(client, world, session).content.decode()


@pytest.mark.parametrize("how", ["rehearsal", "cancelled", "aside", "time may be given back"])
def test_what_does_not_count_has_no_score(client, session, attempt, how):
    switch_on(session, raw_scores.ON_RECEIPT)
    if how == "aside":
        Attempt.objects.update(set_aside_at=NOW)
    elif how == "time may be given back":
        Attempt.objects.update(submitted_at=None)
    else:
        told = {"is_rehearsal": True} if how == "rehearsal" else {"state": "cancelled"}
        Session.objects.filter(pk=session.pk).update(**told)

    assert "Skor mentah" not in receipt_of(client, attempt)
