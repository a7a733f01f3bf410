"""Words are the same however their letters were composed or typed."""

from __future__ import annotations

import pytest

from cakap.itembank.marking import mark
from cakap.itembank.responses import Asked, answerable

KEY = {"accepted": ["café", "Kota Serang"], "case": False}


@pytest.mark.parametrize(
    "typed",
    [
        "café", "cafe\u0301", " café ", "ca\u200bfé", "\ufeffcafé", "ＣＡＦＥ\u0301", "kota  serang",
        "Kota\u00a0Serang", "kota\u00ad serang",
        "\u200ekota\u180e \u2066serang\u2069", "\u202bKota\ufe0f Serang\u202c",
    ],
)  # fmt: skip
def test_what_a_person_typed_is_compared_as_they_meant_it(typed):
    assert mark("text", KEY, typed) == 1


@pytest.mark.parametrize("typed", ["cafe", "kotaserang", "café!"])
def test_other_words_stay_other_words(typed):
    assert mark("text", KEY, typed) == 0


@pytest.mark.parametrize(("response", "sound"), [("12.5", True), ("١٢", False), ("１２", False)])
def test_a_number_in_the_log_is_written_in_plain_digits(response, sound):
    assert answerable(Asked(kind="numeric", options=[]))(response) is sound


@pytest.mark.parametrize(
    ("value", "tolerance", "response", "right"),
    [
        (1.0, 0.1, "1.1", 1), (3.14, 0.1, "3.24", 1), (3.14, 0.1, "3.241", 0), (0.3, 0, "0.3", 1),
        (1.0, 0.1, "0.9", 1), (12.5, 0.5, "13.01", 0),
    ],
)  # fmt: skip
def test_a_number_lies_within_its_tolerance_as_it_is_written(value, tolerance, response, right):
    assert mark("numeric", {"value": value, "tolerance": tolerance}, response) == right
