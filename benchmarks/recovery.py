"""Does the engine find parameters that are known? Bias, RMSE and 95 % coverage over simulated tests.

    python benchmarks/recovery.py [--quick] [--json] [--picture docs/pictures/recovery.svg]

Every test has new items and new people; every fit's errors are its own. A coverage outside 93 to 97 %
would mean that our standard errors are wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from lines import Line, Lines, options_of

from cakap.science.irt.calibration import calibrate
from cakap.science.irt.scoring import Fitted

Rows = list[np.ndarray]
ITEMS = 20


def rasch(rng: np.random.Generator) -> Rows:
    return [rng.normal(size=1) for _ in range(ITEMS)]


def two_pl(rng: np.random.Generator) -> Rows:
    return [np.array([rng.lognormal(0, 0.25), rng.normal()]) for _ in range(ITEMS)]


def graded(rng: np.random.Generator) -> Rows:
    return [
        np.array([rng.lognormal(0.2, 0.25), *(np.array([1.5, 0.3, -1.2]) + rng.normal(0, 0.4))])
        for _ in range(ITEMS)
    ]


def gpcm(rng: np.random.Generator) -> Rows:
    return [
        np.array([rng.lognormal(-0.2, 0.2), *np.cumsum(rng.normal([0.8, 0.0, -0.8], 0.4))])
        for _ in range(ITEMS)
    ]


MODELS: dict[str, Callable[[np.random.Generator], Rows]] = {
    "rasch": rasch, "2pl": two_pl, "graded": graded, "gpcm": gpcm,
}  # fmt: skip


def answers(model: str, rows: Rows, persons: int, rng: np.random.Generator) -> np.ndarray:
    theta = rng.normal(size=persons)
    known = Fitted(model=model, parameters=rows)
    columns = []
    for item in range(len(rows)):
        rising = np.cumsum(np.exp(known.log_p(item, theta)), axis=0)
        columns.append((rng.random(persons) > rising).sum(axis=0))
    return np.clip(np.stack(columns, axis=1), 0, None).astype(np.int8)


def study(model: str, persons: int, tests: int) -> dict[str, Any]:
    """One row a parameter kind: slope, then intercepts."""
    truth, found, errors, kinds = [], [], [], []
    for seed in range(tests):
        rng = np.random.default_rng([seed, persons])
        rows = MODELS[model](rng)
        fit = calibrate(answers(model, rows, persons, rng), model=model)
        for row, own, se in zip(rows, fit.parameters, fit.errors, strict=True):
            if len(row) != len(own):
                continue  # a category nobody chose
            truth += row.tolist()
            found += own.tolist()
            errors += se.tolist()
            kinds += ["d"] if model == "rasch" else ["a", *["d"] * (len(row) - 1)]
    truth_, found_, errors_ = np.array(truth), np.array(found), np.array(errors)
    kept = np.isfinite(errors_)
    result: dict[str, Any] = {"model": model, "persons": persons, "tests": tests}
    for kind in sorted(set(kinds)):
        own = kept & (np.array(kinds) == kind)
        gap = found_[own] - truth_[own]
        result[kind] = {
            "n": int(own.sum()), "bias": float(gap.mean()), "rmse": float(np.sqrt((gap**2).mean())),
            "coverage": float((np.abs(gap) < 1.959964 * errors_[own]).mean()),
        }  # fmt: skip
    return result


def picture(rows: list[dict[str, Any]]) -> str:
    """Coverage by number of persons, a line for each model and kind, as SVG."""
    from cakap.ui.charts import lines

    points = [
        {"name": f"{row['model']} {kind}", "x": row["persons"], "y": 100 * row[kind]["coverage"]}
        for row in rows
        for kind in ("a", "d")
        if kind in row
    ]
    return lines(points, x="persons", y="coverage of 95 % intervals (%)", height=240)


def lines_of(row: dict[str, Any]) -> Iterator[Line]:
    """Coverage of the 95 % intervals a kind of parameter, with bias and RMSE for people."""
    for kind in ("a", "d"):
        if kind in row:
            own = row[kind]
            yield Line(
                name=f"{row['model']}, {row['persons']} persons, {kind}: coverage of 95 % intervals",
                value=100 * own["coverage"], unit="%", target="93 to 97 %",
                ok=0.93 <= own["coverage"] <= 0.97 if row["tests"] >= 100 else None,
                note=f"n {own['n']}, bias {own['bias']:.4f}, RMSE {own['rmse']:.4f}",
            )  # fmt: skip


def main() -> int:
    parser = options_of(__doc__)
    parser.add_argument("--picture", type=Path)
    told = parser.parse_args()
    tests = 20 if told.quick else 100
    sizes = (500, 2000) if told.quick else (500, 1000, 2000, 5000)
    lines, rows = Lines(as_json=told.json), []

    def studied(model: str, persons: int) -> Iterator[Line]:
        rows.append(study(model, persons, tests))
        return lines_of(rows[-1])

    for model in MODELS:
        for persons in sizes:
            lines.measure(f"{model}, {persons} persons", "%", partial(studied, model, persons))
    if told.picture:
        told.picture.parent.mkdir(parents=True, exist_ok=True)
        told.picture.write_text(picture(rows))
    return lines.end()


if __name__ == "__main__":
    sys.exit(main())
