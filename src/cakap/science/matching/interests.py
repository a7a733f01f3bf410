"""How well vocational interests suit a post: Holland's six types, and the C index on their hexagon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cakap.science.types import Floats

TYPES = "RIASEC"  # in the order in which they stand around the hexagon
LETTERS = 3
WEIGHTS = np.array([3.0, 2.0, 1.0])  # of the first, second and third letter
NEARNESS = np.array([3.0, 2.0, 1.0, 0.0])  # same type, next to it, one between, opposite


def congruence(scores: Floats, codes: Sequence[str]) -> Floats:
    """C index of people's interests for posts, 0 to 100, (n_people, n_posts).

    C = 3 X1 + 2 X2 + X3, Xi the nearness of the i-th letters on the hexagon (Brown & Gore, 1994, Journal of
    Vocational Behavior 45, 310-327), as a share of the most it can be. A post's code of one or two letters is
    compared with as many of the person's. Types that a person scores alike share their places: the index is
    then its mean over the orders they could stand in.

    scores: (n_people, 6) in the order of `TYPES`, nan where interests were not measured; codes: up to three
    different letters a post, "" where it has none. nan where either is unknown. ValueError for another code.
    """
    placed = _places(np.asarray(scores, dtype=float))
    found = np.full((len(placed), len(codes)), np.nan)
    for code in set(codes) - {""}:
        refuse_wrong_code(code)
        weight = WEIGHTS[: len(code)]
        nearness = NEARNESS[_steps(code)]
        index = np.einsum("r,prt,rt->p", weight, placed[:, : len(code)], nearness)
        posts = [at for at, other in enumerate(codes) if other == code]
        found[:, posts] = (100.0 * index / (NEARNESS[0] * weight.sum()))[:, None]
    return found


def refuse_wrong_code(code: str) -> None:
    """ValueError unless a code is one to three different letters of `TYPES`."""
    if not (1 <= len(code) <= LETTERS and len(set(code)) == len(code) and set(code) <= set(TYPES)):
        message = f"{code!r} is no Holland code of one to three different letters of {TYPES}"
        raise ValueError(message)


def _places(scores: Floats) -> Floats:
    """How much of each of a person's first three places each type holds, (n_people, 3, 6)."""
    above = (scores[:, None, :] > scores[:, :, None]).sum(axis=2)
    alike = (scores[:, None, :] == scores[:, :, None]).sum(axis=2)
    rank = np.arange(LETTERS)[None, :, None]
    here = (above[:, None, :] <= rank) & (rank < (above + alike)[:, None, :])
    share = here / np.maximum(alike, 1)[:, None, :]
    share[np.isnan(scores).any(axis=1)] = np.nan
    return share


def _steps(code: str) -> np.ndarray:
    """Steps around the hexagon from each letter of a code to each type, (letters, 6)."""
    at = np.array([TYPES.index(letter) for letter in code])
    apart = np.abs(at[:, None] - np.arange(len(TYPES))[None, :])
    return np.minimum(apart, len(TYPES) - apart)
