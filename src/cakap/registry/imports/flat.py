"""Compares a file with what is kept, and puts the difference in: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from cakap.accounts.models import Agency
from cakap.registry.imports.checks import CHECKS, nips_that_disagree
from cakap.registry.imports.kinds import Kind
from cakap.registry.imports.reading import Problem, Reading, read
from cakap.registry.imports.tables import Table, normal
from cakap.registry.models import Employee, Position, Unit

BATCH = 5000
Progress = Callable[[int, int], None]
Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What a file would do: rows to add, rows to change (id, old, new), rows that stay."""

    kind: Kind
    new: tuple[Row, ...] = ()
    changed: tuple[tuple[int, Row, Row], ...] = ()
    same: int = 0
    problems: tuple[Problem, ...] = ()
    findings: tuple[Problem, ...] = ()
    dropped: tuple[str, ...] = ()


def compare(kind: Kind, table: Table, agency: Agency) -> Difference:
    """The difference that a table makes to what the agency has."""
    table = with_siasn_post(table)
    reading = read(table, kind.fields, lookups(kind, table, agency))
    problems = reading.problems or _row_problems(kind, reading, agency)
    if problems:
        ordered = sorted(problems, key=lambda problem: (problem.row, problem.column))
        return Difference(kind=kind, problems=tuple(ordered), dropped=reading.dropped)
    findings = tuple(nips_that_disagree(reading)) if kind.model is Employee else ()
    return _difference(kind, reading, agency, findings)


def put(difference: Difference, agency: Agency, progress: Progress) -> None:
    """Write the difference; call it inside a transaction."""
    kind = difference.kind
    names = [field.name for field in kind.fields]
    scope = {"agency": agency} if kind.owner == "agency" else {}
    total = len(difference.new) + len(difference.changed)
    later = "parent_id" if kind.model is Unit else ""
    for start in range(0, len(difference.new), BATCH):
        block = difference.new[start : start + BATCH]
        kind.model._default_manager.bulk_create(
            kind.model(**scope, **_values(names, row, later)) for row in block
        )
        progress(start + len(block), total)
    for start in range(0, len(difference.changed), BATCH):
        part = difference.changed[start : start + BATCH]
        kind.model._default_manager.bulk_update(
            [kind.model(pk=pk, **_values(names, row, later)) for pk, _, row in part],
            [name.removesuffix("_id") for name in names if name not in {*kind.key, later}],
        )
        progress(len(difference.new) + start + len(part), total)
    if later:
        _hang_units(difference, agency, names)


def _values(names: Sequence[str], row: Row, leave: str) -> dict[str, Any]:
    return {name: value for name, value in zip(names, row, strict=True) if name != leave}


def _hang_units(difference: Difference, agency: Agency, names: Sequence[str]) -> None:
    """Parents may stand in the same file, so offices are hung into the tree at the end."""
    code, parent = names.index("code"), names.index("parent_id")
    ids = dict(Unit.objects.filter(agency=agency).values_list("code", "id"))
    rows = [*difference.new, *(new for _, _, new in difference.changed)]
    Unit.objects.bulk_update(
        [Unit(pk=ids[row[code]], parent_id=ids.get(row[parent])) for row in rows], ["parent"], BATCH
    )


def _row_problems(kind: Kind, reading: Reading, agency: Agency) -> list[Problem]:
    problems: list[Problem] = []
    seen: dict[Row, tuple[int, Row]] = {}
    names = [field.name for field in kind.fields]
    for (place, key), row in zip(reading.numbered(kind.key), reading.rows(names), strict=True):
        first, earlier = seen.setdefault(key, (place, row))
        if first != place and not (kind.repeats and earlier == row):
            header = next(field.header for field in kind.fields if field.name == kind.key[0])
            found = f"ganda dengan baris {first}"
            problems.append(Problem(row=place, column=header, expected="satu kali", found=found))
    for check in CHECKS.get(kind.name, ()):
        problems.extend(check(reading, agency))
    return problems


def _difference(
    kind: Kind, reading: Reading, agency: Agency, findings: tuple[Problem, ...]
) -> Difference:
    names = [field.name for field in kind.fields]
    key_places = [names.index(name) for name in kind.key]
    kept = existing(kind, agency, names)
    absent = {names.index(name) for name in reading.absent}
    new: dict[Row, Row] = {}
    changed: dict[Row, tuple[int, Row, Row]] = {}
    same = 0
    for row in reading.rows(names):
        key = tuple(row[place] for place in key_places)
        if key not in kept:
            new[key] = row
            continue
        pk, before = kept[key]
        after = tuple(before[at] if at in absent else value for at, value in enumerate(row))
        if after == before:
            same += 1
        else:
            changed[key] = (pk, before, after)
    return Difference(
        kind=kind,
        new=tuple(new.values()),
        changed=tuple(changed.values()),
        same=same,
        findings=findings,
        dropped=reading.dropped,
    )


def existing(kind: Kind, agency: Agency, names: Sequence[str]) -> dict[Row, tuple[int, Row]]:
    """What the agency has: natural key -> (id, values)."""
    columns = ["parent__code" if name == "parent_id" else name for name in names]
    places = [names.index(name) for name in kind.key]
    rows = kind.model._default_manager.filter(**{kind.owner: agency}).values_list("pk", *columns)
    return {
        tuple(row[1:][place] for place in places): (row[0], tuple(row[1:]))
        for row in rows.iterator(chunk_size=BATCH)
    }


def lookups(kind: Kind, table: Table, agency: Agency) -> Mapping[str, Mapping[str, Any]]:
    """For each kind of reference in use: text of a cell -> what is stored for it."""
    wanted = {field.refers for field in kind.fields if field.refers}
    found: dict[str, Mapping[str, Any]] = {}
    if "employees" in wanted:
        found["employees"] = dict(Employee.objects.filter(agency=agency).values_list("nip", "id"))
    if "positions" in wanted:
        found["positions"] = _positions(agency)
    if "units" in wanted and kind.model is Unit:
        # Offices of this file count as known; they are stored by code until all have ids.
        codes = Unit.objects.filter(agency=agency).values_list("code", flat=True)
        found["units"] = {code: code for code in (*codes, *_cells(table, "kode", "unorId"))}
    elif "units" in wanted:
        found["units"] = dict(Unit.objects.filter(agency=agency).values_list("code", "id"))
    return found


def _positions(agency: Agency) -> dict[str, int]:
    """Posts by code, and by title @ unit where that names one post."""
    rows = list(
        Position.objects.filter(agency=agency).values_list("id", "code", "title", "unit__name")
    )
    by_title: dict[str, list[int]] = {}
    for pk, _, title, unit in rows:
        by_title.setdefault(f"{title} @ {unit}", []).append(pk)
    sole = {name: pks[0] for name, pks in by_title.items() if len(pks) == 1}
    return sole | {code: pk for pk, code, _, _ in rows}


def _cells(table: Table, *headers: str) -> Iterable[str]:
    places = {normal(header): place for place, header in enumerate(table.headers)}
    place = next((places[normal(name)] for name in headers if normal(name) in places), None)
    return table.columns[place] if place is not None else ()


def with_siasn_post(table: Table) -> Table:
    """SIASN names a post by its title and office; join the two into one column."""
    if not {normal("jabatanNama"), normal("unorNama")} <= set(map(normal, table.headers)):
        return table
    joined = [
        f"{title} @ {unit}"
        for title, unit in zip(_cells(table, "jabatanNama"), _cells(table, "unorNama"), strict=True)
    ]
    return replace(
        table,
        headers=(*table.headers, "jabatan @ unor"),
        columns=(*table.columns, joined),
    )


def exported(kind: Kind, agency: Agency) -> tuple[list[str], list[list[Any]]]:
    """Headers and rows of all that the agency has, in the form that the import takes."""
    columns = [
        {
            "employees": "employee__nip",
            "positions": "position__code",
            "units": "parent__code" if kind.model is Unit else "unit__code",
        }.get(field.refers, field.name)
        for field in kind.fields
    ]
    rows = kind.model._default_manager.filter(**{kind.owner: agency}).order_by("pk")
    cells = [[_cell(value) for value in row] for row in rows.values_list(*columns)]
    return [field.header for field in kind.fields], cells


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    return value.isoformat() if isinstance(value, date) else value
