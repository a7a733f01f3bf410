from __future__ import annotations

from cakap.results.compute import Standing, what_is_missing


def test_a_competency_scored_by_sums_is_named_with_the_page_that_mends_it():
    scores = [Standing(dimension="M.01", scale="sum", value=3, se=0, answered=4, input_digest="x")]

    reason = what_is_missing(scores, {"M.01": 3}, {"results.min_answered": 1})

    assert reason == (
        "butir kompetensi M.01 belum berparameter; tetapkan parameternya pada "
        "halaman Kalibrasi, lalu skor lagi"
    )
