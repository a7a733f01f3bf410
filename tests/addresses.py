"""Every address of the pages and the API: who may go there, and an object of each kind to go to."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from centre_results import publish_centre
from django.db.models import F
from world import NOW, TODAY, make_open_session

from cakap.accounts.models import Membership, Role
from cakap.centre.services import assign
from cakap.delivery.models import Attempt, RecordConflict, Site, SitePackage
from cakap.itembank.models import Form, ItemVersion
from cakap.itembank.services import File, add_files
from cakap.jobs.services import ask_for_job
from cakap.placement.models import Advice, AdviceLine
from cakap.placement.services import make_plan
from cakap.policy.services import override_rule
from cakap.programmes.models import Programme, Session
from cakap.registry.models import Portrait, Standard
from cakap.results.models import Result
from cakap.science.workers import threads
from cakap.scoring.calibrations import ask_for_calibration, carry_out
from cakap.selection.services import announce, apply
from cakap.talent.models import Placement
from cakap.talent.services import map_talent

R = Role
EVERYBODY = frozenset(Role)
OFFICE = {R.OPERATOR, R.TALENT_MANAGER, R.DECISION_MAKER, R.AUDITOR}
PROGRAMME = {R.OPERATOR, R.PROCTOR, R.AUDITOR, R.TALENT_MANAGER}
TALENT = {R.TALENT_MANAGER, R.DECISION_MAKER, R.AUDITOR}
SELECTION = {R.OPERATOR, R.DECISION_MAKER, R.AUDITOR}
OPERATOR, PROCTOR, ASSESSOR = {R.OPERATOR}, {R.PROCTOR}, {R.ASSESSOR}
MANAGER = {R.TALENT_MANAGER}
PSYCHO, ADMIN, DECIDES = {R.PSYCHOMETRICIAN}, {R.ADMINISTRATOR}, {R.DECISION_MAKER}
PUBLIC = None

# address: who may, and the object in it (its attribute of `Objects`), if it belongs to an agency
EXPECTED = {
    "web:home": (PUBLIC, ""),
    "web:health": (PUBLIC, ""),
    "web:audit": ({R.AUDITOR, R.ADMINISTRATOR}, ""),
    "web:chain": ({R.AUDITOR, R.ADMINISTRATOR}, ""),
    "web:policy": ({R.AUDITOR, R.ADMINISTRATOR}, ""),
    "web:rule": (ADMIN, "rule"),
    "web:live_scores": (PROCTOR | OPERATOR, "session"),
    "web:job": (EVERYBODY, "job"),
    "api:openapi-json": (PUBLIC, ""),
    "api:api-root": (PUBLIC, ""),
    "api:vacant": (OFFICE, ""),
    "api:result": (OFFICE, "nip"),
    "api:people": (TALENT, "post_code"),
    "api:posts": (TALENT, "nip"),
    "api:plan": (TALENT, "plan"),
    "accounts:members": (ADMIN, ""),
    "accounts:add": (ADMIN, ""),
    "accounts:take": (ADMIN, "membership"),
    "accounts:password": (ADMIN, "user"),
    "accounts:address": (ADMIN, "user"),
    "accounts:held": (ADMIN, ""),
    "accounts:lift": (ADMIN, "user"),
    "accounts:switch": (EVERYBODY, ""),
    "registry:home": (OFFICE, ""),
    "registry:units": (OFFICE, ""),
    "registry:positions": (OFFICE, ""),
    "registry:position": (OFFICE, "position"),
    "registry:approve": (OPERATOR, "standard"),
    "registry:employees": (OFFICE, ""),
    "registry:employee": (OFFICE, "employee"),
    "registry:portrait": (OFFICE, "employee"),
    "registry:portraits": (OPERATOR, ""),
    "registry:competencies": (OFFICE | {R.ASSESSOR, R.PSYCHOMETRICIAN}, ""),
    "registry:upload": (OPERATOR, ""),
    "registry:confirm": (OPERATOR, ""),
    "registry:template": (OPERATOR, "file"),
    "registry:export": ({R.OPERATOR, R.AUDITOR}, "file"),
    "itembank:items": (PSYCHO, ""),
    "itembank:item": (PSYCHO, "version"),
    "itembank:move": (PSYCHO, "version"),
    "itembank:move_many": (PSYCHO, ""),
    "itembank:review": (PSYCHO, ""),
    "scoring:calibrations": (PSYCHO, ""),
    "scoring:from_answers": (PSYCHO, ""),
    "scoring:from_file": (PSYCHO, ""),
    "scoring:calibration": (PSYCHO, "calibration"),
    "scoring:adopt": (PSYCHO, "calibration"),
    "scoring:picture": (PSYCHO, "calibration_picture"),
    "scoring:item": (PSYCHO, "calibrated"),
    "scoring:item_picture": (PSYCHO, "calibrated_picture"),
    "itembank:upload": (PSYCHO, ""),
    "itembank:template": (PSYCHO, ""),
    "itembank:package": (PSYCHO, ""),
    "itembank:asset": (PSYCHO | OPERATOR, "asset"),
    "itembank:forms": (PSYCHO | OPERATOR, ""),
    "itembank:build": (PSYCHO, ""),
    "itembank:form": (PSYCHO | OPERATOR, "form"),
    "programmes:list": (PROGRAMME, ""),
    "programmes:plan": (OPERATOR, ""),
    "programmes:due": (PROGRAMME, ""),
    "programmes:room": (OPERATOR, ""),
    "programmes:detail": (PROGRAMME, "programme"),
    "programmes:participants": (PROGRAMME, "programme"),
    "programmes:unseated": (PROGRAMME, "programme"),
    "programmes:add_by_rule": (OPERATOR, "programme"),
    "programmes:add_by_file": (OPERATOR, "programme"),
    "programmes:session": (OPERATOR, "programme"),
    "programmes:seat": (OPERATOR, "programme"),
    "programmes:invite": (OPERATOR, "programme"),
    "programmes:accommodation": (OPERATOR, "participant"),
    "programmes:invitation": ({R.OPERATOR, R.PROCTOR}, "participant"),
    "delivery:enter": (PUBLIC, ""),
    "delivery:consent": (PUBLIC, ""),
    "delivery:practice": (PUBLIC, ""),
    "delivery:start": (PUBLIC, ""),
    "delivery:work": (PUBLIC, ""),
    "delivery:receipt": (PUBLIC, ""),
    "delivery:content": (PUBLIC, ""),
    "delivery:answers": (PUBLIC, ""),
    "delivery:following": (PUBLIC, ""),
    "delivery:beat": (PUBLIC, ""),
    "delivery:finish": (PUBLIC, ""),
    "delivery:deposit": (PUBLIC, ""),
    "delivery:offline_worker": (PUBLIC, ""),
    "delivery:sessions": (PROCTOR | OPERATOR, ""),
    "delivery:section": (PUBLIC, ""),
    "delivery:asset": (PUBLIC, ""),
    "delivery:board": (PROCTOR | OPERATOR, "session"),
    "delivery:stream": (PROCTOR | OPERATOR, "session"),
    "delivery:readiness_index": (PUBLIC, ""),
    "delivery:readiness_clock": (PUBLIC, ""),
    "delivery:readiness": (PUBLIC, "session"),
    "delivery:readiness_report": (PUBLIC, "session"),
    "delivery:readiness_board": (PROCTOR | OPERATOR, "session"),
    "delivery:readiness_room": (PROCTOR | OPERATOR, "session"),
    "delivery:drill": (PROCTOR, "session"),
    "delivery:open": (PROCTOR, "session"),
    "delivery:clock": (PROCTOR, ""),
    "delivery:ask_clock": (PROCTOR, ""),
    "delivery:reopen_session": (PROCTOR, "session"),
    "delivery:cancel_session": (PROCTOR | OPERATOR, "session"),
    "delivery:correct_late": (PROCTOR, "session"),
    "delivery:reopen_attempt": (PROCTOR, "seat"),
    "delivery:remove_from_seat": (PROCTOR | OPERATOR, "seat"),
    "delivery:swap_seats": (PROCTOR | OPERATOR, "seat"),
    "delivery:move_to_session": (PROCTOR | OPERATOR, "seat"),
    "delivery:retest": (PROCTOR, "seat"),
    "delivery:restore_seat": (PROCTOR | OPERATOR, "seat"),
    "delivery:retest_counts": (PROCTOR, "seat"),
    "programmes:seat_by_hand": (OPERATOR, "participant"),
    "delivery:close": (PROCTOR, "session"),
    "delivery:pause_form": (PROCTOR, "session"),
    "delivery:pause": (PROCTOR, "session"),
    "delivery:resume": (PROCTOR, "session"),
    "delivery:give_back": (PROCTOR, "session"),
    "delivery:postpone": (PROCTOR, "session"),
    "delivery:announce": (PROCTOR, "session"),
    "delivery:incident": (PROCTOR, "session"),
    "delivery:incidents": (PROCTOR | OPERATOR, "session"),
    "delivery:locks": (PROCTOR | OPERATOR, "session"),
    "delivery:lift_locks": (PROCTOR, "session"),
    "delivery:lift_lock": (PROCTOR, "seat"),
    "delivery:minutes": (PROCTOR | OPERATOR, "session"),
    "delivery:attendance": (PROCTOR | OPERATOR, "session"),
    "delivery:cards": (PROCTOR | OPERATOR, "session"),
    "delivery:browser": (PROCTOR | OPERATOR, "session"),
    "delivery:browser_page": (PROCTOR | OPERATOR, "session"),
    "delivery:pack": (OPERATOR, "session"),
    "delivery:sites": (OPERATOR, ""),
    "delivery:add_site": (OPERATOR, ""),
    "delivery:site_session": (OPERATOR, "session"),
    "delivery:site_withdraw": (OPERATOR, "held"),
    "delivery:site_missing": (OPERATOR, "held"),
    "delivery:site_settle": (OPERATOR, "conflict"),
    "delivery:site_log": (PUBLIC, ""),
    "delivery:site_log_file": (OPERATOR, ""),
    "delivery:desk": (PROCTOR | OPERATOR, "session"),
    "delivery:seat": (PROCTOR | OPERATOR, "seat"),
    "delivery:check_in": (PROCTOR | OPERATOR, "seat"),
    "delivery:photo": (PROCTOR | OPERATOR, "photo"),
    "delivery:evidence": (PROCTOR, "seat"),
    "delivery:trail": (PROCTOR | OPERATOR | {R.AUDITOR}, "seat"),
    "delivery:free": (PROCTOR, "seat"),
    "delivery:pause_one": (PROCTOR, "seat"),
    "delivery:resume_one": (PROCTOR, "seat"),
    "delivery:time": (PROCTOR, "seat"),
    "centre:programme": ({R.OPERATOR, R.AUDITOR}, "programme"),
    "centre:simulation": (OPERATOR, "programme"),
    "centre:assign": (OPERATOR, "programme"),
    "centre:ratings_file": (OPERATOR, "programme"),
    "centre:participant": ({R.OPERATOR, R.AUDITOR}, "participant"),
    "centre:own": (ASSESSOR, ""),
    "centre:rate": (ASSESSOR, "assignment"),
    "centre:meeting": (ASSESSOR, "assignment"),
    "centre:agree": (ASSESSOR, "agreement"),
    "centre:sign": (ASSESSOR, "assignment"),
    "centre:withdraw": (OPERATOR, "assignment"),
    "centre:correct": (ASSESSOR, "rating"),
    "centre:submit": (ASSESSOR, "assignment"),
    "centre:reopen": (ASSESSOR, "assignment"),
    "centre:open_meeting": (ASSESSOR, "assignment"),
    "results:list": (OFFICE, ""),
    "results:mine": ({R.PARTICIPANT}, ""),
    "results:my_report": ({R.PARTICIPANT}, ""),
    "results:programme": (OFFICE | PROCTOR, "programme"),
    "results:score": (OPERATOR, "programme"),
    "results:programme_picture": (OFFICE | PROCTOR, "picture"),
    "results:detail": (OFFICE, "result"),
    "results:picture": (OFFICE, "result"),
    "results:report": (OFFICE, "result"),
    "talent:map": (TALENT, ""),
    "talent:make": ({R.TALENT_MANAGER}, ""),
    "talent:box": (TALENT, "box"),
    "talent:person": (TALENT, "placement"),
    "placement:posts": (TALENT, ""),
    "placement:post": (TALENT, "position"),
    "placement:people": (TALENT, ""),
    "placement:person": (TALENT, "employee"),
    "placement:plans": (TALENT, ""),
    "placement:make": ({R.TALENT_MANAGER}, ""),
    "placement:plan": (TALENT, "plan"),
    "placement:plan_pdf": (TALENT, "plan"),
    "placement:compare": (TALENT, ""),
    "placement:review": (MANAGER, "plan"),
    "placement:propose": (MANAGER, "plan"),
    "placement:comment": ({R.TALENT_MANAGER, R.DECISION_MAKER}, "plan"),
    "placement:test": (MANAGER, "plan"),
    "placement:scenario": (MANAGER, "plan"),
    "placement:board": (TALENT, "plan"),
    "placement:trial": (TALENT, "plan_line"),
    "placement:keep_trial": (MANAGER, "plan_line"),
    "placement:line": (TALENT, "plan_line"),
    "placement:refusal": (TALENT, "plan_line"),
    "placement:wishes": (TALENT, ""),
    "placement:own_wishes": ({R.PARTICIPANT}, ""),
    "placement:applicants": (MANAGER, "position"),
    "placement:letters": (TALENT, ""),
    "placement:write": (MANAGER, ""),
    "placement:letter": (TALENT, "letter"),
    "placement:send": (DECIDES, "letter"),
    "placement:letter_pdf": (TALENT, "letter"),
    "placement:incoming": (TALENT, ""),
    "placement:answer": ({R.TALENT_MANAGER, R.DECISION_MAKER}, "letter_line"),
    "placement:document": (TALENT, "letter_line"),
    "api:advice": (TALENT, ""),
    "api:answer": ({R.TALENT_MANAGER, R.DECISION_MAKER}, "letter_line"),
    "placement:approve": (DECIDES, "plan"),
    "placement:reject": (DECIDES, "plan"),
    "selection:public": (PUBLIC, ""),
    "selection:announcement": (PUBLIC, "bidding"),
    "selection:apply": ({R.PARTICIPANT}, "bidding"),
    "selection:manage": (SELECTION, ""),
    "selection:announce": (OPERATOR, ""),
    "selection:close_stage": (DECIDES, ""),
    "selection:detail": (SELECTION, "bidding"),
    "selection:check": (OPERATOR, "bidding"),
    "selection:scores": (OPERATOR, "application"),
    "selection:nominate": (OPERATOR, "bidding"),
    "selection:extend": (OPERATOR, "bidding"),
    "selection:cancel": ({R.OPERATOR, R.DECISION_MAKER}, "bidding"),
    "selection:decide": (DECIDES, "bidding"),
}
PICTURE = b"\xff\xd8\xff\xe0"
# What has no owner: the same for every agency.
SHARED = {"rule", "file", "box", "post_code"}
OPEN = {200, 302, 400, 404, 409}

RECORD = {
    "kind": "answer", "response": "a", "client_at": "", "received_at": "", "late": False,
    "device": "d",
}  # fmt: skip


def with_a_score_board(world):
    """By policy a session's scores may be shown; without it there is no such page."""
    override_rule(
        agency=world.agency.code, key="sessions.live_scores", value=True, reason="x",
        since=date(2025, 1, 1), actor="t", now=NOW,
    )  # fmt: skip
    return world


def objects(world) -> dict[str, list]:
    """One object of every kind that belongs to the world's agency, as arguments of its address."""
    agency = world.agency

    session = make_open_session(with_a_score_board(world))
    Session.objects.filter(pk=session.pk).update(quit_code="12345678")
    seat = session.seats.order_by("number").first()
    attempt = Attempt.objects.create(seat=seat, seed=1, device="d", signed_in_at=NOW)
    Portrait.objects.create(
        employee=world.person(0), content=PICTURE, media_type="image/jpeg", updated_at=NOW
    )
    Portrait.objects.get_or_create(
        employee=seat.participant.employee,
        defaults={"content": PICTURE, "media_type": "image/jpeg", "updated_at": NOW},
    )
    publish_centre(world)
    programme = Programme.objects.get(initiator=agency, method="cat")
    centre = Programme.objects.get(initiator=agency, method="centre")
    map_talent(agency=agency, actor="t", now=NOW)
    plan = make_plan(programmes=[centre], name="R", actor="t", now=NOW)
    letter = a_letter(world)
    bidding = announce(position=world.post("KADIS2"), text="x", on=TODAY, actor="t", now=NOW)
    application = apply(
        bidding=bidding, employee=world.holder("KABID1"), on=TODAY, actor="t", now=NOW
    )
    world.user(R.ASSESSOR)
    participant = programme.participants.first()
    assignment = assign(
        participant=participant, assessor=world.user(R.ASSESSOR), actor="t", now=NOW
    )
    calibration = ask_for_calibration(
        agency=agency,
        model="rasch",
        upload=("j.csv", b"A,B\n1,0\n0,1\n1,1\n0,0\n"),
        actor="t",
        now=NOW,
    )
    with threads() as workers:
        carry_out(calibration, workers=workers)
    held = session.programme.sessions.exclude(pk=session.pk)[0]
    site = Site.objects.create(agency=agency, name="S", card=agency.code * 20, added_at=NOW)
    SitePackage.objects.create(session=held, site=site, made_at=NOW, made_by="t")
    conflict = RecordConflict.objects.create(
        attempt=attempt, seq=1, kept=RECORD, other=RECORD, found_at=NOW
    )
    found = {
        "held": held,
        "conflict": conflict,
        "membership": Membership.objects.filter(agency=agency).first(),
        "position": world.post("KADIS1"),
        "standard": Standard.objects.filter(position__agency=agency).first(),
        "employee": world.person(0),
        "version": ItemVersion.objects.filter(item__agency=agency).first(),
        "form": Form.objects.get(agency=agency),
        "programme": programme,
        "participant": participant,
        "session": session,
        "seat": attempt.seat,
        "assignment": assignment,
        "result": Result.objects.filter(employee__agency=agency).first(),
        "placement": Placement.objects.filter(map__agency=agency).first(),
        "plan": plan,
        "bidding": bidding,
        "application": application,
        "calibration": calibration,
        "calibrated": calibration.items.first(),
        "job": ask_for_job(kind="k", title="t", agency=agency.code, actor="t", now=NOW),
    }
    content = agency.code.encode()
    picture = File(
        digest=sha256(content).hexdigest(), name="x.png", media_type="image/png", content=content
    )
    add_files(agency=agency, files=[picture])
    return {
        **{name: [row.pk] for name, row in found.items()},
        "asset": [picture.digest],
        "plan_line": [plan.pk, plan.lines.exclude(source=F("target"))[0].pk],
        "letter": [letter.pk],
        "letter_line": [letter.lines.first().pk],
        "calibration_picture": [calibration.pk, "informasi"],
        "calibrated_picture": [calibration.items.first().pk, "kurva"],
        "rating": [assignment.pk, 1],
        "agreement": [assignment.pk, "M.01"],
        "photo": [seat.pk, "arsip"],
        "user": [world.user(R.ASSESSOR).pk],
        "nip": [world.person(0).nip],
        "post_code": [world.post("KASI2").code],
        "picture": [programme.pk, "tingkat"],
        "rule": ["jpm.cap_total"],
        "file": ["units", "csv"],
        "box": [5],
    }


def a_letter(world):
    """From the agency to itself, sent, so that both ends of it are the agency's own."""
    letter = Advice.objects.create(
        issuer=world.agency, recipient=world.agency, number="R-1", state="sent", made_by="t",
        made_at=NOW, document="{}", signature="x", card="x", sent_at=NOW,
    )  # fmt: skip
    AdviceLine.objects.create(
        advice=letter, employee=world.person(0), position=world.post("KADIS2"), fit=90, reason="x"
    )
    return letter
