"""How sure a plan is, off the page."""

from __future__ import annotations

from django.conf import settings
from django_tasks import task

from cakap.jobs.services import running
from cakap.jobs.workers import workers_at
from cakap.placement.models import Plan
from cakap.placement.standing import measure_plan


@task()
def measure(*, job: int, plan: int) -> None:
    """Draw and weigh one plan; the job says how it ended."""
    with running(job) as progress, workers_at(settings.CAKAP_DASK) as workers:
        row = Plan.objects.select_related("agency").get(pk=plan)
        measure_plan(row, workers=workers, progress=progress)
