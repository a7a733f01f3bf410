"""Scoring, publishing and reporting a programme, off the page."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from cakap.jobs.models import Job
from cakap.jobs.services import in_blocks, running
from cakap.programmes.models import Programme
from cakap.results.models import Result
from cakap.results.reports import keep_reports
from cakap.results.services import publish_results
from cakap.scoring.services import score_programme


@task()
def work_up_programme(*, job: int, programme: int, actor: str) -> None:
    """From answers to reports; the job says how it ended."""
    with running(job) as progress:
        row = Programme.objects.get(pk=programme)
        run = score_programme(programme=row, actor=actor, now=timezone.now())
        n = publish_results(run=run, actor=actor, now=timezone.now())
        results = list(Result.objects.filter(run=run).select_related("employee", "run"))
        done = 0
        for block in in_blocks(results, 20):
            done += keep_reports(list(block), actor=actor, now=timezone.now())
            progress(done, len(results))
        Job.objects.filter(pk=job).update(message=f"{n} hasil terbit, {done} laporan dibuat.")
