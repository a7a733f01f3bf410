"""The life of a job: asked for, under way, ended; and the sweep of those whose worker died."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from django.utils import timezone

from cakap.errors import Refused
from cakap.jobs.models import Job

Row = TypeVar("Row")
STALLED_AFTER = timedelta(minutes=10)


def ask_for_job(*, kind: str, title: str, agency: str, actor: str, now: datetime) -> Job:
    """Write down that somebody wants this work done."""
    return Job.objects.create(kind=kind, title=title, agency=agency, actor=actor, asked_at=now)


@contextmanager
def running(job_id: int) -> Iterator[Callable[[int, int], None]]:
    """Run the body as job `job_id`; it is given `progress(done, total)`.

    A refusal or an error is written on the job and not raised: the person reads it on the page.
    """
    jobs = Job.objects.filter(id=job_id)

    def progress(done: int, total: int) -> None:
        jobs.update(done=done, total=total, seen_at=timezone.now())

    jobs.update(state=Job.State.RUNNING, seen_at=timezone.now())
    try:
        yield progress
    except Refused as refusal:
        jobs.update(state=Job.State.FAILED, message=str(refusal), seen_at=timezone.now())
    except Exception as exc:
        message = f"Kesalahan yang tidak terduga: {type(exc).__name__}. Hubungi pengelola sistem."
        jobs.update(state=Job.State.FAILED, message=message, seen_at=timezone.now())
        raise
    else:
        jobs.update(state=Job.State.DONE, seen_at=timezone.now())


def in_blocks(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    """The rows in runs of at most `size`, in order."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def sweep_stalled(*, now: datetime) -> int:
    """Mark jobs whose worker has been silent too long as failed; returns how many."""
    silent = Job.objects.filter(state=Job.State.RUNNING, seen_at__lt=now - STALLED_AFTER)
    return silent.update(
        state=Job.State.FAILED, message="Pekerja berhenti di tengah jalan; mulai lagi."
    )
