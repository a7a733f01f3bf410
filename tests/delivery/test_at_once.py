"""Two people who do one thing at the same moment, on a database that lets them: PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connection
from world import NOW

from cakap.delivery import desk
from cakap.delivery.models import CheckIn
from cakap.programmes import services
from cakap.programmes.models import Seat

AT_ONCE = 1.0  # s for which the first waits for a second that is held up


@pytest.fixture
def meeting():
    """Where both have read and neither has written, if nothing holds one of them up."""
    if connection.vendor != "postgresql":
        pytest.skip("transactions that write are one after the other here")
    barrier = Barrier(2)

    def meet(*_args, **_named):
        with suppress(BrokenBarrierError):
            barrier.wait(AT_ONCE)

    return meet


def both(act, *arguments):
    def own(argument):
        try:
            return act(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(own, arguments))


@pytest.mark.django_db(transaction=True)
def test_two_operators_who_seat_two_people_at_once_give_two_numbers(session, meeting, monkeypatch):
    people = [seat.participant for seat in session.seats.order_by("number")[:2]]
    taken = set(session.seats.order_by("number").values_list("number", flat=True)[:2])
    Seat.objects.filter(session=session, participant__in=people).update(removed_at=NOW)
    monkeypatch.setattr(services, "_refuse_empty_office", meeting)

    given = both(
        lambda who: services.seat_participant(
            session=type(session).objects.get(pk=session.pk), participant=who, actor="o", now=NOW
        ),
        *people,
    )

    assert {seat.number for seat in given} == taken


@pytest.mark.django_db(transaction=True)
def test_two_desks_that_check_one_person_in_at_once_give_one_pin(session, meeting, monkeypatch):
    seat = session.seats.order_by("number")[0]
    ends = desk.registration_ends

    def met(own):
        meeting()
        return ends(own)

    monkeypatch.setattr(desk, "registration_ends", met)
    words = {"reason": "Tanpa foto", "second": "q", "now": ends(session)}

    given = both(
        lambda by: desk.check_in(seat=Seat.objects.get(pk=seat.pk), by=by, **words), "p", "o"
    )

    assert {row.pin for row in given} == set(CheckIn.objects.values_list("pin", flat=True))
