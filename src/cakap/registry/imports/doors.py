"""One door for every kind of file: what may be imported, its template, its preview, its writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cakap.accounts.models import Agency
from cakap.registry.imports import flat, grouped
from cakap.registry.imports.fields import Field
from cakap.registry.imports.kinds import KINDS
from cakap.registry.imports.reading import Problem
from cakap.registry.imports.tables import Table
from cakap.registry.models import CompetencyLevel, StandardLine

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What would happen: counts, a few examples, problems, findings and dropped columns."""

    new: int
    changed: int
    same: int
    problems: tuple[Problem, ...]
    findings: tuple[Problem, ...] = ()
    dropped: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    examples: tuple[Sequence[Any], ...] = ()
    write: Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """A kind of file as pages and commands see it."""

    name: str
    title: str
    fields: tuple[Field, ...]
    preview: Callable[[Table, Agency], Preview]
    export: Callable[[Agency], tuple[list[str], list[list[Any]]]]

    @property
    def template(self) -> tuple[list[str], list[list[str]]]:
        """Headers and one example row."""
        return [f.header for f in self.fields], [[f.example for f in self.fields]]


def _flat_door(name: str) -> Door:
    kind = KINDS[name]

    def preview(table: Table, agency: Agency) -> Preview:
        found = flat.compare(kind, table, agency)
        return Preview(
            new=len(found.new),
            changed=len(found.changed),
            same=found.same,
            problems=found.problems,
            findings=found.findings,
            dropped=found.dropped,
            headers=tuple(field.header for field in kind.fields),
            examples=(*found.new[:5], *(row for _, _, row in found.changed[:5])),
            write=lambda progress: flat.put(found, agency, progress),
        )

    return Door(
        name=name,
        title=kind.title,
        fields=kind.fields,
        preview=preview,
        export=lambda agency: flat.exported(kind, agency),
    )


def _competencies() -> Door:
    def preview(table: Table, agency: Agency) -> Preview:
        found = grouped.compare_competencies(table, agency)
        return _of_groups(found, lambda progress: grouped.put_competencies(found, agency))

    return Door(
        name="competencies",
        title="Kamus kompetensi",
        fields=grouped.COMPETENCY_FIELDS,
        preview=preview,
        export=_export_competencies,
    )


def _standards() -> Door:
    def preview(table: Table, agency: Agency) -> Preview:
        found = grouped.compare_standards(table, agency)
        return _of_groups(found, lambda progress: grouped.put_standards(found))

    return Door(
        name="standards",
        title="Standar kompetensi jabatan",
        fields=grouped.STANDARD_FIELDS,
        preview=preview,
        export=_export_standards,
    )


def _of_groups(found: grouped.Grouped, write: Callable[[Progress], None]) -> Preview:
    return Preview(
        new=found.new,
        changed=found.changed,
        same=found.same,
        problems=found.problems,
        dropped=found.dropped,
        write=write,
    )


def _export_competencies(agency: Agency) -> tuple[list[str], list[list[Any]]]:
    rows = CompetencyLevel.objects.select_related("competency").order_by(
        "competency__code", "level"
    )
    return [f.header for f in grouped.COMPETENCY_FIELDS], [
        [
            row.competency.code,
            row.competency.name,
            row.competency.name_en,
            row.competency.kind,
            row.competency.definition,
            row.level,
            row.description,
            " | ".join(row.indicators),
        ]
        for row in rows
        if row.competency.agency_id in {None, agency.pk}
    ]


def _export_standards(agency: Agency) -> tuple[list[str], list[list[Any]]]:
    newest = {
        (position, version)
        for position, (version, _, _) in grouped.newest_standards(agency).items()
    }
    rows = StandardLine.objects.filter(standard__position__agency=agency).select_related(
        "standard__position", "competency"
    )
    return [f.header for f in grouped.STANDARD_FIELDS], [
        [
            row.standard.position.code,
            row.competency.code,
            row.level,
            row.standard.effective.isoformat(),
            row.standard.state,
            row.standard.basis,
        ]
        for row in rows.order_by("standard__position__code", "competency__code")
        if (row.standard.position_id, row.standard.version) in newest
    ]


DOORS = {door.name: door for door in (*map(_flat_door, KINDS), _competencies(), _standards())}
