"""Calibration off the page."""

from __future__ import annotations

from django.conf import settings
from django_tasks import task

from cakap.jobs.models import Job
from cakap.jobs.services import running
from cakap.jobs.workers import Watched, workers_at
from cakap.scoring.calibrations import carry_out
from cakap.scoring.models import Calibration


@task()
def calibrate_bank(*, job: int, calibration: int) -> None:
    """Carry out one calibration; the job says how it ended."""
    with running(job) as progress, workers_at(settings.CAKAP_DASK) as workers:
        row = Calibration.objects.select_related("agency").get(pk=calibration)
        message = carry_out(row, workers=Watched(workers, progress))
        Job.objects.filter(pk=job).update(message=message)
