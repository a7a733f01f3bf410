"""An exam as its requests are: which attempt, which answers, what is refused and what is kept."""

from __future__ import annotations

import pytest

from outside.exam import Participant

pytestmark = pytest.mark.slow


def test_a_participant_answers_and_submits(shared_agency):
    person = Participant(shared_agency, 0)

    assert person.answer(person.items[0], "b").status_code == 200
    assert person.submit().json()["answered"] == 1
