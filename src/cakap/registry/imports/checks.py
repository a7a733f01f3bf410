"""What is right cell by cell but wrong as a row or a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cakap.accounts.models import Agency
from cakap.registry.imports.long_numbers import ADVICE
from cakap.registry.imports.reading import Problem, Reading
from cakap.registry.models import Appointment, Employee, Unit
from cakap.registry.nip import read_nip
from cakap.registry.reference import RANK_ORDER

LOST = "000"  # what a spreadsheet writes for the digits beyond the fifteenth
NUMBERED = "nomor urut 001–999 di akhir NIP (000: mungkin hilang ketika disimpan sebagai bilangan)"
Check = Callable[[Reading, Agency], Iterator[Problem]]


def nips_are_well_formed(reading: Reading, agency: Agency) -> Iterator[Problem]:
    """A NIP's form depends on the type of employee that bears it; nor may it be another agency's."""
    elsewhere = set(
        Employee.objects.exclude(agency=agency).values_list("nip", flat=True)
    ).intersection(map(str, reading.columns["nip"]))
    if _all_shortened(reading.columns["nip"]):
        for row, (nip,) in reading.numbered(("nip",)):
            yield Problem(row=row, column="nip", expected=ADVICE, found=nip)
        return
    for row, (nip, kind, rank) in reading.numbered(("nip", "type", "rank")):
        if nip in elsewhere:
            yield Problem(row=row, column="nip", expected="pegawai instansi ini", found=nip)
        try:
            read_nip(str(nip), pppk=kind == "PPPK")
        except ValueError as exc:
            yield Problem(row=row, column="nip", expected=str(exc), found=str(nip))
        if (
            kind in {"PNS", "PPPK"}
            and isinstance(rank, str)
            and (kind == "PNS") != (rank in RANK_ORDER)
        ):
            yield Problem(row=row, column="golongan", expected=f"golongan {kind}", found=rank)


def _all_shortened(nips: Sequence[str]) -> bool:
    """Whether a spreadsheet has written the numbers of a whole column with zeros for their last digits."""
    return len(nips) > 1 and all(nip.endswith(LOST) for nip in nips)


def nips_that_disagree(reading: Reading) -> Iterator[Problem]:
    """Findings, not errors: births and sexes are corrected by decree, numbers are not."""
    for row, (nip, kind, birth, sex) in reading.numbered(("nip", "type", "birth_date", "sex")):
        said = read_nip(nip, pppk=kind == "PPPK")
        if nip.endswith(LOST):
            yield Problem(row=row, column="nip", expected=NUMBERED, found=nip)
        if said.birth != birth:
            yield Problem(
                row=row, column="tanggal_lahir", expected=str(said.birth), found=str(birth)
            )
        if said.sex != sex:
            yield Problem(row=row, column="jenis_kelamin", expected=said.sex, found=sex)


def one_definitive_post(reading: Reading, agency: Agency) -> Iterator[Problem]:
    """A person holds at most one definitive post at a time."""
    held = {
        employee: (position, start)
        for employee, position, start in Appointment.objects.filter(
            position__agency=agency, end__isnull=True, kind=Appointment.Kind.DEFINITIVE
        ).values_list("employee_id", "position_id", "start")
    }
    rows = list(reading.numbered(("employee_id", "position_id", "kind", "start", "end")))
    for _, (employee, position, kind, start, end) in rows:
        if kind == "definitif" and end is not None and held.get(employee) == (position, start):
            del held[employee]
    for row, (employee, position, kind, start, end) in rows:
        if kind != "definitif" or end is not None:
            continue
        if held.setdefault(employee, (position, start)) != (position, start):
            yield Problem(
                row=row,
                column="sampai",
                expected="tanggal akhir jabatan definitif yang lama lebih dahulu",
                found="",
            )


def ends_after_start(reading: Reading, agency: Agency) -> Iterator[Problem]:
    """What ends does so no sooner than it starts."""
    for row, (start, end) in reading.numbered(("start", "end")):
        if end is not None and end < start:
            yield Problem(
                row=row, column="sampai", expected=f"tidak sebelum {start}", found=str(end)
            )


def units_form_a_tree(reading: Reading, agency: Agency) -> Iterator[Problem]:
    """No office lies, through its parents, within itself."""
    parents = dict(Unit.objects.filter(agency=agency).values_list("code", "parent__code")) | dict(
        reading.rows(("code", "parent_id"))
    )
    for row, (code,) in reading.numbered(("code",)):
        seen, here = {code}, parents.get(code)
        while here is not None and here not in seen:
            seen.add(here)
            here = parents.get(here)
        if here is not None:
            yield Problem(
                row=row, column="kode_induk", expected="induk di luar cabangnya", found=here
            )


CHECKS: dict[str, tuple[Check, ...]] = {
    "units": (units_form_a_tree,),
    "employees": (nips_are_well_formed,),
    "appointments": (ends_after_start, one_definitive_post),
    "disciplines": (ends_after_start,),
}
