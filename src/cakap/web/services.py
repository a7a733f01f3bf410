"""What an auditor runs: the chain, then every kept figure computed again."""

from __future__ import annotations

from collections.abc import Iterator

from cakap.audit.queries import first_broken_link
from cakap.placement import services as placement
from cakap.placement.models import Plan
from cakap.results import services as results
from cakap.science.workers import threads
from cakap.scoring import calibrations
from cakap.scoring import services as scoring
from cakap.scoring.models import Calibration, Run
from cakap.talent import services as talent
from cakap.talent.models import TalentMap


def first_trouble() -> str:
    """A sentence on the first thing that is not as it was kept; empty when all is well."""
    return next((sentence for sentence in _checks() if sentence), "")


def _checks() -> Iterator[str]:
    yield first_broken_link()
    for run in Run.objects.select_related("programme__organiser").order_by("pk"):
        yield scoring.first_difference(run)
        yield results.first_difference(run)
    with threads() as workers:
        finished = Calibration.objects.filter(finished_at__isnull=False).select_related("agency")
        for calibration in finished.order_by("pk"):
            yield calibrations.first_difference(calibration, workers=workers)
    for talent_map in TalentMap.objects.order_by("pk"):
        yield talent.first_difference(talent_map)
    for plan in Plan.objects.order_by("pk"):
        yield placement.first_difference(plan)
