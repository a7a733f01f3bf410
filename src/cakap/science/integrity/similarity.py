"""Answers more alike than two abilities explain: between neighbours, and with a leaked key.

A flag says how seldom honest work looks so; it is a reason to ask, never a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cakap.science.irt.scoring import Fitted, eap
from cakap.science.types import MISSING, Categories, Floats, Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class Similarity:
    """(n_pairs,) or (n_persons,) each: matches counted and expected, and P(as many or more).

    flagged: where p stays below what gives `alpha` false alarms over all comparisons together
    (Bonferroni). expected_false: how many false alarms that is.
    """

    matches: Ints
    expected: Floats
    p: Floats
    flagged: Ints
    expected_false: float


def neighbours(
    fitted: Fitted, responses: Categories, pairs: Sequence[tuple[int, int]], *, alpha: float = 0.01
) -> Similarity:
    """The generalised binomial test GBT (van der Linden & Sotaridona, 2006) for pairs of persons.

    responses: (n_persons, n_items); only items that both were given count.
    """
    theta = eap(fitted, responses).theta
    tables = [np.exp(fitted.log_p(item, theta)) for item in range(responses.shape[1])]
    found: list[tuple[int, float, float]] = []
    for one, other in pairs:
        both = np.flatnonzero((responses[one] != MISSING) & (responses[other] != MISSING))
        chance = np.array([float(tables[i][:, one] @ tables[i][:, other]) for i in both])
        same = int((responses[one, both] == responses[other, both]).sum())
        found.append((same, float(chance.sum()), at_least(chance, same)))
    return _judged(found, alpha)


def leaked_key(
    fitted: Fitted,
    responses: Categories,
    key: Categories,
    leaked: Ints,
    *,
    alpha: float = 0.01,
) -> Similarity:
    """Matches with a leaked answer list on the items `leaked`, at the ability shown on the others.

    key: (n_items,), the category that the list leads to; a list with mistakes tells most.
    Raises ValueError when every item is leaked.
    """
    unknown = np.ones(responses.shape[1])
    unknown[leaked] = 0
    safe = np.flatnonzero(unknown)
    if len(safe) == 0:
        message = "every item is leaked: no ability is left to compare with"
        raise ValueError(message)
    known = Fitted(
        model=fitted.model,
        parameters=[fitted.parameters[int(item)] for item in safe],
        mean=fitted.mean,
        variance=fitted.variance,
    )
    theta = eap(known, responses[:, safe]).theta
    chances = np.stack([np.exp(fitted.log_p(int(item), theta))[key[item]] for item in leaked])
    found: list[tuple[int, float, float]] = []
    for person, row in enumerate(responses[:, leaked]):
        given = row != MISSING
        same = int((row[given] == key[leaked][given]).sum())
        chance = chances[given, person]
        found.append((same, float(chance.sum()), at_least(chance, same)))
    return _judged(found, alpha)


def at_least(chances: Floats, count: int) -> float:
    """P(at least `count` successes) of independent trials with these chances, exactly."""
    known = np.ones(1)
    for chance in chances:
        known = np.convolve(known, [1 - chance, chance])
    return float(min(known[count:].sum(), 1.0))


def _judged(found: list[tuple[int, float, float]], alpha: float) -> Similarity:
    rows = np.array(found, dtype=np.float64).reshape(-1, 3)
    p = rows[:, 2]
    limit = alpha / max(len(p), 1)
    return Similarity(
        matches=rows[:, 0].astype(np.int64),
        expected=rows[:, 1],
        p=p,
        flagged=np.flatnonzero(p < limit),
        expected_false=alpha,
    )
