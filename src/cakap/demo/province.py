"""The demo province: Banten's organisation as published, and invented people in it, as import files.

The offices follow the province's own names; sections under them are the usual ones. Every person,
number and date is made up, and marked so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from cakap.ui.files import as_csv

BIRO = (
    "Pemerintahan dan Otonomi Daerah", "Kesejahteraan Rakyat", "Hukum",
    "Perekonomian dan Administrasi Pembangunan", "Pengadaan Barang/Jasa dan LPSE",
    "Organisasi dan Reformasi Birokrasi", "Umum", "Administrasi Pimpinan",
)  # fmt: skip
DINAS = (
    "Pendidikan dan Kebudayaan", "Kesehatan", "Pekerjaan Umum dan Penataan Ruang",
    "Perumahan Rakyat dan Kawasan Permukiman", "Sosial", "Tenaga Kerja dan Transmigrasi",
    "Pemberdayaan Perempuan, Perlindungan Anak, Kependudukan dan Keluarga Berencana",
    "Ketahanan Pangan", "Lingkungan Hidup dan Kehutanan", "Pemberdayaan Masyarakat dan Desa",
    "Perhubungan", "Komunikasi, Informatika, Statistik dan Persandian",
    "Koperasi, Usaha Kecil dan Menengah", "Penanaman Modal dan Pelayanan Terpadu Satu Pintu",
    "Kepemudaan dan Olahraga", "Perpustakaan dan Kearsipan", "Kelautan dan Perikanan",
    "Pariwisata", "Pertanian", "Energi dan Sumber Daya Mineral", "Perindustrian dan Perdagangan",
)  # fmt: skip
BADAN = (
    "Perencanaan Pembangunan Daerah", "Pengelolaan Keuangan dan Aset Daerah", "Pendapatan Daerah",
    "Kepegawaian Daerah", "Pengembangan Sumber Daya Manusia Daerah", "Kesatuan Bangsa dan Politik",
    "Penanggulangan Bencana Daerah", "Penghubung Daerah",
)  # fmt: skip
# Invented, as an example of what a job analysis says: interests that suit an office's work.
SUITING = {
    "Pendidikan dan Kebudayaan": "SAE", "Kesehatan": "ISC", "Sosial": "SEC",
    "Pekerjaan Umum dan Penataan Ruang": "RIC", "Perumahan Rakyat dan Kawasan Permukiman": "RIC",
    "Tenaga Kerja dan Transmigrasi": "SEC", "Ketahanan Pangan": "RIE",
    "Lingkungan Hidup dan Kehutanan": "RIS", "Perhubungan": "REC", "Pariwisata": "EAS",
    "Komunikasi, Informatika, Statistik dan Persandian": "ICR", "Kepemudaan dan Olahraga": "SER",
    "Koperasi, Usaha Kecil dan Menengah": "ESC", "Perpustakaan dan Kearsipan": "CSA",
    "Kelautan dan Perikanan": "RIE", "Pertanian": "RIE", "Energi dan Sumber Daya Mineral": "RIC",
    "Perindustrian dan Perdagangan": "ECR", "Perencanaan Pembangunan Daerah": "IEC",
    "Pengelolaan Keuangan dan Aset Daerah": "CEI", "Pendapatan Daerah": "CES",
    "Kepegawaian Daerah": "SCE", "Pengembangan Sumber Daya Manusia Daerah": "SIE",
    "Penanggulangan Bencana Daerah": "RSE", "Satuan Polisi Pamong Praja": "RSE",
    "Inspektorat Daerah": "CIE", "RSUD Banten": "ISR", "RSUD Malingping": "ISR",
}  # fmt: skip
HEADS = (
    ("Satuan Polisi Pamong Praja", "Kepala Satuan Polisi Pamong Praja"),
    ("Inspektorat Daerah", "Inspektur"),
    ("Sekretariat DPRD", "Sekretaris DPRD"),
    ("RSUD Banten", "Direktur RSUD Banten"),
    ("RSUD Malingping", "Direktur RSUD Malingping"),
)
TOP = ("Asisten Pemerintahan dan Kesejahteraan Rakyat", "Asisten Perekonomian dan Pembangunan",
       "Asisten Administrasi Umum", "Staf Ahli Pemerintahan dan Politik",
       "Staf Ahli Ekonomi dan Pembangunan", "Staf Ahli Kemasyarakatan")  # fmt: skip
FIRST = {
    "L": ("Ahmad", "Budi", "Cecep", "Dadan", "Eko", "Fajar", "Gunawan", "Hendra", "Iwan", "Jajang",
          "Kurnia", "Lukman", "Maman", "Nanang", "Oman", "Purnomo", "Rahmat", "Slamet", "Tatang",
          "Udin", "Wahyu", "Yayan", "Zaenal"),
    "P": ("Ani", "Bunga", "Citra", "Dewi", "Euis", "Fitri", "Gita", "Hani", "Indah", "Juju",
          "Kartika", "Lilis", "Mega", "Neneng", "Oktavia", "Putri", "Rina", "Siti", "Titin",
          "Ulfah", "Wulan", "Yuli", "Zahra"),
}  # fmt: skip
LAST = (
    "Adiwijaya", "Basuki", "Darmawan", "Effendi", "Firmansyah", "Ginanjar", "Hidayat", "Iskandar",
    "Juhaeri", "Kusnadi", "Lesmana", "Mulyana", "Nugraha", "Permana", "Ramdani", "Saepudin",
    "Suherman", "Tirtayasa", "Utami", "Wijaya", "Wibowo", "Yulianti", "Zulkarnaen", "Maulana",
)  # fmt: skip
RANKS = {
    "jpt_pratama": ("IV/b", "IV/c", "IV/d"), "administrator": ("III/d", "IV/a", "IV/b"),
    "pengawas": ("III/b", "III/c", "III/d"), "jf_muda": ("III/c", "III/d"),
    "jf_pertama": ("III/a", "III/b"), "pelaksana": ("II/c", "II/d", "III/a"),
}  # fmt: skip
EARLIER = {
    "jpt_pratama": "administrator", "administrator": "pengawas", "pengawas": "pelaksana",
}  # fmt: skip
AGES = {
    "jpt_pratama": (46, 58), "administrator": (38, 55), "pengawas": (32, 53), "jf_muda": (33, 52),
    "jf_pertama": (26, 40), "pelaksana": (24, 50),
}  # fmt: skip
TIER_LEVEL = {
    "jpt_madya": 5, "jpt_pratama": 4, "administrator": 3, "pengawas": 2, "jf_muda": 3,
    "jf_pertama": 2, "pelaksana": 1,
}  # fmt: skip
NINE = ("M.01", "M.02", "M.03", "M.04", "M.05", "M.06", "M.07", "M.08", "SK.01")
PEOPLE, OFFICIALS, FILLED = 2931, 30, 0.92


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A post to be filled or not."""

    code: str
    title: str
    unit: str
    tier: str
    eselon: str
    job_class: int
    headcount: int


@dataclass(kw_only=True, slots=True)
class Province:
    """Rows of the import files, by kind."""

    units: list[list[object]] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    employees: list[list[object]] = field(default_factory=list)
    appointments: list[list[object]] = field(default_factory=list)
    performances: list[list[object]] = field(default_factory=list)
    disciplines: list[list[object]] = field(default_factory=list)
    educations: list[list[object]] = field(default_factory=list)
    trainings: list[list[object]] = field(default_factory=list)

    def files(self, today: date) -> Iterator[tuple[str, bytes]]:
        """(kind, content of its CSV file) in the order in which they are to be imported."""
        offices = {str(code): str(name) for code, name, *_ in self.units}
        yield "units", as_csv(("kode", "nama", "kode_induk", "lokasi"), self.units)
        yield (
            "positions",
            as_csv(
                ("kode", "nama", "kode_unit", "jenjang", "eselon", "kelas_jabatan", "kebutuhan",
                 "minat_kerja"),
                [
                    [p.code, p.title, p.unit, p.tier, p.eselon, p.job_class, p.headcount,
                     _suiting(p, offices[p.unit.split("-")[0]])]
                    for p in self.posts
                ],
            ),
        )  # fmt: skip
        yield "employees", as_csv(
            ("nip", "nama", "tanggal_lahir", "jenis_kelamin", "jenis_pegawai", "golongan",
             "pendidikan", "bidang_pendidikan", "sintetis"),
            self.employees,
        )  # fmt: skip
        yield (
            "appointments",
            as_csv(
                ("nip", "kode_jabatan", "jenis", "tmt", "sampai", "nomor_sk"), self.appointments
            ),
        )
        yield "performances", as_csv(("nip", "tahun", "predikat"), self.performances)
        yield "disciplines", as_csv(("nip", "tingkat", "mulai", "nomor_sk"), self.disciplines)
        yield "educations", as_csv(("nip", "jenjang", "bidang", "tahun_lulus"), self.educations)
        yield "trainings", as_csv(("nip", "nama", "jenis", "jam", "tahun"), self.trainings)
        yield (
            "standards",
            as_csv(
                ("kode_jabatan", "kode_kompetensi", "tingkat", "berlaku", "status", "dasar"),
                [
                    [p.code, code, level, date(today.year - 1, 1, 1), "approved", "contoh"]
                    for p in self.posts
                    for code, level in _standard(p)
                ],
            ),
        )


def _standard(post: Post) -> Iterator[tuple[str, int]]:
    """The tier's level for all nine; one or two a post asks more or less of, by its own name."""
    level = TIER_LEVEL[post.tier]
    rng = Random(post.title)  # noqa: S311
    higher, lower = rng.sample(NINE, 2)
    for code in NINE:
        shift = (code == higher and level < 5) - (
            code == lower and level > 1 and rng.random() < 0.5
        )
        yield code, level + shift


def province(*, seed: int, today: date) -> Province:
    """The whole province for a seed; the same seed and day give the same files."""
    made = Province()
    _offices(made)
    _fill(made, Random(seed), today)  # noqa: S311
    return made


def _offices(made: Province) -> None:
    made.units.append(["SETDA", "Sekretariat Daerah", "", "Serang"])
    _post(made, "SEKDA", "Sekretaris Daerah", unit="SETDA", tier="jpt_madya", eselon="I.b")
    for number, title in enumerate(TOP, start=1):
        _post(made, f"SETDA-{number}", title, unit="SETDA", tier="jpt_pratama", eselon="II.a")
    for number, name in enumerate(BIRO, start=1):
        code = f"BIRO{number}"
        made.units.append([code, f"Biro {name}", "SETDA", "Serang"])
        _post(
            made,
            f"{code}-KEPALA",
            f"Kepala Biro {name}",
            unit=code,
            tier="jpt_pratama",
            eselon="II.b",
        )
        for part in range(1, 4):
            _section(made, f"{code}-{part}", code, f"Bagian {part} Biro {name}", "III.a")
    heads = [(f"Dinas {name}", f"Kepala Dinas {name}") for name in DINAS]
    heads += [(f"Badan {name}", f"Kepala Badan {name}") for name in BADAN]
    for number, (name, head) in enumerate((*heads, *HEADS), start=1):
        code = f"OPD{number:02d}"
        made.units.append([code, name, "", "Serang"])
        _post(made, f"{code}-KEPALA", head, unit=code, tier="jpt_pratama", eselon="II.a")
        _section(made, f"{code}-0", code, f"Sekretariat {name}", "III.a")
        for part in range(1, 5):
            _section(made, f"{code}-{part}", code, f"Bidang {part} {name}", "III.b")


def _section(made: Province, code: str, parent: str, name: str, eselon: str) -> None:
    made.units.append([code, name, parent, "Serang"])
    _post(made, f"{code}-A", f"Kepala {name}", unit=code, tier="administrator", eselon=eselon)
    for part in range(1, 3):
        _post(
            made,
            f"{code}-P{part}",
            f"Kepala Subbagian/Seksi {part} {name}",
            unit=code,
            tier="pengawas",
            eselon="IV.a",
        )
    for kind, title, seats in (
        ("jf_muda", "Analis Kebijakan Ahli Muda", 4),
        ("jf_pertama", "Analis Kebijakan Ahli Pertama", 4),
        ("pelaksana", "Penelaah Teknis Kebijakan", 5),
    ):
        _post(
            made,
            f"{code}-{kind}",
            f"{title} {name}",
            unit=code,
            tier=kind,
            eselon="",
            headcount=seats,
        )


def _suiting(post: Post, office: str) -> str:
    """Holland code of a post: that of its office, with enterprise first for whoever heads it."""
    code = SUITING.get(office.removeprefix("Dinas ").removeprefix("Badan "), "ECS")
    return ("E" + code.replace("E", ""))[:3] if post.tier in {"jpt_madya", "jpt_pratama"} else code


CLASSES = {
    "jpt_madya": 16, "jpt_pratama": 15, "administrator": 12, "pengawas": 9,
    "jf_muda": 10, "jf_pertama": 8, "pelaksana": 7,
}  # fmt: skip


def _post(
    made: Province,
    code: str,
    title: str,
    *,
    unit: str,
    tier: str,
    eselon: str,
    headcount: int = 1,
) -> None:
    made.posts.append(
        Post(
            code=code, title=title, unit=unit, tier=tier, eselon=eselon,
            job_class=CLASSES[tier], headcount=headcount,
        )
    )  # fmt: skip


def _fill(made: Province, rng: Random, today: date) -> None:
    """30 officials, then structural posts with some gaps, then the rest until 2,931 are placed."""
    officials = [p for p in made.posts if p.tier == "jpt_pratama"]
    structural = [p for p in made.posts if p.tier in {"administrator", "pengawas"}]
    others = [p for p in made.posts for _ in range(p.headcount) if p.tier in AGES and not p.eselon]
    rng.shuffle(officials)
    rng.shuffle(others)
    chosen = officials[:OFFICIALS] + [p for p in structural if rng.random() < FILLED]
    chosen += others[: PEOPLE - len(chosen)]
    former: dict[str, list[str]] = {}
    for post in made.posts:
        former.setdefault(post.tier, []).append(post.code)
    for number, post in enumerate(chosen, start=1):
        _person(made, rng, today=today, post=post, number=number, former=former)


def _person(
    made: Province,
    rng: Random,
    *,
    today: date,
    post: Post,
    number: int,
    former: dict[str, list[str]],
) -> None:
    sex = rng.choice("LP")
    low, high = AGES[post.tier]
    birth = today - timedelta(days=int(365.25 * (low + rng.random() * (high - low))))
    entered = birth.year + rng.randint(22, 24)
    nip = f"{birth:%Y%m%d}{entered}{rng.randint(1, 12):02d}{1 if sex == 'L' else 2}{number % 1000:03d}"
    education = _education(rng, post.tier)
    made.employees.append(
        [nip, f"{rng.choice(FIRST[sex])} {rng.choice(LAST)}", birth, sex, "PNS",
         rng.choice(RANKS[post.tier]), education, "Ilmu Pemerintahan", "ya"]
    )  # fmt: skip
    start = today - timedelta(days=rng.randint(200, 2000))
    earlier = EARLIER.get(post.tier)
    if earlier:
        before = start - timedelta(days=rng.randint(900, 2500))
        made.appointments.append(
            [nip, rng.choice(former[earlier]), "definitif", before, start, "contoh"]
        )
    made.appointments.append([nip, post.code, "definitif", start, "", "contoh"])
    for back in (1, 2):
        predicate = rng.choices(
            ("sangat_baik", "baik", "butuh_perbaikan", "kurang"), weights=(28, 60, 10, 2)
        )[0]
        made.performances.append([nip, today.year - back, predicate])
    if rng.random() < 0.02:
        level = rng.choice(("ringan", "sedang", "berat"))
        since = today - timedelta(days=rng.randint(30, 1500))
        made.disciplines.append([nip, level, since, f"SK-{number}"])
    made.educations.append([nip, education, "Ilmu Pemerintahan", entered - 1])
    if post.eselon:
        made.trainings.append(
            [nip, f"Pelatihan kepemimpinan {post.eselon}", "manajerial", 120, start.year]
        )


def _education(rng: Random, tier: str) -> str:
    if tier == "pelaksana":
        return rng.choice(("SLTA", "D-III", "S-1"))
    return "S-2" if rng.random() < (0.8 if tier == "jpt_pratama" else 0.35) else "S-1"
