"""Numbers beyond 15 digits in a file are refused: Excel has changed them, and a NIP is another then."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from openpyxl import Workbook

from outside.agency import make_agency, nip
from outside.installation import words_of

pytestmark = pytest.mark.slow
FILES = Path(__file__).parents[1] / "data" / "files"
HEADERS = (
    "nip",
    "nama",
    "tanggal_lahir",
    "jenis_kelamin",
    "jenis_pegawai",
    "golongan",
    "pendidikan",
)


def workbook(*rows: tuple[object, ...], top: int = 1, left: int = 1) -> bytes:
    """A sheet "Data" whose first cell is at row `top`, column `left`."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Data"
    for down, row in enumerate(rows, start=top):
        for across, value in enumerate(row, start=left):
            sheet.cell(down, across, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """An agency with three employees, by command alone."""
    from outside.installation import Installation

    return make_agency(Installation(tmp_path_factory.mktemp("town") / "data"))


def imported(town, kind: str, file: Path, *options: str):
    return town.installation.attempt("import", kind, file, "--agency", "KOTA", *options)


def people(town) -> str:
    file = town.installation.data.parent / "out.csv"
    town.installation.run("export", "employees", file, "--agency", "KOTA")
    return file.read_text()


@pytest.mark.parametrize("name", ["nip-as-number.xlsx", "nip-scientific.csv"])
def test_shortened_nips_are_refused_every_row_with_the_way_out(town, name):
    before = people(town)
    preview = imported(town, "employees", FILES / name, "--dry-run", "--json")
    problems = json.loads(preview.stdout)["problems"]

    assert [line.split(",")[0] for line in problems] == [f"baris {row}" for row in range(2, 8)]
    for line in problems:
        assert "kolom nip" in line
        assert "15 angka" in line
        assert "Teks" in line
        assert "E+17" in line
    if name.endswith("xlsx"):
        assert "lembar" in problems[0]
    done = imported(town, "employees", FILES / name)
    assert done.returncode != 0
    assert "15 angka" in done.stderr + done.stdout
    assert people(town) == before


def test_nips_as_text_pass_with_numbers_elsewhere_and_rows_that_are_empty(town, tmp_path):
    file = tmp_path / "teks.xlsx"
    row = ("198501032010031001", "Nama Teks", "1985-01-03", "L", "PNS", "III/a", "S-1")
    file.write_bytes(workbook((*HEADERS, "catatan"), (*row, 12345678901234567890), top=3, left=2))

    done = imported(town, "employees", file)

    assert done.returncode == 0, done.stderr
    assert "198501032010031001" in people(town)


def test_the_row_is_the_one_that_the_spreadsheet_shows(town, tmp_path):
    file = tmp_path / "geser.xlsx"
    row = ("Nama", "1985-01-03", "L", "PNS", "III/a", "S-1")
    file.write_bytes(
        workbook(HEADERS, (None,) * 7, ("198501032010031003", *row), (198501032010031005, *row),
                 top=3, left=2)
    )  # fmt: skip
    problems = json.loads(imported(town, "employees", file, "--dry-run", "--json").stdout)[
        "problems"
    ]

    assert len(problems) == 1
    assert "baris 6, kolom nip" in problems[0]
    assert "Data" in problems[0]


NEW = ("Nama", "1985-01-03", "L", "PNS", "III/a", "S-1")


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        # A column of formulas whose values were not stored, as some programs write them.
        ([("no", "x", *HEADERS[1:], "nip"), ("=ROW()-1", "", *NEW, 198503012010031001)], 2),
        pytest.param(
            [("=TODAY()",), HEADERS, ("198501032010031009", *NEW), (198503012010031001, *NEW)], 4,
            marks=pytest.mark.long,
        ),
        ([(None, "=TODAY()"), (None, *HEADERS), (None, 198503012010031001, *NEW)], 3),
        pytest.param(
            [("", *HEADERS, "catatan"), ("=ROW()-1", 198503012010031001, *NEW)], 2,
            marks=pytest.mark.long,
        ),
    ],
)  # fmt: skip
def test_formulas_without_stored_values_hide_no_shortened_number(town, tmp_path, rows, row):
    file = tmp_path / "rumus.xlsx"
    file.write_bytes(workbook(*rows))
    done = imported(town, "employees", file, "--dry-run", "--json")
    problems = json.loads(done.stdout)["problems"]

    assert [line for line in problems if "15 angka" in line], problems
    assert f"baris {row}, kolom nip" in problems[0]


def test_a_list_whose_last_column_is_the_number_is_refused_not_a_fault(shared_agency):
    operator = shared_agency.sign_in("operator")
    path = f"/program/{shared_agency.programme}"
    content = workbook(("no", "nip"), ("=ROW()-1", int(nip(1))))
    answer = operator.fill(f"{path}/peserta/berkas/", files={"file": ("daftar.xlsx", content)})

    assert answer.status_code == 400
    assert "baris 2" in words_of(answer)


def test_numbers_that_a_spreadsheet_wrote_out_with_zeros_are_refused_or_named(town, tmp_path):
    file = tmp_path / "nol.csv"
    head = ",".join(HEADERS)
    rest = "Nama,1985-01-03,L,PNS,III/a,S-1"
    file.write_text(f"{head}\n198501032010031000,{rest}\n198501032010032000,{rest}\n")
    problems = json.loads(imported(town, "employees", file, "--dry-run", "--json").stdout)[
        "problems"
    ]
    assert [line.split(",")[0] for line in problems] == ["baris 2", "baris 3"]
    assert "15 angka" in problems[0]

    file.write_text(f"{head}\n198501032010031000,{rest}\n198501032010031008,{rest}\n")
    told = json.loads(imported(town, "employees", file, "--dry-run", "--json").stdout)
    assert not told["problems"]
    assert "baris 2, kolom nip" in told["findings"][0]


def test_rows_of_a_file_whose_head_stands_lower_are_named_as_shown(town, tmp_path):
    file = tmp_path / "bawah.xlsx"
    wrong = ("1985010320100310", *NEW)
    right = ("198501032010031011", *NEW)
    file.write_bytes(workbook(HEADERS, right, (*right[:1], "Lain", *right[2:]), wrong, top=3))
    problems = json.loads(imported(town, "employees", file, "--dry-run", "--json").stdout)[
        "problems"
    ]
    assert any(line.startswith("baris 6, kolom nip") for line in problems), problems


def test_a_code_of_a_post_or_unit_as_a_long_number_is_refused_alike(town, tmp_path):
    file = tmp_path / "unit.xlsx"
    file.write_bytes(workbook(("kode", "nama"), (1234567890123456, "Unit"), (123456789012345, "B")))
    problems = json.loads(imported(town, "units", file, "--dry-run", "--json").stdout)["problems"]

    assert len(problems) == 1
    assert "baris 2, kolom kode" in problems[0]


def test_siasn_headers_are_refused_alike(town, tmp_path):
    file = tmp_path / "siasn.csv"
    file.write_text("NIP BARU;NAMA;TANGGAL LAHIR;JENIS KELAMIN\n1,98609E+17;Nama;09-06-1986;L\n")
    problems = json.loads(imported(town, "employees", file, "--dry-run", "--json").stdout)[
        "problems"
    ]

    assert any("baris 2, kolom NIP BARU" in line and "15 angka" in line for line in problems)


def test_a_list_of_participants_is_refused_every_row(shared_agency):
    operator = shared_agency.sign_in("operator")
    path = f"/program/{shared_agency.programme}"
    content = workbook(("nip",), (int(nip(1)),), (nip(2),), (int(nip(3)),))
    answer = operator.fill(f"{path}/peserta/berkas/", files={"file": ("daftar.xlsx", content)})

    assert answer.status_code == 400
    said = words_of(answer)
    assert "baris 2" in said
    assert "baris 4" in said
    assert "baris 3" not in said
    assert "Teks" in said
    assert "12 baris" in words_of(operator.get(f"{path}/peserta/"))


def test_ids_in_files_of_the_placement_command_are_refused(town, tmp_path):
    (tmp_path / "people.csv").write_text("id,M1\n1.98609E+17,3\n1.98610E+17,2\n")
    (tmp_path / "posts.csv").write_text("id,M1\nA,2\n")
    done = town.installation.attempt(
        "plan", "--people", tmp_path / "people.csv", "--posts", tmp_path / "posts.csv", "--json",
    )  # fmt: skip
    assert done.returncode != 0
    assert "15 angka" in done.stderr + done.stdout
    assert "baris 3" in done.stderr + done.stdout
