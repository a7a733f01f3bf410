"""The files that the registry takes and gives: one description a kind, no code of its own."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models

from cakap.registry.imports.fields import (
    Field,
    day,
    education,
    holland_code,
    one_of,
    rank,
    sex,
    text_up_to,
    whole,
)
from cakap.registry.models import (
    Appointment,
    Discipline,
    Education,
    Employee,
    Performance,
    Position,
    Tier,
    Training,
    Unit,
)

YEAR = whole(1950, 2100)
TIERS = one_of(Tier.values, {label: value for value, label in Tier.choices})
PREDICATES = one_of(
    Performance.Predicate.values,
    {str(label): value for value, label in Performance.Predicate.choices},
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A flat file: a row is a row of `model`, known again by `key`; `owner` leads to the agency.

    `repeats`: the same row may stand in the file more than once (an export of people names
    each office once a person).
    """

    name: str
    title: str
    model: type[models.Model]
    owner: str
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    repeats: bool = False


NIP = Field(
    name="employee_id", header="nip", refers="employees", aliases=("nipBaru",),
    example="198609262015051001",
)  # fmt: skip

UNITS = Kind(
    name="units",
    title="Unit organisasi",
    model=Unit,
    owner="agency",
    key=("code",),
    repeats=True,
    fields=(
        Field(name="code", header="kode", parse=text_up_to(50), aliases=("unorId",), example="DINDIK"),
        Field(
            name="name", header="nama", parse=text_up_to(200), aliases=("unorNama",),
            example="Dinas Pendidikan",
        ),
        Field(
            name="parent_id", header="kode_induk", refers="units", required=False, default=None,
            aliases=("unorIndukId",),
        ),
        Field(name="location", header="lokasi", parse=text_up_to(100), required=False, example="Serang"),
    ),
)  # fmt: skip

POSITIONS = Kind(
    name="positions",
    title="Jabatan",
    model=Position,
    owner="agency",
    key=("code",),
    fields=(
        Field(name="code", header="kode", parse=text_up_to(50), example="DINDIK-KADIS"),
        Field(name="title", header="nama", parse=text_up_to(200), example="Kepala Dinas Pendidikan"),
        Field(name="unit_id", header="kode_unit", refers="units", example="DINDIK"),
        Field(name="tier", header="jenjang", parse=TIERS, example="jpt_pratama"),
        Field(
            name="eselon", header="eselon", required=False, example="II.a",
            parse=one_of(("I.a", "I.b", "II.a", "II.b", "III.a", "III.b", "IV.a", "IV.b", "V")),
        ),
        Field(
            name="job_class", header="kelas_jabatan", parse=whole(1, 17), required=False,
            default=None, example="14",
        ),
        Field(name="headcount", header="kebutuhan", parse=whole(1, 32000), example="1"),
        Field(name="location", header="lokasi", parse=text_up_to(100), required=False, example="Serang"),
        Field(name="interests", header="minat_kerja", parse=holland_code, required=False, example="SEC"),
    ),
)  # fmt: skip

EMPLOYEES = Kind(
    name="employees",
    title="Pegawai",
    model=Employee,
    owner="agency",
    key=("nip",),
    fields=(
        Field(name="nip", header="nip", aliases=("nipBaru",), example="198609262015051001"),
        Field(name="name", header="nama", parse=text_up_to(200), example="Contoh Nama"),
        Field(
            name="title_front", header="gelar_depan", parse=text_up_to(50), required=False,
            aliases=("gelarDepan",), example="Dr.",
        ),
        Field(
            name="title_back", header="gelar_belakang", parse=text_up_to(100), required=False,
            aliases=("gelarBelakang",), example="M.Si.",
        ),
        Field(
            name="birth_date", header="tanggal_lahir", parse=day, aliases=("tglLahir",),
            example="1986-09-26",
        ),
        Field(name="sex", header="jenis_kelamin", parse=sex, aliases=("jenisKelamin",), example="L"),
        Field(
            name="type", header="jenis_pegawai",
            parse=one_of(("PNS", "PPPK"), {"PNS Daerah": "PNS", "PNS Pusat": "PNS"}),
            aliases=("jenisPegawaiNama", "statusPegawai"), example="PNS",
        ),
        Field(
            name="rank", header="golongan", parse=rank, aliases=("golRuangAkhir", "GOL AKHIR NAMA"),
            example="III/d",
        ),
        Field(
            name="rank_since", header="tmt_golongan", parse=day, required=False, default=None,
            aliases=("tmtGolAkhir",), example="2022-04-01",
        ),
        Field(
            name="education", header="pendidikan", parse=education,
            aliases=("tkPendidikanTerakhir",), example="S-1",
        ),
        Field(
            name="education_field", header="bidang_pendidikan", parse=text_up_to(200),
            required=False, aliases=("pendidikanTerakhirNama",), example="Ilmu Pemerintahan",
        ),
        Field(
            name="email", header="email", parse=text_up_to(254), required=False,
            aliases=("emailGov",), example="nama@contoh.go.id",
        ),
        Field(
            name="synthetic", header="sintetis", required=False, default=False,
            parse=lambda text: one_of(("ya", "tidak"))(text) == "ya", example="tidak",
        ),
    ),
)  # fmt: skip

APPOINTMENTS = Kind(
    name="appointments",
    title="Riwayat jabatan",
    model=Appointment,
    owner="position__agency",
    key=("employee_id", "position_id", "kind", "start"),
    fields=(
        NIP,
        Field(
            name="position_id", header="kode_jabatan", refers="positions",
            aliases=("jabatan @ unor",), example="DINDIK-KADIS",
        ),
        Field(
            name="kind", header="jenis", required=False, default="definitif",
            parse=one_of(Appointment.Kind.values), example="definitif",
        ),
        Field(name="start", header="tmt", parse=day, aliases=("tmtJabatan",), example="2023-01-02"),
        Field(name="end", header="sampai", parse=day, required=False, default=None),
        Field(
            name="decree", header="nomor_sk", parse=text_up_to(100), required=False,
            aliases=("nomorSk",), example="800/123/2023",
        ),
    ),
)  # fmt: skip

EDUCATIONS = Kind(
    name="educations",
    title="Riwayat pendidikan",
    model=Education,
    owner="employee__agency",
    key=("employee_id", "level", "field"),
    fields=(
        NIP,
        Field(name="level", header="jenjang", parse=education, example="S-1"),
        Field(name="field", header="bidang", parse=text_up_to(200), example="Ilmu Pemerintahan"),
        Field(name="institution", header="lembaga", parse=text_up_to(200), required=False),
        Field(
            name="year", header="tahun_lulus", parse=YEAR, aliases=("tahunLulus",), example="2009"
        ),
    ),
)

TRAININGS = Kind(
    name="trainings",
    title="Riwayat pelatihan",
    model=Training,
    owner="employee__agency",
    key=("employee_id", "name", "year"),
    fields=(
        NIP,
        Field(name="name", header="nama", parse=text_up_to(200), example="PKN Tingkat II"),
        Field(
            name="kind", header="jenis", example="manajerial",
            parse=one_of(("manajerial", "teknis", "fungsional", "sosial_kultural")),
        ),
        Field(
            name="hours", header="jam", parse=whole(1, 5000), required=False, default=None,
            example="120",
        ),
        Field(name="year", header="tahun", parse=YEAR, example="2021"),
    ),
)  # fmt: skip

DISCIPLINES = Kind(
    name="disciplines",
    title="Hukuman disiplin",
    model=Discipline,
    owner="employee__agency",
    key=("employee_id", "decree"),
    fields=(
        NIP,
        Field(
            name="level", header="tingkat", parse=one_of(Discipline.Level.values), example="ringan"
        ),
        Field(name="start", header="mulai", parse=day, example="2023-01-02"),
        Field(name="end", header="sampai", parse=day, required=False, default=None),
        Field(name="decree", header="nomor_sk", parse=text_up_to(100), example="800/9/2023"),
    ),
)

PERFORMANCES = Kind(
    name="performances",
    title="Predikat kinerja (SKP)",
    model=Performance,
    owner="employee__agency",
    key=("employee_id", "year"),
    fields=(
        NIP,
        Field(name="year", header="tahun", parse=YEAR, example="2024"),
        Field(name="predicate", header="predikat", parse=PREDICATES, example="baik"),
    ),
)

KINDS = {
    kind.name: kind
    for kind in (
        UNITS,
        POSITIONS,
        EMPLOYEES,
        APPOINTMENTS,
        EDUCATIONS,
        TRAININGS,
        DISCIPLINES,
        PERFORMANCES,
    )
}
