"""What every command stands on: the app, two consoles, exit codes, known failures as sentences."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="cakap: dari jawaban ujian sampai keputusan. Mulai dengan: cakap demo",
)
# Without emoji: a fingerprint's ":CD:" is not the name of a picture.
OUT, ERR = Console(emoji=False), Console(stderr=True, emoji=False)
DONE, FAILED, BAD_INPUT = 0, 1, 2
Json = Annotated[bool, typer.Option("--json", help="Cetak satu objek JSON untuk mesin.")]
AgencyCode = Annotated[str, typer.Option("--agency", help="Kode instansi, misalnya BANTEN.")]


def explain(exc: Exception) -> None:
    """Say what went wrong where it is known; an unknown error is a bug and stays one."""
    from django.db import DatabaseError

    from cakap.errors import Refused

    if isinstance(exc, Refused):
        stop(str(exc), BAD_INPUT if exc.status == 400 else FAILED)
    if isinstance(exc, OSError) and exc.errno == errno.ENOSPC:
        stop("Diska penuh; tidak ada yang ditulis setengah. Kosongkan ruang lalu ulangi.", FAILED)
    if isinstance(exc, OSError):
        stop(f"{exc.filename or ''}: {exc.strerror}", BAD_INPUT)
    if isinstance(exc, DatabaseError):
        stop(f"Basis data: {exc}. Periksa dengan: cakap doctor", FAILED)


def stop(sentence: str, code: int) -> NoReturn:
    """Say one sentence and end with an exit code."""
    # Whole, as said: a terminal wraps it, and what searches the output finds it.
    ERR.print(sentence, style="red", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(code)


def start_django() -> None:
    """Load settings and models; --help needs neither."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cakap.settings.base")
    django.setup()


@contextmanager
def watched(title: str) -> Iterator[Any]:
    """A progress bar for people; the body is given `progress(done, total)`."""
    with Progress(console=ERR, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def agency_of(code: str) -> Any:
    """The agency of a code, or the sentence that names those there are."""
    from cakap.accounts.models import Agency

    found = Agency.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Agency.objects.values_list("code", flat=True)) or "belum ada"
        stop(f"Instansi {code!r} tidak terdaftar; yang ada: {known}.", BAD_INPUT)
    return found


def ask_password(*, username: str, given: str = "") -> str:
    """A password that is typed twice, or `given`; ends where the rules for passwords refuse it."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.utils import translation

    from cakap.accounts.models import User

    password = given or typer.prompt(
        "Kata sandi", hide_input=True, confirmation_prompt="Ulangi kata sandi"
    )
    try:
        with translation.override("id"):
            validate_password(password, user=User(username=username, name=username))
    except ValidationError as exc:
        stop(f"Kata sandi ditolak: {' '.join(exc.messages)}", BAD_INPUT)
    return str(password)
