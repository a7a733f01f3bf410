"""Response times and likeness: false alarms as seldom as promised, and real ones found."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cakap.science.integrity.similarity import at_least, leaked_key, neighbours
from cakap.science.integrity.times import lognormal_times, rapid_guessing
from cakap.science.irt.scoring import Fitted


def times_of(seed, persons=1500, items=30):
    rng = np.random.default_rng(seed)
    speed = rng.normal(0, 0.3, persons)
    intensity, precision = rng.normal(4, 0.4, items), rng.uniform(1.5, 3, items)
    noise = rng.normal(size=(persons, items)) / precision
    return np.exp(intensity - speed[:, None] + noise), speed, intensity, precision


def test_the_time_model_finds_what_made_the_times():
    seconds, speed, intensity, precision = times_of(1)

    found = lognormal_times(seconds)

    assert found.intensity == pytest.approx(intensity, abs=0.08)
    assert found.precision == pytest.approx(precision, rel=0.12)
    assert found.speed_sd == pytest.approx(0.3, abs=0.03)
    assert np.corrcoef(found.speed, speed)[0, 1] > 0.95
    assert (found.p < 0.01).mean() == pytest.approx(0.01, abs=0.01)


def test_a_person_who_knew_half_of_the_test_beforehand_stands_out():
    seconds, *_ = times_of(2)
    seconds[7, :15] = 3.0

    found = lognormal_times(seconds)

    assert found.p[7] < 1e-6


def test_missing_times_are_left_out():
    seconds, *_ = times_of(3)
    holes = np.where(np.random.default_rng(1).random(seconds.shape) < 0.3, np.nan, seconds)

    assert lognormal_times(holes).intensity == pytest.approx(
        lognormal_times(seconds).intensity, abs=0.06
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [([[1.0, 2], [0, 3]], "not above 0"), ([[1.0, np.nan], [2, 3]], "item 1: fewer than two")],
)
def test_times_that_cannot_be_are_named(seconds, words):
    with pytest.raises(ValueError, match=words):
        lognormal_times(np.array(seconds))


def test_rapid_guessing_is_told_from_work():
    seconds, *_ = times_of(4, persons=200)
    right = np.ones(seconds.shape)
    seconds[0, :10] = 1.0
    right[0, :10] = np.random.default_rng(1).integers(0, 2, 10)

    found = rapid_guessing(seconds, right)

    assert found.effort[0] == pytest.approx(20 / 30)
    assert np.median(found.effort) == 1
    assert found.accuracy[0] < found.accuracy[1]


def test_the_tail_of_unequal_coins_is_exact():
    chances = np.array([0.2, 0.5, 0.9])
    direct = sum(
        np.prod([c if hit else 1 - c for c, hit in zip(chances, hits, strict=True)])
        for hits in itertools.product([0, 1], repeat=3)
        if sum(hits) >= 2
    )

    assert at_least(chances, 2) == pytest.approx(direct)
    assert at_least(chances, 0) == pytest.approx(1)


def room_of(seed, persons=300, items=40):
    rng = np.random.default_rng(seed)
    known = Fitted(
        model="graded",
        parameters=[
            np.array([rng.uniform(0.8, 1.6), *np.sort(rng.normal(0, 1.2, 3))[::-1]])
            for _ in range(items)
        ],
    )
    theta = rng.normal(size=persons)
    p = [np.exp(known.log_p(item, theta)) for item in range(items)]
    draws = rng.random((items, persons))
    answers = [
        (np.cumsum(one, axis=0) < draw).sum(axis=0) for one, draw in zip(p, draws, strict=True)
    ]
    return known, np.stack(answers, axis=1).astype(np.int8)


def test_a_copied_sheet_is_flagged_and_honest_neighbours_are_not():
    known, answers = room_of(5)
    copied = answers.copy()
    copied[1, :34] = copied[0, :34]

    found = neighbours(known, copied, [(n, n + 1) for n in range(299)], alpha=0.01)

    assert 0 in found.flagged
    assert len(found.flagged) <= 2
    assert found.expected_false == 0.01


def test_false_alarms_between_strangers_are_as_seldom_as_promised():
    known, answers = room_of(6)

    found = neighbours(known, answers, [(n, n + 1) for n in range(299)])

    assert (found.p < 0.05).mean() < 0.09
    assert len(found.flagged) == 0


def test_a_leaked_key_shows_in_those_who_had_it():
    known, answers = room_of(7)
    key = np.random.default_rng(1).integers(0, 4, 40).astype(np.int8)
    leaked = np.arange(15)
    answers[3, leaked] = key[leaked]

    found = leaked_key(known, answers, key, leaked)

    assert found.flagged.tolist() == [3]
    assert found.matches[3] == 15
    with pytest.raises(ValueError, match="every item is leaked"):
        leaked_key(known, answers, key, np.arange(40))
