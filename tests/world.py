"""A small government for tests: one agency with a ladder of posts, people in them, and standards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from cakap.accounts.models import Agency, Role, User
from cakap.accounts.services import give_roles, register_agency, register_user
from cakap.demo.bank import DATA
from cakap.itembank.content import Draft
from cakap.itembank.models import Form, Item, ItemParameters, ItemVersion
from cakap.itembank.services import (
    SectionPlan,
    add_items,
    adopt_parameters,
    build_form,
    move_versions,
)
from cakap.policy.services import override_rule
from cakap.programmes.models import Participant, Programme, Session
from cakap.programmes.services import (
    add_participants,
    add_room,
    invite,
    open_session,
    plan_programme,
    plan_session,
    seat_all,
)
from cakap.registry.models import Employee, Position
from cakap.registry.services import import_file
from cakap.ui.files import as_csv

NOW = datetime(2025, 1, 22, 1, 0, tzinfo=UTC)
TODAY = date(2025, 1, 22)
NINE = ("M.01", "M.02", "M.03", "M.04", "M.05", "M.06", "M.07", "M.08", "SK.01")
LEVEL = {"jpt_madya": 5, "jpt_pratama": 4, "administrator": 3, "pengawas": 2}
# code, unit, tier, headcount, holders
POSTS = (
    ("SEKDA", "SETDA", "jpt_madya", 1, 0),
    ("KADIS1", "DINAS1", "jpt_pratama", 1, 1),
    ("KADIS2", "DINAS2", "jpt_pratama", 1, 0),
    ("KABID1", "DINAS1", "administrator", 2, 2),
    ("KABID2", "DINAS2", "administrator", 3, 2),
    ("KASI1", "DINAS1", "pengawas", 3, 3),
    ("KASI2", "DINAS2", "pengawas", 4, 3),
)
RANK = {"jpt_pratama": "IV/c", "administrator": "IV/a", "pengawas": "III/c"}
BELOW = {"jpt_pratama": "KABID1", "administrator": "KASI1", "pengawas": ""}


@dataclass(kw_only=True)
class World:
    """The agency and short ways to what is in it."""

    agency: Agency
    users: dict[Role, User] = field(default_factory=dict)

    def person(self, number: int) -> Employee:
        return Employee.objects.filter(agency=self.agency).order_by("nip")[number]

    def holder(self, code: str) -> Employee:
        rows = Employee.objects.filter(
            agency=self.agency, appointments__position__code=code, appointments__end__isnull=True
        )
        return rows.order_by("nip")[0]

    def post(self, code: str) -> Position:
        return Position.objects.get(agency=self.agency, code=code)

    def user(self, role: Role) -> User:
        if role not in self.users:
            name = f"{self.agency.code.lower()}-{role}"
            user = register_user(
                username=name, name=name, password="rahasia-sekali", actor="t", now=NOW
            )
            give_roles(user=user, agency=self.agency, roles=[role], actor="t", now=NOW)
            self.users[role] = user
        return self.users[role]


def nip(number: int, birth: date, *, sex: int = 1) -> str:
    return f"{birth:%Y%m%d}{birth.year + 24}03{sex}{number:03d}"


def put(agency: Agency, kind: str, headers: tuple[str, ...], rows: list[list[object]]) -> None:
    import_file(
        kind=kind, file=f"{kind}.csv", content=as_csv(headers, rows), agency=agency,
        actor="t", now=NOW,
    )  # fmt: skip


def asked(post: str, tier: str, competency: str) -> int:
    """Posts of the second office ask more teamwork and less integrity, so that a plan has a point."""
    shift = {"M.01": -1, "M.02": 1}.get(competency, 0) if post.endswith("2") else 0
    return LEVEL[tier] + shift


def make_world(code: str = "A") -> World:
    """Agency `code`, accredited, with eleven people in their posts since three years."""
    agency = register_agency(
        code=code, name=f"Instansi {code}", accreditation="B",
        accredited_until=date(2030, 1, 1), actor="t", now=NOW,
    )  # fmt: skip
    import_file(
        kind="competencies", file="kamus.csv", content=(DATA / "kamus.csv").read_bytes(),
        agency=agency, actor="t", now=NOW,
    )  # fmt: skip
    units = [["SETDA", "Setda", ""], ["DINAS1", "Dinas 1", ""], ["DINAS2", "Dinas 2", ""]]
    put(agency, "units", ("kode", "nama", "kode_induk"), units)
    put(
        agency, "positions", ("kode", "nama", "kode_unit", "jenjang", "kebutuhan"),
        [[c, f"Jabatan {c}", u, t, n] for c, u, t, n, _ in POSTS],
    )  # fmt: skip
    put(
        agency, "standards", ("kode_jabatan", "kode_kompetensi", "tingkat", "berlaku", "status"),
        [[c, one, asked(c, t, one), "2024-01-01", "approved"] for c, _, t, _, _ in POSTS for one in NINE],
    )  # fmt: skip
    _people(agency)
    return World(agency=agency)


def _people(agency: Agency) -> None:
    people, held, skp, number = [], [], [], 0
    base = {"A": 100, "B": 500}.get(agency.code, 700)
    for code, _, tier, _, holders in POSTS:
        for _ in range(holders):
            number += 1
            birth = date(1975 + number, 5, 1 + number)
            own = nip(base + number, birth)
            people.append([own, f"Orang {number}", birth, "L", "PNS", RANK[tier], "S-1"])
            if BELOW[tier]:
                held.append([own, BELOW[tier], "definitif", "2016-01-01", "2022-01-10"])
            held.append([own, code, "definitif", "2022-01-10", ""])
            skp += [[own, 2024, "baik"], [own, 2023, "sangat_baik"]]
    put(
        agency, "employees",
        ("nip", "nama", "tanggal_lahir", "jenis_kelamin", "jenis_pegawai", "golongan", "pendidikan"),
        people,
    )  # fmt: skip
    put(agency, "appointments", ("nip", "kode_jabatan", "jenis", "tmt", "sampai"), held)
    put(agency, "performances", ("nip", "tahun", "predikat"), skp)


def make_form(world: World, *, each: int = 4) -> Form:
    """A form with `each` graded items a competency and four reasoning items, with parameters."""
    drafts = [
        Draft(
            code=f"{dimension}-{n}", kind=Item.Kind.GRADED, dimension=dimension, stem="<p>Soal</p>",
            options={letter: f"pilihan {letter}" for letter in "abcde"},
            scores={letter: at for at, letter in enumerate("abcde")},
        )
        for dimension in NINE
        for n in range(each)
    ]  # fmt: skip
    drafts += [
        Draft(
            code=f"TIU-{n}", kind=Item.Kind.SINGLE, dimension="TIU", stem="<p>Hitung</p>",
            options={"a": "1", "b": "2"}, scores={"a": 1, "b": 0},
        )
        for n in range(4)
    ]  # fmt: skip
    add_items(agency=world.agency, drafts=drafts, actor="t", now=NOW)
    versions = ItemVersion.objects.filter(item__agency=world.agency).select_related("item")
    adopt_parameters(
        agency=world.agency,
        parameters={
            row.pk: (1.5, [0.0] if row.item.kind == "single" else [-1.5, -0.5, 0.5, 1.5])
            for row in versions
        },
        source=ItemParameters.Source.SIMULATED, actor="t", now=NOW,
    )  # fmt: skip
    sections = [SectionPlan(title="Satu", instructions="Jawab.", codes=[d.code for d in drafts])]
    return build_form(
        agency=world.agency, code="F1", name="Formulir", minutes=60, sections=sections,
        actor="t", now=NOW,
    )  # fmt: skip


def make_programme(world: World, method: Programme.Method = Programme.Method.CAT) -> Programme:
    # Sessions of a fixed day, which a server that reads the real clock serves too.
    override_rule(
        agency=world.agency.code, key="sessions.late_begin_minutes", value=60 * 24 * 366 * 50,
        reason="uji", since=TODAY, actor="t", now=NOW,
    )  # fmt: skip
    programme = plan_programme(
        initiator=world.agency, organiser=world.agency, code=f"P-{world.agency.code}-{method}",
        name="Program", purpose=Programme.Purpose.MAPPING, method=method,
        dates=(TODAY, TODAY + timedelta(days=5)), actor="t", now=NOW,
    )  # fmt: skip
    add_participants(
        programme=programme, employees=Employee.objects.filter(agency=world.agency),
        source=Participant.Source.RULE, actor="t", now=NOW,
    )  # fmt: skip
    invite(programme=programme, actor="t", now=NOW)
    return programme


def review_items(world: World) -> None:
    """Take every draft of the bank through review: without it no session that counts holds it."""
    drafts = ItemVersion.objects.filter(
        item__agency=world.agency, state=ItemVersion.State.DRAFT
    ).select_related("item__agency")
    move_versions(versions=list(drafts), to="piloted", reason="Ditelaah", actor="t", now=NOW)


def make_open_session(world: World, *, seats: int = 20, form: Form | None = None) -> Session:
    """A programme with everybody seated (over days) and its first session open."""
    form, programme = form or make_form(world), make_programme(world)
    review_items(world)
    room = add_room(agency=world.agency, name="R1", seats=seats, location="", actor="t", now=NOW)
    for days in range(4):
        plan_session(
            programme=programme, room=room, form=form, starts_at=NOW + timedelta(days=days),
            actor="t", now=NOW,
        )  # fmt: skip
        if not seat_all(programme=programme, actor="t", now=NOW):
            break
    session = programme.sessions.order_by("starts_at")[0]
    open_session(session=session, actor="t", now=NOW)
    return session
