"""What a second command or form on something that exists did, and who keeps the keys of an agency."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from outside.agency import make_agency, option
from outside.installation import PASSWORD, Installation, words_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """An agency with an administrator and an operator, served."""
    town = make_agency(Installation(tmp_path_factory.mktemp("town") / "data"))
    town.installation.start("--workers", "1")
    admin = town.sign_in("admin")
    admin.done("/pengguna/tambah/", username="op", name="op", password=PASSWORD, roles="operator")
    yield town
    town.installation.stop()


def agency(town, *words: str, told: str = "") -> str:
    done = town.installation.attempt("agency", *words, told=told)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stderr.split())


def roles_of(town, name: str) -> dict[str, str]:
    """Role -> number of the membership, as the list of users shows it."""
    page = town.sign_in("admin").get("/pengguna/?format=")
    rows = [row for row in re.findall(r"<tr>.*?</tr>", page.text, re.S) if f">{name}<" in row]
    return {
        label.strip(): number
        for row in rows
        for number, label in re.findall(r"/pengguna/(\d+)/akhiri/\"[^>]*>([^<]*)<", row)
    }


def test_a_second_agency_command_changes_what_it_names_and_says_so(town):
    name = "Pemerintah Kota Contoh"
    said = agency(town, "KOTA", name)
    assert "tidak ada yang berubah" in said
    assert "terdaftar." not in said.replace("sudah terdaftar;", "")

    said = agency(town, "KOTA", name, "--accreditation", "B", "--accredited-until", "2099-01-31")
    assert "akreditasi A menjadi B" in said
    assert "2099-01-31" in said

    said = agency(town, "KOTA", name, "--accreditation", "B", "--accredited-until", "2099-01-31")
    assert "tidak ada yang berubah" in said

    assert "Nama Baru" in agency(town, "KOTA", "Nama Baru")
    assert "Nama Baru" in town.sign_in("admin").get("/").text
    agency(town, "KOTA", name)


@pytest.mark.parametrize("words", [("--accreditation", "Z"), ("--accreditation", "AB")])
def test_a_class_of_accreditation_that_does_not_exist_is_refused(town, words):
    done = town.installation.attempt("agency", "KOTA", "Pemerintah Kota Contoh", *words)
    assert done.returncode == 2
    assert "akreditasi" in done.stderr
    assert "tidak ada yang berubah" in agency(town, "KOTA", "Pemerintah Kota Contoh")


def test_a_validity_without_a_class_is_refused(town):
    done = town.installation.attempt("agency", "BARU", "Baru", "--accredited-until", "2099-01-31")
    assert done.returncode == 2
    assert "BARU terdaftar" in agency(town, "BARU", "Baru")


def test_admin_of_an_existing_name_is_given_the_role_without_a_password(town):
    said = agency(town, "LAIN", "Instansi Lain", "--admin", "op")
    assert "op menjadi administrator LAIN" in said
    assert "op sudah menjadi administrator LAIN" in agency(
        town, "LAIN", "Instansi Lain", "--admin", "op"
    )


def test_accreditation_that_is_missing_or_over_is_said_with_the_programme(town):
    operator = town.sign_in("op")
    today = datetime.now(UTC).date()
    for code, words, expected in (
        ("SATU", (), "belum terakreditasi"),
        ("DUA", ("--accreditation", "A"), "masa berlaku akreditasi belum diisi"),
        (
            "TIGA",
            ("--accreditation", "A", "--accredited-until", "2020-01-01"),
            "akreditasi berakhir",
        ),
    ):
        agency(town, code, f"Penyelenggara {code}", *words)
        page = operator.get("/program/rencana/")
        page = operator.done(
            "/program/rencana/", code=f"P-{code}", name="Program",
            organiser=option(page, "organiser", f"Penyelenggara {code}"), purpose="mapping",
            method="cat", starts=today, ends=today + timedelta(days=9),
        )  # fmt: skip
        assert expected in words_of(page)


def test_a_room_of_a_name_that_exists_is_changed_in_words(town):
    operator = town.sign_in("op")
    assert "ditambahkan" in words_of(operator.done("/program/ruang/", name="R", seats=10))
    assert "tidak ada yang berubah" in words_of(
        operator.done("/program/ruang/", name="R", seats=10)
    )
    said = words_of(operator.done("/program/ruang/", name="R", seats=20))
    assert "sudah ada dan diubah" in said
    assert "10 → 20" in said


def test_adding_a_user_that_exists_says_what_was_kept(town):
    admin = town.sign_in("admin")
    fields = {"username": "op", "name": "Nama Lain", "password": "kata-sandi-yang-lain-9"}
    said = words_of(admin.done("/pengguna/tambah/", **fields, roles="proctor"))
    assert "tidak diubah" in said
    assert "Pengawas" in said
    said = words_of(admin.done("/pengguna/tambah/", **fields, roles="proctor"))
    assert "sudah dimilikinya" in said
    town.sign_in("op")


def test_the_last_administrator_cannot_be_ended_not_by_two_at_once_either(town):
    admin = town.sign_in("admin")
    own = roles_of(town, "admin")["Administrator"]
    answer = admin.fill(f"/pengguna/{own}/akhiri/")
    assert answer.status_code == 409
    assert "sedikitnya satu administrator" in words_of(answer)

    admin.done(
        "/pengguna/tambah/", username="kedua", name="kedua", password=PASSWORD,
        roles="administrator",
    )  # fmt: skip
    other = roles_of(town, "kedua")["Administrator"]
    pairs = [(town.sign_in("admin"), other), (town.sign_in("kedua"), own)]
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda pair: pair[0].fill(f"/pengguna/{pair[1]}/akhiri/"), pairs))

    assert sorted(answer.status_code for answer in answers)[0] == 302
    seen = [visitor.get("/pengguna/").status_code for visitor, _ in pairs]
    assert sorted(seen) == [200, 403]
