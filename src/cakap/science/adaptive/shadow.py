"""Shadow tests: before every item, the best whole test that keeps every rule (van der Linden, 2005)."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from cakap.science.adaptive.pool import Pool, Rules
from cakap.science.types import Floats, Ints


def shadow_test(
    pool: Pool, rules: Rules, worth: Floats, given: Collection[int], barred: Collection[int]
) -> Ints:
    """The items of the shadow test, those given among them; solved by HiGHS.

    worth: (n_items,), to be maximised over the free items. Raises ValueError where no test of
    `most_items` keeps the rules of content, time and enemies.
    """
    n = len(pool.slopes)
    rows, low, high = [np.ones(n)], [float(rules.most_items)], [float(rules.most_items)]
    for area, (least, most) in rules.bounds.items():
        rows.append((pool.content == area).astype(np.float64))
        low.append(least)
        high.append(most)
    for group in pool.enemies:
        rows.append(np.isin(np.arange(n), group).astype(np.float64))
        low.append(0)
        high.append(1)
    if np.isfinite(rules.most_seconds):
        rows.append(pool.seconds)
        low.append(0)
        high.append(rules.most_seconds)
    lower, upper = np.zeros(n), np.ones(n)
    lower[list(given)] = 1
    upper[list(barred)] = 0
    gain = np.where(worth > -1e299, worth, 0.0)
    gain[list(given)] = 0
    found = milp(
        -gain,
        integrality=np.ones(n, dtype=np.int64),
        bounds=Bounds(lower, upper),
        constraints=LinearConstraint(vstack([csr_array(row[None]) for row in rows]), low, high),
        options={"mip_rel_gap": 1e-4},
    )
    if found.x is None:
        message = (
            f"no test of {rules.most_items} items keeps the rules of content, time and enemies"
        )
        raise ValueError(message)
    return np.flatnonzero(found.x > 0.5)
