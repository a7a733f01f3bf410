"""Both directions at once, against sorting everything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cakap.science.matching.jpm import capped_mean
from cakap.science.matching.topk import BLOCK, top_both_ways
from cakap.science.workers import Threads


def parted(shown, asked, k, n):
    """By n threads of our own."""
    with ThreadPoolExecutor(n) as pool:
        return top_both_ways(shown, asked, k, workers=Threads(pool, n))


def board(n_people, n_posts, seed):
    rng = np.random.default_rng(seed)
    shown = rng.integers(1, 6, (n_people, 4)).astype(float)
    asked = rng.integers(0, 6, (n_posts, 4)).astype(float)
    asked[:, 0] = np.maximum(asked[:, 0], 1)
    return shown, asked


def brute(fit, k):
    """Of equal fits the lower number first."""
    order = np.argsort(-np.round(fit, 3), axis=1, kind="stable")[:, :k]
    return np.take_along_axis(fit, order, axis=1)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 60),
    st.integers(1, 40),
    st.integers(1, 8),
    st.integers(0, 10**6),
    st.integers(1, 3),
)
def test_the_lists_are_those_of_sorting_everything(n_people, n_posts, k, seed, threads):
    shown, asked = board(n_people, n_posts, seed)
    fit = capped_mean(shown, asked)

    found = parted(shown, asked, k, threads)

    for rows, values, whole in (
        (found.posts, found.posts_fit, fit), (found.people, found.people_fit, fit.T),
    ):  # fmt: skip
        wanted = brute(whole, k)
        width = wanted.shape[1]
        np.testing.assert_allclose(values[:, :width], wanted, atol=1e-4)
        assert (rows[:, width:] == -1).all()
        own = np.take_along_axis(whole, rows[:, :width], axis=1)
        np.testing.assert_allclose(own, values[:, :width], atol=1e-4)
        assert all(len(set(row)) == width for row in rows[:, :width].tolist())


def test_blocks_and_threads_change_nothing():
    shown, asked = board(3 * BLOCK + 17, 50, 1)

    one = parted(shown, asked, 20, 1)
    two = parted(shown, asked, 20, 2)

    for name in ("posts", "posts_fit", "people", "people_fit"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_prices_are_taken_off_every_fit():
    shown, asked = board(40, 20, 5)
    price = np.linspace(0, 30, 20)
    net = capped_mean(shown, asked) - price

    found = top_both_ways(shown, asked, 3, price=price)

    np.testing.assert_allclose(found.posts_fit, -np.sort(-net, axis=1)[:, :3], atol=1e-4)


def test_a_person_who_can_more_never_fits_less():
    shown, asked = board(200, 30, 3)
    better = shown.copy()
    better[:, 1] = np.minimum(better[:, 1] + 1, 5)

    before = top_both_ways(shown, asked, 5).posts_fit
    after = top_both_ways(better, asked, 5).posts_fit

    assert (after >= before - 1e-4).all()


@pytest.mark.parametrize(("k", "words"), [(0, "k = 0"), (1, "not finite")])
def test_nonsense_is_refused(k, words):
    shown, asked = board(3, 3, 0)
    if k:
        shown[0, 0] = np.nan
    with pytest.raises(ValueError, match=words):
        top_both_ways(shown, asked, k)
