"""Files whose rows together make one thing: a competency with its levels, a post's standard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cakap.accounts.models import Agency
from cakap.registry.imports.fields import Field, day, one_of, text_up_to, whole
from cakap.registry.imports.reading import Problem, Reading, read
from cakap.registry.imports.tables import Table
from cakap.registry.models import (
    Competency,
    CompetencyLevel,
    Position,
    Standard,
    StandardLine,
)

COMPETENCY_FIELDS = (
    Field(name="code", header="kode", parse=text_up_to(20), example="M.01"),
    Field(name="name", header="nama", parse=text_up_to(100), example="Integritas"),
    Field(name="name_en", header="nama_inggris", parse=text_up_to(100), required=False),
    Field(name="kind", header="jenis", parse=one_of(Competency.Kind.values), example="manajerial"),
    Field(name="definition", header="definisi", example="Berbuat menurut nilai dan aturan."),
    Field(name="level", header="tingkat", parse=whole(1, 5), example="1"),
    Field(name="description", header="uraian", example="Bertindak jujur dalam tugas sendiri."),
    Field(name="indicators", header="indikator", example="Mengaku bila keliru | Menolak hadiah"),
)
STANDARD_FIELDS = (
    Field(name="position", header="kode_jabatan", refers="positions", example="DINDIK-KADIS"),
    Field(name="competency", header="kode_kompetensi", refers="competencies", example="M.01"),
    Field(name="level", header="tingkat", parse=whole(1, 5), example="4"),
    Field(name="effective", header="berlaku", parse=day, example="2024-01-01"),
    Field(
        name="state", header="status", parse=one_of(Standard.State.values), required=False,
        default=Standard.State.DRAFT, example="approved",
    ),
    Field(name="basis", header="dasar", parse=text_up_to(200), required=False),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Grouped:
    """The difference that such a file makes; `things` are ready to be written."""

    things: tuple[Any, ...] = ()
    new: int = 0
    changed: int = 0
    same: int = 0
    problems: tuple[Problem, ...] = ()
    dropped: tuple[str, ...] = ()


def compare_competencies(table: Table, agency: Agency) -> Grouped:
    """Competencies by code; an agency changes only its own."""
    reading = read(table, COMPETENCY_FIELDS, {})
    problems = reading.problems or _twice(reading, "code", "level", "tingkat")
    problems += [] if problems else _foreign_codes(reading, agency)
    if problems:
        return Grouped(problems=tuple(problems), dropped=reading.dropped)
    wanted: dict[str, dict[str, Any]] = {}
    names = ("code", "name", "name_en", "kind", "definition", "level", "description", "indicators")
    for code, name, name_en, kind, definition, level, description, indicators in reading.rows(
        names
    ):
        head = {"name": name, "name_en": name_en, "kind": kind, "definition": definition}
        group = wanted.setdefault(code, {"head": head, "levels": {}})
        group["levels"][level] = (description, [part.strip() for part in indicators.split("|")])
    kept = _kept_competencies()
    things = tuple((code, group) for code, group in wanted.items() if kept.get(code) != group)
    new = sum(code not in kept for code, _ in things)
    return Grouped(
        things=things,
        new=new,
        changed=len(things) - new,
        same=len(wanted) - len(things),
        dropped=reading.dropped,
    )


def put_competencies(difference: Grouped, agency: Agency) -> None:
    """Write the competencies; those of kind teknis belong to the agency, the nine to everybody."""
    for code, group in difference.things:
        technical = group["head"]["kind"] == Competency.Kind.TECHNICAL
        owner = agency if technical else None
        row, _ = Competency.objects.update_or_create(
            code=code, defaults={**group["head"], "agency": owner}
        )
        for level, (description, indicators) in group["levels"].items():
            CompetencyLevel.objects.update_or_create(
                competency=row,
                level=level,
                defaults={"description": description, "indicators": indicators},
            )


def _foreign_codes(reading: Reading, agency: Agency) -> list[Problem]:
    foreign = set(
        Competency.objects.exclude(agency=None)
        .exclude(agency=agency)
        .values_list("code", flat=True)
    )
    return [
        Problem(row=row, column="kode", expected="kode milik instansi ini", found=code)
        for row, (code,) in reading.numbered(("code",))
        if code in foreign
    ]


def _kept_competencies() -> dict[str, dict[str, Any]]:
    return {
        row.code: {
            "head": {
                "name": row.name,
                "name_en": row.name_en,
                "kind": row.kind,
                "definition": row.definition,
            },
            "levels": {
                level.level: (level.description, level.indicators) for level in row.levels.all()
            },
        }
        for row in Competency.objects.prefetch_related("levels")
    }


def compare_standards(table: Table, agency: Agency) -> Grouped:
    """A post's lines that differ from its newest standard make a new version."""
    lookups: Mapping[str, Mapping[str, int]] = {
        "positions": dict(Position.objects.filter(agency=agency).values_list("code", "id")),
        "competencies": dict(Competency.objects.values_list("code", "id")),
    }
    reading = read(table, STANDARD_FIELDS, lookups)
    problems = reading.problems or _twice(reading, "position", "competency", "kode_kompetensi")
    if problems:
        return Grouped(problems=tuple(problems), dropped=reading.dropped)
    wanted = _wanted_standards(reading)
    kept = newest_standards(agency)
    things = tuple(
        (position, version, head, lines)
        for position, (head, lines) in wanted.items()
        for version, *known in [kept.get(position, (0,))]
        if known != [head, lines]
    )
    new = sum(version == 0 for _, version, _, _ in things)
    return Grouped(
        things=things,
        new=new,
        changed=len(things) - new,
        same=len(wanted) - len(things),
        dropped=reading.dropped,
    )


def put_standards(difference: Grouped) -> None:
    """Write each as the next version of its post."""
    standards = Standard.objects.bulk_create(
        [
            Standard(
                position_id=position,
                version=version + 1,
                effective=head[0],
                state=head[1],
                basis=head[2],
            )
            for position, version, head, _ in difference.things
        ],
        batch_size=5000,
    )
    StandardLine.objects.bulk_create(
        [
            StandardLine(standard=standard, competency_id=competency, level=level)
            for standard, (_, _, _, lines) in zip(standards, difference.things, strict=True)
            for competency, level in lines.items()
        ],
        batch_size=5000,
    )


def _wanted_standards(
    reading: Reading,
) -> dict[int, tuple[tuple[date, str, str], dict[int, int]]]:
    wanted: dict[int, tuple[tuple[date, str, str], dict[int, int]]] = {}
    names = ("position", "competency", "level", "effective", "state", "basis")
    for position, competency, level, effective, state, basis in reading.rows(names):
        _, lines = wanted.setdefault(position, ((effective, state, basis), {}))
        lines[competency] = level
    return wanted


def newest_standards(
    agency: Agency,
) -> dict[int, tuple[int, tuple[date, str, str], dict[int, int]]]:
    """Post id -> (version, head, lines) of the newest version, draft or approved."""
    newest: dict[int, tuple[int, tuple[date, str, str], dict[int, int]]] = {}
    rows = Standard.objects.filter(position__agency=agency).order_by("version")
    for row in rows.prefetch_related("lines"):
        lines = {line.competency_id: line.level for line in row.lines.all()}
        newest[row.position_id] = (row.version, (row.effective, row.state, row.basis), lines)
    return newest


def _twice(reading: Reading, first: str, second: str, column: str) -> list[Problem]:
    seen: dict[tuple[Any, Any], int] = {}
    problems: list[Problem] = []
    for row, key in reading.numbered((first, second)):
        earlier = seen.setdefault(key, row)
        if earlier != row:
            found = f"ganda dengan baris {earlier}"
            problems.append(Problem(row=row, column=column, expected="satu kali", found=found))
    return problems
