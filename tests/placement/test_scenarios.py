"""Scenarios: terms, states, trials, chains, how sure a plan is, and what never counts."""

from __future__ import annotations

import numpy as np
import pytest
from dask.distributed import LocalCluster
from django.urls import reverse
from world import NOW, TODAY

from cakap.accounts.models import Role
from cakap.jobs.workers import workers_at
from cakap.placement.board import board
from cakap.placement.comparing import differences, figures_of, longest_chain
from cakap.placement.criteria import CRITERIA, weighed
from cakap.placement.errors import (
    NotYourPlan,
    PlanIsStale,
    TermsClash,
    UnknownCriterion,
    WrongStep,
)
from cakap.placement.models import Plan
from cakap.placement.problem import Wanted
from cakap.placement.services import (
    approve_plan,
    comment_on,
    first_difference,
    fresh_problem,
    make_plan,
    make_variant,
    propose_plan,
    review_plan,
)
from cakap.placement.standing import measure_plan
from cakap.placement.trial import if_refused, links, try_move
from cakap.placement.wishing import rank_applicants, state_wishes
from cakap.placement.words import terms_in_words
from cakap.policy.models import Override
from cakap.policy.queries import policy_in_force
from cakap.programmes.models import Programme
from cakap.registry.models import Employee, Position, Unit
from cakap.registry.services import appoint
from cakap.results.models import Result


def make(world, **more):
    programme = Programme.objects.get(initiator=world.agency)
    told = {"programmes": [programme], "name": "Rencana", "actor": "t", "now": NOW}
    return make_plan(**(told | more))


def weigh(world, **weights):
    told = dict.fromkeys(CRITERIA, 0) | weights
    Override.objects.create(
        agency=world.agency.code, key="placement.weights", value=told, since=TODAY, reason="uji"
    )


def movers(plan):
    return [
        line for line in plan.lines.select_related("employee") if line.source_id != line.target_id
    ]


def targets(plan):
    return dict(plan.lines.values_list("employee_id", "target_id"))


def test_terms_are_kept_and_written_in_words(world, published):
    free = make(world)
    mover = movers(free)[0]
    forbidden = Wanted(
        forbidden=[[mover.employee_id, mover.target_id]], max_moves=2, max_leaving={"DINAS1": 1}
    )

    plan = make_variant(plan=free, wanted=forbidden, name="Lain", actor="t", now=NOW)

    assert targets(plan)[mover.employee_id] != mover.target_id
    assert len(movers(plan)) <= 2
    assert plan.optimal
    assert plan.parent == free
    assert plan.total_after <= free.total_after
    words = terms_in_words(plan)
    assert "Paling banyak 2 perpindahan" in words
    assert any(mover.employee.full_name in sentence for sentence in words)
    assert first_difference(plan) == ""


def test_terms_that_clash_are_named_and_nothing_is_kept(world, published):
    person, elsewhere = world.holder("KABID1"), world.post("KABID2")

    with pytest.raises(TermsClash, match=r"dikunci pada .*paling banyak 0 perpindahan"):
        make(world, wanted=Wanted(locks=[[person.pk, elsewhere.pk]], max_moves=0))
    with pytest.raises(TermsClash, match="tidak ikut dalam rencana"):
        make(world, wanted=Wanted(must_fill=[10**6]))
    assert not Plan.objects.exists()


def test_a_stage_leaves_the_others_where_they_are(world, published):
    Override.objects.create(
        agency=world.agency.code, key="selection.stages", reason="uji",
        value=[["pengawas"], ["administrator", "jpt_pratama"]], since=TODAY,
    )  # fmt: skip

    plan = make(world, wanted=Wanted(stage=1))

    tiers = set(plan.lines.values_list("source__tier", flat=True))
    assert tiers == {"pengawas"}


def test_a_plan_goes_its_way_step_by_step(world, published):
    plan = make(world)
    with pytest.raises(WrongStep):
        propose_plan(plan=plan, actor="a", now=NOW)
    with pytest.raises(WrongStep):
        approve_plan(plan=plan, decree="SK", start=TODAY, actor="gubernur", now=NOW)

    review_plan(plan=plan, actor="b", now=NOW)
    propose_plan(plan=plan, actor="a", now=NOW)
    with pytest.raises(WrongStep):
        review_plan(plan=plan, actor="b", now=NOW)
    with pytest.raises(NotYourPlan):
        approve_plan(plan=plan, decree="SK", start=TODAY, actor="a", now=NOW)
    comment_on(plan=plan, text="Baik", actor="b", now=NOW)
    n = approve_plan(plan=plan, decree="SK-{n}/2025", start=TODAY, actor="gubernur", now=NOW)

    decrees = {line.employee.appointments.get(end=None).decree for line in movers(plan)}
    assert decrees == {f"SK-{at}/2025" for at in range(1, n + 1)}
    assert plan.comments.get().text == "Baik"


def test_why_not_says_what_it_would_cost_and_who_else_would_move(world, published):
    plan = make(world)
    mover = movers(plan)[0]

    stays = try_move(plan, mover.employee_id, mover.source_id)
    same = try_move(plan, mover.employee_id, mover.target_id)
    down = try_move(plan, world.holder("KADIS1").pk, world.post("KABID2").pk)

    assert stays.cost > 0
    assert mover.employee_id in {change.employee for change in stays.changes}
    assert same.cost == pytest.approx(0, abs=1e-6)
    assert "lebih rendah" in " ".join(down.reasons)
    assert "syarat jabatan" in down.clash
    with pytest.raises(TermsClash):
        try_move(plan, 10**6, mover.target_id)


def test_a_trial_is_the_plan_that_it_becomes(world, published):
    plan = make(world)
    mover = movers(plan)[0]
    tried = try_move(plan, mover.employee_id, mover.source_id)

    kept = make_variant(plan=plan, wanted=tried.wanted, name="x", actor="t", now=NOW)

    cost = policy_in_force(agency=world.agency.code, on=TODAY)["posts.plan_min_gain"]
    worth = [p.total_after - cost * len(movers(p)) for p in (plan, kept)]
    assert worth[0] - worth[1] == pytest.approx(tried.cost, abs=1e-6)
    assert targets(kept)[mover.employee_id] == mover.source_id
    assert len(movers(kept)) == tried.moves


def test_every_move_has_its_place_in_time_and_falls_with_what_it_waits_for(world, published):
    plan = make(world)

    found = links(plan)

    assert sorted(line.pk for link in found for line in link.lines) == sorted(
        line.pk for line in movers(plan)
    )
    for link in found:
        for first, second in zip(link.lines, link.lines[1:], strict=False):
            assert second.awaits_id == first.pk
            assert second.target_id == first.source_id
    longest = max(found, key=lambda link: len(link.lines))
    assert longest_chain(plan.lines.all()) == len(longest.lines)
    told = if_refused(longest.lines[0])
    assert [line.pk for line in told.falls] == [line.pk for line in longest.lines[1:]]
    assert told.trial.cost > 0


def test_a_plan_is_measured_alike_by_threads_and_by_a_cluster(world, published):
    Override.objects.create(
        agency=world.agency.code, key="placement.draws", value=12, since=TODAY, reason="uji"
    )
    plan, told = make(world), []

    with workers_at() as own:
        measure_plan(plan, workers=own, progress=lambda done, total: told.append((done, total)))
    here = list(plan.lines.order_by("pk").values_list("standing", flat=True))
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, processes=False
    )
    with cluster, workers_at(cluster.scheduler_address) as there:
        measure_plan(plan, workers=there, progress=lambda *_: None)

    assert told[-1] == (12, 12)
    assert all(0 <= share <= 1 for share in here)
    assert 0 < np.mean(here) < 1
    assert here == list(plan.lines.order_by("pk").values_list("standing", flat=True))
    assert plan.sensitivity["match"] == 1.0
    assert set(plan.sensitivity) == set(CRITERIA)


def test_a_plan_of_yesterday_is_not_measured_on_todays_posts(world, published):
    plan = make(world)
    mover = movers(plan)[0]
    appoint(
        employee=mover.employee, position=mover.target, start=TODAY, decree="x", actor="t", now=NOW
    )

    with pytest.raises(PlanIsStale):
        fresh_problem(plan)


def test_weights_count_and_are_shown_and_verified(world, published):
    plain = make(world)
    weigh(world, match=50, qualification=25, location=25)

    plan = make(world)

    line = plan.lines.first()
    wanted = sum(
        line.criteria_after[name] * share
        for name, share in (("match", 0.5), ("qualification", 0.25), ("location", 0.25))
    )
    assert line.fit_after == pytest.approx(wanted)
    assert plan.policy_digest != plain.policy_digest
    assert first_difference(plan) == ""
    # Interests are not measured in an assessment centre.
    assert set(line.criteria_after) == set(CRITERIA) - {"interests"}


def test_interests_count_where_person_and_post_have_them(world, published):
    weigh(world, match=50, interests=50)
    told = dict(zip("RIASEC", (6, 5, 4, 1, 2, 3), strict=True))
    Result.objects.filter(employee=world.person(0)).update(interests=told)
    Position.objects.filter(code="KABID1").update(interests="RIA")
    Position.objects.filter(code="KABID2").update(interests="SEC")

    whole = board(world.agency, policy_in_force(agency=world.agency.code, on=TODAY), on=TODAY)

    row, other = (whole.row[world.person(n).pk] for n in (0, 1))
    suits, against, untold = (whole.column[world.post(c).pk] for c in ("KABID1", "KABID2", "KASI1"))
    match = whole.criteria["match"]
    assert whole.fit[row, suits] == pytest.approx((match[row, suits] + 100) / 2)
    assert whole.fit[row, against] == pytest.approx(match[row, against] / 2)
    # Unknown of the post or of the person: the other criteria decide alone.
    assert whole.fit[row, untold] == pytest.approx(match[row, untold])
    assert whole.fit[other] == pytest.approx(match[other])
    plan = make(world)
    assert first_difference(plan) == ""
    line = plan.lines.get(employee=world.person(0))
    assert ("interests" in line.criteria_after) == (line.target.code in {"KABID1", "KABID2"})


def test_where_nothing_with_weight_is_known_nothing_speaks_for_the_pair():
    one = np.ones((1, 1))

    assert weighed({"match": 80 * one, "interests": np.nan * one}, {"interests": 1}) == 0


@pytest.mark.parametrize("attribute", ["sex", "age", "religion", "name"])
def test_no_protected_attribute_can_be_weighed(world, published, attribute):
    weigh(world, match=50, **{attribute: 50})

    with pytest.raises(UnknownCriterion, match=attribute):
        make(world)


def test_weights_that_say_nothing_are_refused():
    with pytest.raises(UnknownCriterion, match="lebih dari 0"):
        weighed({"match": np.ones((1, 1))}, {"match": 0})


def test_sex_birth_and_name_change_nothing(world, published):
    weigh(world, **dict.fromkeys(CRITERIA, 10))
    before = make(world)

    for person in Employee.objects.all():
        person.sex = "P" if person.sex == "L" else "L"
        person.name = f"Z{person.pk}"
        person.birth_date = replace_year(person.birth_date)
        person.save()
    after = make(world)

    assert before.input_digest == after.input_digest
    assert targets(before) == targets(after)


def replace_year(birth):
    """Younger, and far from every age of a rule."""
    return birth.replace(year=birth.year + 2, day=min(birth.day, 28))


def test_the_chance_of_the_category_follows_the_levels(world, published):
    whole = board(world.agency, policy_in_force(agency=world.agency.code, on=TODAY), on=TODAY)
    likely, match = whole.criteria["probability"], whole.criteria["match"]

    assert ((likely >= 0) & (likely <= 100)).all()
    assert np.corrcoef(likely.ravel(), match.ravel())[0, 1] > 0.5


def test_scenarios_are_compared_by_what_they_do(world, published):
    free, none = make(world), make(world, wanted=Wanted(max_moves=0))

    one, other = figures_of(free), figures_of(none)

    told = differences(none, free)
    assert {row.lines[0].employee_id for row in told} == {line.employee_id for line in movers(free)}
    assert sum(row.gain for row in told) == pytest.approx(free.total_after - none.total_after)
    assert one.moves == len(movers(free)) > 0
    assert (other.moves, other.longest_chain, other.gap) == (0, 0, pytest.approx(0, abs=1e-6))
    assert other.total_before == other.total_after
    assert one.vacant >= 1
    assert other.thin == ()
    assert set(one.fairness) == {"perempuan : laki-laki", "45 tahun ke atas : lainnya"}


def market_of(world):
    """Two of KASI1 would rather have KASI2; the unit prefers the second."""
    first, second = (
        Employee.objects.filter(
            appointments__position__code="KASI1", appointments__end=None
        ).order_by("nip")[at]
        for at in (0, 1)
    )
    post = world.post("KASI2")
    for person in (first, second):
        state_wishes(employee=person, posts=[post], actor="t", now=NOW)
    return first, second, post


def test_in_a_stable_plan_wishes_come_true_by_priority(world, published):
    first, second, post = market_of(world)
    ranks = {second.wishes.get().pk: 1, first.wishes.get().pk: 2}
    rank_applicants(position=post, ranks=ranks, actor="t", now=NOW)

    plan = make(world, method=Plan.Method.STABLE)

    assert {line.employee_id for line in movers(plan)} == {second.pk}
    assert plan.blocking == 0
    assert plan.total_after <= make(world).total_after
    assert first_difference(plan) == ""


def test_wishes_are_replaced_and_the_units_word_stays(world, published):
    first, _, post = market_of(world)
    rank_applicants(position=post, ranks={first.wishes.get().pk: 3}, actor="t", now=NOW)

    state_wishes(employee=first, posts=[world.post("KABID2"), post], actor="t", now=NOW)

    assert list(first.wishes.values_list("position__code", "rank", "unit_rank")) == [
        ("KABID2", 1, None), ("KASI2", 2, 3),
    ]  # fmt: skip
    with pytest.raises(TermsClash, match="satu kali"):
        state_wishes(employee=first, posts=[post, post], actor="t", now=NOW)


def test_the_terms_of_a_form_are_read_line_by_line(client, world, published):
    plan, person = make(world), world.holder("KABID1")
    client.force_login(world.user(Role.TALENT_MANAGER))
    address = f"/penempatan/rencana/{plan.pk}/skenario/"
    told = {"name": "S", "method": "optimum", "max_moves": 3}

    bad = [
        ({"locks": f"{person.nip} XX"}, "Baris 1: XX tidak dikenal."),
        ({"locks": person.nip}, "Baris 1: diharapkan NIP kode-jabatan"),
        ({"max_leaving": "DINAS1 banyak"}, "Baris 1: banyak tidak dikenal."),
        ({"couples": f"\n{person.nip} 123"}, "Baris 2: 123 tidak dikenal."),
        ({"stage": 9}, "Kebijakan mempunyai 2 tahap."),
    ]
    for more, words in bad:
        assert words in client.post(address, told | more).content.decode()
    good = told | {
        "locks": f"{person.nip} KABID1",
        "max_leaving": "DINAS1 2",
        "must_fill": "KADIS1",
    }
    answer = client.post(address, good)

    made = Plan.objects.latest("pk")
    assert answer.url == f"/penempatan/rencana/{made.pk}/"
    assert made.terms == {
        "max_moves": 3, "locks": [[person.pk, world.post("KABID1").pk]],
        "must_fill": [world.post("KADIS1").pk], "max_leaving": {"DINAS1": 2},
    }  # fmt: skip
    page = client.get(answer.url).content.decode()
    assert "Paling banyak 3 perpindahan" in page


def test_a_person_states_wishes_on_their_own_page(client, world):
    person = world.person(0)
    person.user = world.user(Role.PARTICIPANT)
    person.save()
    client.force_login(person.user)

    client.post(
        "/penempatan/minat/saya/",
        {"wish_1": world.post("KABID2").pk, "wish_3": world.post("KASI2").pk},
    )

    assert list(person.wishes.values_list("position__code", "rank")) == [
        ("KABID2", 1),
        ("KASI2", 2),
    ]
    page = client.get("/penempatan/minat/saya/").content.decode()
    assert f'value="{world.post("KABID2").pk}" selected' in page


def test_a_trial_on_the_page_says_the_consequence_and_is_kept(client, world, published):
    plan = make(world)
    line = movers(plan)[0]
    client.force_login(world.user(Role.TALENT_MANAGER))
    base = f"/penempatan/rencana/{plan.pk}/orang/{line.pk}"

    shown = client.get(f"{base}/coba/", {"position": line.source_id}).content.decode()
    refused = client.get(f"{base}/menolak/").content.decode()
    kept = client.post(f"{base}/simpan/", {"position": line.source_id})

    assert "kecocokan seluruhnya turun" in shown
    assert "Rencana terbaik bila orang ini tetap" in refused
    assert targets(Plan.objects.latest("pk"))[line.employee_id] == line.source_id
    assert kept.status_code == 302
    assert client.get(f"{base}/coba/").status_code == 400


def test_places_and_offices_are_those_of_the_unit_tree(world, published):
    root = Unit.objects.get(agency=world.agency, code="DINAS1")
    branch = Unit.objects.create(agency=world.agency, code="BID1", name="Bidang", parent=root)
    Position.objects.filter(code="KASI1").update(unit=branch)

    whole = board(world.agency, policy_in_force(agency=world.agency.code, on=TODAY), on=TODAY)

    office = {one.code: whole.facts.office[at] for at, one in enumerate(whole.positions)}
    assert office["KASI1"] == office["KABID1"] != office["KABID2"]


@pytest.mark.parametrize("told", ["9" * 40, "²", "x", "-1"])
def test_a_scenario_that_is_none_is_not_compared(client, world, told):
    client.force_login(world.user(Role.TALENT_MANAGER))

    answer = client.get(reverse("placement:compare"), {"plan": told})

    assert answer.status_code == 200
