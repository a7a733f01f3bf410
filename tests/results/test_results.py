"""From answers to results: levels, validity, the five counts, and figures that come out again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader
from world import NOW

from cakap.accounts.models import Agency, Role
from cakap.delivery.models import Attempt, RecordConflict, Site, SitePackage
from cakap.delivery.saving import Sent
from cakap.delivery.services import begin, give_consent, keep_events, sign_in, submit
from cakap.delivery.sites.identity import Card
from cakap.delivery.sites.log import events_after
from cakap.delivery.sites.queries import amended_participants, incomplete_sessions
from cakap.delivery.sites.receiving import receive
from cakap.itembank.models import FormItem
from cakap.itembank.services import SectionPlan, build_form
from cakap.policy.book import Policy, default_rules
from cakap.programmes.models import Assessed, Seat, Session
from cakap.programmes.services import open_session, plan_session
from cakap.registry.models import Standard
from cakap.results.compute import level_of, match
from cakap.results.models import Report, Result
from cakap.results.queries import (
    five_counts,
    jpm_against,
    lost_between,
    valid_results,
    with_staleness,
    without_result,
)
from cakap.results.reports import individual_report, keep_reports
from cakap.results.services import first_difference, months_later, publish_results
from cakap.scoring import services as scoring
from cakap.scoring.errors import MeasuredTwice, NothingToScore
from cakap.scoring.models import Score
from cakap.scoring.services import score_programme

POLICY = Policy(default_rules())


def sit(session, seat, option, *, most=10**6):
    """Sign in, answer every item alike (the first `most`), submit."""
    attempt = sign_in(nip=seat.participant.employee.nip, pin=session.pin, now=NOW)
    give_consent(attempt=attempt, now=NOW)
    attempt = begin(attempt=Attempt.objects.get(pk=attempt.pk), now=NOW)
    rows = list(FormItem.objects.filter(section__form=session.form).select_related("version__item"))
    sent = [
        Sent(
            seq=seq, kind="answer", item=row.version_id, at=NOW,
            response="a" if row.version.item.kind == "single" else option,
        )
        for seq, row in enumerate(rows[:most], start=1)
    ]  # fmt: skip
    keep_events(attempt=attempt, device=attempt.device, sent=sent, now=NOW)
    submit(attempt=attempt, device=attempt.device, last_seq=len(sent), now=NOW)


@pytest.fixture
def run(session):
    seats = list(session.seats.select_related("participant__employee"))
    sit(session, seats[0], "e")
    sit(session, seats[1], "c")
    sit(session, seats[2], "c", most=5)
    return score_programme(programme=session.programme, actor="t", now=NOW)


def test_nobody_finished_is_nothing_to_score(session):
    with pytest.raises(NothingToScore):
        score_programme(programme=session.programme, actor="t", now=NOW)


def test_two_sittings_that_count_are_named_and_none_is_chosen(run, session):
    first = session.seats.get(number=1)
    other = session.programme.sessions.exclude(pk=session.pk)[0]
    seat = Seat.objects.create(session=other, participant=first.participant, number=99)
    moments = dict.fromkeys(("signed_in_at", "consented_at", "begun_at", "submitted_at"), NOW)
    closes = NOW + timedelta(hours=1)
    again = Attempt.objects.create(seat=seat, seed=1, closes_at=closes, **moments)

    with pytest.raises(MeasuredTwice, match=first.participant.employee.nip):
        score_programme(programme=session.programme, actor="t", now=NOW)

    form = build_form(
        agency=session.programme.organiser, code="F2", name="F2", minutes=9, actor="t", now=NOW,
        sections=[SectionPlan(title="S", instructions="", codes=["TIU-0"])],
    )  # fmt: skip
    Session.objects.filter(pk=other.pk).update(form=form)
    with pytest.raises(MeasuredTwice, match="dimensi TIU"):
        score_programme(programme=session.programme, actor="t", now=NOW)
    Attempt.objects.filter(pk=again.pk).update(set_aside_at=NOW)
    score_programme(programme=session.programme, actor="t", now=NOW)


def result_at(session, seat):
    return Result.objects.get(participant__seats__number=seat, participant__seats__session=session)


def test_better_answers_give_higher_levels_and_too_few_give_no_result(run, session):
    publish_results(run=run, actor="t", now=NOW)

    best, middle = result_at(session, 1), result_at(session, 2)
    assert [row.level for row in best.levels.all()] == [5] * 9
    assert {row.level for row in middle.levels.all()} == {3}
    (gone,) = without_result(run)
    assert "tidak diukur" in gone[1] or "terlalu sedikit jawaban" in gone[1]


def test_the_five_counts_reconcile_by_name(run, session):
    publish_results(run=run, actor="t", now=NOW)

    counts = five_counts(session.programme, now=NOW)
    sizes = [
        len(getattr(counts, name))
        for name in ("invited", "scheduled", "present", "finished", "valid")
    ]

    assert sizes == [11, 11, 3, 3, 2]
    assert [len(people) for _, _, people in lost_between(counts)] == [0, 8, 0, 1]


def test_results_hold_for_three_years_and_count_for_the_rule(run):
    publish_results(run=run, actor="t", now=NOW)

    row = Result.objects.first()
    assert (row.valid_from, row.valid_until) == (date(2025, 1, 22), date(2028, 1, 22))
    assert Assessed.objects.filter(employee=row.employee, valid_until=row.valid_until).exists()


def test_an_organiser_without_accreditation_gives_results_that_nobody_counts(run, session):
    Agency.objects.update(accreditation="")
    run.programme.organiser.refresh_from_db()

    publish_results(run=run, actor="t", now=NOW)

    assert not Result.objects.filter(recognised=True).exists()
    assert not Assessed.objects.exists()
    assert valid_results(session.programme.initiator, on=date(2025, 2, 1)) == {}


def test_publishing_again_supersedes_and_keeps(run, session):
    publish_results(run=run, actor="t", now=NOW)
    again = score_programme(programme=session.programme, actor="t", now=NOW + timedelta(days=1))
    publish_results(run=again, actor="t", now=NOW + timedelta(days=1))

    assert Result.objects.count() == 4
    assert Result.objects.filter(superseded_at__isnull=True).count() == 2


def test_publishing_again_supersedes_who_has_no_sitting_left_that_counts(run, session):
    publish_results(run=run, actor="t", now=NOW)
    later = NOW + timedelta(days=1)
    Attempt.objects.filter(seat__number=1).update(set_aside_at=later, amended_at=later)
    again = score_programme(programme=session.programme, actor="t", now=later)
    publish_results(run=again, actor="t", now=later)

    assert result_at(session, 1).superseded_at == later
    assert Result.objects.filter(superseded_at__isnull=True).count() == 1


def test_a_rehearsal_holds_up_no_result_and_makes_none_stale(run, session):
    publish_results(run=run, actor="t", now=NOW)
    later, seat = NOW + timedelta(days=9), session.seats.get(number=1)
    played = plan_session(
        programme=session.programme, room=session.room, form=session.form, is_rehearsal=True,
        starts_at=NOW + timedelta(days=4), actor="t", now=NOW,
    )  # fmt: skip
    place = Seat.objects.create(session=played, participant=seat.participant, number=1)
    attempt = Attempt.objects.create(seat=place, seed=1, signed_in_at=NOW, amended_at=later)
    record = {"kept": {}, "other": {}, "found_at": NOW}
    RecordConflict.objects.create(attempt=attempt, seq=1, **record)
    site = Site.objects.create(agency=session.programme.organiser, name="S", card="x", added_at=NOW)
    SitePackage.objects.create(session=played, site=site, made_at=NOW, made_by="t")

    assert incomplete_sessions(session.programme, now=later) == []
    assert amended_participants(session.programme, since=NOW) == set()
    assert not with_staleness(Result.objects.all()).filter(is_stale=True).exists()


def test_records_that_a_site_tells_after_scoring_make_that_result_stale(
    client, world, run, session
):
    publish_results(run=run, actor="t", now=NOW)
    card, later = Card(sign=b"a" * 32, seal=b"b" * 32), NOW + timedelta(days=1)
    site = Site.objects.create(agency=world.agency, name="S", card=card.text, added_at=NOW)
    SitePackage.objects.create(session=session, site=site, made_at=NOW, made_by="t")
    attempt = Attempt.objects.get(seat__session=session, seat__number=1)
    last = attempt.events.order_by("seq").last()
    known = list(events_after(session, {}))
    attempt.events.filter(pk=last.pk).delete()
    client.force_login(world.user(Role.OPERATOR))

    def said():
        page = client.get(reverse("results:programme", args=[session.programme_id]))
        return "Hasil yang usang" in page.content.decode(), page.context["stale"]

    assert said() == (False, 0)
    for part in known:
        receive(card, part, now=later)
    assert said() == (True, 1)
    Session.objects.filter(pk=session.pk).update(state="closed")  # so told by the site
    again = score_programme(programme=session.programme, actor="t", now=later + timedelta(hours=1))
    publish_results(run=again, actor="t", now=later + timedelta(hours=1))
    for part in known:
        receive(card, part, now=later + timedelta(days=1))
    assert said() == (False, 0), "nothing of it was new"


def test_every_figure_comes_out_again_and_a_changed_one_is_named(run):
    publish_results(run=run, actor="t", now=NOW)
    assert (scoring.first_difference(run), first_difference(run)) == ("", "")

    score = Score.objects.filter(run=run, scale="theta").first()
    Score.objects.filter(pk=score.pk).update(value=score.value + 0.01)
    assert score.participant.employee.nip in scoring.first_difference(run)
    Score.objects.filter(pk=score.pk).update(value=score.value)

    row = Result.objects.first()
    Result.objects.filter(pk=row.pk).update(jpm_ratio=row.jpm_ratio + 1)
    assert row.employee.nip in first_difference(run)


def test_a_result_keeps_the_standard_it_was_made_against(run, world):
    publish_results(run=run, actor="t", now=NOW)
    row = Result.objects.first()
    standard = Standard.objects.create(
        position=row.standard.position, version=2, state="approved", effective=date(2025, 1, 1)
    )
    for line in row.standard.lines.all():
        standard.lines.create(competency=line.competency, level=1)

    assert first_difference(run) == ""
    assert Result.objects.get(pk=row.pk).standard_id != standard.pk


def test_a_result_is_read_against_any_other_post(run, world, session):
    publish_results(run=run, actor="t", now=NOW)
    row = result_at(session, 2)

    own = jpm_against(row, row.standard.position, on=date(2025, 1, 22))
    higher = jpm_against(row, world.post("SEKDA"), on=date(2025, 1, 22))

    assert own.match.ratio == pytest.approx(row.jpm_ratio)
    assert higher.match.ratio == pytest.approx(60.0)
    assert higher.category == "KO"
    assert all(0 <= gap.probability <= 1 for gap in higher.gaps)


def test_the_report_is_tagged_names_the_person_and_is_the_same_twice(run):
    publish_results(run=run, actor="t", now=NOW)
    row = Result.objects.select_related("employee", "run").order_by("jpm_ratio")[0]

    content = individual_report(row)

    import io

    reader = PdfReader(io.BytesIO(content))
    text = "".join(page.extract_text() for page in reader.pages)
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.trailer["/Root"]["/Lang"] == "id"
    assert row.employee.nip in text
    assert f"{row.jpm_ratio:.2f}".replace(".", ",") in text
    assert individual_report(row) == content


def test_reports_are_made_once(run):
    publish_results(run=run, actor="t", now=NOW)
    rows = list(Result.objects.select_related("employee", "run"))

    assert keep_reports(rows, actor="t", now=NOW) == 2
    assert keep_reports(rows, actor="t", now=NOW) == 0
    assert Report.objects.count() == 2


@pytest.mark.parametrize(
    ("value", "level"), [(0.0, 0), (0.49, 0), (0.5, 1), (3.25, 3), (3.5, 4), (5.0, 5)]
)
def test_an_agreed_rating_enters_as_agreed(value, level):
    found = level_of(scale="level", value=value, se=0.3, policy=POLICY)

    assert (found.value, found.level) == (value, level)
    assert sum(found.probabilities) == pytest.approx(1)


def test_the_total_is_capped_only_where_policy_says_so():
    shown, asked = {"M.01": 5.0}, {"M.01": 4}

    assert match(shown, asked, cap_total=False).ratio == 125
    assert match(shown, asked, cap_total=True).ratio == 100


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2025, 1, 22), 36, date(2028, 1, 22)),
        (date(2024, 2, 29), 36, date(2027, 2, 28)),
        (date(2025, 12, 31), 2, date(2026, 2, 28)),
    ],
)
def test_months_later(day, months, later):
    assert months_later(day, months) == later


def test_a_second_session_may_open(session, world):
    for other in session.programme.sessions.exclude(pk=session.pk):
        open_session(session=other, actor="t", now=NOW)

    assert not session.programme.sessions.filter(state="planned").exists()
