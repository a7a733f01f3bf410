"""The terms of a plan, each a named piece; the plan that keeps them all, or those that clash. Arrays only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cakap.science.matching import rules as pieces
from cakap.science.matching.constrained import RulesClash, best_under, clashing
from cakap.science.matching.rotation import Rotation, best_plan
from cakap.science.matching.rules import Choices, Rule
from cakap.science.types import Floats, Ints

TIE = 1e-5  # percent points: less than any difference that counts
LARGEST_RULED = 3_000_000  # pairs, beyond which terms that tie people together are not solved


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """The board of a plan. people, posts: names; fit: (n_people, n_posts) percent; current: (n_people,) post
    held, -1 where none; seats, unit, location, step: (n_posts,), step the rung of the ladder or 0; tenure:
    (n_people,) years; eligible: (n_people, n_posts), staying aside."""

    people: Sequence[str]
    posts: Sequence[str]
    fit: Floats
    current: Ints
    seats: Ints
    unit: Sequence[str]
    location: Sequence[str]
    step: Ints
    tenure: Floats
    eligible: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a plan must keep to, by row numbers of the ground. move_cost, min_gain: percent points a move;
    max_leaving by unit."""

    move_cost: float = 0.0
    min_gain: float | None = None
    min_tenure: float = 0.0
    no_demotion: bool = False
    locks: dict[int, int] = field(default_factory=dict)
    forbidden: set[tuple[int, int]] = field(default_factory=set)
    must_fill: set[int] = field(default_factory=set)
    max_moves: int | None = None
    max_leaving: dict[str, int] = field(default_factory=dict)
    couples: list[tuple[int, int]] = field(default_factory=list)
    conflicts: list[tuple[int, int]] = field(default_factory=list)

    @property
    def beyond_flow(self) -> bool:
        """Whether any term ties people together, which a min-cost flow cannot hold."""
        return bool(
            self.max_moves is not None or self.max_leaving or self.couples or self.conflicts
        )


def preferring(ground: Ground, target: Ints) -> Ground:
    """The same ground on which, of plans that are equally good, the one nearest to `target` is found."""
    fit = ground.fit.copy()
    fit[np.arange(len(fit)), target] += TIE
    return replace(ground, fit=fit)


class NoPlan(ValueError):
    """No plan keeps the terms. `clash`: names of those that contradict one another; empty where the seats
    alone do not suffice, None where the board is too large to ask."""

    def __init__(self, clash: list[str] | None) -> None:
        super().__init__("no plan keeps the terms")
        self.clash = clash


class TooLarge(ValueError):
    """Terms that tie people together over more pairs than can be solved."""


def solve(ground: Ground, terms: Terms) -> Rotation:
    """The best plan under the terms. NoPlan where there is none; TooLarge."""
    choices = choices_of(ground, terms)
    told = list(named(ground, terms, choices))
    if terms.beyond_flow:
        return _by_programme(ground, choices, told)
    allowed = np.ones(ground.fit.shape, dtype=bool)
    for rule in told:
        if rule.forbids is not None:
            allowed &= ~rule.forbids.reshape(allowed.shape)
    must = np.zeros(len(ground.posts), dtype=np.int64)
    must[list(terms.must_fill)] = 1
    try:
        return best_plan(
            ground.fit, current=ground.current, seats=ground.seats, allowed=allowed, must=must,
            move_cost=terms.move_cost,
        )  # fmt: skip
    except ValueError as exc:
        raise NoPlan(clash_of(choices, told)) from exc


def choices_of(ground: Ground, terms: Terms) -> Choices:
    """Every pair of the ground with what it gains over the present, less the cost of a move."""
    fit, current = np.nan_to_num(ground.fit), ground.current
    people, holds = np.arange(len(fit)), ground.current >= 0
    gain = fit - np.where(holds, fit[people, current], 0.0)[:, None]
    gain[holds] -= terms.move_cost
    gain[people[holds], current[holds]] = 0.0
    person, post = np.indices(fit.shape).reshape(2, -1)
    return Choices(person=person, post=post, gain=gain.ravel(), seats=ground.seats, current=current)


def named(ground: Ground, terms: Terms, choices: Choices) -> Iterator[Rule]:
    """Every term under the name by which a person knows it."""
    yield from _filters(ground, terms, choices)
    yield from _of_one(ground, terms, choices)
    yield from _of_many(ground, terms, choices)


def _filters(ground: Ground, terms: Terms, choices: Choices) -> Iterator[Rule]:
    """Terms that look at one person and one post, for everybody."""
    held = np.maximum(ground.current, 0)[choices.person]
    away = choices.post != ground.current[choices.person]
    barred = ~ground.eligible.ravel() | np.isnan(ground.fit.ravel())
    if (barred & away).any():
        yield pieces.forbidding("syarat jabatan", barred & away)
    if terms.min_tenure > 0:
        early = (ground.tenure < terms.min_tenure)[choices.person]
        name = f"masa jabatan paling sedikit {terms.min_tenure:g} tahun"
        yield pieces.forbidding(name, early & choices.moves)
    if terms.min_gain is not None:
        before, after = (ground.fit[choices.person, at] for at in (held, choices.post))
        name = f"kenaikan paling sedikit {terms.min_gain:g} tiap perpindahan"
        yield pieces.forbidding(name, (after - before < terms.min_gain) & choices.moves)
    if terms.no_demotion:
        lower = ground.step[choices.post] < ground.step[held]
        yield pieces.forbidding("tidak ada penurunan jenjang", lower & choices.moves)


def _of_one(ground: Ground, terms: Terms, choices: Choices) -> Iterator[Rule]:
    """Terms that name one person or one post."""
    people, posts = ground.people, ground.posts
    for person, post in terms.locks.items():
        yield pieces.lock(f"{people[person]} dikunci pada {posts[post]}", choices, person, post)
    for person, post in sorted(terms.forbidden):
        pairs = (choices.person == person) & (choices.post == post)
        yield pieces.forbidding(f"{people[person]} dilarang pada {posts[post]}", pairs)
    for post in sorted(terms.must_fill):
        yield pieces.fill(f"{posts[post]} harus terisi", choices, post, 1)


def _of_many(ground: Ground, terms: Terms, choices: Choices) -> Iterator[Rule]:
    """Terms that tie people together."""
    people = ground.people
    if terms.max_moves is not None:
        name = f"paling banyak {terms.max_moves} perpindahan"
        yield pieces.move_limit(name, choices, terms.max_moves)
    for unit, most in terms.max_leaving.items():
        inside = np.array([one == unit for one in ground.unit])
        name = f"paling banyak {most} orang keluar dari {unit}"
        yield pieces.leaving_limit(name, choices, inside, most)
    for pair in terms.couples:
        name = f"{people[pair[0]]} dan {people[pair[1]]} di tempat yang sama"
        yield pieces.together(name, choices, pair, _numbered(ground.location))
    for pair in terms.conflicts:
        name = f"{people[pair[0]]} dan {people[pair[1]]} tidak dalam satu unit"
        yield pieces.apart(name, choices, pair, _numbered(ground.unit))


def _by_programme(ground: Ground, choices: Choices, told: list[Rule]) -> Rotation:
    if len(choices.person) > LARGEST_RULED:
        raise TooLarge
    try:
        found = best_under(choices, told)
    except RulesClash as exc:
        raise NoPlan([told[at].name for at in exc.rules]) from exc
    people, holds = np.arange(len(ground.fit)), ground.current >= 0
    before = float(ground.fit[people[holds], ground.current[holds]].sum())
    return Rotation(
        target=found.target, total_before=before,
        total_after=float(ground.fit[people, found.target].sum()), bound=before + found.bound,
        optimal=found.optimal,
    )  # fmt: skip


def clash_of(choices: Choices, told: list[Rule]) -> list[str] | None:
    """Names of rules that clash, none of which can be spared; None where the board is too large to ask."""
    if len(choices.person) > LARGEST_RULED:
        return None
    return [told[at].name for at in clashing(choices, told)]


def _numbered(words: Sequence[str]) -> Ints:
    return np.unique(words, return_inverse=True)[1]
