"""What a calibration is made from: collected answers or a file, as one table of categories."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from cakap.accounts.models import Agency
from cakap.audit.chain import digest
from cakap.delivery.queries import finished_forms_with
from cakap.itembank.queries import adaptive_pools, form_versions, newest_of, scored_items
from cakap.programmes.models import Participant
from cakap.science.types import MISSING, Categories, Ints
from cakap.scoring.errors import BadAnswers, NothingToCalibrate

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """responses: (n_persons, n_items) categories from 0. versions: item versions, None from a file
    whose columns are not items of the bank. chosen: (n_persons, n_items) option ids, "" where none,
    or None from a file. groups: (n_persons,), names of them in group_names."""

    names: list[str]
    versions: list[int | None]
    responses: Categories
    chosen: list[list[str]] | None
    groups: Ints
    group_names: list[str]

    @property
    def digest(self) -> str:
        """Of all that the result depends on."""
        return digest([self.names, self.responses.tolist(), self.groups.tolist()])


def from_answers(agency: Agency, dimension: str, *, by_sex: str, at: datetime) -> Evidence:
    """All finished answers to the newest versions of a dimension's items, as of a moment.

    An item that was not on a person's form is missing by design; one left blank is wrong where one
    option is right, and missing where options are graded. by_sex: "sex" to compare the sexes.
    """
    versions = {row.pk: row.item.code for row in newest_of(agency, dimension)}
    found = scored_items(versions, at=at)
    items = {item.version: item for item in found if item.is_marked}
    sheets = finished_forms_with(items, now=at)
    if not sheets:
        raise NothingToCalibrate
    order = sorted(items, key=lambda version: versions[version])
    forms = {sheet.form for sheet in sheets}
    pools = {form: frozenset[int]().union(*adaptive_pools(form).values()) for form in forms}
    fixed = {form: set(form_versions(form)) - pools[form] for form in forms}
    responses = np.full((len(sheets), len(order)), MISSING, dtype=np.int8)
    chosen = [[""] * len(order) for _ in sheets]
    for row, sheet in enumerate(sheets):
        given = fixed[sheet.form] | sheet.offered
        for column, version in enumerate(order):
            option = sheet.answers.get(version, "")
            chosen[row][column] = option
            if option:
                responses[row, column] = items[version].category(option)
            elif version in given and items[version].is_right_or_wrong:
                responses[row, column] = 0
    groups, group_names = _sexes([sheet.participant for sheet in sheets], by_sex)
    return Evidence(
        names=[versions[version] for version in order], versions=list(order),
        responses=responses, chosen=chosen, groups=groups, group_names=group_names,
    )  # fmt: skip


def _sexes(participants: Sequence[int], by_sex: str) -> tuple[Ints, list[str]]:
    if by_sex != "sex":
        return np.zeros(len(participants), dtype=np.int64), [""]
    rows = dict(
        Participant.objects.filter(pk__in=set(participants)).values_list("pk", "employee__sex")
    )
    names = sorted(set(rows.values()))
    return np.array([names.index(rows[one]) for one in participants], dtype=np.int64), names


def from_file(content: bytes, agency: Agency, *, id_column: str, group_column: str) -> Evidence:
    """A CSV with a column an item and a row a person; values in their order become categories."""
    # Here: every server reads this module in, few ever read such a file.
    import polars as pl  # noqa: PLC0415

    try:
        table = pl.read_csv(io.BytesIO(content), infer_schema=False, null_values=["", "NA", "NaN"])
    except pl.exceptions.PolarsError as exc:
        message = f"Susunan CSV tidak terbaca: {str(exc).splitlines()[0]}."
        raise BadAnswers(message) from exc
    for name in (id_column, group_column):
        if name and name not in table.columns:
            message = f"Baris 1: diharapkan kolom {name}; tidak ditemukan."
            raise BadAnswers(message)
    names = [one for one in table.columns if one not in {id_column, group_column}]
    if not names or len(table) == 0:
        message = "Diharapkan sedikitnya satu orang dan satu butir."
        raise BadAnswers(message)
    responses = np.stack([_categories(table, name) for name in names], axis=1)
    known = {row.item.code: row.pk for row in newest_of(agency)}
    groups, group_names = _file_groups(table, group_column)
    return Evidence(
        names=names, versions=[known.get(name) for name in names], responses=responses,
        chosen=None, groups=groups, group_names=group_names,
    )  # fmt: skip


def _categories(table: pl.DataFrame, name: str) -> Categories:
    numbers = table[name].cast(float, strict=False)
    unread = numbers.is_null() & table[name].is_not_null()
    wrong = (unread | numbers.is_infinite()).arg_true()
    if len(wrong):
        row = int(wrong[0])
        message = (
            f"Baris {row + 2}, kolom {name}: diharapkan bilangan atau kosong; "
            f"ditemukan {table[name][row]!r}."
        )
        raise BadAnswers(message)
    values = numbers.fill_null(float("nan")).to_numpy()
    known = np.unique(values[~np.isnan(values)])
    if len(known) > 20:
        message = f"Kolom {name}: {len(known)} nilai berbeda, diharapkan paling banyak 20."
        raise BadAnswers(message)
    found = np.searchsorted(known, values)
    return np.where(np.isnan(values), MISSING, found).astype(np.int8)


def _file_groups(table: pl.DataFrame, name: str) -> tuple[Ints, list[str]]:
    if not name:
        return np.zeros(len(table), dtype=np.int64), [""]
    empty = table[name].is_null().arg_true()
    if len(empty):
        message = f"Baris {int(empty[0]) + 2}, kolom {name}: kelompok kosong."
        raise BadAnswers(message)
    known = sorted(table[name].unique().to_list())
    return np.array([known.index(one) for one in table[name]], dtype=np.int64), known
