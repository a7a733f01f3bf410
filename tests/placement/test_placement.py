"""Both ways, the plan, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from world import NOW, TODAY, make_programme

from cakap.placement.eligibility import age_on, reasons_against
from cakap.placement.errors import NobodyToPlace, PlanIsDecided, PlanIsStale
from cakap.placement.models import Plan
from cakap.placement.queries import people_for, posts_for
from cakap.placement.reports import plan_document, recommendation_document
from cakap.placement.services import (
    approve_plan,
    first_difference,
    make_plan,
    propose_plan,
    reject_plan,
    review_plan,
)
from cakap.policy.book import Policy, default_rules
from cakap.programmes.models import Programme
from cakap.registry.models import Appointment, Discipline
from cakap.registry.queries import empty_seats, held_positions, records
from cakap.registry.services import appoint

POLICY = Policy(default_rules())


@pytest.fixture
def record(world):
    """An administrator who may become JPT Pratama."""
    return records(world.agency, on=TODAY)[world.holder("KABID1").pk]


def against(record, tier="jpt_pratama", on=TODAY):
    return " | ".join(reasons_against(record, tier, POLICY, on=on))


def test_nothing_speaks_against_the_able(record):
    assert against(record) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"since": TODAY - timedelta(days=300), "tier_years": {"administrator": 5.0}},
            "baru 0,8 tahun",
        ),
        ({"experience_years": 4.0}, "pengalaman jabatan 4,0 tahun"),
        ({"tier_years": {"pengawas": 9.0}}, "belum 2 tahun pada jenjang administrator"),
        ({"discipline": TODAY - timedelta(days=100)}, "hukuman disiplin"),
    ],
)
def test_each_rule_says_why(record, change, words):
    assert words in against(replace(record, **change))


def test_rank_and_education_are_compared_in_their_order(record):
    record.employee.rank, record.employee.education = "III/d", "D-III"

    assert "pangkat III/d" in against(record)
    assert "pendidikan D-III" in against(record)


def test_age_is_taken_on_the_reference_date(record):
    record.employee.birth_date = date(1968, 1, 22)

    assert "57 tahun" in against(record)
    assert against(record, on=TODAY - timedelta(days=1)) == ""
    assert age_on(date(1968, 2, 29), date(2025, 2, 28)) == 56


def test_nobody_is_dropped_by_rotation(world):
    official = records(world.agency, on=TODAY)[world.holder("KADIS1").pk]

    assert "lebih rendah" in against(official, "administrator")


def test_a_rotation_within_the_tier_asks_no_ladder(world):
    official = records(world.agency, on=TODAY)[world.holder("KADIS1").pk]

    assert against(official, "jpt_pratama") == ""


def test_who_for_this_post_is_ranked_with_reasons_both_ways(world, published):
    found = people_for(world.post("KADIS2"), on=TODAY)

    fits = [one.fit for one in found.proposed]
    assert fits == sorted(fits, reverse=True)
    assert {one.employee.rank for one in found.proposed} <= {"IV/a", "IV/c"}
    assert all(one.gaps or one.fit == 100 for one in found.proposed)
    assert len(found.proposed) + len(found.excluded) == len(published)
    assert all(one.reasons for one in found.excluded)


def test_which_post_for_this_person_names_vacancies_only(world, published):
    found = posts_for(world.holder("KABID1"), on=TODAY)

    posts = {one.position.code for one in (*found.proposed, *found.excluded)}
    assert posts == {"SEKDA", "KADIS2", "KABID2", "KASI2"}
    assert {one.position.code for one in found.proposed} >= {"KABID2"}


def test_a_person_with_findings_is_flagged_not_silent(world, published):
    person = world.holder("KABID1")
    type(person).objects.filter(pk=person.pk).update(birth_date=date(1976, 1, 1))

    found = people_for(world.post("KADIS2"), on=TODAY)

    flagged = next(one for one in found.proposed if one.employee.pk == person.pk)
    assert "tanggal lahir berbeda" in flagged.findings[0]


def test_people_without_results_are_counted_not_hidden(world):
    found = people_for(world.post("KADIS2"), on=TODAY)

    assert (found.proposed, found.not_assessed) == ((), 11)


def proposed(plan):
    """Looked at and laid before the decision maker."""
    review_plan(plan=plan, actor="penelaah", now=NOW)
    propose_plan(plan=plan, actor="talenta", now=NOW)


def make(world, programme=None):
    programme = programme or Programme.objects.get(initiator=world.agency)
    return make_plan(programmes=[programme], name="Rencana", actor="t", now=NOW)


def test_nobody_with_a_result_is_nobody_to_place(world):
    with pytest.raises(NobodyToPlace):
        make(world, make_programme(world))


def test_a_plan_gains_places_everybody_once_and_lists_what_stays_open(world, published):
    plan = make(world)

    lines = list(plan.lines.all())
    assert len({line.employee_id for line in lines}) == len(lines) == 11
    assert plan.total_after >= plan.total_before
    assert plan.optimal
    assert all(line.reason for line in lines)
    stages = list(plan.open_posts.values_list("stage", "position__code"))
    assert stages == sorted(stages)
    assert stages[-1] == (2, "SEKDA")


def test_the_fits_of_a_plan_come_out_again_and_a_changed_one_is_named(world, published):
    plan = make(world)
    assert first_difference(plan) == ""

    line = plan.lines.first()
    type(line).objects.filter(pk=line.pk).update(fit_after=line.fit_after + 1)
    assert line.employee.nip in first_difference(plan)


def test_the_same_people_and_rules_give_the_same_plan(world, published):
    first, second = make(world), make(world)

    targets = [
        list(p.lines.order_by("employee").values_list("employee", "target"))
        for p in (first, second)
    ]
    assert targets[0] == targets[1]
    assert first.input_digest == second.input_digest


def test_an_approved_plan_becomes_appointments_and_is_final(world, published):
    plan = make(world)
    moves = {
        line.employee_id: line.target_id
        for line in plan.lines.all()
        if line.source_id != line.target_id
    }

    proposed(plan)

    n = approve_plan(plan=plan, decree="SK-206", start=TODAY, actor="gubernur", now=NOW)

    held = held_positions([line.employee_id for line in plan.lines.all()], on=TODAY)
    assert n == len(moves) > 0
    assert all(held[employee] == target for employee, target in moves.items())
    assert Appointment.objects.filter(decree="SK-206").count() == n
    with pytest.raises(PlanIsDecided):
        approve_plan(plan=plan, decree="SK-207", start=TODAY, actor="gubernur", now=NOW)
    with pytest.raises(PlanIsDecided):
        reject_plan(plan=plan, reason="x", actor="gubernur", now=NOW)


def test_a_plan_that_the_world_has_overtaken_is_refused_whole(world, published):
    plan = make(world)
    mover = next(line for line in plan.lines.all() if line.source_id != line.target_id)
    free = next(iter(empty_seats(world.agency, on=TODAY).keys() - {mover.target_id}))
    position = type(mover.source).objects.get(pk=free)
    appoint(employee=mover.employee, position=position, start=TODAY, decree="x", actor="t", now=NOW)

    proposed(plan)
    with pytest.raises(PlanIsStale):
        approve_plan(plan=plan, decree="SK-1", start=TODAY, actor="t", now=NOW)

    assert not Appointment.objects.filter(decree="SK-1").exists()
    assert Plan.objects.get(pk=plan.pk).state == "proposed"


def test_discipline_keeps_a_person_where_he_is(world, published):
    for person in [one.employee for one in published]:
        Discipline.objects.create(employee=person, level="sedang", start=TODAY, decree="SK")

    plan = make(world)

    assert all(line.source_id == line.target_id for line in plan.lines.all())
    assert plan.total_before == plan.total_after


def test_plan_and_recommendation_are_documents(world, published):
    found = people_for(world.post("KADIS2"), on=TODAY)

    assert plan_document(make(world)).startswith(b"%PDF")
    assert recommendation_document("Siapa?", found, now=NOW).startswith(b"%PDF")
