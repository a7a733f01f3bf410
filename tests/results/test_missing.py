from __future__ import annotations

import pytest

from cakap.policy.book import Policy, default_rules
from cakap.results.compute import Standing, find, what_is_missing


def test_a_competency_scored_by_sums_is_named_with_the_page_that_mends_it():
    scores = [Standing(dimension="M.01", scale="sum", value=3, se=0, answered=4, input_digest="x")]

    reason = what_is_missing(scores, {"M.01": 3}, {"results.min_answered": 1})

    assert reason == (
        "butir kompetensi M.01 belum berparameter; tetapkan parameternya pada "
        "halaman Kalibrasi, lalu skor lagi"
    )


def test_a_standard_that_asks_reasoning_as_a_competency_is_not_measured():
    scores = [
        Standing(dimension="TIU", scale="theta", value=0, se=1, answered=20, input_digest="x")
    ]

    reason = what_is_missing(scores, {"TIU": 3}, {"results.min_answered": 1})

    assert reason == "kompetensi TIU tidak diukur"


@pytest.mark.parametrize(("scale", "is_known"), [("theta", True), ("sum", False)])
def test_a_sum_of_reasoning_has_no_percentile_on_a_scale_of_abilities(scale, is_known):
    scores = [
        Standing(dimension="M.01", scale="level", value=3, se=0, answered=4, input_digest="x"),
        Standing(dimension="TIU", scale=scale, value=17, se=0, answered=20, input_digest="y"),
    ]

    found = find(scores, {"M.01": 3}, purpose="mapping", policy=Policy(default_rules()))

    assert (found.potential is not None) == is_known
