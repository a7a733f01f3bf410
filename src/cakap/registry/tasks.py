"""Long work of the registry, off the page."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from cakap.accounts.models import Agency
from cakap.jobs.models import Job
from cakap.jobs.services import running
from cakap.registry.services import import_file
from cakap.registry.uploads import kept_upload


@task()
def import_upload(*, job: int, kind: str, file: str, upload: str, agency: str, actor: str) -> None:
    """Put an uploaded file in; the job says how it ended."""
    with running(job) as progress:
        found = import_file(
            kind=kind,
            file=file,
            content=kept_upload(upload),
            agency=Agency.objects.get(code=agency),
            actor=actor,
            now=timezone.now(),
            progress=progress,
        )
        message = f"{found.new} baru, {found.changed} berubah, {found.same} tetap."
        Job.objects.filter(pk=job).update(message=message)
