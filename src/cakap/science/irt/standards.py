"""From a panel's judgements to cut scores, and how well scores tell the sides of a cut apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import logit

from cakap.science.irt.eap import Scores
from cakap.science.irt.forms import to_form
from cakap.science.irt.levels import level_probabilities, levels
from cakap.science.irt.scoring import Fitted
from cakap.science.types import Floats, Ints

REACH = 8.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """On the ability scale, with the standard error of the panel's mean; panellists: (n,)."""

    theta: float
    se: float
    panellists: Floats


def expected_total(fitted: Fitted, theta: Floats) -> Floats:
    """The test characteristic curve: expected sum score, (n_theta,)."""
    return np.sum([np.arange(len(t)) @ np.exp(t) for t in fitted.tables(theta)], axis=0)


def angoff(fitted: Fitted, judged: Floats) -> Cut:
    """Modified Angoff: judged (n_panellists, n_items) expected score of a person just at the level.

    Each panellist's sum is carried to the ability with that expected sum (Kane, 1987). Raises
    ValueError on fewer than two panellists and on a sum that no ability is expected to reach.
    """
    _refuse_lone(len(judged))
    ends = expected_total(fitted, np.array([-REACH, REACH]))
    for panellist, total in enumerate(judged.sum(axis=1)):
        if not ends[0] < total < ends[1]:
            message = (
                f"panellist {panellist}: sum {total:.2f}, expected {ends[0]:.2f} to {ends[1]:.2f}"
            )
            raise ValueError(message)
    places = [_ability_of(fitted, float(total)) for total in judged.sum(axis=1)]
    return _cut(np.array(places))


def _ability_of(fitted: Fitted, total: float) -> float:
    def above(theta: float) -> float:
        return float(expected_total(fitted, np.array([theta]))[0]) - total

    return float(brentq(above, -REACH, REACH))


def booklet(fitted: Fitted, *, mastery: float = 2 / 3) -> tuple[Ints, Floats]:
    """Right/wrong items from easy to hard, and where each is answered right with P = `mastery`."""
    forms = [to_form(fitted.model, row) for row in fitted.parameters]
    places = np.array(
        [
            f.b[0] + logit((mastery - f.c) / (1 - f.c)) / f.a if f.c < mastery else np.inf
            for f in forms
        ]
    )
    order = np.argsort(places, kind="stable")
    return order.astype(np.int64), places[order]


def bookmark(fitted: Fitted, pages: Ints, *, mastery: float = 2 / 3) -> Cut:
    """Bookmark (Lewis, Mitzel & Green, 1996): pages (n_panellists,), the first page of `booklet`,
    from 1, that a person just at the level no longer masters; the cut lies between it and the one
    before. Raises ValueError on fewer than two panellists and on a page outside the booklet."""
    _refuse_lone(len(pages))
    _, places = booklet(fitted, mastery=mastery)
    wrong = np.flatnonzero((pages < 2) | (pages > len(places)))
    if len(wrong):
        message = f"panellist {wrong[0]}: page {pages[wrong[0]]}, expected 2 to {len(places)}"
        raise ValueError(message)
    return _cut((places[pages - 2] + places[pages - 1]) / 2)


def _refuse_lone(n: int) -> None:
    if n < 2:
        message = f"{n} panellists, expected at least 2"
        raise ValueError(message)


def _cut(places: Floats) -> Cut:
    return Cut(
        theta=float(places.mean()),
        se=float(places.std(ddof=1) / np.sqrt(len(places))),
        panellists=places,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Classification:
    """accuracy, consistency: (n_cuts + 1,), first over all levels, then cut by cut."""

    accuracy: Floats
    consistency: Floats


def classification(scores: Scores, cuts: Floats) -> Classification:
    """How often the true level is the given one, and a second sitting would give the same.

    Rudner (2001, 2005): a normal error around each score.
    """
    sets = [cuts, *(cuts[[place]] for place in range(len(cuts)))]
    accuracy: list[float] = []
    consistency: list[float] = []
    for own in sets:
        p = level_probabilities(scores.theta, scores.se, own)
        given = levels(scores.theta, own) - 1
        accuracy.append(float(p[np.arange(len(p)), given].mean()))
        consistency.append(float((p**2).sum(axis=1).mean()))
    return Classification(accuracy=np.array(accuracy), consistency=np.array(consistency))
