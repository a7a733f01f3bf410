"""Assignment of people to posts with seats, as a min-cost flow."""

# OR-tools' stubs take an array's element type for its shape; strict checking stops at this file.
# pyright: basic, reportArgumentType=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.graph.python import min_cost_flow

from cakap.science.types import Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """Pairs that may be used: (n,) person, post and the whole-number gain of each."""

    person: Ints
    post: Ints
    gain: Ints


def assign_pairs(pairs: Pairs, *, n_people: int, seats: Ints, must: Ints) -> tuple[Ints, int]:
    """Everybody into one post by the pairs given, with the greatest total gain; and that total.

    seats: (n_posts,) how many each can hold; must: (n_posts,) how many it has to hold. ValueError where
    no such plan exists.
    """
    n_posts = len(seats)
    solver = min_cost_flow.SimpleMinCostFlow()
    sink = n_people + n_posts
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        pairs.person, n_people + pairs.post, np.ones(len(pairs.person), dtype=np.int64), -pairs.gain
    )
    # Seats that have to be taken are worth more than any exchange of people can bring.
    worth = (int(np.abs(pairs.gain).max(initial=0)) + 1) * 2 * max(int(must.sum()), 1)
    node, end = n_people + np.arange(n_posts), np.full(n_posts, sink)
    solver.add_arcs_with_capacity_and_unit_cost(node, end, must, np.full(n_posts, -worth))
    solver.add_arcs_with_capacity_and_unit_cost(
        node, end, seats - must, np.zeros(n_posts, dtype=np.int64)
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
    target[pairs.person[used]] = pairs.post[used]
    held = np.bincount(target, minlength=n_posts)
    short = np.flatnonzero(held < must)
    if len(short):
        message = f"post {short[0]} cannot be filled: {held[short[0]]} of {must[short[0]]}"
        raise ValueError(message)
    return target, int(pairs.gain[used].sum())
