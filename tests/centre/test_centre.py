from __future__ import annotations

import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook
from world import NOW, make_programme

import cakap
from cakap.accounts.models import Role
from cakap.accounts.services import give_roles, register_user
from cakap.centre.errors import (
    AlreadyRated,
    AlreadySigned,
    AlreadySubmitted,
    BadRating,
    MatrixInUse,
    MeetingNotOpen,
    MeetingOpened,
    NotIndependent,
    NotInMatrix,
    RatingsMissing,
)
from cakap.centre.meeting import agree, integration, open_meeting, sign
from cakap.centre.models import Assignment, Rating
from cakap.centre.queries import agreed_levels, missing_ratings
from cakap.centre.services import (
    assign,
    correct,
    import_ratings,
    rate,
    reopen,
    set_matrix,
    submit,
    withdraw,
)
from cakap.programmes.models import Programme
from cakap.registry.errors import UnreadableFile
from cakap.registry.imports.tables import read_table
from cakap.registry.models import Competency
from cakap.registry.services import link_user

MATRIX = {("LGD", "Diskusi"): ["M.02", "M.03"], ("BEI", "Wawancara"): ["M.02"]}


@pytest.fixture
def programme(world):
    made = make_programme(world, Programme.Method.CENTRE)
    set_matrix(programme=made, cells=MATRIX, actor="t", now=NOW)
    return made


@pytest.fixture
def assessors(world):
    found = []
    for name in ("satu", "dua"):
        user = register_user(
            username=name, name=name, password="rahasia-sekali", actor="t", now=NOW
        )
        give_roles(user=user, agency=world.agency, roles=[Role.ASSESSOR], actor="t", now=NOW)
        found.append(user)
    return found


@pytest.fixture
def assignments(programme, assessors):
    participant = programme.participants.first()
    return [assign(participant=participant, assessor=one, actor="t", now=NOW) for one in assessors]


def code(name):
    return Competency.objects.get(code=name)


def rate_all(assignment, level="3"):
    for simulation, competency in missing_ratings(assignment):
        rate(
            assignment=assignment, simulation=simulation, competency=competency,
            level=Decimal(level), evidence="Menyimak.", now=NOW,
        )  # fmt: skip


def hand_in(assignments):
    """Everybody submits and the meeting is opened."""
    for assignment in assignments:
        submit(assignment=assignment, now=NOW)
    open_meeting(participant=assignments[0].participant, actor="satu", now=NOW)


def agree_all(participant):
    for row in integration(participant):
        agree(
            participant=participant, competency=row.competency, level=Decimal("3.25"),
            reason="Bukti terkuat.", actor="satu", now=NOW,
        )  # fmt: skip


def test_nobody_assesses_oneself_or_a_colleague_of_the_same_office(world, programme, assessors):
    participant = programme.participants.get(employee=world.holder("KABID1"))
    colleague = world.holder("KASI1")
    link_user(employee=colleague, user=assessors[0], actor="t", now=NOW)

    assessors[0].refresh_from_db()
    with pytest.raises(NotIndependent):
        assign(participant=participant, assessor=assessors[0], actor="t", now=NOW)
    with pytest.raises(NotIndependent):
        assign(
            participant=programme.participants.get(employee=colleague), assessor=assessors[0],
            actor="t", now=NOW,
        )  # fmt: skip


def test_a_first_rating_stays_as_it_was_given(assignments):
    simulation, competency = missing_ratings(assignments[0])[0]
    words = {"assignment": assignments[0], "simulation": simulation, "competency": competency}
    rate(**words, level=Decimal(4), evidence="Menyimak.", now=NOW)

    with pytest.raises(AlreadyRated):
        rate(**words, level=Decimal(2), evidence="Berubah pikiran.", now=NOW)

    assert Rating.objects.get().level == 4


@pytest.mark.parametrize(("level", "evidence"), [("3", " "), ("6", "Ada."), ("-1", "Ada.")])
def test_a_rating_needs_a_level_and_evidence(assignments, level, evidence):
    simulation, competency = missing_ratings(assignments[0])[0]

    with pytest.raises(BadRating):
        rate(
            assignment=assignments[0], simulation=simulation, competency=competency,
            level=Decimal(level), evidence=evidence, now=NOW,
        )  # fmt: skip


def test_a_cell_outside_the_matrix_is_refused(assignments, programme):
    with pytest.raises(NotInMatrix):
        rate(
            assignment=assignments[0], simulation=programme.simulations.get(code="BEI"),
            competency=code("M.08"), level=Decimal(3), evidence="Ada.", now=NOW,
        )  # fmt: skip


def test_differences_are_shown_and_the_agreed_level_counts(assignments):
    rate_all(assignments[0], "2")
    rate_all(assignments[1], "4")
    participant = assignments[0].participant
    hand_in(assignments)

    row = integration(participant)[0]
    agree_all(participant)
    for assignment in assignments:
        sign(assignment=assignment, now=NOW)

    assert (row.mean, row.spread) == (3.0, 2.0)
    found = agreed_levels(participant.programme)
    assert {(one.dimension, one.level, one.spread) for one in found} == {
        ("M.02", 3.25, 2.0), ("M.03", 3.25, 2.0),
    }  # fmt: skip


def test_all_submit_before_the_meeting_and_all_is_agreed_before_a_signature(assignments):
    rate_all(assignments[0])
    participant = assignments[0].participant
    submit(assignment=assignments[0], now=NOW)

    with pytest.raises(RatingsMissing, match="dua belum menyerahkan"):
        open_meeting(participant=participant, actor="t", now=NOW)
    with pytest.raises(MeetingNotOpen):
        agree_all(participant)
    with pytest.raises(RatingsMissing, match="belum diisi"):
        submit(assignment=assignments[1], now=NOW)

    rate_all(assignments[1])
    hand_in(assignments)
    with pytest.raises(RatingsMissing, match="belum disepakati"):
        sign(assignment=assignments[0], now=NOW)


def test_one_assessor_is_not_enough(programme, assessors):
    participant = programme.participants.last()
    row = assign(participant=participant, assessor=assessors[0], actor="t", now=NOW)
    rate_all(row)

    with pytest.raises(RatingsMissing, match="sedikitnya 2 asesor"):
        hand_in([row])


def test_submitted_ratings_change_only_after_reopening_and_never_after_the_meeting(assignments):
    for assignment in assignments:
        rate_all(assignment, "2")
    submit(assignment=assignments[0], now=NOW)
    rating = assignments[0].ratings.first()
    words = {"level": Decimal(4), "evidence": "Lain.", "reason": "Salah baca."}

    with pytest.raises(AlreadySubmitted):
        correct(rating=rating, **words, now=NOW)
    reopen(assignment=assignments[0], reason="Salah baca.", now=NOW)
    correct(rating=rating, **words, now=NOW)
    rating.refresh_from_db()
    assert (rating.level, rating.corrections.get().level) == (4, 2)

    hand_in(assignments)
    with pytest.raises(MeetingOpened):
        reopen(assignment=assignments[0], reason="Terlambat.", now=NOW)
    with pytest.raises(AlreadySubmitted):
        correct(rating=rating, **words, now=NOW)


def test_an_assessor_who_never_submits_is_withdrawn_and_counts_nowhere(
    programme, assignments, assessors, world
):
    third = register_user(
        username="tiga", name="tiga", password="rahasia-sekali", actor="t", now=NOW
    )
    participant = assignments[0].participant
    late = assign(participant=participant, assessor=third, actor="t", now=NOW)
    for assignment in (*assignments, late):
        rate_all(assignment, "3" if assignment != late else "5")

    with pytest.raises(RatingsMissing, match="tiga belum menyerahkan"):
        hand_in(assignments)
    withdraw(assignment=late, reason="Sakit.", actor="t", now=NOW)
    hand_in(assignments)

    assert {row.mean for row in integration(participant)} == {3.0}
    with pytest.raises(MeetingOpened):
        assign(participant=participant, assessor=third, actor="t", now=NOW)


def test_the_matrix_grows_no_more_once_somebody_has_submitted(programme, assignments):
    rate_all(assignments[0])
    submit(assignment=assignments[0], now=NOW)

    with pytest.raises(MatrixInUse):
        set_matrix(
            programme=programme, cells={**MATRIX, ("LGD", "Diskusi"): ["M.02", "M.03", "M.08"]},
            actor="t", now=NOW,
        )  # fmt: skip


def test_an_assessor_assigned_again_rates_what_was_added_and_submits_again(programme, assignments):
    first, second = assignments
    participant = first.participant
    rate_all(first)
    submit(assignment=first, now=NOW)
    withdraw(assignment=first, reason="Sakit.", actor="t", now=NOW)
    set_matrix(
        programme=programme, cells={**MATRIX, ("LGD", "Diskusi"): ["M.02", "M.03", "M.08"]},
        actor="t", now=NOW,
    )  # fmt: skip
    assign(participant=participant, assessor=first.assessor, actor="t", now=NOW)
    rate_all(second)
    submit(assignment=second, now=NOW)
    with pytest.raises(RatingsMissing, match="satu belum menyerahkan"):
        open_meeting(participant=participant, actor="satu", now=NOW)
    Assignment.objects.filter(pk=first.pk).update(submitted_at=NOW)  # as it was kept before
    with pytest.raises(RatingsMissing, match="satu belum menilai"):
        open_meeting(participant=participant, actor="satu", now=NOW)

    reopen(assignment=first, reason="Sel baru.", now=NOW)
    rate_all(first)
    submit(assignment=first, now=NOW)
    open_meeting(participant=participant, actor="satu", now=NOW)
    agree_all(participant)
    assert sign(assignment=first, now=NOW)


def test_nothing_changes_after_a_signature(assignments, assessors):
    for assignment in assignments:
        rate_all(assignment)
    hand_in(assignments)
    agree_all(assignments[0].participant)
    sign(assignment=assignments[0], now=NOW)

    with pytest.raises(AlreadySigned):
        agree_all(assignments[0].participant)
    assert agreed_levels(assignments[0].participant.programme) == []


def test_ratings_from_a_file_are_all_or_nothing(programme, assignments):
    nip = assignments[0].participant.employee.nip
    rows = f"nip,asesor,simulasi,kompetensi,tingkat,bukti\n{nip},satu,LGD,M.02,3,Ada\n"

    with pytest.raises(BadRating, match="baris 3.*kompetensi"):
        import_ratings(
            programme=programme, table=read_table("r.csv", f"{rows}{nip},satu,LGD,M.99,3,Ada\n".encode()),
            actor="t", now=NOW,
        )  # fmt: skip
    assert Rating.objects.count() == 0

    table = read_table("r.csv", rows.encode())
    assert import_ratings(programme=programme, table=table, actor="t", now=NOW) == 1


@pytest.mark.parametrize("typed", ["nan", "-inf", "1e9999", "tiga"])
def test_a_level_in_a_file_that_is_no_finite_number_is_refused(programme, assignments, typed):
    nip = assignments[0].participant.employee.nip
    rows = f"nip,asesor,simulasi,kompetensi,tingkat,bukti\n{nip},satu,LGD,M.02,{typed},Ada\n"

    with pytest.raises(BadRating, match="baris 2"):
        import_ratings(
            programme=programme, table=read_table("r.csv", rows.encode()), actor="t", now=NOW
        )


def test_ratings_whose_nips_lost_digits_are_refused(programme):
    book = Workbook()
    book.active.append(["nip", "asesor", "simulasi", "kompetensi", "tingkat", "bukti"])
    book.active.append([198003012005031001, "satu", "LGD", "M.02", 3, "Ada"])
    out = io.BytesIO()
    book.save(out)

    with pytest.raises(UnreadableFile, match="baris 2, kolom nip"):
        import_ratings(
            programme=programme, table=read_table("r.xlsx", out.getvalue()), actor="t", now=NOW
        )


def test_only_two_modules_read_the_table_of_ratings():
    """The service that writes one's own, and the query of the meeting; related names aside."""
    source = Path(cakap.__file__).parent
    reading = {
        str(file.relative_to(source))
        for file in source.rglob("*.py")
        if re.search(r"centre\.models import [^\n]*\bRating\b|Rating\.objects", file.read_text())
    }
    assert reading == {"centre/ratings_in_meeting.py", "centre/services.py", "centre/meeting.py"}
