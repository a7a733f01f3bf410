"""Assignment of people to posts with seats, as a min-cost flow."""

# OR-tools' stubs take an array's element type for its shape; strict checking stops at this file.
# pyright: basic, reportArgumentType=false

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from cakap.science.types import Ints


def assign(gain: Ints, allowed: NDArray[np.bool_], seats: Ints) -> tuple[Ints, int]:
    """Person -> post with the greatest total gain, and that total.

    gain: (n_people, n_posts) whole numbers; allowed: which pairs may be used; seats: (n_posts,).
    """
    n_people, n_posts = gain.shape
    person, post = np.nonzero(allowed)
    solver = min_cost_flow.SimpleMinCostFlow()
    sink = n_people + n_posts
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        person, n_people + post, np.ones(len(person), dtype=np.int64), -gain[person, post]
    )
    solver.add_arcs_with_capacity_and_unit_cost(
        n_people + np.arange(n_posts), np.full(n_posts, sink), seats, np.zeros(n_posts, np.int64)
    )
    supply = np.zeros(sink + 1, dtype=np.int64)
    supply[:n_people], supply[sink] = 1, -n_people
    solver.set_nodes_supplies(np.arange(sink + 1), supply)
    status = solver.solve()
    if status != solver.OPTIMAL:
        message = f"no plan places everybody (solver status {status})"
        raise ValueError(message)
    used = np.asarray(solver.flows(arcs)) == 1
    target = np.zeros(n_people, dtype=np.int64)
    target[person[used]] = post[used]
    return target, -int(solver.optimal_cost())
