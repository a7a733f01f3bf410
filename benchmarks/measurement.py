"""The measurement engine beside its peers: girth, catsim, R's mirt where R is, the machine's own speed.

Every line runs us and the rival on the same work, in fresh processes on the same machine; a time is the
median of the runs, with the smallest and the largest. `--quick` shrinks the large tables.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from lines import Line, Lines, options_of, rival_of

RUNS = 5


def answers(persons: int, items: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right and wrong answers under a 2PL, with its a and b."""
    rng = np.random.default_rng(seed)
    a, b = rng.lognormal(0, 0.3, items), rng.normal(size=items)
    right = np.empty((persons, items), dtype=np.int8)
    for start in range(0, persons, 20000):
        theta = rng.normal(size=(min(20000, persons - start), 1))
        right[start : start + 20000] = rng.random((len(theta), items)) < 1 / (
            1 + np.exp(-a * (theta - b))
        )
    return right, a, b


def timed(work: Callable[[], Any], runs: int) -> list[float]:
    """Seconds of each run, after one that is not counted."""
    work()
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found


def peak() -> float:
    """GiB that this process held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def ours_2pl(persons: int, items: int, runs: int) -> dict[str, Any]:
    from cakap.science.irt.calibration import calibrate

    table = answers(persons, items)[0]
    return {"seconds": timed(lambda: calibrate(table, model="2pl"), runs), "gib": peak()}


def girths_2pl(persons: int, items: int, runs: int) -> dict[str, Any]:
    from girth import twopl_mml

    table = answers(persons, items)[0].T.astype(int)
    return {"seconds": timed(lambda: twopl_mml(table), runs), "gib": peak()}


def mirts_2pl(persons: int, items: int, runs: int) -> dict[str, Any]:
    table = answers(persons, items)[0]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.csv"
        np.savetxt(file, table, fmt="%d", delimiter=",")
        script = (
            f'library(mirt); d <- read.csv("{file}", header=FALSE); for (i in 1:{runs}) {{ '
            't <- system.time(mirt(d, 1, itemtype="2PL", verbose=FALSE, quadpts=61))[["elapsed"]]; '
            'cat(t, "\\n") }'
        )
        done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=True)
    return {"seconds": [float(one) for one in done.stdout.split()], "gib": None}


def steps_against_products(persons: int, items: int, runs: int) -> dict[str, Any]:
    """One E-step and the gradient of every item, against this machine's matrix products."""
    from cakap.science.irt.answers import answers_of
    from cakap.science.irt.expectation import counts_of, expect, gathered, tables
    from cakap.science.irt.latent import POINTS, normal
    from cakap.science.irt.models import MODELS
    from cakap.science.workers import threads

    table, a, b = answers(persons, items)
    known = answers_of(table)
    rows = np.column_stack([a, -a * b])
    latent = normal(POINTS, np.zeros(1), np.ones(1))

    def step(workers: Any) -> None:
        log_p, derivative = MODELS["2pl"].many(rows, POINTS)
        common = tables(known, [log_p], latent)
        total = gathered(workers.each(expect, known.chunks, common), 1)
        np.einsum("npkq,nkq->np", derivative, counts_of(known, total)[0])

    with threads() as workers:
        seconds = timed(lambda: step(workers), 4 * runs)
    square = np.random.default_rng(1).random((3000, 3000))
    products = timed(lambda: square @ square, runs)
    work = 4 * persons * items * len(POINTS)
    return {
        "seconds": seconds,
        "rate": work / statistics.median(seconds) / 1e9,
        "machine": 2 * 3000**3 / statistics.median(products) / 1e9,
        "gib": peak(),
    }


def ours_eap(persons: int, items: int, runs: int) -> dict[str, Any]:
    from cakap.science.irt.scoring import Fitted, eap

    table, a, b = answers(persons, items)
    fitted = Fitted(
        model="2pl", parameters=[np.array([x, -x * y]) for x, y in zip(a, b, strict=True)]
    )
    return {"seconds": timed(lambda: eap(fitted, table), runs), "gib": peak()}


def our_step(items: int, runs: int) -> dict[str, Any]:
    """Score thirty answers and choose after each, as the exam does: seconds a step."""
    from cakap.science.adaptive.exam import AdaptiveTest
    from cakap.science.adaptive.pool import Pool, Rules

    _, a, b = answers(1, items)
    test = AdaptiveTest(pool=Pool.of(a.tolist(), b[:, None].tolist()), rules=Rules(most_items=30))
    rng = np.random.default_rng(1)

    def sit() -> None:
        at = test.begin()
        while not test.ended(at):
            item, at = test.next_item(at, rng)
            at = test.answered(at, item, int(rng.integers(0, 2)))

    return {"seconds": [one / 30 for one in timed(sit, runs * 10)], "gib": peak()}


def catsims_step(items: int, runs: int) -> dict[str, Any]:
    from catsim.estimation import NumericalSearchEstimator
    from catsim.item_bank import ItemBank
    from catsim.selection import MaxInfoSelector

    _, a, b = answers(1, items)
    bank = ItemBank(np.column_stack([a, b, np.zeros(items), np.ones(items)]))
    selector, estimator = MaxInfoSelector(), NumericalSearchEstimator()
    rng = np.random.default_rng(1)

    def sit() -> None:
        given: list[int] = []
        right: list[bool] = []
        theta = 0.0
        for _ in range(30):
            given.append(
                int(selector.select(item_bank=bank, administered_items=given, est_theta=theta))
            )
            right.append(bool(rng.integers(0, 2)))
            theta = estimator.estimate(
                item_bank=bank, administered_items=given, response_vector=right, est_theta=theta
            )

    return {"seconds": [one / 30 for one in timed(sit, runs)], "gib": peak()}


def our_programme(items: int, persons: int, runs: int) -> dict[str, Any]:
    from cakap.science.adaptive.pool import Pool, Rules
    from cakap.science.adaptive.simulation import simulate

    _, a, b = answers(1, items)
    pool, rules = Pool.of(a.tolist(), b[:, None].tolist()), Rules(most_items=30)
    true = np.random.default_rng(2).normal(size=persons)
    return {"seconds": timed(lambda: simulate(pool, rules, true, seed=1), runs), "gib": peak()}


def our_forms(items: int, forms: int, runs: int) -> dict[str, Any]:
    """Parallel forms of 60 items with content, level, words, time and enemies."""
    from cakap.science.assembly.blueprint import Blueprint, Stock
    from cakap.science.assembly.forms import assemble

    rng = np.random.default_rng(1)
    a, b = rng.lognormal(0, 0.3, items), rng.normal(size=items)
    p = 1 / (1 + np.exp(-a[:, None] * (np.array([-1.0, 0, 1]) - b[:, None])))
    stock = Stock(
        information=a[:, None] ** 2 * p * (1 - p),
        labels={"content": rng.integers(0, 5, items), "level": rng.integers(0, 3, items)},
        amounts={"words": rng.uniform(20, 120, items), "seconds": rng.uniform(30, 120, items)},
        enemies=tuple(tuple(rng.choice(items, 3, replace=False).tolist()) for _ in range(40)),
    )
    plan = Blueprint(
        n_forms=forms, length=60, shape=np.array([1, 1.2, 1]),
        counts={**{("content", k): (10, 14) for k in range(5)}, ("level", 0): (15, 25)},
        limits={"words": (0, 4200), "seconds": (0, 4500)},
    )  # fmt: skip
    seconds, gaps = [], []
    for _ in range(runs):
        start = time.perf_counter()
        gaps.append(assemble(stock, plan).gap)
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds, "gap": max(gaps), "gib": peak()}


def alone(work: Callable[..., dict[str, Any]], *args: int) -> dict[str, Any]:
    """In a process of its own, so that its memory is its own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(work, *args).result()


def seconds_line(
    name: str,
    found: dict[str, Any],
    target: str | None = None,
    most: float | None = None,
    note: str = "",
) -> Line:
    """A line of seconds: the median, with the spread for people."""
    took = found["seconds"]
    median = statistics.median(took)
    spread = (
        f"{min(took):.3g} to {max(took):.3g} s in {len(took)} runs, {found['gib'] or 0:.2f} GiB"
    )
    return Line(
        name=name, value=median, unit="s", target=target, note="; ".join(filter(None, [spread, note])),
        ok=None if most is None else median <= most,
    )  # fmt: skip


def beside(
    name: str, own: dict[str, Any], rival: str, rivals: Callable[[], dict[str, Any]], least: float
) -> Line:
    """Ours and a rival's seconds on the same work; a rival that is not here is said."""
    theirs = rival_of(rival, lambda: statistics.median(rivals()["seconds"]))
    line = seconds_line(name, own)
    ratio = theirs / line.value if theirs and line.value else None
    return replace(
        line, rival=rival, rival_value=theirs, ratio=ratio, target=f"ratio >= {least:g}",
        ok=None if ratio is None else ratio >= least,
    )  # fmt: skip


def two_pl(persons: int, items: int, runs: int, rival: str) -> Iterator[Line]:
    own = alone(ours_2pl, persons, items, runs)
    name = f"2PL {items} x {persons:,}"
    if rival == "girth":
        yield beside(name, own, "girth", lambda: alone(girths_2pl, persons, items, runs), 25)
    else:
        yield beside(name, own, "R mirt", lambda: alone(mirts_2pl, persons, items, runs), 10)


def expectation(persons: int, runs: int) -> Iterator[Line]:
    found = alone(steps_against_products, persons, 100, runs)
    ratio = found["rate"] / found["machine"]
    yield Line(
        name=f"E+M step 100 x {persons:,}", value=found["rate"], unit="GFLOP/s",
        rival="matrix product of this machine", rival_value=found["machine"], ratio=ratio,
        target="ratio >= 0.4", ok=ratio >= 0.4,
    )  # fmt: skip


def large(persons: int, runs: int) -> Iterator[Line]:
    found = alone(ours_2pl, persons, 100, runs)
    yield seconds_line(f"2PL 100 x {persons:,}", found, "<= 30 s", 30)
    yield seconds_line(f"EAP 100 x {persons:,}", alone(ours_eap, persons, 100, runs), "<= 3 s", 3)


def adaptive(persons: int, runs: int) -> Iterator[Line]:
    yield beside(
        "adaptive step, 500 items", alone(our_step, 500, runs), "catsim",
        lambda: alone(catsims_step, 500, runs), 10,
    )  # fmt: skip
    whole = alone(our_programme, 500, persons, runs)
    each = {"seconds": [one / (persons * 30) for one in whole["seconds"]], "gib": whole["gib"]}
    yield beside(
        f"simulated step, {persons:,} people x 30", each, "catsim",
        lambda: alone(catsims_step, 500, runs), 100,
    )  # fmt: skip


def assembled(bank: int, forms: int, runs: int) -> Iterator[Line]:
    found = alone(our_forms, bank, forms, runs)
    name = f"{forms} forms of 60 out of {bank:,}"
    yield seconds_line(name, found, "<= 120 s", 120)
    yield Line(
        name=f"{name}: gap to the proved bound", value=100 * found["gap"], unit="%",
        target="<= 1 %", ok=found["gap"] <= 0.01,
    )  # fmt: skip


def main() -> int:
    told = options_of(__doc__).parse_args()
    many, runs = (50_000, 3) if told.quick else (449_000, RUNS)
    forms, bank = (3, 600) if told.quick else (10, 2000)
    lines = Lines(as_json=told.json)
    lines.measure("2PL 50 x 5,000", "s", lambda: two_pl(5000, 50, runs, "girth"))
    lines.measure("2PL 100 x 50,000", "s", lambda: two_pl(50_000, 100, runs, "mirt"))
    for persons in dict.fromkeys((50_000, many)):
        lines.measure(f"E+M step, {persons:,}", "GFLOP/s", partial(expectation, persons, runs))
    lines.measure(f"2PL and EAP, {many:,}", "s", lambda: large(many, runs))
    lines.measure("adaptive", "s", lambda: adaptive(2000 if told.quick else 10_000, runs))
    lines.measure("assembly", "s", lambda: assembled(bank, forms, 1 if told.quick else 3))
    return lines.end()


if __name__ == "__main__":
    sys.exit(main())
