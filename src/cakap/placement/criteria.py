"""What speaks for a person in a post, criterion by criterion, each from 0 to 100; and the weighted whole.

Sex, age, religion, name and descent are no criteria and nothing here is given them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cakap.placement.errors import UnknownCriterion
from cakap.science.matching.interests import congruence
from cakap.science.types import Floats, Ints

CRITERIA = (
    "match", "probability", "box", "experience", "qualification", "interests", "preference", "location",
)  # fmt: skip
TOP_STEP, BOXES, EDUCATION_STEP, RANK_STEP = 5, 9, 25, 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Of people: box (0 where none), years (n_people, n_offices) served in each office, education, interests
    (n_people, 6) as measured, nan where not, place. Of posts: step on the ladder, office, least education,
    Holland code of the interests that suit ("" where untold), place. wish: (n_people, n_posts) rank of the
    person's wish for the post, 0 where none. Offices and places by number, places -1 where untold."""

    box: Ints
    years: Floats
    education: Ints
    interests: Floats
    place: Ints
    step: Ints
    office: Ints
    least_education: Ints
    suiting: tuple[str, ...]
    post_place: Ints
    wish: Ints


def other_criteria(facts: Facts, *, full_years: float) -> dict[str, Floats]:
    """The criteria that do not stand on levels, (n_people, n_posts) each; full_years: of service in an office
    that count in full."""
    surplus = facts.education[:, None] - facts.least_education[None, :]
    same = (facts.place[:, None] == facts.post_place[None, :]) & (facts.place >= 0)[:, None]
    wished = 100.0 - RANK_STEP * (facts.wish - 1)
    return {
        # A strong box speaks the louder the higher the post stands.
        "box": 100.0 * np.outer(facts.box / BOXES, facts.step / TOP_STEP),
        "experience": 100.0 * np.minimum(facts.years[:, facts.office] / full_years, 1.0),
        "qualification": np.where(
            surplus < 0, 0.0, np.minimum(50.0 + EDUCATION_STEP * surplus, 100.0)
        ),
        "interests": congruence(facts.interests, facts.suiting),
        "preference": np.where(facts.wish > 0, np.maximum(wished, RANK_STEP), 0.0),
        "location": 100.0 * same,
    }


def weighed(criteria: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Weighted mean of the criteria known of a pair, nan where the match is not.

    UnknownCriterion for a weight on anything else, or for weights that say nothing.
    """
    unknown = sorted(set(weights) - set(CRITERIA))
    total = float(sum(weights.values()))
    if unknown or total <= 0 or min(weights.values()) < 0:
        message = (
            f"Kriteria {unknown[0]!r} tidak dapat diberi bobot." if unknown
            else "Bobot kriteria harus 0 atau lebih dan jumlahnya lebih dari 0."
        )  # fmt: skip
        raise UnknownCriterion(message)
    match = criteria["match"]
    whole, known = np.zeros(match.shape), np.zeros(match.shape)
    for name in (one for one in weights if weights[one] > 0):
        value = criteria.get(name, np.full(match.shape, np.nan))
        whole += weights[name] * np.nan_to_num(value)
        known += weights[name] * ~np.isnan(value)
    # Where nothing that has weight is known, nothing speaks for the pair.
    return np.where(np.isnan(match), np.nan, whole / np.where(known > 0, known, 1.0))
