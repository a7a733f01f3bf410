"""From a table of text to rows of values, with every problem at its row and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cakap.registry.imports.fields import Field
from cakap.registry.imports.long_numbers import ADVICE
from cakap.registry.imports.tables import Table, normal

MISSING_COLUMN = "kolom wajib"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing wrong with a file: where, what was expected, what was found."""

    row: int
    column: str
    expected: str
    found: str

    def __str__(self) -> str:
        where = f"baris {self.row}, kolom {self.column}"
        return f"{where}: diharapkan {self.expected}; ditemukan {self.found or 'kosong'}"


@dataclass(kw_only=True, slots=True)
class Reading:
    """What a table says: values by field name, the problems, columns that are not taken, and the names of
    fields that have no column: of rows that are kept already it says nothing about those."""

    columns: dict[str, list[Any]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    dropped: tuple[str, ...] = ()
    absent: set[str] = field(default_factory=set)
    numbers: Sequence[int] = ()

    @property
    def length(self) -> int:
        """How many rows there are."""
        return len(self.numbers)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The rows as tuples of these fields."""
        return zip(*(self.columns[name] for name in names), strict=True)

    def numbered(self, names: Sequence[str]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """The rows, each with the number under which a spreadsheet or editor shows it."""
        return zip(self.numbers, self.rows(names), strict=True)


def read(
    table: Table, fields: Sequence[Field], lookups: Mapping[str, Mapping[str, int]]
) -> Reading:
    """Read each field from the column that bears its header or one of its aliases."""
    reading = Reading(numbers=table.row_numbers)
    used: set[int] = set()
    places = {normal(header): place for place, header in enumerate(table.headers)}
    for one in fields:
        place = _place(one, places)
        if place is None:
            _leave_out(one, reading)
            continue
        used.add(place)
        reading.columns[one.name] = _parse_column(
            one, table, place, lookups.get(one.refers), reading.problems
        )
    reading.dropped = tuple(
        header for place, header in enumerate(table.headers) if place not in used
    )
    return reading


def _place(one: Field, places: Mapping[str, int]) -> int | None:
    names = (one.header, *one.aliases)
    return next((places[normal(name)] for name in names if normal(name) in places), None)


def _leave_out(one: Field, reading: Reading) -> None:
    if one.required:
        known = " atau ".join((one.header, *one.aliases))
        reading.problems.append(
            Problem(row=1, column=one.header, expected=f"{MISSING_COLUMN} {known}", found="")
        )
    reading.absent.add(one.name)
    reading.columns[one.name] = [one.default] * reading.length


def _parse_column(
    one: Field,
    table: Table,
    place: int,
    lookup: Mapping[str, int] | None,
    problems: list[Problem],
) -> list[Any]:
    """Values of a column; what repeats is parsed once."""
    known: dict[str, Any] = {}
    values: list[Any] = []
    header, shortened = table.headers[place], table.long_numbers.get(place, {})
    for row, cell in zip(table.row_numbers, table.columns[place], strict=True):
        if row in shortened:
            found = table.as_found(shortened[row])
            problems.append(Problem(row=row, column=header, expected=ADVICE, found=found))
            values.append(one.default)
            continue
        if cell not in known:
            known[cell] = _parse_cell(one, cell, lookup)
        value = known[cell]
        if isinstance(value, _Wrong):
            problems.append(Problem(row=row, column=header, expected=value.expected, found=cell))
        values.append(value)
    return values


@dataclass(frozen=True, slots=True)
class _Wrong:
    expected: str


def _parse_cell(one: Field, cell: str, lookup: Mapping[str, int] | None) -> Any:
    if cell == "":
        return _Wrong("isi (kolom wajib)") if one.required else one.default
    if lookup is not None:
        found = lookup.get(cell)
        return _Wrong(f"{one.header} yang sudah terdaftar") if found is None else found
    try:
        return one.parse(cell)
    except ValueError as exc:
        return _Wrong(str(exc))
