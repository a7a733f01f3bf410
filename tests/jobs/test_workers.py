"""The same work on threads and on a Dask cluster: equal results."""

from __future__ import annotations

import numpy as np
import pytest
from dask.distributed import LocalCluster

from cakap.jobs.workers import Watched, workers_at
from cakap.science.irt import answers as chunking
from cakap.science.irt.calibration import calibrate
from cakap.science.irt.scoring import Fitted, eap
from cakap.science.matching.large import Crowd, place_crowd
from cakap.science.matching.topk import top_both_ways


def answers_of(persons=6000, items=12, seed=1):
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(persons, 1))
    p = 1 / (1 + np.exp(-(theta * rng.uniform(0.7, 1.7, items) + rng.normal(size=items))))
    found = (rng.random(p.shape) < p).astype(np.int8)
    found[rng.random(p.shape) < 0.1] = -1
    return found


@pytest.fixture
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as own:
        yield own.scheduler_address


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_two_workers_gives_what_threads_give(cluster, monkeypatch):
    monkeypatch.setattr(chunking, "CHUNK", 1000)
    answers = answers_of()

    with workers_at() as here:
        one = calibrate(answers, model="2pl", workers=here)
    with workers_at(cluster) as there:
        other = calibrate(answers, model="2pl", workers=there)
        scores = eap(Fitted(model="2pl", parameters=other.parameters), answers, workers=there)

    assert other.loglik == one.loglik
    assert all(np.array_equal(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(one.errors, other.errors, strict=True))
    assert np.array_equal(
        scores.theta, eap(Fitted(model="2pl", parameters=one.parameters), answers).theta
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_top_lists_and_plans_of_a_cluster_are_those_of_threads(cluster):
    rng = np.random.default_rng(4)
    shown = rng.uniform(1, 5, (4000, 5))
    asked = rng.integers(1, 6, (60, 5)).astype(float)
    current = rng.integers(0, 60, 4000)
    seats = np.bincount(current, minlength=60) + 2
    crowd = Crowd(shown=shown, asked=asked, current=current, seats=seats, move_cost=1.0)

    with workers_at() as here, workers_at(cluster) as there:
        lists = [top_both_ways(shown, asked, 20, workers=one) for one in (here, there)]
        plans = [place_crowd(crowd, workers=one) for one in (here, there)]

    for name in ("posts", "posts_fit", "people", "people_fit"):
        assert np.array_equal(getattr(lists[0], name), getattr(lists[1], name))
    assert np.array_equal(plans[0].target, plans[1].target)
    assert plans[0].bound == plans[1].bound


def test_a_watched_calibration_tells_its_passes():
    told = []

    with workers_at() as own:
        watched = Watched(own, lambda done, total: told.append((done, total)))
        calibrate(answers_of(persons=300), model="2pl", workers=watched)

    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert all(done < total for done, total in told)


def test_a_thousand_items_at_once_do_not_run_out_of_numbers():
    """A likelihood far below the smallest number there is: the posterior stands all the same."""
    rng = np.random.default_rng(2)
    rows = [np.array([1.0, d]) for d in rng.normal(size=3000)]
    theta = np.array([-1.0, 0.5])
    p = np.stack([1 / (1 + np.exp(-(theta + row[1]))) for row in rows], axis=1)
    answers = (rng.random(p.shape) < p).astype(np.int8)

    found = eap(Fitted(model="2pl", parameters=rows), answers, nodes=np.linspace(-6, 6, 601))

    assert found.theta == pytest.approx(theta, abs=0.2)
    assert found.se == pytest.approx([0.045, 0.045], abs=0.01)
