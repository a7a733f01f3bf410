"""People with valid results against posts with standards, as arrays that fit together, gathered once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from cakap.accounts.models import Agency
from cakap.placement.criteria import Facts, other_criteria, weighed
from cakap.placement.models import Wish
from cakap.policy.book import Policy
from cakap.registry.models import Appointment, Position, Unit
from cakap.registry.queries import Record, records, standard_lines, standards_in_force
from cakap.registry.reference import EDUCATION_ORDER, STEP
from cakap.results.models import Result
from cakap.results.queries import levels_of, valid_results
from cakap.science.matching.chance import capped_mean_moments, ratio_moments, reaches
from cakap.science.matching.interests import TYPES
from cakap.science.matching.jpm import capped_mean, ratio
from cakap.science.types import Floats
from cakap.talent.queries import boxes_of

FORMULAS = {"capped_mean": capped_mean, "ratio": ratio}
MOMENTS = {"capped_mean": capped_mean_moments, "ratio": ratio_moments}


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """shown, se: (n_people, n_codes) levels and their standard errors, nan where not measured; asked:
    (n_posts, n_codes); criteria: each (n_people, n_posts), 0 to 100; fit: their weighted mean, nan where a
    post asks for what was not measured."""

    people: tuple[int, ...]
    positions: tuple[Position, ...]
    standards: tuple[int, ...]
    codes: tuple[str, ...]
    shown: Floats
    se: Floats
    asked: Floats
    facts: Facts
    criteria: dict[str, Floats]
    fit: Floats
    results: dict[int, Result]
    records: dict[int, Record]
    boxes: dict[int, int]

    @property
    def row(self) -> dict[int, int]:
        """Employee id -> row."""
        return {person: at for at, person in enumerate(self.people)}

    @property
    def column(self) -> dict[int, int]:
        """Post id -> column."""
        return {position.pk: at for at, position in enumerate(self.positions)}


def board(agency: Agency, policy: Policy, *, on: date) -> Board:
    """An agency's own people over its own posts."""
    return board_over(valid_results(agency, on=on), [agency], policy, on=on)


def board_over(
    results: dict[int, Result], agencies: Sequence[Agency], policy: Policy, *, on: date
) -> Board:
    """The people of these results over the posts of these agencies."""
    people = tuple(sorted(results))
    in_force = {
        post: standard
        for agency in agencies
        for post, standard in standards_in_force(agency, on=on).items()
    }
    lines = standard_lines(in_force.values())
    positions = tuple(
        Position.objects.filter(pk__in=[p for p, s in in_force.items() if lines.get(s)])
        .select_related("unit", "agency")
        .order_by("pk")
    )
    asked_of = [lines[in_force[position.pk]] for position in positions]
    codes = tuple(sorted({code for row in asked_of for code in row}))
    shown, se = _levels(results, people, codes)
    asked = np.array([[row.get(code, 0) for code in codes] for row in asked_of], dtype=float)
    asked = asked.reshape(len(positions), len(codes))
    known = {pk: record for agency in agencies for pk, record in records(agency, on=on).items()}
    boxes = {pk: box for agency in agencies for pk, box in boxes_of(agency).items()}
    rows = [results[person] for person in people]
    facts = _facts(rows, positions, known, boxes, policy, on=on)
    criteria = measured_criteria(shown, se, asked, policy) | other_criteria(
        facts, full_years=policy["placement.experience_years"]
    )
    return Board(
        people=people, positions=positions, codes=codes, shown=shown, se=se, asked=asked,
        standards=tuple(in_force[position.pk] for position in positions),
        facts=facts, criteria=criteria, fit=weighed(criteria, policy["placement.weights"]),
        results=results, records=known, boxes=boxes,
    )  # fmt: skip


def _levels(
    results: Mapping[int, Result], people: Sequence[int], codes: Sequence[str]
) -> tuple[Floats, Floats]:
    found = levels_of(results)
    unknown = (np.nan, np.nan)
    whole = np.array(
        [[found[person].get(code, unknown) for code in codes] for person in people], dtype=float
    ).reshape(len(people), len(codes), 2)
    return whole[:, :, 0], whole[:, :, 1]


def measured_criteria(
    shown: Floats, se: Floats, asked: Floats, policy: Policy
) -> dict[str, Floats]:
    """The criteria that stand on levels, by the formulas of policy: the match, and the chance of the
    category; shapes as in `Board`."""
    purpose, category = policy["placement.category"]
    mark = next(low for code, _, low in policy[f"jpm.categories.{purpose}"] if code == category)
    formula = policy["jpm.for_decisions"]
    likely = np.zeros((len(shown), len(asked)))
    if likely.size:
        moments = MOMENTS[formula](np.nan_to_num(shown), np.nan_to_num(se), asked)
        likely = reaches(*moments, mark)
    return {"match": match_of(shown, asked, policy), "probability": 100.0 * likely}


def match_of(shown: Floats, asked: Floats, policy: Policy) -> Floats:
    """JPM in percent by the formula of policy, nan where a post asks for what was not measured; shapes as in
    `Board`."""
    if not len(shown) or not len(asked):
        return np.zeros((len(shown), len(asked)))
    fit = FORMULAS[policy["jpm.for_decisions"]](np.nan_to_num(shown), asked)
    unmeasured = np.isnan(shown).astype(float) @ (asked > 0).astype(float).T > 0
    return np.where(unmeasured, np.nan, fit)


def _facts(
    results: Sequence[Result],
    positions: Sequence[Position],
    known: Mapping[int, Record],
    boxes: Mapping[int, int],
    policy: Policy,
    *,
    on: date,
) -> Facts:
    people = [result.employee_id for result in results]
    office = offices({position.agency_id for position in positions})
    numbers = {root: at for at, root in enumerate(sorted(set(office.values())))}
    places: dict[str, int] = {}
    post_place = [_place_of(position, places) for position in positions]
    here = {position.pk: place for position, place in zip(positions, post_place, strict=True)}
    rules = [policy.get(f"posts.eligibility.{position.tier}") or {} for position in positions]
    return Facts(
        box=np.array([boxes.get(person, 0) for person in people], dtype=np.int64),
        years=_years(people, office, numbers, on),
        education=np.array(
            [EDUCATION_ORDER[known[person].employee.education] for person in people], dtype=np.int64
        ),
        interests=np.array(
            [[result.interests.get(one, np.nan) for one in TYPES] for result in results], dtype=float
        ).reshape(len(people), len(TYPES)),
        place=np.array(
            [here.get(known[person].position or 0, -1) for person in people], dtype=np.int64
        ),
        step=np.array([STEP[position.tier] for position in positions], dtype=np.int64),
        office=np.array([numbers[office[one.unit_id]] for one in positions], dtype=np.int64),
        least_education=np.array(
            [EDUCATION_ORDER.get(rule.get("education", ""), 1) for rule in rules], dtype=np.int64
        ),
        suiting=tuple(position.interests for position in positions),
        post_place=np.array(post_place, dtype=np.int64),
        wish=_wishes(people, positions),
    )  # fmt: skip


def offices(agencies: Iterable[int]) -> dict[int, int]:
    """Unit id -> the office (perangkat daerah) at the top of its branch."""
    parents = dict(Unit.objects.filter(agency__in=agencies).values_list("pk", "parent_id"))
    found = {}
    for unit in parents:
        root = unit
        while parents.get(root) is not None:
            root = parents[root]
        found[unit] = root
    return found


def _place_of(position: Position, places: dict[str, int]) -> int:
    name = position.location or position.unit.location
    return places.setdefault(name, len(places)) if name else -1


def _years(
    people: Sequence[int], office: Mapping[int, int], numbers: Mapping[int, int], on: date
) -> Floats:
    """Years that each person has served in each office, (n_people, n_offices)."""
    row = {person: at for at, person in enumerate(people)}
    years = np.zeros((len(people), max(len(numbers), 1)))
    served = Appointment.objects.filter(
        position__unit__in=list(office), start__lte=on, kind=Appointment.Kind.DEFINITIVE
    ).values_list("employee_id", "position__unit_id", "start", "end")
    for employee, unit, start, end in served.iterator(chunk_size=20000):
        if employee in row:
            until = min(end, on) if end else on
            years[row[employee], numbers[office[unit]]] += (until - start).days / 365.25
    return years


def _wishes(people: Sequence[int], positions: Sequence[Position]) -> np.ndarray:
    row = {person: at for at, person in enumerate(people)}
    column = {position.pk: at for at, position in enumerate(positions)}
    found = np.zeros((len(people), len(positions)), dtype=np.int64)
    stated = Wish.objects.filter(position__agency__in={one.agency_id for one in positions})
    for employee, position, rank in stated.values_list("employee", "position", "rank"):
        if employee in row and position in column:
            found[row[employee], column[position]] = rank
    return found


def explained(
    whole: Board, row: int, column: int, names: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the person shows above the standard, and below it, in words."""
    above, below = [], []
    for at, code in enumerate(whole.codes):
        shown, asked = whole.shown[row, at], whole.asked[column, at]
        if asked == 0:
            continue
        text = f"{names[code]} {shown:g} dari {asked:g}".replace(".", ",")
        if shown > asked:
            above.append((asked - shown, text))
        elif shown < asked:
            below.append((shown - asked, text))
    return tuple(t for _, t in sorted(above)), tuple(t for _, t in sorted(below))
