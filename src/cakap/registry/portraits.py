"""Pictures of employees: a zip of files named by NIP."""

from __future__ import annotations

from datetime import datetime
from posixpath import basename

from django.db import transaction

from cakap.accounts.models import Agency
from cakap.audit.services import record
from cakap.registry.errors import BadPortrait
from cakap.registry.models import Employee, Portrait
from cakap.ui.archives import Archive
from cakap.ui.files import BEGINNINGS

PICTURES, LARGEST = ("image/jpeg", "image/png"), 512 * 1024
SYSTEM_FILES = {"thumbs.db", "desktop.ini"}


def picture_type(content: bytes) -> str:
    """The media type of a picture by its first bytes; empty where it is none."""
    return next((kind for kind in PICTURES if content.startswith(BEGINNINGS[kind])), "")


def _is_system_file(name: str) -> bool:
    """Whether Windows or macOS put this file beside the pictures."""
    file = basename(name)
    return name.startswith("__MACOSX/") or file.startswith(".") or file.lower() in SYSTEM_FILES


@transaction.atomic
def import_portraits(
    *, agency: Agency, file: str, content: bytes, actor: str, now: datetime
) -> int:
    """Take in a zip of NIP.jpg or NIP.png: all of it, or one sentence and nothing. Returns how many."""
    archive = Archive(file, content)
    people = dict(Employee.objects.filter(agency=agency).values_list("nip", "pk"))
    names = [name for name in archive.names() if not _is_system_file(name)]
    for name in names:
        picture = archive.read(name)
        nip = basename(name).partition(".")[0]
        kind = picture_type(picture)
        if nip not in people:
            message = f"{file}/{name}: diharapkan NIP pegawai {agency}; ditemukan {nip}."
            raise BadPortrait(message)
        if not kind or len(picture) > LARGEST:
            message = f"{file}/{name}: diharapkan JPEG atau PNG paling besar {LARGEST // 1024} KiB."
            raise BadPortrait(message)
        Portrait.objects.update_or_create(
            employee_id=people[nip],
            defaults={"content": picture, "media_type": kind, "updated_at": now},
        )
    record(
        actor=actor, action="portraits.import", subject=file, agency=agency.code,
        detail={"pictures": len(names)}, now=now,
    )  # fmt: skip
    return len(names)
