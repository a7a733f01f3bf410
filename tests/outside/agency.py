"""A new agency from an empty installation, by commands and pages alone, with small files of its own."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from outside.installation import PASSWORD, Installation, Visitor, words_of

ROLES = (
    "operator", "proctor", "assessor", "psychometrician", "talent_manager", "decision_maker",
    "auditor",
)  # fmt: skip
ITEMS = "kode,jenis,dimensi,soal,pilihan_a,nilai_a,pilihan_b,nilai_b,pilihan_c,nilai_c"


def nip(number: int) -> str:
    """A NIP that is well formed: born on 1 to 28 March 1980, appointed in March 2005."""
    return f"198003{number % 28 + 1:02d}200503{number % 2 + 1}{number:03d}"


@dataclass
class OpenAgency:
    """An agency with people, items, a programme and a session in a room.

    Every role has an account of the role's name; `second` is a second proctor.
    """

    installation: Installation
    nips: list[str] = field(default_factory=list)
    programme: int = 0
    session: int = 0
    form: int = 0
    pin: str = ""
    other: int = 0  # a second session, where a test plans one

    def sign_in(self, name: str) -> Visitor:
        return self.installation.sign_in(name)


def make_agency(installation: Installation, *, people: int = 3) -> OpenAgency:
    """Initialise, register the agency and its administrator, its accounts and its employees."""
    installation.run("init")
    installation.run(
        "agency", "KOTA", "Pemerintah Kota Contoh", "--accreditation", "A", "--admin", "admin",
        told=f"{PASSWORD}\n{PASSWORD}\n",
    )  # fmt: skip
    agency = OpenAgency(installation, nips=[nip(number) for number in range(people)])
    put(agency, "units", "kode,nama,kode_induk,lokasi", ["SETDA,Sekretariat Daerah,,Kota"])
    put(
        agency, "employees",
        "nip,nama,tanggal_lahir,jenis_kelamin,jenis_pegawai,golongan,pendidikan",
        [
            f"{own},Orang {n:03d},{own[:4]}-{own[4:6]}-{own[6:8]},{'LP'[n % 2]},PNS,III/d,S-1"
            for n, own in enumerate(agency.nips)
        ],
    )  # fmt: skip
    return agency


def put(agency: OpenAgency, kind: str, header: str, lines: list[str]) -> None:
    """Import a file by command."""
    file = agency.installation.data.parent / f"{kind}.csv"
    file.write_text("\n".join([header, *lines]) + "\n")
    agency.installation.run("import", kind, file, "--agency", "KOTA")


def give_accounts(agency: OpenAgency, **more: str) -> None:
    """An account for every role, named like it, and a second proctor; `more`: name = role."""
    admin = agency.sign_in("admin")
    for name, role in {**{role: role for role in ROLES}, "second": "proctor", **more}.items():
        admin.done("/pengguna/tambah/", username=name, name=name, password=PASSWORD, roles=role)


def give_portraits(agency: OpenAgency, face: bytes) -> None:
    """A picture on record for everybody, by page; the same face for all."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for own in agency.nips:
            archive.writestr(f"{own}.jpg", face)
    operator = agency.sign_in("operator")
    operator.done("/kepegawaian/foto/", files={"file": ("foto.zip", out.getvalue())})


def items_file(codes: dict[str, int]) -> str:
    """A file of items with one right answer (b) of three; dimension -> how many."""
    lines = [
        f"{dimension}-{n},single,{dimension},Soal {n} tentang {dimension}?,satu,0,dua,1,tiga,0"
        for dimension, many in codes.items()
        for n in range(1, many + 1)
    ]
    return "\n".join([ITEMS, *lines]) + "\n"


def make_form(agency: OpenAgency, *, items: dict[str, int] | None = None, minutes: int = 60) -> int:
    """Upload items and build a form of them; its number."""
    writer = agency.sign_in("psychometrician")
    codes = items or {"LOGIKA": 4, "BAHASA": 4}
    writer.done("/bank-soal/impor/", files={"file": ("butir.csv", items_file(codes))})
    review(writer)
    page = writer.done(
        "/bank-soal/formulir/susun/", code="F1", name="Formulir satu", minutes=minutes,
        dimensions=list(codes),
    )  # fmt: skip
    agency.form = int(page.url.path.strip("/").rsplit("/", 1)[-1])
    return agency.form


def review(writer: Visitor, to: str = "piloted") -> None:
    """Take every draft a step through review, as the page offers: all of them with one reason."""
    page = writer.get("/bank-soal/tinjauan/").text
    drafts = page.partition('id="state-draft"')[2].partition("</section>")[0]
    shown = re.findall(r'name="shown" value="(\d+)"', drafts)
    told = {"all": "yes", "shown": shown, "state": "draft", "to": to, "reason": "Ditelaah"}
    writer.done("/bank-soal/tinjauan/pindah/", **told)


def option(page: httpx.Response, field: str, text: str) -> str:
    """The value of the choice of a select that shows this text."""
    select = re.search(rf'<select[^>]*name="{field}".*?</select>', page.text, re.S)
    assert select, f"no {field} on {page.url}"
    for value, label in re.findall(r'<option value="([^"]*)"[^>]*>(.*?)</option>', select[0], re.S):
        if text in label:
            return str(value)
    message = f"{text} is no choice of {field} on {page.url}"
    raise AssertionError(message)


def make_room(agency: OpenAgency, name: str, *, seats: int = 30, **room: str) -> None:
    """A room of the agency, by page."""
    operator = agency.sign_in("operator")
    operator.done("/program/ruang/", name=name, seats=seats, location="", **room)


def make_programme(
    agency: OpenAgency, *, seats: int = 30, starts: datetime | None = None, **room: str
) -> None:
    """A programme with everybody on its list, a room, a session and seats."""
    starts = starts or datetime.now(UTC) + timedelta(minutes=1)
    operator = agency.sign_in("operator")
    page = operator.get("/program/rencana/")
    page = operator.done(
        "/program/rencana/", code="P1", name="Program satu",
        organiser=option(page, "organiser", "Kota Contoh"), purpose="mapping", method="cat",
        starts=(starts - timedelta(days=7)).date().isoformat(),
        ends=(starts + timedelta(days=60)).date().isoformat(),
    )  # fmt: skip
    agency.programme = int(page.url.path.strip("/").rsplit("/", 1)[-1])
    listed = "nip\n" + "\n".join(agency.nips) + "\n"
    path = f"/program/{agency.programme}"
    operator.done(f"{path}/peserta/berkas/", files={"file": ("peserta.csv", listed)})
    make_room(agency, "Ruang 1", seats=seats, **room)
    agency.session = plan_session(agency, starts)
    operator.done(f"{path}/kursi/")


def plan_session(
    agency: OpenAgency,
    starts: datetime,
    *,
    room: str = "Ruang 1",
    form: str = "Formulir satu",
    **fields: str,
) -> int:
    """Plan a session by page; its number."""
    operator = agency.sign_in("operator")
    path = f"/program/{agency.programme}"
    page = operator.get(f"{path}/sesi/")
    before = set(re.findall(r"/ujian/sesi/(\d+)/", operator.get(f"{path}/").text))
    # Forms speak the installation's time zone: WIB.
    local = starts + timedelta(hours=7)
    answer = operator.done(
        f"{path}/sesi/", room=option(page, "room", room), form=option(page, "form", form),
        starts_at=f"{local:%Y-%m-%dT%H:%M}", **fields,
    )  # fmt: skip
    after = set(re.findall(r"/ujian/sesi/(\d+)/", answer.text))
    (new,) = after - before
    return int(new)


def open_session(agency: OpenAgency, session: int | None = None) -> str:
    """The proctor opens the session; its PIN as the console shows it."""
    proctor = agency.sign_in("proctor")
    page = proctor.done(f"/ujian/sesi/{session or agency.session}/buka/", asked="999")
    found = re.search(r"PIN[^0-9]*(\d{6})", words_of(page))
    assert found, words_of(page)
    agency.pin = found[1]
    return agency.pin


def exam_in_progress(installation: Installation, *, people: int = 3, **room: str) -> OpenAgency:
    """All of it: an agency whose session is open; the server must be running."""
    agency = make_agency(installation, people=people)
    if installation.process is None:
        installation.start()
    give_accounts(agency)
    make_form(agency)
    make_programme(agency, **room)
    open_session(agency)
    return agency
