"""Simulated assessors: each sees two thirds of the truth, is kind or strict, and is sometimes wrong."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from random import Random

from cakap.accounts.models import User
from cakap.centre.meeting import agree, integration, open_meeting, sign
from cakap.centre.queries import matrix
from cakap.centre.services import assign, import_ratings, set_matrix, submit
from cakap.demo.persons import person
from cakap.demo.province import NINE
from cakap.programmes.models import Programme
from cakap.registry.imports.tables import read_table
from cakap.registry.models import Competency
from cakap.ui.files import as_csv

SIMULATIONS = {
    ("LGD", "Diskusi kelompok tanpa pemimpin"): ("M.02", "M.03", "M.08", "SK.01"),
    ("INTRAY", "In-tray"): ("M.04", "M.05", "M.08", "M.07"),
    ("KASUS", "Analisis kasus dan presentasi"): ("M.03", "M.04", "M.07", "M.05"),
    ("BEI", "Wawancara kompetensi"): ("M.01", "M.02", "M.06", "SK.01"),
    ("KUESIONER", "Kuesioner kompetensi"): ("M.01", "M.06"),
}


def hold_centre(
    *, programme: Programme, assessors: list[User], seed: int, actor: str, now: datetime
) -> int:
    """Matrix, two assessors each, ratings handed in, the meeting, signatures; returns the ratings."""
    set_matrix(programme=programme, cells=SIMULATIONS, actor=actor, now=now)
    people = list(programme.participants.select_related("employee", "programme"))
    for number, one in enumerate(people):
        for step in (0, 1 + number % (len(assessors) - 1)):
            assign(
                participant=one, assessor=assessors[(number + step) % len(assessors)],
                actor=actor, now=now,
            )  # fmt: skip
    table = read_table("penilaian.csv", _ratings(programme, seed))
    rated = import_ratings(programme=programme, table=table, actor=actor, now=now)
    for one in people:
        for assignment in one.assignments.select_related("assessor", "participant__programme"):
            submit(assignment=assignment, now=now)
        open_meeting(participant=one, actor=assessors[0].username, now=now)
        for row in integration(one):
            reason = "Penilaian sejalan." if row.spread < 1 else "Dibahas; bukti terkuat diikuti."
            agree(
                participant=one, competency=row.competency, level=_quarter(row.mean),
                reason=reason, actor=assessors[0].username, now=now,
            )  # fmt: skip
        for assignment in one.assignments.select_related("assessor", "participant__programme"):
            sign(assignment=assignment, now=now)
    return rated


def _quarter(level: float) -> Decimal:
    return Decimal(round(4 * level)) / 4


def _ratings(programme: Programme, seed: int) -> bytes:
    """Every cell of the matrix by every assigned assessor, with the behaviour that was seen."""
    rng = Random(f"{seed}/ratings")  # noqa: S311
    names = dict(Competency.objects.filter(code__in=NINE).values_list("pk", "code"))
    levels = {c.code: list(c.levels.all()) for c in Competency.objects.prefetch_related("levels")}
    cells = [(s, names[c]) for s, shown in sorted(matrix(programme).items()) for c in sorted(shown)]
    codes = dict(programme.simulations.values_list("pk", "code"))
    kindness: dict[str, float] = {}
    rows = []
    for one in programme.participants.select_related("employee"):
        truth = person(one.employee.nip, "jpt_pratama", seed=seed).theta
        for assignment in one.assignments.select_related("assessor"):
            who = assignment.assessor.username
            kind = kindness.setdefault(who, rng.gauss(0, 0.25))
            for simulation, code in cells:
                seen = 3 + truth[code] + kind + rng.gauss(0, 0.5)
                level = min(max(round(seen), 1), 5)
                evidence = rng.choice(levels[code][level - 1].indicators)
                rows.append([one.employee.nip, who, codes[simulation], code, level, evidence])
    return as_csv(("nip", "asesor", "simulasi", "kompetensi", "tingkat", "bukti"), rows)
