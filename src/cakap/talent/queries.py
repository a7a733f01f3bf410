from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from cakap.accounts.models import Agency
from cakap.policy.book import Policy
from cakap.registry.models import Discipline
from cakap.registry.queries import predicates
from cakap.results.queries import valid_results
from cakap.talent.boxes import box_of, performance_of, potential_of
from cakap.talent.models import Placement, TalentMap


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapped:
    """Where a person falls, and what the axes are made of."""

    employee: int
    result: int
    performance: float
    potential: float
    box: int
    parts: dict[str, object]
    barred: str


def computed_map(agency: Agency, policy: Policy, *, on: date) -> list[Mapped]:
    """Everybody with a valid result and an SKP predicate, placed under a policy."""
    results = valid_results(agency, on=on)
    said = predicates(results, years=policy["talent.performance_years"], on=on)
    sanctions = _sanctions(agency, on=on)
    gate = on - timedelta(days=round(365.25 * policy["talent.gate_years"]))
    found = []
    for employee, result in sorted(results.items()):
        if employee not in said:
            continue
        level, since = sanctions.get(employee, ("none", None))
        parts: dict[str, float | None] = {
            "competency": result.jpm_capped_mean,
            "potential": result.potential,
            "qualification": policy["talent.qualification_of_education"][result.employee.education],
            "integrity": policy["talent.integrity_of_record"][level],
        }
        performance = performance_of(said[employee], policy)
        potential = potential_of(parts, policy)
        barred = level in {"sedang", "berat"} and since is not None and since > gate
        found.append(
            Mapped(
                employee=employee,
                result=result.pk,
                performance=performance,
                potential=potential,
                box=box_of(performance, potential, policy).number,
                parts={**parts, "predicates": said[employee]},
                barred=f"hukuman disiplin {level} sejak {since}" if barred else "",
            )
        )
    return found


def _sanctions(agency: Agency, *, on: date) -> dict[int, tuple[str, date]]:
    """Employee id -> level and start of the newest sanction."""
    rows = Discipline.objects.filter(employee__agency=agency, start__lte=on).order_by("start")
    return {
        employee: (level, start)
        for employee, level, start in rows.values_list("employee_id", "level", "start")
    }


def newest_map(agency: Agency) -> TalentMap | None:
    """The map that is in force: the last one made."""
    return agency.talent_maps.order_by("-pk").first()


def boxes_of(agency: Agency) -> dict[int, int]:
    """Employee id -> box on the newest map; people who are barred are left out."""
    newest = newest_map(agency)
    rows = Placement.objects.filter(map=newest, barred="")
    return dict(rows.values_list("employee_id", "box")) if newest else {}
