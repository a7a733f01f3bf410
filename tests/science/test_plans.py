"""Plans under rules, auctions, chains and the stable variant: laws, and brute force on small boards."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cakap.science.matching.auction import auction
from cakap.science.matching.chains import chains, falls_with, waits_for
from cakap.science.matching.chance import capped_mean_moments, ratio_moments, reaches
from cakap.science.matching.constrained import RulesClash, best_under, clashing, feasible
from cakap.science.matching.jpm import capped_mean, ratio
from cakap.science.matching.large import Crowd, place_crowd
from cakap.science.matching.rotation import best_plan
from cakap.science.matching.rules import (
    Choices,
    apart,
    fill,
    leaving_limit,
    lock,
    move_limit,
    together,
)
from cakap.science.matching.stable import blocking_pairs, deferred_acceptance

SEEDS = st.integers(0, 10**6)


def choices(n, m, seed, spare=2):
    """A board of whole-number gains where everybody may go anywhere."""
    rng = np.random.default_rng(seed)
    current = rng.integers(0, m, n)
    seats = np.bincount(current, minlength=m)
    for post in rng.integers(0, m, spare):
        seats[post] += 1
    person, post = np.indices((n, m)).reshape(2, -1)
    fit = rng.integers(0, 100, (n, m)).astype(float)
    gain = fit - fit[np.arange(n), current][:, None]
    return Choices(person=person, post=post, gain=gain.ravel(), seats=seats, current=current)


def every_plan(board):
    n, m = len(board.current), len(board.seats)
    for target in product(range(m), repeat=n):
        if (np.bincount(target, minlength=m) <= board.seats).all():
            yield np.array(target)


def gain_of(board, target):
    m = len(board.seats)
    return board.gain.reshape(-1, m)[np.arange(len(target)), target].sum()


def keeps(board, rules, target):
    used = target[board.person] == board.post
    for rule in rules:
        if rule.forbids is not None and (rule.forbids & used).any():
            return False
        if rule.rows is not None:
            sums = rule.rows @ used.astype(float)
            if (sums < rule.least - 1e-9).any() or (sums > rule.most + 1e-9).any():
                return False
    return True


def some_rules(board, seed):
    rng = np.random.default_rng(seed)
    place = np.arange(len(board.seats)) % 2
    told = [
        move_limit("moves", board, int(rng.integers(0, 3))),
        together("couple", board, (0, 1), place),
        apart("conflict", board, (1, 2), place),
        leaving_limit("unit", board, place == 0, 1),
        lock("lock", board, 2, int(rng.integers(0, len(board.seats)))),
        fill("fill", board, int(rng.integers(0, len(board.seats))), 1),
    ]
    return [rule for rule in told if rng.random() < 0.6]


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_under_rules_the_plan_is_the_best_of_all_or_the_rules_clash(seed):
    board = choices(4, 3, seed)
    rules = some_rules(board, seed)
    kept = [gain_of(board, plan) for plan in every_plan(board) if keeps(board, rules, plan)]

    if not kept:
        with pytest.raises(RulesClash) as caught:
            best_under(board, rules)
        told = [rules[at] for at in caught.value.rules]
        assert not any(keeps(board, told, plan) for plan in every_plan(board))
        for spared in told:
            rest = [rule for rule in told if rule is not spared]
            assert any(keeps(board, rest, plan) for plan in every_plan(board))
        return
    found = best_under(board, rules)
    assert found.optimal
    assert found.total == pytest.approx(max(kept))
    assert keeps(board, rules, found.target)


def test_rules_that_do_not_clash_are_not_blamed():
    board = choices(4, 3, 1)

    assert feasible(board, [move_limit("m", board, 0)])
    assert clashing(board, [move_limit("m", board, 0)]) == []


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_an_auction_is_within_its_bound_of_the_best(seed):
    board = choices(5, 4, seed)
    n, m = 5, 4
    value = board.gain.reshape(n, m)
    posts = np.tile(np.arange(m), (n, 1))

    found = auction(posts, value, seats=board.seats, step=0.01)

    best = max(gain_of(board, plan) for plan in every_plan(board))
    assert found.total <= best + 1e-9 <= found.bound + 2e-9
    assert found.bound - found.total <= n * 0.01 + 1e-6
    assert (np.bincount(found.target, minlength=m) <= board.seats).all()


def test_an_auction_says_who_has_nowhere_to_go_and_when_seats_do_not_suffice():
    with pytest.raises(ValueError, match="person 1 has no candidate"):
        auction(np.array([[0], [-1]]), np.ones((2, 1)), seats=np.array([2]), step=0.1)
    with pytest.raises(ValueError, match="no plan places everybody"):
        auction(np.zeros((2, 1), dtype=int), np.ones((2, 1)), seats=np.array([1]), step=0.1)
    with pytest.raises(ValueError, match="person 0 has no candidate"):
        auction(np.zeros((1, 1), dtype=int), np.ones((1, 1)), seats=np.array([0]), step=0.1)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_a_move_waits_for_the_seat_it_enters(seed):
    board = choices(8, 5, seed, spare=3)
    rng = np.random.default_rng(seed)
    target = best_under(board, []).target if rng.random() < 0.5 else board.current
    moved = np.flatnonzero(target != board.current)
    held = np.bincount(board.current, minlength=5)
    free = {post: int(board.seats[post] - held[post]) for post in range(5)}

    awaited = waits_for(board.current[moved].tolist(), target[moved].tolist(), free)
    found = chains(awaited)

    assert sorted(move for chain in found for move in chain.moves) == list(range(len(moved)))
    now = held.copy()
    for chain in found:
        if chain.cycle:
            assert len(chain.moves) >= 2
        else:
            for move in chain.moves:
                source, goal = board.current[moved[move]], target[moved[move]]
                now[goal] += 1
                assert now[goal] <= board.seats[goal]
                now[source] -= 1


def test_when_a_link_refuses_those_behind_it_stay():
    # 0 leaves A for a free seat in D, 1 follows into A, 2 into B; 3 and 4 exchange.
    awaited = waits_for([0, 1, 2, 7, 8], [3, 0, 1, 8, 7], {3: 1})

    assert [(chain.moves, chain.cycle) for chain in chains(awaited)] == [
        ((0, 1, 2), False),
        ((3, 4), True),
    ]
    assert falls_with(0, awaited) == [1, 2]
    assert falls_with(1, awaited) == [2]
    assert falls_with(3, awaited) == [4]
    with pytest.raises(ValueError, match="post 3 has no seat"):
        waits_for([0], [3], {})


def market(seed, n=4, m=3):
    """Wishes, and priorities with ties."""
    rng = np.random.default_rng(seed)
    wishes = np.array([rng.permutation(m) for _ in range(n)])
    length = rng.integers(1, m + 1, n)
    wishes[np.arange(m)[None, :] >= length[:, None]] = -1
    standing = rng.integers(0, 3, (n, m)).astype(float)
    return wishes, standing, rng.integers(0, 3, m)


def at_posts(wishes, standing):
    return np.where(wishes >= 0, np.take_along_axis(standing, np.maximum(wishes, 0), axis=1), 0.0)


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_nobody_has_cause_to_object_to_the_stable_plan(seed):
    wishes, standing, seats = market(seed)
    priority = at_posts(wishes, standing)

    target = deferred_acceptance(wishes, priority, seats=seats, seed=seed)

    assert blocking_pairs(target, wishes, priority, seats=seats) == []
    assert (np.bincount(target[target >= 0], minlength=3) <= seats).all()
    assert all(post in row for post, row in zip(target, wishes, strict=True) if post >= 0)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(0, 3))
def test_nobody_gains_by_stating_other_wishes(seed, liar):
    wishes, standing, seats = market(seed)
    truth = [int(post) for post in wishes[liar] if post >= 0]

    def got(stated):
        told = wishes.copy()
        told[liar] = [*stated, *[-1] * (3 - len(stated))]
        return deferred_acceptance(told, at_posts(told, standing), seats=seats, seed=7)[liar]

    honest = got(truth)
    best = truth.index(honest) if honest in truth else len(truth)
    for size in range(4):
        for lie in permutations(range(3), size):
            outcome = got(lie)
            assert outcome not in truth or truth.index(outcome) >= best


def test_an_unstable_plan_names_its_blocking_pairs():
    wishes = np.array([[0, 1], [0, 1]])
    priority = np.array([[2.0, 1.0], [1.0, 1.0]])

    assert blocking_pairs(np.array([1, 0]), wishes, priority, seats=np.array([1, 1])) == [(0, 0)]
    assert blocking_pairs(np.array([-1, 1]), wishes, priority, seats=np.array([1, 1])) == [
        (0, 0),
        (1, 0),
    ]
    with pytest.raises(ValueError, match="shape"):
        deferred_acceptance(wishes, priority[:1], seats=np.array([1, 1]), seed=0)


@pytest.mark.parametrize(
    ("moments", "formula"), [(capped_mean_moments, capped_mean), (ratio_moments, ratio)]
)
def test_moments_of_an_uncertain_match_are_those_of_many_draws(moments, formula):
    rng = np.random.default_rng(3)
    shown, se = rng.uniform(2, 5, (6, 9)), rng.uniform(0.1, 0.5, (6, 9))
    asked = np.concatenate([rng.integers(1, 6, (4, 9)), np.eye(9, dtype=int)[:1] * 3]).astype(float)
    draws = np.stack([formula(np.maximum(rng.normal(shown, se), 0), asked) for _ in range(20000)])

    mean, deviation = moments(shown, se, asked)

    assert np.abs(mean - draws.mean(axis=0)).max() < 0.6
    assert np.abs(deviation - draws.std(axis=0)).max() < 0.6
    likely = reaches(mean, deviation, 80.0)[:, :4]
    assert np.abs(likely - (draws >= 80.0).mean(axis=0)[:, :4]).max() < 0.05


def test_a_certain_level_is_a_certain_match():
    shown, asked = np.array([[3.0, 2.0]]), np.array([[3.0, 4.0]])
    mean, deviation = capped_mean_moments(shown, np.zeros((1, 2)), asked)

    assert mean[0, 0] == pytest.approx(75.0)
    assert deviation[0, 0] == 0
    assert reaches(mean, deviation, 75.0)[0, 0] == 1
    assert reaches(mean, deviation, 75.1)[0, 0] == 0
    with pytest.raises(ValueError, match="standard error"):
        capped_mean_moments(shown, np.array([[np.nan, 1]]), asked)


def crowd(n=300, m=40, seed=4, **more):
    rng = np.random.default_rng(seed)
    shown = np.clip(rng.normal(2.8, 0.9, (n, 5)), 1, 5)
    asked = np.clip(np.round(rng.normal(3, 1, (m, 5))), 1, 5)
    current = rng.integers(0, m, n)
    seats = np.bincount(current, minlength=m) + 1
    told = {"shown": shown, "asked": asked, "current": current, "seats": seats, "move_cost": 1.0}
    return Crowd(**(told | more))


def test_a_crowd_is_placed_within_its_bound_of_the_exact_plan():
    board = crowd()
    exact = best_plan(
        capped_mean(board.shown, board.asked), current=board.current, seats=board.seats,
        allowed=np.ones((300, 40), dtype=bool), must=np.zeros(40, dtype=int), move_cost=1.0,
    )  # fmt: skip

    found = place_crowd(board)

    moves = int((found.target != board.current).sum())
    assert found.total_after - moves <= exact.bound + 1e-6 <= found.bound + 1e-6
    assert found.bound - (found.total_after - moves) <= 1e-4 * found.bound
    assert found.total_after == pytest.approx(
        capped_mean(board.shown, board.asked)[np.arange(300), found.target].sum()
    )


def test_a_crowd_without_enough_seats_is_refused():
    with pytest.raises(ValueError, match="100 people find no place"):
        place_crowd(crowd(current=np.full(300, -1), seats=np.full(40, 5)))
