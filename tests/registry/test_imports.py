"""Files in: what is right goes in once, what is wrong is named and changes nothing."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook
from world import NOW, make_world, nip

from cakap.audit.models import Entry
from cakap.registry.errors import FileHasProblems, UnreadableFile
from cakap.registry.imports.doors import DOORS
from cakap.registry.models import Appointment, Employee, Position, Standard, Unit
from cakap.registry.services import approve_standard, import_file, preview_file
from cakap.ui.files import as_csv, as_xlsx

HEADERS = (
    "nip",
    "nama",
    "tanggal_lahir",
    "jenis_kelamin",
    "jenis_pegawai",
    "golongan",
    "pendidikan",
)

POST_HEADERS = ("kode", "nama", "kode_unit", "jenjang", "kebutuhan", "minat_kerja")


def put(world, kind, content, file="berkas.csv"):
    return import_file(
        kind=kind, file=file, content=content, agency=world.agency, actor="t", now=NOW
    )


def person(number=900, **changes):
    from datetime import date

    birth = date(1986, 9, 26)
    row = dict(
        zip(HEADERS, [nip(number, birth), "Baru", birth, "L", "PNS", "III/d", "S-1"], strict=True)
    )
    return list((row | changes).values())


@pytest.mark.parametrize("kind", list(DOORS))
@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_what_is_exported_goes_back_in_and_changes_nothing(world, kind, write):
    headers, rows = DOORS[kind].export(world.agency)
    file = "x.csv" if write is as_csv else "x.xlsx"

    found = preview_file(kind=kind, file=file, content=write(headers, rows), agency=world.agency)

    assert (found.new, found.changed, found.problems) == (0, 0, ())
    assert found.same == len(rows) or kind in {"competencies", "standards"}


@pytest.mark.parametrize("kind", list(DOORS))
def test_a_template_has_the_columns_that_the_import_reads(world, kind):
    headers, rows = DOORS[kind].template

    found = preview_file(
        kind=kind, file="t.csv", content=as_csv(headers, rows), agency=world.agency
    )

    assert not any(problem.row == 1 for problem in found.problems)


def test_the_same_file_twice_is_one_import(world):
    content = as_csv(HEADERS, [person()])

    first, acts = put(world, "employees", content), Entry.objects.count()
    again = put(world, "employees", content)

    assert (first.new, again.new, again.same) == (1, 0, 1)
    assert Entry.objects.count() == acts


@pytest.mark.parametrize(
    ("changes", "row", "column", "expected"),
    [
        pytest.param({"nip": "123"}, 3, "nip", "18 angka", id="short NIP"),
        pytest.param({"nip": "198699262010031901"}, 3, "nip", "tanggal lahir", id="month 99"),
        pytest.param({"tanggal_lahir": "26 Sept"}, 3, "tanggal_lahir", "tanggal", id="date"),
        pytest.param({"jenis_kelamin": "X"}, 3, "jenis_kelamin", "L, P", id="sex"),
        pytest.param({"golongan": "V/z"}, 3, "golongan", "golongan", id="rank"),
        pytest.param({"pendidikan": "TK"}, 3, "pendidikan", "salah satu", id="education"),
        pytest.param({"nama": ""}, 3, "nama", "isi", id="empty name"),
    ],
)
def test_a_wrong_cell_is_named_and_the_good_rows_stay_out(world, changes, row, column, expected):
    content = as_csv(HEADERS, [person(901), person(902, **changes)])
    before = Employee.objects.count()

    with pytest.raises(FileHasProblems) as refusal:
        put(world, "employees", content)

    assert f"baris {row}, kolom {column}" in str(refusal.value)
    assert expected in str(refusal.value)
    assert Employee.objects.count() == before


def test_a_nip_twice_in_a_file_names_both_rows(world):
    with pytest.raises(FileHasProblems, match="baris 3, kolom nip.*ganda dengan baris 2"):
        put(world, "employees", as_csv(HEADERS, [person(), person(nama="Lain")]))


def test_another_agencys_person_is_not_taken_over(world):
    other = make_world("B")
    theirs = other.person(0)
    row = person(nip=theirs.nip, tanggal_lahir=theirs.birth_date)

    with pytest.raises(FileHasProblems, match="pegawai instansi ini"):
        put(world, "employees", as_csv(HEADERS, [row]))


def test_an_unknown_post_and_a_standard_without_competencies_are_named(world):
    with pytest.raises(FileHasProblems, match="kode_jabatan"):
        put(
            world, "appointments",
            as_csv(("nip", "kode_jabatan", "tmt"), [[world.person(0).nip, "TAKADA", "2024-01-01"]]),
        )  # fmt: skip
    empty = Standard.objects.create(position=world.post("SEKDA"), version=9, effective="2025-01-01")
    from cakap.registry.errors import StandardIsEmpty

    with pytest.raises(StandardIsEmpty):
        approve_standard(standard=empty, basis="x", actor="t", now=NOW)


def test_a_second_definitive_post_asks_for_the_end_of_the_first(world):
    rows = [[world.holder("KASI1").nip, "KASI2", "2024-01-01"]]

    with pytest.raises(FileHasProblems, match="tanggal akhir jabatan definitif yang lama"):
        put(world, "appointments", as_csv(("nip", "kode_jabatan", "tmt"), rows))


def test_offices_that_lie_in_each_other_are_refused(world):
    rows = [["X", "X", "Y"], ["Y", "Y", "X"]]

    with pytest.raises(FileHasProblems, match="induk di luar cabangnya"):
        put(world, "units", as_csv(("kode", "nama", "kode_induk"), rows))

    assert not Unit.objects.filter(code="X").exists()


def test_headers_are_read_as_people_write_them_also_where_the_file_refers_to_itself(world):
    rows = [["X", "Sekretariat", ""], ["Y", "Bagian Umum", "X"]]
    put(world, "units", as_csv(("Kode", "Nama", "Kode Induk"), rows))
    assert Unit.objects.get(code="Y").parent.code == "X"


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        pytest.param(
            "a.csv", "nip;nama\n1;Jos\xe9".encode("latin-1"), "baris 2.*UTF-8", id="latin-1"
        ),
        pytest.param("a.csv", b"", "kosong", id="empty"),
        pytest.param("a.csv", b"nip,nama\n1,2,3\n", "baris 2.*2 kolom", id="ragged"),
        pytest.param("a.csv", b'nip,nama\n"1,2\n', "CSV rusak", id="open quote"),
        pytest.param("a.csv", b"nip,nip\n1,2\n", "dua kali", id="column twice"),
        pytest.param("a.xlsx", b"not a zip", "bukan berkas XLSX", id="no workbook"),
        pytest.param("a.pdf", b"%PDF", "csv atau .xlsx", id="other ending"),
    ],
)
def test_an_unreadable_file_gets_one_sentence(world, file, content, words):
    with pytest.raises(UnreadableFile, match=words):
        put(world, "employees", content, file)


def test_a_file_without_a_needed_column_says_which_names_it_knows(world):
    with pytest.raises(FileHasProblems, match="kolom wajib nip atau nipBaru"):
        put(world, "employees", b"nama\nBudi\n")


SIASN = (
    "nipBaru", "nama", "gelarDepan", "gelarBelakang", "tglLahir", "agama", "nik", "statusPerkawinan",
    "jenisPegawaiNama", "jenisKelamin", "tkPendidikanTerakhir", "pendidikanTerakhirNama", "emailGov",
    "golRuangAkhir", "tmtGolAkhir", "jabatanNama", "unorNama", "unorId", "tmtJabatan",
)  # fmt: skip


def siasn_row(world, number=930):
    own = nip(number, person()[2])
    return [
        own, "Siti Aminah", "Dr.", "M.Si.", "26-09-1986", "Islam", "3604016609860001", "Menikah",
        "PNS Daerah", "M", "S-2/MAGISTER", "Ilmu Pemerintahan", "siti@contoh.go.id", "III/d",
        "01-04-2022", "Jabatan KASI2", "Dinas 2", "U-77", "02-01-2023",
    ]  # fmt: skip


def test_an_export_of_siasn_goes_in_as_it_is_and_says_what_it_drops(world):
    content = as_csv(SIASN, [siasn_row(world)])

    people = put(world, "employees", content)
    posts = put(world, "appointments", content)

    one = Employee.objects.get(nip=siasn_row(world)[0])
    assert (one.full_name, one.education, one.rank) == ("Dr. Siti Aminah, M.Si.", "S-2", "III/d")
    assert {"agama", "nik", "statusPerkawinan"} <= set(people.dropped)
    assert posts.new == 1
    assert Appointment.objects.get(employee=one).position == world.post("KASI2")


def test_birth_data_that_disagree_with_the_nip_are_found_not_refused(world):
    found = put(world, "employees", as_csv(HEADERS, [person(tanggal_lahir="1986-09-27")]))

    assert found.new == 1
    assert found.findings[0].column == "tanggal_lahir"


def test_the_number_of_a_pppk_has_no_month(world):
    row = person(nip="198609262021211001", jenis_pegawai="PPPK", golongan="IX")

    assert put(world, "employees", as_csv(HEADERS, [row])).new == 1


def test_a_changed_standard_is_a_new_version(world):
    headers, rows = DOORS["standards"].export(world.agency)
    rows = [[*row[:2], 5, *row[3:]] if row[0] == "KADIS1" else row for row in rows]

    found = put(world, "standards", as_csv(headers, rows))

    assert (found.new, found.changed) == (0, 1)
    versions = Standard.objects.filter(position=world.post("KADIS1")).values_list(
        "version", flat=True
    )
    assert sorted(versions) == [1, 2]


def test_a_number_in_a_spreadsheet_cell_is_read_as_it_is_written(world):
    book = Workbook()
    book.active.append(["kode", "nama", "kode_unit", "jenjang", "kebutuhan"])
    book.active.append(["P9", "Jabatan 9", "DINAS1", "Pengawas", 2])
    out = io.BytesIO()
    book.save(out)

    assert put(world, "positions", out.getvalue(), "p.xlsx").new == 1
    assert Position.objects.get(code="P9").headcount == 2


def test_a_cell_that_a_spreadsheet_would_run_is_written_as_text():
    assert b"'=1+1" in as_csv(["a"], [["=1+1"]])


@pytest.mark.parametrize(
    ("told", "kept"), [("sec", "SEC"), ("S, E - C", "SEC"), ("R", "R"), ("", "")]
)
def test_interests_of_a_post_are_a_holland_code(world, told, kept):
    put(world, "positions", as_csv(POST_HEADERS, [["P1", "Satu", "DINAS1", "pengawas", 1, told]]))

    assert Position.objects.get(code="P1").interests == kept


@pytest.mark.parametrize("told", ["RIAS", "RR", "K", "Sosial"])
def test_another_code_is_refused_with_row_and_column(world, told):
    with pytest.raises(FileHasProblems) as refused:
        put(
            world,
            "positions",
            as_csv(POST_HEADERS, [["P1", "Satu", "DINAS1", "pengawas", 1, told]]),
        )

    assert "baris 2, kolom minat_kerja: diharapkan satu sampai tiga huruf" in str(refused.value)
    assert not Position.objects.filter(code="P1").exists()


def test_a_column_that_is_not_in_the_file_says_nothing_about_rows_that_are_kept(world):
    put(world, "positions", as_csv(POST_HEADERS, [["P1", "Satu", "DINAS1", "pengawas", 1, "SEC"]]))
    short = POST_HEADERS[:-1]

    told = put(world, "positions", as_csv(short, [["P1", "Satu baru", "DINAS1", "pengawas", 2]]))

    kept = Position.objects.get(code="P1")
    assert told.changed == 1
    assert (kept.title, kept.headcount, kept.interests) == ("Satu baru", 2, "SEC")


def test_an_empty_cell_of_a_column_that_is_there_empties_it(world):
    put(world, "positions", as_csv(POST_HEADERS, [["P1", "Satu", "DINAS1", "pengawas", 1, "SEC"]]))

    put(world, "positions", as_csv(POST_HEADERS, [["P1", "Satu", "DINAS1", "pengawas", 1, ""]]))

    assert Position.objects.get(code="P1").interests == ""
