"""Job Person Match: how much of what posts ask people show, in percent."""

from __future__ import annotations

import numpy as np

from cakap.science.types import Floats


def ratio(shown: Floats, asked: Floats) -> Floats:
    """Sum of levels shown over sum of levels asked, x 100: the figure that agencies print.

    shown: (n_people, n_competencies) levels; asked: (n_posts, n_competencies), 0 where a post
    does not ask. Returns (n_people, n_posts). Compensatory: may pass 100, a 5 hides a 2.
    """
    refuse_nonsense(shown, asked)
    counted = (asked > 0).astype(np.float64)
    return 100.0 * (shown @ counted.T) / asked.sum(axis=1)[None, :]


def capped_mean(shown: Floats, asked: Floats) -> Floats:
    """Mean of per-competency shares, each at most 1, x 100: a strength cannot pay for a gap.

    Shapes as in `ratio`; never above 100.
    """
    refuse_nonsense(shown, asked)
    total = np.zeros((len(shown), len(asked)))
    for competency in range(asked.shape[1]):
        need = asked[:, competency]
        safe = np.where(need > 0, need, 1.0)
        share = np.minimum(shown[:, competency, None] / safe[None, :], 1.0)
        total += np.where(need > 0, share, 0.0)
    return 100.0 * total / (asked > 0).sum(axis=1)[None, :]


def refuse_nonsense(shown: Floats, asked: Floats) -> None:
    """ValueError unless the levels fit the standards, are finite and not below 0."""
    if shown.ndim != 2 or asked.ndim != 2 or shown.shape[1] != asked.shape[1]:
        message = f"levels of shape {shown.shape} do not fit standards of shape {asked.shape}"
        raise ValueError(message)
    if not (np.isfinite(shown).all() and np.isfinite(asked).all()):
        message = "a level is missing or not finite"
        raise ValueError(message)
    if (shown < 0).any() or (asked < 0).any():
        message = "a level below 0"
        raise ValueError(message)
    empty = np.flatnonzero((asked > 0).sum(axis=1) == 0)
    if len(empty):
        message = f"standard {empty[0]} asks for nothing"
        raise ValueError(message)
