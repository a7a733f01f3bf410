"""Both directions, and the whole board: beside NumPy, a rival solver, and the memory's speed.

    python benchmarks/placement.py [--quick] [--json] [--people N ...]

Top lists: 449,000 people by 20,000 post standards, nine competencies, twenty of each. NumPy does the same
arithmetic on a part of the board (it would need 36 GB for the whole); the ratio is of pairs a second.
Boards: 30 officials and 2,931 officers, exactly; the same 2,931 under side rules; 449,000 people with twenty
candidate posts each by auction, with the gap to its dual bound and the time OR-tools' min-cost flow takes for
the same pairs. Whole board: everybody over every post, nothing written down. Cluster: the top lists on Dask
with one worker and with two, one thread each.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from lines import Line, Lines, options_of

from cakap.jobs.workers import workers_at
from cakap.science.matching.auction import auction
from cakap.science.matching.constrained import best_under
from cakap.science.matching.flow import Pairs, assign_pairs
from cakap.science.matching.jpm import capped_mean
from cakap.science.matching.large import Crowd, place_crowd
from cakap.science.matching.rotation import SCALE, best_plan
from cakap.science.matching.rules import (
    Choices,
    apart,
    leaving_limit,
    lock,
    move_limit,
    together,
)
from cakap.science.matching.topk import top_both_ways

TOP = 20
MOVE_COST = 1.0


def board(n_people: int, n_posts: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2025)
    shown = np.clip(rng.normal(2.8, 0.9, (n_people, 9)), 1, 5)
    asked = np.clip(np.round(rng.normal(3, 1, (n_posts, 9))), 1, 5)
    return shown, asked


def seated(n_people: int, n_posts: int) -> tuple[np.ndarray, np.ndarray]:
    """Where everybody is now, and seats: those held, and one in twenty more."""
    rng = np.random.default_rng(2026)
    current = rng.integers(0, n_posts, n_people)
    held = np.bincount(current, minlength=n_posts)
    return current, held + rng.binomial(held + 1, 0.05)


def timed(what: Callable[[], Any], times: int) -> list[float]:
    took = []
    for _ in range(times):
        start = time.perf_counter()
        what()
        took.append(time.perf_counter() - start)
    return took


def plain_numpy(shown: np.ndarray, asked: np.ndarray) -> None:
    """The whole matrix, then the twenty best of its rows and of its columns."""
    fit = capped_mean(shown, asked)
    np.argpartition(-fit, TOP, axis=1)[:, :TOP]
    np.argpartition(-fit, TOP, axis=0)[:TOP]


def memory_speed() -> float:
    """Bytes a second that NumPy adds up out of memory: what no reader of the matrix could pass."""
    block = np.ones(64 * 2**20, dtype=np.float32)
    return block.nbytes / min(timed(block.sum, 5))


def top_lists(n_people: int, n_posts: int) -> dict[str, float]:
    small = board(4000, 2000)
    numpy_rate = 4000 * 2000 / statistics.median(timed(lambda: plain_numpy(*small), 5))
    people = board(n_people, n_posts)
    seconds = timed(lambda: top_both_ways(*people, TOP), 3)
    pairs = n_people * n_posts / statistics.median(seconds)
    return {
        "top_people": n_people, "top_posts": n_posts, "top": TOP,
        "top_seconds": statistics.median(seconds), "top_least": min(seconds), "top_most": max(seconds),
        "top_pairs_per_second": pairs, "top_ratio_to_numpy": pairs / numpy_rate,
        # Reading a single-precision matrix of all fits once, if it were there.
        "top_ratio_to_memory": pairs * 4 / memory_speed(),
        "top_peak_gib": peak(),
    }  # fmt: skip


def exact_board(name: str, n_people: int, n_posts: int) -> dict[str, float]:
    """Everybody over every post, fits computed and the plan proved."""
    shown, asked = board(n_people, n_posts)
    current, seats = seated(n_people, n_posts)
    everything = np.ones((n_people, n_posts), dtype=bool)

    def plan() -> None:
        best_plan(
            capped_mean(shown, asked), current=current, seats=seats, allowed=everything,
            must=np.zeros(n_posts, dtype=np.int64), move_cost=MOVE_COST,
        )  # fmt: skip

    return {f"{name}_seconds": statistics.median(timed(plan, 3))}


def ruled_board(n_people: int, n_posts: int) -> dict[str, float]:
    """At most a fifth may move, a couple in one town, two who may not meet, a unit that keeps its people."""
    fit = capped_mean(*board(n_people, n_posts))
    current, seats = seated(n_people, n_posts)
    held = np.arange(n_people), current
    gain = fit - fit[held][:, None] - MOVE_COST
    gain[held] = 0.0
    person, post = np.indices(fit.shape).reshape(2, -1)
    told = Choices(person=person, post=post, gain=gain.ravel(), seats=seats, current=current)
    town = np.arange(n_posts) % 7
    rules = [
        move_limit("moves", told, n_people // 5), together("couple", told, (0, 1), town),
        apart("conflict", told, (2, 3), town), leaving_limit("unit", told, town == 0, 2),
        lock("lock", told, 5, 3),
    ]  # fmt: skip
    start = time.perf_counter()
    found = best_under(told, rules)
    return {
        "ruled_seconds": time.perf_counter() - start,
        "ruled_gap": (found.bound - found.total) / found.bound,
    }


def candidates(n_people: int, n_posts: int) -> dict[str, float]:
    """Twenty candidate posts each, one of them one's own, by auction and by OR-tools."""
    rng = np.random.default_rng(2027)
    current, seats = seated(n_people, n_posts)
    posts = np.sort(rng.integers(0, n_posts, (n_people, TOP)), axis=1)
    posts[:, 0] = current
    posts[:, 1:][posts[:, 1:] == posts[:, :-1]] = -1
    shown, asked = board(n_people, n_posts)
    value = np.stack(
        [
            100.0 * np.minimum(shown / asked[posts[:, at]], 1.0).mean(axis=1)
            for at in range(TOP)
        ],
        axis=1,
    ) - MOVE_COST * (np.arange(TOP) > 0)  # fmt: skip
    start = time.perf_counter()
    found = auction(posts, value, seats=seats, step=0.001)
    took = time.perf_counter() - start
    real = posts >= 0
    pairs = Pairs(
        person=np.nonzero(real)[0], post=posts[real],
        gain=np.round(value[real] * SCALE).astype(np.int64),
    )  # fmt: skip
    none = np.zeros(n_posts, dtype=np.int64)
    start = time.perf_counter()
    _, exact = assign_pairs(pairs, n_people=n_people, seats=seats, must=none)
    rival = time.perf_counter() - start
    return {
        "sparse_people": n_people, "sparse_candidates": TOP, "sparse_seconds": took,
        "sparse_gap_to_dual_bound": (found.bound - found.total) / found.bound,
        "sparse_gap_to_exact": (exact / SCALE - found.total) / found.bound,
        "sparse_or_tools_seconds": rival, "sparse_ratio_to_or_tools": rival / took,
    }  # fmt: skip


def whole_board(n_people: int, n_posts: int) -> dict[str, float]:
    """Everybody over every post, nothing written down, the bound over all pairs."""
    shown, asked = board(n_people, n_posts)
    current, seats = seated(n_people, n_posts)
    crowd = Crowd(shown=shown, asked=asked, current=current, seats=seats, move_cost=MOVE_COST)
    start = time.perf_counter()
    found = place_crowd(crowd)
    took = time.perf_counter() - start
    total = found.total_after - MOVE_COST * int((found.target != current).sum())
    return {"whole_seconds": took, "whole_gap": (found.bound - total) / found.bound}


def on_dask(n_people: int, n_posts: int) -> dict[str, float]:
    """Seconds of the top lists with one worker of the cluster and with two."""
    from dask.distributed import LocalCluster

    people, found = board(n_people, n_posts), {}
    for n in (1, 2):
        with (
            LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=None) as cluster,
            workers_at(cluster.scheduler_address) as workers,
        ):
            top_both_ways(*board(3000, 50), TOP, workers=workers)
            seconds = timed(lambda told=workers: top_both_ways(*people, TOP, workers=told), 3)
        found[f"dask_{n}_seconds"] = statistics.median(seconds)
    return found | {"dask_speed_up": found["dask_1_seconds"] / found["dask_2_seconds"]}


def scaled(n_people: int, n_posts: int) -> dict[str, float]:
    """The top lists once and the whole board, for so many people; memory is the peak so far."""
    people = board(n_people, n_posts)
    (seconds,) = timed(lambda: top_both_ways(*people, TOP), 1)
    found = {"top_seconds": seconds, **whole_board(n_people, n_posts), "peak_gib": peak()}
    return {f"{n_people}_{key}": value for key, value in found.items()}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def figures(found: dict[str, float]) -> Iterator[Line]:
    """A line for each figure; the unit stands at the end of its name."""
    units = {"seconds": "s", "gib": "GiB", "pairs_per_second": "pairs/s"}
    rivals = {
        "top_ratio_to_numpy": "NumPy, whole matrix", "top_ratio_to_memory": "reading memory",
        "sparse_ratio_to_or_tools": "OR-tools min-cost flow",
    }  # fmt: skip
    for key, value in found.items():
        unit = next((word for end, word in units.items() if key.endswith(end)), "")
        ratio = value if key in rivals else None
        yield Line(name=key, value=value, unit=unit, rival=rivals.get(key), ratio=ratio)


def main() -> int:
    parser = options_of(__doc__)
    parser.add_argument(
        "--people", type=int, nargs="*", help="only the top lists and the whole board, for so many"
    )
    told = parser.parse_args()
    lines = Lines(as_json=told.json)
    if told.people:
        for n in told.people:
            lines.measure(f"{n} people", "s", partial(_scaled, n))
        return lines.end()
    size = (45_000, 2_000) if told.quick else (449_000, 20_000)
    top_both_ways(*board(3000, 50), TOP)  # compiled before it is timed
    candidates(300, 40)
    ruled = (600, 100) if told.quick else (2931, 500)
    parts: dict[str, Callable[[], dict[str, float]]] = {
        "top lists": lambda: top_lists(*size),
        "30 officials": lambda: exact_board("officials", 30, 40),
        "2,931 officers": lambda: exact_board("officers", 2931, 500),
        "2,931 officers under rules": lambda: ruled_board(*ruled),
        "candidate posts": lambda: candidates(*size),
        "whole board": lambda: whole_board(*size),
        "Dask": lambda: on_dask(size[0] // 4, size[1]),
        "memory": lambda: {"peak_gib": peak()},
    }
    for name, part in parts.items():
        lines.measure(name, "s", partial(_figures_of, part))
    return lines.end()


def _scaled(n: int) -> Iterator[Line]:
    return figures(scaled(n, 20_000))


def _figures_of(part: Callable[[], dict[str, float]]) -> Iterator[Line]:
    return figures(part())


if __name__ == "__main__":
    sys.exit(main())
