"""Scoring, publishing and reporting a programme, off the page."""

from __future__ import annotations

from django_tasks import task

from cakap.delivery import time_watch
from cakap.delivery.clock_alarms import refuse_unconfirmed_time
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
        refuse_unconfirmed_time()
        row = Programme.objects.get(pk=programme)
        run = score_programme(programme=row, actor=actor, now=time_watch.now())
        n = publish_results(run=run, actor=actor, now=time_watch.now())
        results = list(Result.objects.filter(run=run).select_related("employee", "run"))
        done = 0
        for block in in_blocks(results, 20):
            done += keep_reports(list(block), actor=actor, now=time_watch.now())
            progress(done, len(results))
        Job.objects.filter(pk=job).update(message=f"{n} hasil terbit, {done} laporan dibuat.")
