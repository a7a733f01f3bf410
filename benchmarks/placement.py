"""The best posts for everybody and the best people for every post, beside plain NumPy and the memory's speed.

    python benchmarks/placement.py [--quick] [--json]

449,000 people by 20,000 post standards, nine competencies, twenty of each. NumPy does the same arithmetic
on a part of the board (it would need 36 GB for the whole); the ratio is of pairs a second.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time

import numpy as np

from cakap.science.matching.jpm import capped_mean
from cakap.science.matching.topk import top_both_ways

TOP = 20


def board(n_people: int, n_posts: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2025)
    shown = np.clip(rng.normal(2.8, 0.9, (n_people, 9)), 1, 5)
    asked = np.clip(np.round(rng.normal(3, 1, (n_posts, 9))), 1, 5)
    return shown, asked


def timed(what, times: int) -> list[float]:
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="45,000 x 2,000")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    n_people, n_posts = (45_000, 2_000) if told.quick else (449_000, 20_000)
    top_both_ways(*board(3000, 50), TOP)  # compiled before it is timed
    small = board(4000, 2000)
    numpy_rate = 4000 * 2000 / statistics.median(timed(lambda: plain_numpy(*small), 5))
    people = board(n_people, n_posts)
    seconds = timed(lambda: top_both_ways(*people, TOP), 3)
    pairs = n_people * n_posts / statistics.median(seconds)
    found = {
        "people": n_people, "posts": n_posts, "top": TOP,
        "seconds": statistics.median(seconds), "least": min(seconds), "most": max(seconds),
        "pairs_per_second": pairs, "ratio_to_numpy": pairs / numpy_rate,
        # Reading a single-precision matrix of all fits once, if it were there.
        "ratio_to_memory": pairs * 4 / memory_speed(),
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }  # fmt: skip
    print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}, NumPy {np.__version__}")
    for key, value in found.items():
        print(f"  {key:<18} {value:.3f}" if isinstance(value, float) else f"  {key:<18} {value}")
    if told.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
