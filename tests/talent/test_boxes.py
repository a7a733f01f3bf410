"""Nine boxes: a total partition, numbered as the ministry numbers them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cakap.policy.book import Policy, default_rules
from cakap.talent.boxes import box_of, boxes, one_step, performance_of, potential_of

POLICY = Policy(default_rules())


@given(st.floats(0, 100), st.floats(0, 100))
def test_every_point_lies_in_exactly_one_box(performance, potential):
    assert 1 <= box_of(performance, potential, POLICY).number <= 9


def test_the_map_names_each_pair_of_bands_once():
    found = boxes(POLICY)

    assert len(found) == 9
    assert sorted(box.number for box in found.values()) == list(range(1, 10))


@pytest.mark.parametrize(
    ("performance", "potential", "number"),
    [
        # rows from the top: 4 7 9 / 2 5 8 / 1 3 6
        (90, 10, 4), (90, 70, 7), (90, 90, 9),
        (70, 10, 2), (70, 70, 5), (70, 90, 8),
        (10, 10, 1), (10, 70, 3), (10, 90, 6),
        # an edge belongs to the upper band, and there are no gaps between whole numbers
        (80, 80, 9), (79.999, 80, 8), (60, 60, 5), (59.999, 60, 3), (80.5, 60.5, 7),
    ],
)  # fmt: skip
def test_seven_and_eight_are_not_swapped(performance, potential, number):
    assert box_of(performance, potential, POLICY).number == number


def test_performance_is_the_mean_of_the_predicates():
    assert performance_of(["sangat_baik", "baik"], POLICY) == 85


def test_a_part_that_was_not_measured_leaves_its_weight_to_the_others():
    parts = {"competency": 80.0, "potential": None, "qualification": 80.0, "integrity": 80.0}

    assert potential_of(parts, POLICY) == pytest.approx(80)
    assert potential_of({**parts, "potential": 0.0}, POLICY) == pytest.approx(60)


def test_how_firm_a_box_stands():
    steps = one_step(["baik", "baik"], 85.0, POLICY)

    assert [(name, box.number) for name, box in steps] == [
        ("butuh_perbaikan", 8),
        ("sangat_baik", 9),
    ]


def test_a_map_keeps_its_boxes_and_says_when_one_was_changed(world, published):
    from world import NOW

    from cakap.talent.models import Placement
    from cakap.talent.services import first_difference, map_talent

    made = map_talent(agency=world.agency, actor="t", now=NOW)
    assert first_difference(made) == ""

    row = made.placements.first()
    Placement.objects.filter(pk=row.pk).update(box=row.box % 9 + 1)
    assert row.employee.nip in first_difference(made)


def test_a_sanction_keeps_a_person_out_of_succession(world, published):
    from world import NOW

    from cakap.registry.models import Discipline
    from cakap.talent.queries import boxes_of
    from cakap.talent.services import map_talent

    person = published[0].employee
    Discipline.objects.create(employee=person, level="berat", start=date(2024, 6, 1), decree="SK-1")

    map_talent(agency=world.agency, actor="t", now=NOW)

    assert person.pk not in boxes_of(world.agency)
    assert len(boxes_of(world.agency)) == len(published) - 1
