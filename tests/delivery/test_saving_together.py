"""Whatever is sent in one commit ends as each sending would alone: the answer log's save and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import NOW

from cakap.delivery.models import Event, Stray
from cakap.delivery.protocol import Kept, Sending, Sent
from cakap.delivery.saving import save
from cakap.delivery.services import begin, give_consent, sign_in
from cakap.itembank.models import ItemVersion


@pytest.fixture
def sitters(session):
    """Four people at work."""
    found = []
    for seat in session.seats.select_related("participant__employee").order_by("number")[:4]:
        attempt = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW)
        give_consent(attempt=attempt, now=NOW)
        attempt.refresh_from_db()
        found.append(begin(attempt=attempt, now=NOW))
    return found


SEQ = st.one_of(
    st.integers(1, 6), st.sampled_from([0, -1, 2**31, 2**63, 10**30, 3.7, "4", None, True])
)
KIND = st.sampled_from(["answer", "answer", "answer", "flag", "shown", "typed", "shout", None, 7])
ITEM = st.sampled_from([0, 0, 1, 2, 10**6, 10**30, "0", None])  # a place among the form's items
RESPONSE = st.one_of(
    st.sampled_from(["a", "b", "c", "", "1"]),
    st.sampled_from(["\ud83d", "a\x00", "\x00", "ã" * 30_000, None, 3, ["a"]]),
    st.text(max_size=5),
)
AT = st.sampled_from(
    [
        NOW, NOW.replace(tzinfo=None), datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC),
        datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=-23))), "2025-01-22", None,
    ]
)  # fmt: skip
EVENT = st.builds(dict, seq=SEQ, kind=KIND, item=ITEM, response=RESPONSE, at=AT)
DEVICE = st.sampled_from(["own", "own", "own", "other", "x" * 32, "", "\ud83d", "\x00"])
SENDING = st.tuples(st.integers(0, 3), DEVICE, st.lists(EVENT, max_size=4))


def outcome(found):
    if isinstance(found, Kept):
        return (found.last_seq, [(one.seq, one.code, one.evidence) for one in found.refused])
    return type(found).__name__


def log():
    events = Event.objects.values_list("attempt", "seq", "kind", "item", "response", "late")
    strays = Stray.objects.values_list("attempt", "device", "seq", "kind", "item", "response")
    return sorted(events), sorted(strays, key=repr)


class _Undo(Exception):
    pass


def tried(sendings, *, together):
    """The outcomes and the log that these sendings leave in a database that is put back afterwards."""
    found = None
    try:
        with transaction.atomic():
            parts = [sendings] if together else [[one] for one in sendings]
            outcomes = [outcome(one) for part in parts for one in save(part, now=NOW)]
            found = outcomes, log()
            raise _Undo
    except _Undo:
        return found


def test_any_mix_in_one_commit_ends_as_each_would_alone(sitters):
    items = list(ItemVersion.objects.order_by("pk").values_list("pk", flat=True))[:3]
    own = {n: attempt.device for n, attempt in enumerate(sitters)}

    def sending(told):
        number, device, events = told
        devices = {"own": own[number], "other": own[(number + 1) % 4]}
        return Sending(
            attempt=sitters[number].pk, device=devices.get(device, device),
            sent=[
                Sent(**{**one, "item": items[one["item"]] if one["item"] in {0, 1, 2} else one["item"]})
                for one in events
            ],
        )  # fmt: skip

    @settings(
        max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.lists(SENDING, min_size=1, max_size=6))
    def holds(told):
        sendings = [sending(one) for one in told]
        assert tried(sendings, together=True) == tried(sendings, together=False)

    holds()


def test_a_row_that_the_database_does_not_take_is_refused_alone(sitters, monkeypatch):
    """Whatever no check foresaw: here an item whose number no column holds."""
    from cakap.delivery import saving

    item = ItemVersion.objects.order_by("pk")[0].pk
    known = dict(saving.answerable_of(sitters[0].seat.session.form_id))
    monkeypatch.setattr(saving, "answerable_of", lambda form: {**known, 2**70: lambda _: True})
    good = Sent(seq=1, kind="answer", item=item, response="a", at=NOW)
    bad = Sent(seq=2, kind="answer", item=2**70, response="a", at=NOW)

    outcomes = save(
        [
            Sending(attempt=sitters[0].pk, device=sitters[0].device, sent=[good, bad]),
            Sending(attempt=sitters[1].pk, device=sitters[1].device, sent=[good]),
        ],
        now=NOW,
    )

    assert [outcome(one) for one in outcomes] == [(1, [(2, "BadEvent", True)]), (1, [])]
    assert Event.objects.count() == 2
