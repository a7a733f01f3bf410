"""Who gets no seat is named, with the reason."""

from __future__ import annotations

import pytest

from outside.agency import give_accounts, make_agency, make_form, make_programme
from outside.installation import words_of

pytestmark = pytest.mark.slow


def test_who_got_no_seat_is_named_with_the_reason(empty):
    agency = make_agency(empty, people=3)
    empty.start("--workers", "1")
    give_accounts(agency)
    make_form(agency)
    make_programme(agency, seats=2)
    operator = agency.sign_in("operator")

    page = operator.done(f"/program/{agency.programme}/kursi/")

    words = words_of(page)
    assert "1 peserta belum mendapat kursi" in words
    assert "Orang 002" in words
    assert agency.nips[2] in words
    assert "kursi semua sesi sudah habis" in words
    assert "Orang 001" not in words
