"""The best plan under side rules, proved; and where there is none, the rules that clash.

A mixed-integer programme over pairs. Only pairs that can matter enter it: those that the prices of its linear
relaxation call for (column generation), then those whose reduced cost lies within what is left between the
plan and the bound. So the bound holds for every pair of the board.
"""

# SciPy's stubs know its optimisers only loosely; strict checking stops at this file.
# pyright: basic

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array, csr_array, hstack, vstack
from scipy.sparse import identity as unit_matrix

from cakap.science.matching.auction import auction
from cakap.science.matching.rules import Choices, Rule
from cakap.science.types import Floats, Ints

IN_AUCTION = 64  # pairs a person that bid for the first prices
FIRST = 3  # pairs a person to begin with: the best ones
CLOSE = 1e-7  # percent points that are no difference
SAME = 1e-6  # share of the total within which a plan counts as proved
NEAR = 0.5  # percent points that a pair may be short of its prices to be tried first
MORE = 3  # pairs a person that a pass over the prices takes in
BROKEN = 1e-6
PENALTY = 1e5  # percent points for breaking a rule once: more than any board's exchange brings
SECONDS = 60.0  # of the solver, after which the plan found is given with its gap


@dataclass(frozen=True, kw_only=True, slots=True)
class Solution:
    """target: (n_people,); total: gain of the plan in percent points; bound: what no plan exceeds."""

    target: Ints
    total: float
    bound: float

    @property
    def optimal(self) -> bool:
        """Whether nothing better is possible, to a millionth."""
        return self.bound - self.total <= SAME * max(1.0, abs(self.total))


class RulesClash(ValueError):
    """No plan keeps these rules; without any one of them there is one. `rules`: places on the list given."""

    def __init__(self, rules: list[int]) -> None:
        super().__init__(f"{len(rules)} rules clash")
        self.rules = rules


def best_under(board: Choices, rules: Sequence[Rule]) -> Solution:
    """Everybody into one post with the greatest total gain under all rules. RulesClash where none exists."""
    system = _system(board, rules)
    found = _relaxed(board.gain, board, system)
    if found.broken:
        raise RulesClash(clashing(board, rules))
    worth, bound = found.worth, found.bound
    plan = _whole(board.gain, system, found.columns & (worth >= -NEAR))
    if plan is None or bound - plan.total > SAME * max(1.0, abs(bound)):
        # What is left open may lie outside the columns: take in all that could still matter.
        left = np.inf if plan is None else bound - plan.total
        plan = _whole(board.gain, system, (worth >= -left - CLOSE) & system.allowed)
        if plan is None:
            raise RulesClash(clashing(board, rules))
        # Every better plan is made of these pairs, so the solver's own bound counts for all.
        bound = min(bound, plan.proved)
    target = np.zeros(len(board.current), dtype=np.int64)
    target[board.person[plan.used]] = board.post[plan.used]
    return Solution(target=target, total=plan.total, bound=max(bound, plan.total))


@dataclass(frozen=True, kw_only=True, slots=True)
class _System:
    """The rows of the programme over all pairs: one post each, seats, then the rules'."""

    matrix: csc_array
    least: Floats
    most: Floats
    allowed: NDArray[np.bool_]
    stays: NDArray[np.bool_]


def _system(board: Choices, rules: Sequence[Rule]) -> _System:
    n, n_people, n_posts = len(board.person), len(board.current), len(board.seats)
    each = np.arange(n)
    ones = np.ones(n)
    parts = [
        csr_array((ones, (board.person, each)), shape=(n_people, n)),
        csr_array((ones, (board.post, each)), shape=(n_posts, n)),
    ]
    least, most = (
        [np.ones(n_people), np.zeros(n_posts)],
        [np.ones(n_people), board.seats.astype(float)],
    )
    allowed = np.ones(n, dtype=bool)
    for rule in rules:
        if rule.forbids is not None:
            allowed &= ~rule.forbids
        if rule.rows is not None:
            parts.append(rule.rows)
            least.append(np.asarray(rule.least))
            most.append(np.asarray(rule.most))
    return _System(
        matrix=csc_array(vstack(parts)), least=np.concatenate(least), most=np.concatenate(most),
        allowed=allowed, stays=board.post == board.current[board.person],
    )  # fmt: skip


def _best_of_each(person: Ints, worth: Floats, pairs: Ints, most: int) -> Ints:
    """The most wanted pairs of each person; pairs lie in runs of a person. Partition first: sorting all of a
    board takes longer than the programme over what is left."""
    begins = np.flatnonzero(np.diff(person, prepend=-1))
    lengths = np.diff(np.append(begins, len(person)))
    if len(lengths) and lengths.max() > most:
        runs = np.repeat(np.arange(len(begins)), lengths)
        table = np.full((len(begins), lengths.max()), np.inf)
        table[runs, np.arange(len(person)) - np.repeat(begins, lengths)] = -worth
        mark = np.partition(table, most - 1, axis=1)[:, most - 1]
        near = np.flatnonzero(-worth <= mark[runs])
        person, worth, pairs = person[near], worth[near], pairs[near]
    order = np.lexsort((-worth, person))
    rank = np.arange(len(order)) - np.searchsorted(person[order], person[order])
    return pairs[order[rank < most]]


def _first_columns(gain: Floats, board: Choices, system: _System) -> NDArray[np.bool_]:
    """Staying, and the best pairs of each person at the prices that an auction finds without the rules."""
    pairs = np.flatnonzero(system.allowed)
    person, post = board.person[pairs], board.post[pairs]
    columns = system.stays & system.allowed
    best = _best_of_each(person, gain[pairs], np.arange(len(pairs)), IN_AUCTION)
    try:
        price = _auctioned(person[best], post[best], gain[pairs[best]], board)
    except ValueError:  # no plan without the rules by so few pairs: begin with the plain best
        price = np.zeros(len(board.seats))
    columns[_best_of_each(person, gain[pairs] - price[post], pairs, FIRST)] = True
    return columns


def _auctioned(person: Ints, post: Ints, gain: Floats, board: Choices) -> Floats:
    """Price of a seat of each post; the pairs lie in runs of a person."""
    rank = np.arange(len(person)) - np.searchsorted(person, person)
    candidates = np.full((len(board.current), IN_AUCTION), -1, dtype=np.int64)
    value = np.full(candidates.shape, -np.inf)
    candidates[person, rank], value[person, rank] = post, gain
    return auction(candidates, value, seats=board.seats, step=0.01).price


@dataclass(frozen=True, kw_only=True, slots=True)
class _Relaxed:
    """The linear optimum over all pairs: what each pair would add at its prices, its value, the pairs it
    took to find it, and whether a rule had to be broken."""

    worth: Floats
    bound: float
    columns: NDArray[np.bool_]
    broken: bool


class _Quiet(highspy.Highs):
    """HiGHS without callbacks, whose setting up greets on standard output, where JSON may be asked for."""

    def enableCallbacks(self) -> None:  # noqa: N802
        self.setOptionValue("output_flag", "off")


class _Master:
    """The linear programme over the columns taken in so far; it goes on from where it stood.

    Rows may be broken at a penalty, so that too few columns are no dead end.
    """

    def __init__(self, system: _System, gain: Floats) -> None:
        self._system, self._gain = system, gain
        self._highs = _Quiet()
        self._rows = len(system.least)
        self._highs.addRows(self._rows, system.least, system.most, 0, [], [], np.zeros(0))
        slack = csc_array(hstack([unit_matrix(self._rows), -unit_matrix(self._rows)]))
        self._add(slack, np.full(2 * self._rows, PENALTY))

    def take(self, pairs: Ints) -> None:
        self._add(self._system.matrix[:, pairs], -self._gain[pairs])

    def _add(self, columns: csc_array, cost: Floats) -> None:
        n = len(cost)
        self._highs.addCols(
            n, cost, np.zeros(n), np.full(n, highspy.kHighsInf), columns.nnz,
            columns.indptr[:-1].astype(np.int32), columns.indices.astype(np.int32), columns.data,
        )  # fmt: skip

    def solve(self) -> tuple[Floats, float, bool]:
        """What each pair of the board would add at the prices found, the value, whether a row is broken."""
        self._highs.run()
        found = self._highs.getSolution()
        worth = self._gain + self._system.matrix.T @ np.asarray(found.row_dual)
        broken = bool(sum(found.col_value[: 2 * self._rows]) > BROKEN)
        return worth, -float(self._highs.getInfo().objective_function_value), broken


def _relaxed(gain: Floats, board: Choices, system: _System) -> _Relaxed:
    """Column generation."""
    master, columns = _Master(system, gain), _first_columns(gain, board, system)
    master.take(np.flatnonzero(columns))
    while True:
        worth, value, broken = master.solve()
        wanted = np.flatnonzero((worth > CLOSE) & system.allowed & ~columns)
        missed = _missed(worth[wanted], board.person[wanted])
        if missed <= 0.5 * SAME * max(1.0, abs(value)):
            return _Relaxed(worth=worth, bound=value + missed, columns=columns, broken=broken)
        more = _best_of_each(board.person[wanted], worth[wanted], wanted, MORE)
        columns[more] = True
        master.take(more)


def _missed(worth: Floats, person: Ints) -> float:
    """What pairs outside the columns could bring at the most: everybody uses one pair."""
    best = np.zeros(int(person.max(initial=-1)) + 1)
    np.maximum.at(best, person, worth)
    return float(best.sum())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Whole:
    """A plan of whole people: the pairs used, their gain, and what the solver proved of its columns."""

    used: Ints
    total: float
    proved: float


def _whole(gain: Floats, system: _System, columns: NDArray[np.bool_]) -> _Whole | None:
    at = np.flatnonzero(columns)
    found = milp(
        -gain[at],
        integrality=np.ones(len(at), dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(system.matrix[:, at], system.least, system.most),
        options={"mip_rel_gap": 1e-9, "time_limit": SECONDS},
    )
    if found.x is None:
        return None
    used = at[np.round(found.x).astype(bool)]
    return _Whole(used=used, total=float(gain[used].sum()), proved=-float(found.mip_dual_bound))


def feasible(board: Choices, rules: Sequence[Rule]) -> bool:
    """Whether any plan keeps these rules."""
    system = _system(board, rules)
    nothing = np.zeros(len(board.person))
    found = _relaxed(nothing, board, system)
    return not found.broken and (
        _whole(nothing, system, found.columns) is not None
        or _whole(nothing, system, system.allowed) is not None
    )


def clashing(board: Choices, rules: Sequence[Rule]) -> list[int]:
    """Places of rules that clash, none of which can be spared; empty when the seats alone do not suffice.

    QuickXplain (Junker 2004, AAAI-04): halves the list, so few rules among many are found quickly.
    """
    everything = list(range(len(rules)))
    if not feasible(board, []) or feasible(board, rules):
        return []

    def among(suspects: list[int], kept: list[int]) -> list[int]:
        """Those of the suspects that clash with the rules kept, which do not clash among themselves."""
        if len(suspects) == 1:
            return suspects
        first, second = suspects[: len(suspects) // 2], suspects[len(suspects) // 2 :]
        of_second = needed(second, kept + first)
        return needed(first, kept + of_second) + of_second

    def needed(suspects: list[int], kept: list[int]) -> list[int]:
        return among(suspects, kept) if feasible(board, [rules[at] for at in kept]) else []

    return sorted(among(everything, []))
