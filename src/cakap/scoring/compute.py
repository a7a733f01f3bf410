"""From answers and agreed levels to scores: plain values in and out, so that anybody can repeat it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from cakap.audit.chain import digest
from cakap.centre.queries import Agreed
from cakap.itembank.queries import ScoredItem
from cakap.policy.book import Policy
from cakap.science.irt.bank import ItemBank
from cakap.science.irt.eap import eap, normal_prior
from cakap.science.types import MISSING, Categories

THETA, LEVEL, SUM = "theta", "level", "sum"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """One participant on one dimension."""

    participant: int
    dimension: str
    scale: str
    value: float
    se: float
    answered: int
    input_digest: str


def score_answers(
    answers: Mapping[int, Mapping[int, str]],
    items: Sequence[ScoredItem],
    policy: Policy,
    *,
    unasked: Mapping[int, frozenset[int]],
) -> list[Scored]:
    """EAP of every dimension whose items have parameters, the sum of every other.

    answers: participant -> {item version: response}. unasked: participant -> versions that an adaptive
    section did not give this one; whoever is not in it was asked everything.
    """
    people = sorted(answers)
    marked = [item for item in items if item.is_marked]
    ordered = sorted(marked, key=lambda item: (item.dimension, item.version))
    scored: list[Scored] = []
    for dimension, group in groupby(ordered, key=lambda item: item.dimension):
        own = list(group)
        spared = [unasked.get(person, frozenset()) for person in people]
        table = _table([answers[person] for person in people], own, spared)
        values, errors, scale = _measure(table, own, policy)
        scored += [
            Scored(
                participant=person,
                dimension=dimension,
                scale=scale,
                value=float(values[at]),
                se=float(errors[at]),
                answered=_given(answers[person], own),
                input_digest=_digest(answers[person], own, spared[at]),
            )
            for at, person in enumerate(people)
        ]
    return scored


def _given(answers: Mapping[int, str], items: Iterable[ScoredItem]) -> int:
    return sum(item.version in answers for item in items)


def _table(
    answers: Sequence[Mapping[int, str]],
    items: Sequence[ScoredItem],
    unasked: Sequence[frozenset[int]],
) -> Categories:
    """(n_people, n_items) categories. A right-or-wrong item left blank is wrong; others, and whatever
    was not asked, are missing."""
    table = np.full((len(answers), len(items)), MISSING, dtype=np.int8)
    for column, item in enumerate(items):
        blank = 0 if item.is_right_or_wrong else MISSING
        table[:, column] = [
            item.category(own[item.version])
            if item.version in own
            else MISSING
            if item.version in spared
            else blank
            for own, spared in zip(answers, unasked, strict=True)
        ]
    return table


def _measure(
    table: Categories, items: Sequence[ScoredItem], policy: Policy
) -> tuple[np.ndarray, np.ndarray, str]:
    slopes = [item.slope for item in items if item.slope is not None]
    if len(slopes) < len(items):
        total = np.where(table == MISSING, 0, table).sum(axis=1).astype(np.float64)
        return total, np.zeros(len(table)), SUM
    bank = ItemBank.of(slopes, [item.thresholds for item in items])
    mean, sd = policy["results.prior"]
    nodes, prior = normal_prior(mean, sd)
    scores = eap(bank, table, nodes=nodes, prior=prior)
    return scores.theta, scores.se, THETA


def _digest(
    answers: Mapping[int, str], items: Sequence[ScoredItem], unasked: frozenset[int]
) -> str:
    """All that the score was made from: answers, keys and parameters."""
    return digest(
        [
            [item.version, answers.get(item.version), item.scores, item.slope, item.thresholds]
            for item in items
            if item.version not in unasked
        ]
    )


def score_agreed(levels: Sequence[Agreed], policy: Policy) -> list[Scored]:
    """Agreed levels as scores: the error grows with the assessors' spread (half of it, in quadrature)."""
    base = policy["results.rating_error"]
    return [
        Scored(
            participant=row.participant,
            dimension=row.dimension,
            scale=LEVEL,
            value=row.level,
            se=float(np.hypot(base, row.spread / 2)),
            answered=row.ratings,
            input_digest=digest([row.dimension, row.level, row.spread, row.ratings]),
        )
        for row in levels
    ]
