"""From scores to levels, Job Person Match and category: plain values, no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from cakap.audit.chain import digest
from cakap.policy.book import Policy
from cakap.science.irt.levels import level_probabilities
from cakap.science.matching.interests import TYPES
from cakap.science.matching.jpm import capped_mean, ratio

LEVELS = np.arange(6)
# An agreed rating of 3.5 and more reads as level 4; a rating of 0 is possible, a tested level 0 not.
RATING_CUTS = np.array([0.5, 1.5, 2.5, 3.5, 4.5])


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A level found: `value` enters JPM, `probabilities` are those of the levels 0 to 5."""

    value: float
    se: float
    level: int
    probabilities: tuple[float, ...]


def level_of(*, scale: str, value: float, se: float, policy: Policy) -> Level:
    """The level that a score stands for, with the probability of each level.

    A tested score falls between the cut scores of policy; its level is a whole number. An agreed
    rating enters JPM as agreed, quarters and all.
    """
    if scale == "theta":
        cuts = np.asarray(policy["results.cut_scores"], dtype=np.float64)
        found = level_probabilities(np.array([value]), np.array([se]), cuts)[0]
        probabilities = np.concatenate([[0.0], found])
        level = int(np.searchsorted(cuts, value, side="right")) + 1
        mean = float(LEVELS @ probabilities)
        spread = float(np.sqrt(max(LEVELS**2 @ probabilities - mean**2, 0.0)))
        return Level(
            value=float(level),
            se=spread,
            level=level,
            probabilities=tuple(map(float, probabilities)),
        )
    probabilities = level_probabilities(np.array([value]), np.array([se]), RATING_CUTS)[0]
    level = int(np.searchsorted(RATING_CUTS, value, side="right"))
    return Level(value=value, se=se, level=level, probabilities=tuple(map(float, probabilities)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Both formulas of JPM, unrounded, in percent."""

    ratio: float
    capped_mean: float


def match(shown: Mapping[str, float], asked: Mapping[str, int], *, cap_total: bool) -> Match:
    """How much of what a post asks a person shows; both by competency code."""
    codes = sorted(asked)
    levels = np.array([[shown[code] for code in codes]], dtype=np.float64)
    standard = np.array([[asked[code] for code in codes]], dtype=np.float64)
    whole = float(ratio(levels, standard)[0, 0])
    return Match(
        ratio=min(whole, 100.0) if cap_total else whole,
        capped_mean=float(capped_mean(levels, standard)[0, 0]),
    )


def category(jpm: float, purpose: str, policy: Policy) -> tuple[str, str]:
    """Code and name of the category of an unrounded JPM; the purpose decides the scale."""
    rows: Sequence[tuple[str, str, float]] = policy[f"jpm.categories.{purpose}"]
    code, name, _ = next(row for row in rows if jpm >= row[2])
    return code, name


def potential(theta: float, policy: Policy) -> float:
    """A reasoning score as a percentile of the prior of policy, 0 to 100."""
    mean, sd = policy["results.prior"]
    return float(100 * ndtr((theta - mean) / sd))


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A score as results need it."""

    dimension: str
    scale: str
    value: float
    se: float
    answered: int
    input_digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What an assessment found of one person."""

    levels: Mapping[str, Level]
    match: Match
    category: str
    potential: float | None
    interests: Mapping[str, float]
    input_digest: str


REASONING = "TIU"


def find(
    scores: Sequence[Standing], asked: Mapping[str, int], *, purpose: str, policy: Policy
) -> Finding:
    """Levels against a standard; call it when `what_is_missing` says nothing."""
    by = {score.dimension: score for score in scores}
    levels = {
        score.dimension: level_of(scale=score.scale, value=score.value, se=score.se, policy=policy)
        for score in scores
        if score.scale != "sum" and score.dimension != REASONING
    }
    found = match(
        {code: level.value for code, level in levels.items()},
        asked,
        cap_total=policy["jpm.cap_total"],
    )
    return Finding(
        levels=levels,
        match=found,
        category=category(found.ratio, purpose, policy)[0],
        potential=_potential(by.get(REASONING), policy),
        interests={
            letter: by[f"RIASEC.{letter}"].value for letter in TYPES if f"RIASEC.{letter}" in by
        },
        input_digest=digest(
            {
                "scores": sorted(score.input_digest for score in scores),
                "asked": dict(asked),
                "purpose": purpose,
            }
        ),
    )


def _potential(reasoning: Standing | None, policy: Policy) -> float | None:
    """None where reasoning was not measured on the scale of the prior: a sum has no percentile there."""
    if reasoning is None or reasoning.scale != "theta":
        return None
    return potential(reasoning.value, policy)


def what_is_missing(
    scores: Sequence[Standing], asked: Mapping[str, int] | None, policy: Policy
) -> str:
    """Why there can be no result, in a sentence; empty when there can.

    A standard that asks a competency named as reasoning is: reasoning has a percentile and no level.
    """
    if not asked:
        return "jabatannya belum memiliki standar kompetensi yang ditetapkan"
    by = {score.dimension: score for score in scores if score.dimension != REASONING}
    absent = [code for code in sorted(asked) if code not in by]
    if absent:
        return f"kompetensi {absent[0]} tidak diukur"
    summed = [code for code in sorted(asked) if by[code].scale == "sum"]
    if summed:
        return (
            f"butir kompetensi {summed[0]} belum berparameter; tetapkan parameternya pada "
            "halaman Kalibrasi, lalu skor lagi"
        )
    least = policy["results.min_answered"]
    thin = [
        code for code in sorted(asked) if by[code].scale == "theta" and by[code].answered < least
    ]
    if thin:
        return f"terlalu sedikit jawaban pada kompetensi {thin[0]}"
    return ""


def plain(finding: Finding) -> dict[str, Any]:
    """The figures of a finding, to compare with what is kept."""
    return {
        "jpm_ratio": finding.match.ratio,
        "jpm_capped_mean": finding.match.capped_mean,
        "category": finding.category,
        "potential": finding.potential,
        "input_digest": finding.input_digest,
    }
