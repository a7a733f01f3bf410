"""What a simulated person is truly able to do: drawn once from the NIP and the tier of the post."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from cakap.demo.province import NINE
from cakap.science.matching.interests import TYPES

# Able people climb: the mean of a tier lies about where its standard does (cut scores of policy).
MEAN = {
    "jpt_pratama": 1.1, "administrator": 0.2, "pengawas": -0.6, "jf_muda": 0.2,
    "jf_pertama": -0.6, "pelaksana": -1.2,
}  # fmt: skip
INTERESTS = tuple(f"RIASEC.{letter}" for letter in TYPES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """theta: true standing on every dimension."""

    nip: str
    theta: dict[str, float]


def person(nip: str, tier: str, *, seed: int) -> Person:
    """One general ability, and nine that scatter around it."""
    rng = Random(f"{seed}/{nip}")  # noqa: S311
    general = rng.gauss(MEAN[tier], 0.7)
    theta = {code: rng.gauss(general, 0.6) for code in NINE}
    theta["TIU"] = rng.gauss(0.7 * general, 0.7)
    theta |= {one: rng.gauss(0, 1) for one in INTERESTS}
    return Person(nip=nip, theta=theta)
