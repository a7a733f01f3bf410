"""What the demo remembers in its data directory: which story it tells, and its sign-ins."""

from __future__ import annotations

import json
import secrets
from datetime import date
from pathlib import Path

from django.conf import settings

from cakap.accounts.models import Agency
from cakap.errors import Refused

ASSESSORS = 6
NAMES = (
    "operator", "pengawas", "psikometris", "talenta", "gubernur", "auditor", "admin", "peserta",
    *(f"asesor{n}" for n in range(1, ASSESSORS + 1)),
)  # fmt: skip


class AnotherStory(Refused):
    """Direktori data ini berisi sesuatu yang lain; demo tidak mencampurnya."""

    status = 400


def first_day(*, people: int, seed: int, today: date) -> date:
    """The day on which this very demo began here, so that the same files come out when it goes on.

    Refused where another demo, or anything that is not a demo, lives already: nothing is mixed.
    """
    path = Path(settings.DATA) / "demo.json"
    if not path.exists():
        if Agency.objects.exists():
            message = "Basis data ini sudah berisi instansi yang bukan demo; pilih --data lain."
            raise AnotherStory(message)
        path.write_text(json.dumps({"people": people, "seed": seed, "day": today.isoformat()}))
    begun = json.loads(path.read_text())
    if (begun["people"], begun["seed"]) != (people, seed):
        message = (
            f"Direktori data ini berisi demo dengan --people {begun['people']} --seed {begun['seed']}; "
            "lanjutkan yang itu atau pilih --data lain."
        )
        raise AnotherStory(message)
    return date.fromisoformat(begun["day"])


def sign_ins() -> dict[str, str]:
    """Name -> password of the demo's accounts, made at the first run and kept for the owner alone."""
    path = Path(settings.DATA) / "demo-sign-ins.json"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({name: secrets.token_urlsafe(12) for name in NAMES}))
    found: dict[str, str] = json.loads(path.read_text())
    return found
