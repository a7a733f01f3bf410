from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from cakap.accounts.models import Agency
from cakap.programmes.models import Programme
from cakap.programmes.queries import due
from cakap.registry.models import Employee
from cakap.registry.queries import empty_seats
from cakap.results.queries import valid_results
from cakap.talent.queries import boxes_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What an agency's front page counts."""

    employees: int
    assessed: int
    due: int
    vacant: int
    succession: int
    programmes: list[Programme]


def figures(agency: Agency, *, now: datetime) -> Figures:
    """The numbers of the front page, each one click from its people."""
    on = timezone.localdate(now)
    return Figures(
        employees=Employee.objects.filter(agency=agency).count(),
        assessed=len(valid_results(agency, on=on)),
        due=len(due(agency, on=on, within=timedelta(days=90))),
        vacant=sum(empty_seats(agency, on=on).values()),
        succession=sum(box >= 7 for box in boxes_of(agency).values()),
        programmes=list(agency.initiated.order_by("-starts")[:5]),
    )
