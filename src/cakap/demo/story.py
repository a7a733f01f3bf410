"""The demo, step by step, through the public doors: files in, people tested, plans signed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from cakap.accounts.models import Agency, Role, User
from cakap.accounts.services import give_roles, register_agency, register_user
from cakap.audit.services import record
from cakap.delivery.queries import stored_answers
from cakap.demo.assessors import hold_centre
from cakap.demo.bank import DATA, demo_bank
from cakap.demo.persons import person
from cakap.demo.place import ASSESSORS, first_day, sign_ins
from cakap.demo.province import province
from cakap.demo.sitting import Sat, responses, sit_all
from cakap.itembank.models import Form
from cakap.itembank.queries import form_versions, scored_items
from cakap.jobs.services import in_blocks
from cakap.jobs.workers import workers_at
from cakap.placement.advising import send_advice, write_advice
from cakap.placement.errors import NothingToAdvise
from cakap.placement.models import Plan
from cakap.placement.problem import Wanted
from cakap.placement.queries import people_for
from cakap.placement.services import (
    approve_plan,
    comment_on,
    make_plan,
    make_variant,
    propose_plan,
    review_plan,
)
from cakap.placement.standing import measure_plan
from cakap.policy.services import override_rule
from cakap.programmes.models import Participant, Programme, Session
from cakap.programmes.queries import chosen_by_rule
from cakap.programmes.services import (
    add_participants,
    add_room,
    close_session,
    invite,
    open_session,
    plan_programme,
    plan_session,
    seat_all,
)
from cakap.registry.models import Appointment, Employee, Position, Tier
from cakap.registry.queries import empty_seats
from cakap.registry.services import import_file, link_user
from cakap.results.models import Report, Result
from cakap.results.reports import keep_reports
from cakap.results.services import publish_results
from cakap.scoring.services import score_programme
from cakap.selection.models import Bidding
from cakap.selection.services import (
    announce,
    apply,
    check_requirements,
    decide,
    nominate,
    score_stage,
)
from cakap.talent.services import map_talent
from cakap.web.services import first_trouble

ACTOR, AGENCY, ORGANISER = "demo", "BANTEN", "KANREG3"
CENTRE, CAT, SEATS = "AC-2025", "CAT-2025", 100
STAFF = {
    "operator": Role.OPERATOR, "pengawas": Role.PROCTOR, "psikometris": Role.PSYCHOMETRICIAN,
    "talenta": Role.TALENT_MANAGER, "gubernur": Role.DECISION_MAKER, "auditor": Role.AUDITOR,
    "admin": Role.ADMINISTRATOR,
}  # fmt: skip
Tell = Callable[[str, int, int], None]


@dataclass(kw_only=True, slots=True)
class Story:
    """One telling of the demo: what it needs to know, and how long each step took."""

    people: int
    seed: int
    base: str
    tell: Tell
    seconds: dict[str, float] = field(default_factory=dict)
    sat: list[Sat] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step and say that it began."""
        self.tell(name, 0, 0)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)

    def progress(self, name: str) -> Callable[[int, int], None]:
        """How far a step is."""
        return lambda done, total: self.tell(name, done, total)


def told() -> bool:
    """Whether the demo ran to its end in this data directory."""
    return Bidding.objects.filter(state=Bidding.State.DECIDED).exists()


def tell_story(story: Story) -> dict[str, Any]:
    """All of it, in the order of the case; what was done before is not done again."""
    with story.step("registry"):
        agency = _registry(story)
    with story.step("accounts"):
        assessors = _accounts(agency)
    with story.step("itembank"):
        form = demo_bank(agency=agency, seed=story.seed, actor=ACTOR, now=timezone.now())
    with story.step("centre"):
        centre = _centre(agency, assessors, story)
    with story.step("sessions"):
        cat = _sessions(agency, form, story)
    with story.step("delivery"):
        _delivery(cat, story)
    with story.step("results"):
        for programme in (centre, cat):
            _work_up(programme, story)
    with story.step("talent"):
        map_talent(agency=agency, actor="talenta", now=timezone.now())
    with story.step("plan"):
        _letter(agency)
        _plan(agency, [centre, cat])
    with story.step("selection"):
        _bidding(agency)
    with story.step("verify"):
        trouble = first_trouble()
    return summary(story, trouble=trouble)


def summary(story: Story, *, trouble: str) -> dict[str, Any]:
    """The figures of the demo as they stand in the database."""
    programmes = list(Programme.objects.filter(code__in=(CENTRE, CAT)))
    plan = Plan.objects.order_by("pk").first()
    stored = stored_answers(programmes)
    agency = Agency.objects.get(code=AGENCY)
    sent = sum(sat.sent for sat in story.sat) if story.sat else stored
    acknowledged = sum(sat.acknowledged for sat in story.sat) if story.sat else stored
    return {
        "people": Employee.objects.filter(agency=agency).count(),
        "participants": Participant.objects.filter(programme__in=programmes).count(),
        "sessions": Session.objects.filter(programme__in=programmes).count(),
        "answers": {"sent": sent, "acknowledged": acknowledged, "stored": stored},
        "results": Result.objects.filter(superseded_at__isnull=True).count(),
        "reports": Report.objects.count(),
        "plan": _plan_figures(plan),
        "posts_vacant": sum(empty_seats(agency, on=timezone.localdate()).values()),
        "appointments": Appointment.objects.filter(decree__startswith="Kepgub contoh").count(),
        "audit_ok": not trouble,
        "seconds": story.seconds,
    }


def _plan_figures(plan: Plan | None) -> dict[str, Any]:
    if plan is None:
        return {"moves": 0, "optimal": False, "total_before": 0.0, "total_after": 0.0}
    lines = plan.lines.values_list("source_id", "target_id")
    return {
        "moves": sum(source != target for source, target in lines),
        "optimal": plan.optimal,
        "total_before": round(plan.total_before, 4),
        "total_after": round(plan.total_after, 4),
    }


def _registry(story: Story) -> Agency:
    now = timezone.now()
    day = first_day(people=story.people, seed=story.seed, today=timezone.localdate(now))
    until = timezone.localdate(now) + timedelta(days=1000)
    agency = register_agency(
        code=AGENCY, name="Pemerintah Provinsi Banten (data contoh)", accreditation="B",
        accredited_until=until, actor=ACTOR, now=now,
    )  # fmt: skip
    register_agency(
        code=ORGANISER, name="Kantor Regional III BKN (data contoh)", accreditation="A",
        accredited_until=until, actor=ACTOR, now=now,
    )  # fmt: skip
    files = [("competencies", (DATA / "kamus.csv").read_bytes())]
    files += province(seed=story.seed, today=day).files(day)
    for kind, content in files:
        if kind == "appointments" and Programme.objects.exists():
            continue  # the plan has moved people since: the first import stands
        import_file(
            kind=kind, file=f"{kind}.csv", content=content, agency=agency, actor=ACTOR,
            now=now, progress=story.progress("registry"),
        )  # fmt: skip
    return agency


def _accounts(agency: Agency) -> list[User]:
    now = timezone.now()
    organiser = Agency.objects.get(code=ORGANISER)
    passwords = sign_ins()
    for name, role in STAFF.items():
        user = _user(name, name.title(), passwords, now)
        give_roles(user=user, agency=agency, roles=[role], actor=ACTOR, now=now)
    assessors = []
    for number in range(1, ASSESSORS + 1):
        user = _user(f"asesor{number}", f"Asesor {number}", passwords, now)
        give_roles(user=user, agency=organiser, roles=[Role.ASSESSOR], actor=ACTOR, now=now)
        assessors.append(user)
    return assessors


def _user(name: str, title: str, passwords: dict[str, str], now: datetime) -> User:
    return User.objects.filter(username=name).first() or register_user(
        username=name, name=title, password=passwords[name], actor=ACTOR, now=now
    )


def _programme(
    agency: Agency, code: str, name: str, method: Programme.Method
) -> tuple[Programme, bool]:
    found = Programme.objects.filter(code=code).first()
    if found:
        return found, False
    now, today, organiser = timezone.now(), timezone.localdate(), agency
    if method == Programme.Method.CENTRE:
        organiser = Agency.objects.get(code=ORGANISER)
    made = plan_programme(
        initiator=agency, organiser=organiser, code=code, name=name,
        purpose=Programme.Purpose.MAPPING, method=method,
        dates=(today, today + timedelta(days=20)), actor="operator", now=now,
    )  # fmt: skip
    return made, True


def _centre(agency: Agency, assessors: list[User], story: Story) -> Programme:
    now = timezone.now()
    name = "Penilaian kompetensi JPT Pratama"
    programme, new = _programme(agency, CENTRE, name, Programme.Method.CENTRE)
    if new or not programme.participants.exists():
        people = chosen_by_rule(
            agency, on=timezone.localdate(now), within=timedelta(0), due_only=True,
            tiers=[Tier.JPT_PRATAMA], unit=None, most=None,
        )  # fmt: skip
        add_participants(
            programme=programme, employees=people, source=Participant.Source.RULE,
            actor="operator", now=now,
        )  # fmt: skip
        invite(programme=programme, actor="operator", now=now)
        hold_centre(
            programme=programme, assessors=assessors, seed=story.seed, actor="operator", now=now
        )
    return programme


def _sessions(agency: Agency, form: Form, story: Story) -> Programme:
    now = timezone.now()
    programme, new = _programme(
        agency, CAT, "CAT administrator, pengawas, dan lainnya", Programme.Method.CAT
    )
    if not new and programme.sessions.exists():
        return programme
    structural = chosen_by_rule(
        agency, on=timezone.localdate(now), within=timedelta(0), due_only=True,
        tiers=[Tier.ADMINISTRATOR, Tier.PENGAWAS], unit=None, most=story.people,
    )  # fmt: skip
    others = chosen_by_rule(
        agency, on=timezone.localdate(now), within=timedelta(0), due_only=True,
        tiers=[Tier.JF_MUDA, Tier.JF_PERTAMA, Tier.PELAKSANA], unit=None,
        most=max(story.people - len(structural), 0),
    )  # fmt: skip
    add_participants(
        programme=programme, employees=[*structural, *others], source=Participant.Source.RULE,
        actor="operator", now=now,
    )  # fmt: skip
    invite(programme=programme, actor="operator", now=now)
    room = add_room(
        agency=agency, name="Ruang CAT 1", seats=SEATS, location="Gedung BKD, Serang (contoh)",
        actor="operator", now=now,
    )  # fmt: skip
    for edge in ("early", "late"):
        override_rule(
            agency=agency.code, key=f"sessions.{edge}_begin_minutes", value=60 * 24 * 60,
            reason="Demo: sesi beberapa hari dimainkan sekaligus", since=timezone.localdate(now),
            actor="admin", now=now,
        )  # fmt: skip
    morning = timezone.localtime(now).replace(hour=8, minute=0, second=0, microsecond=0)
    number = 0
    while True:
        # Two sessions a day, as in the case; a person whose office would be emptied waits.
        starts = morning + timedelta(days=number // 2, hours=6 * (number % 2))
        plan_session(
            programme=programme, room=room, form=form, starts_at=starts, actor="operator", now=now
        )
        number += 1
        if not seat_all(programme=programme, actor="operator", now=now):
            return programme


def _delivery(programme: Programme, story: Story) -> None:
    items = scored_items(
        form_versions(programme.sessions.values_list("form_id", flat=True)[0]), at=timezone.now()
    )
    for session in programme.sessions.select_related("room", "form", "programme__organiser"):
        if session.state == Session.State.CLOSED:
            continue
        if session.state == Session.State.PLANNED:
            open_session(session=session, actor="pengawas", now=timezone.now())
        seats = session.seats.filter(attempt__submitted_at__isnull=True)
        sittings = [
            (who, session.pin, responses(who, items))
            for seat in seats.select_related("participant__employee")
            for who in [_person(seat.participant.employee, story.seed)]
        ]
        story.sat += asyncio.run(sit_all(story.base, sittings, story.progress("delivery")))
        close_session(session=session, actor="pengawas", now=timezone.now())


def _person(employee: Employee, seed: int) -> Any:
    post = employee.appointments.filter(end__isnull=True).select_related("position")[0]
    return person(employee.nip, post.position.tier, seed=seed)


def _work_up(programme: Programme, story: Story) -> None:
    if Result.objects.filter(participant__programme=programme).exists():
        run = programme.runs.first()
    else:
        run = score_programme(programme=programme, actor="psikometris", now=timezone.now())
        publish_results(run=run, actor="psikometris", now=timezone.now())
    rows = list(Result.objects.filter(run=run).select_related("employee", "run"))
    done = 0
    for block in in_blocks(rows, 25):
        keep_reports(list(block), actor="operator", now=timezone.now())
        done += len(block)
        story.tell("results", done, len(rows))


def _letter(agency: Agency) -> None:
    """The office that ran the assessment centre recommends its people for vacancies before anybody moves."""
    office = Agency.objects.get(code=ORGANISER)
    if office.advice_given.exists():
        return
    # In a small demo nobody may be eligible for what is vacant.
    with suppress(NothingToAdvise):
        letter = write_advice(
            issuer=office, recipient=agency, number="Contoh R-1", most=2, actor="penyusun",
            now=timezone.now(),
        )  # fmt: skip
        send_advice(letter=letter, actor="kepala kantor", now=timezone.now())


def _plan(agency: Agency, programmes: list[Programme]) -> None:
    plan = Plan.objects.order_by("pk").first() or make_plan(
        programmes=programmes, name="Rotasi hasil penilaian", actor="talenta", now=timezone.now()
    )
    if plan.state == Plan.State.DRAFT:
        make_variant(
            plan=plan, wanted=Wanted(max_moves=50), name="Paling banyak 50 perpindahan",
            actor="talenta", now=timezone.now(),
        )  # fmt: skip
        comment_on(
            plan=plan, text="Bandingkan dengan skenario paling banyak 50 perpindahan.",
            actor="talenta", now=timezone.now(),
        )  # fmt: skip
        with workers_at() as workers:
            measure_plan(plan, workers=workers, progress=lambda _done, _total: None)
        review_plan(plan=plan, actor="penelaah", now=timezone.now())
        propose_plan(plan=plan, actor="talenta", now=timezone.now())
        approve_plan(
            plan=plan, decree="Kepgub contoh 206/2025", start=timezone.localdate(),
            actor="gubernur", now=timezone.now(),
        )  # fmt: skip


def _bidding(agency: Agency) -> None:
    """One vacant post of JPT Pratama, announced twenty days ago, decided today."""
    now, today = timezone.now(), timezone.localdate()
    if Bidding.objects.exists():
        return
    opened, applied = today - timedelta(days=20), today - timedelta(days=10)
    position, applicants = _post_with_applicants(agency, opened, applied)
    bidding = announce(
        position=position, text=f"Seleksi terbuka {position.title} (contoh).", on=opened,
        actor="operator", now=now,
    )  # fmt: skip
    for employee in applicants:
        apply(bidding=bidding, employee=employee, on=applied, actor=employee.nip, now=now)
    check_requirements(bidding=bidding, on=today, actor="operator", now=now)
    # The competence score is read from the results of the programmes above.
    judged = (("makalah", 3), ("rekam_jejak", 5), ("wawancara", 6))
    for row in bidding.applications.filter(standing="admitted").select_related(
        "employee", "bidding"
    ):
        for stage, factor in judged:
            score = 60 + (int(row.employee.nip[-3:]) * factor) % 36
            score_stage(application=row, stage=stage, score=score, actor="operator", now=now)
    names = nominate(bidding=bidding, actor="operator", now=now)
    decide(
        bidding=bidding, nomination=names[0], reason="Peringkat pertama dengan rekam jejak sesuai.",
        decree="Kepgub contoh 301/2025", start=today, actor="gubernur", now=now,
    )  # fmt: skip
    _participant_account(names[-1].application.employee, agency, now)


def _post_with_applicants(
    agency: Agency, opened: date, applied: date
) -> tuple[Position, list[Employee]]:
    """A post vacant then and now, with the people who may apply for it and were not moved today."""
    both = set(empty_seats(agency, on=opened)) & set(empty_seats(agency, on=timezone.localdate()))
    for position in Position.objects.filter(pk__in=both, tier=Tier.JPT_PRATAMA).order_by("code"):
        found = people_for(position, on=timezone.localdate())
        if len(found.proposed) >= 3:
            return position, [one.employee for one in found.proposed[:6]]
    message = "Tidak ada jabatan kosong dengan tiga pelamar yang memenuhi syarat; pakai --people lebih besar."
    record(actor=ACTOR, action="demo.no_bidding", subject=message, now=timezone.now())
    raise LookupError(message)


def _participant_account(employee: Employee, agency: Agency, now: datetime) -> None:
    """A participant who can sign in and read the own result."""
    user = register_user(
        username=employee.nip, name=employee.full_name, password=sign_ins()["peserta"],
        actor=ACTOR, now=now,
    )  # fmt: skip
    give_roles(user=user, agency=agency, roles=[Role.PARTICIPANT], actor=ACTOR, now=now)
    link_user(employee=employee, user=user, actor=ACTOR, now=now)
