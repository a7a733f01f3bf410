"""Letters of recommendation across agencies: written, signed, read, answered."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner
from world import NOW, TODAY, make_world

from cakap.accounts.models import Agency, Role
from cakap.cli import app
from cakap.placement.advising import check_letter, sealed, send_advice, write_advice
from cakap.placement.errors import (
    LetterIsAltered,
    LetterIsSent,
    NothingToAdvise,
    NotYourPlan,
)
from cakap.placement.models import Advice
from cakap.placement.reports import advice_document
from cakap.programmes.models import Programme
from cakap.registry.queries import empty_seats


@pytest.fixture
def office(world, published):
    """A regional office that assessed the people of agency A."""
    row = Agency.objects.create(code="KANREG", name="Kantor Regional", accreditation="A")
    Programme.objects.filter(initiator=world.agency).update(organiser=row)
    return row


@pytest.fixture
def other(world):
    return make_world("B")


def written(office, recipient, most=2):
    return write_advice(
        issuer=office, recipient=recipient, number="R-1", most=most, actor="penyusun", now=NOW
    )


def test_people_of_one_agency_are_recommended_for_the_vacancies_of_another(office, world, other):
    letter = written(office, other.agency)

    lines = list(letter.lines.select_related("employee", "position"))
    assert {line.employee.agency_id for line in lines} == {world.agency.pk}
    assert {line.position.agency_id for line in lines} == {other.agency.pk}
    assert {line.position_id for line in lines} <= set(empty_seats(other.agency, on=TODAY))
    assert all(f"Saat ini pada {world.agency.name}" in line.reason for line in lines)
    for position in {line.position_id for line in lines}:
        assert 1 <= sum(line.position_id == position for line in lines) <= 2


def test_people_are_recommended_within_their_own_agency_too(office, world):
    letter = written(office, world.agency, most=1)

    assert letter.lines.exists()
    for line in letter.lines.all():
        assert "Saat ini pada" not in line.reason
        assert not line.employee.appointments.filter(position=line.position, end=None).exists()


def test_an_office_that_assessed_nobody_has_nothing_to_say(office, other):
    Programme.objects.update(organiser=other.agency)

    with pytest.raises(NothingToAdvise):
        written(office, other.agency)
    assert not Advice.objects.exists()


def test_a_letter_is_signed_by_somebody_else_and_cannot_be_changed(office, other):
    letter = written(office, other.agency)
    with pytest.raises(NotYourPlan):
        send_advice(letter=letter, actor="penyusun", now=NOW)
    assert b"%PDF" in advice_document(letter)[:8]

    send_advice(letter=letter, actor="kepala", now=NOW)

    content = check_letter(sealed(letter))
    assert content["issuer"] == "KANREG"
    assert len(content["lines"]) == letter.lines.count()
    with pytest.raises(LetterIsSent):
        send_advice(letter=letter, actor="kepala", now=NOW)


@pytest.mark.parametrize(
    "alter",
    [
        lambda told: told | {"document": told["document"].replace("R-1", "R-9")},
        lambda told: told | {"signature": "AAAA"},
        lambda told: told | {"signature": "tidak"},
        lambda told: told | {"document": "[" * 100_000},
        lambda told: {"document": told["document"]},
        lambda _told: {"document": 3, "signature": "", "card": ""},
    ],
)
def test_an_altered_letter_is_refused(office, other, alter):
    letter = written(office, other.agency)
    send_advice(letter=letter, actor="kepala", now=NOW)

    with pytest.raises(LetterIsAltered):
        check_letter(alter(sealed(letter)))


def test_the_agency_reads_and_answers_by_api_and_nobody_else_does(client, office, world, other):
    letter = written(office, other.agency)
    client.force_login(other.user(Role.TALENT_MANAGER))
    assert client.get("/api/advice").json() == []
    send_advice(letter=letter, actor="kepala", now=NOW)

    (told,) = client.get("/api/advice").json()
    line = next(iter(told["answers"]))
    address = f"/api/advice/lines/{line}"
    kept = client.post(
        address, {"answer": "declined", "note": "Sudah terisi"}, content_type="application/json"
    )
    bad = client.post(address, {"answer": "mungkin"}, content_type="application/json")
    client.force_login(world.user(Role.TALENT_MANAGER))
    foreign = client.post(address, {"answer": "accepted"}, content_type="application/json")

    assert json.loads(told["document"])["recipient"] == other.agency.code
    assert check_letter(told)["number"] == "R-1"
    assert kept.json() == {"answer": "declined", "note": "Sudah terisi"}
    assert bad.status_code == 422
    assert foreign.status_code == 404
    answered = letter.lines.get(pk=line)
    assert (answered.answer, answered.answered_by) == ("declined", "b-talent_manager")


def test_a_letter_is_checked_on_another_machine(office, other, tmp_path):
    letter, file = written(office, other.agency), tmp_path / "surat.json"
    send_advice(letter=letter, actor="kepala", now=NOW)
    file.write_text(json.dumps(sealed(letter)))

    good = CliRunner().invoke(app, ["check-letter", str(file), "--json"])
    file.write_text(file.read_text().replace("R-1", "R-2"))
    altered = CliRunner().invoke(app, ["check-letter", str(file)])
    file.write_text("bukan")
    no_json = CliRunner().invoke(app, ["check-letter", str(file)])

    assert json.loads(good.stdout)["number"] == "R-1"
    assert isinstance(altered.exception, LetterIsAltered)
    assert no_json.exit_code == 2
    assert "diharapkan JSON" in no_json.stderr
