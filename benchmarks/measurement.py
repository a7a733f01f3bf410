"""The measurement engine beside its peers: girth, catsim, R's mirt where R is, the machine's own speed.

Every line runs us and the rival on the same work, in fresh processes on the same machine; a time is the
median of the runs, with the smallest and the largest. `--quick` shrinks the large tables.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

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


def line(name: str, found: dict[str, Any], **more: Any) -> dict[str, Any]:
    seconds = found["seconds"]
    return {
        "what": name, "median": statistics.median(seconds), "least": min(seconds),
        "most": max(seconds), "runs": len(seconds), "gib": found["gib"], **more,
    }  # fmt: skip


def ratio(ours: dict[str, Any], rival: dict[str, Any]) -> float:
    return statistics.median(rival["seconds"]) / statistics.median(ours["seconds"])


def table_of(*, quick: bool) -> list[dict[str, Any]]:
    """Every claim, one after the other."""
    many, runs = (50_000, 3) if quick else (449_000, RUNS)
    rows = []

    own, girth = alone(ours_2pl, 5000, 50, runs), alone(girths_2pl, 5000, 50, runs)
    rows.append(line("2PL 50 x 5,000: cakap", own, ratio=ratio(own, girth), wanted="ratio >= 25"))
    rows.append(line("2PL 50 x 5,000: girth", girth))

    own = alone(ours_2pl, 50_000, 100, runs)
    if shutil.which("Rscript"):
        mirt = alone(mirts_2pl, 50_000, 100, 1 if quick else runs)
        rows.append(
            line("2PL 100 x 50,000: cakap", own, ratio=ratio(own, mirt), wanted="ratio >= 10")
        )
        rows.append(line("2PL 100 x 50,000: mirt", mirt))
    else:
        note = "R is not here: no ratio to mirt, whose 25 s were measured elsewhere"
        rows.append(line("2PL 100 x 50,000: cakap", own, wanted="<= 2.5 s", note=note))

    for persons in (50_000, many):
        found = alone(steps_against_products, persons, 100, runs)
        rows.append(
            line(f"E+M step 100 x {persons:,}", found, ratio=found["rate"] / found["machine"],
                 wanted="ratio >= 0.4", note=f"{found['rate']:.0f} of {found['machine']:.0f} GFLOP/s")
        )  # fmt: skip

    rows.append(
        line(
            f"2PL 100 x {many:,}: cakap", alone(ours_2pl, many, 100, runs), wanted="<= 30 s, 6 GiB"
        )
    )
    rows.append(
        line(f"EAP 100 x {many:,}: cakap", alone(ours_eap, many, 100, runs), wanted="<= 3 s")
    )

    step, cat = alone(our_step, 500, runs), alone(catsims_step, 500, runs)
    rows.append(
        line("adaptive step, 500 items: cakap", step, ratio=ratio(step, cat), wanted="ratio >= 10")
    )
    rows.append(line("adaptive step, 500 items: catsim", cat))

    persons = 2000 if quick else 10_000
    whole = alone(our_programme, 500, persons, runs)
    each = statistics.median(whole["seconds"]) / (persons * 30)
    rows.append(
        line(f"simulation {persons:,} x 30: cakap", whole,
             ratio=statistics.median(cat["seconds"]) / each, wanted="ratio >= 100 a step",
             note=f"{1e6 * each:.2f} us a step")
    )  # fmt: skip

    forms, bank = (3, 600) if quick else (10, 2000)
    found = alone(our_forms, bank, forms, 1 if quick else 3)
    rows.append(
        line(f"{forms} forms of 60 out of {bank:,}", found, wanted="gap <= 1 %, <= 120 s",
             note=f"gap {100 * found['gap']:.2f} %")
    )  # fmt: skip
    return rows


def shown(rows: list[dict[str, Any]]) -> str:
    lines = [
        f"{'what':<36}{'median s':>12}{'least':>12}{'most':>12}{'GiB':>7}{'ratio':>9}  wanted, note"
    ]
    for row in rows:
        memory = f"{row['gib']:.2f}" if row["gib"] else ""
        times = f"{row['ratio']:.2f}" if "ratio" in row else ""
        end = "; ".join(row[key] for key in ("wanted", "note") if key in row)
        lines.append(
            f"{row['what']:<36}{row['median']:>12.6f}{row['least']:>12.6f}{row['most']:>12.6f}"
            f"{memory:>7}{times:>9}  {end}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small tables, three runs")
    parser.add_argument("--json", action="store_true", help="one JSON object, last line")
    told = parser.parse_args()
    rows = table_of(quick=told.quick)
    print(f"{os.cpu_count()} CPUs, Python {sys.version.split()[0]}, NumPy {np.__version__}")
    print(shown(rows))
    if told.json:
        print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
