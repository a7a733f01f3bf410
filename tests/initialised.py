"""Data directories as `cakap init` leaves them: made once a run, copied for each test.

Migrations and compressed files take 20 s of processor; `cakap init` on the copy finds nothing to do.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from commands import run

CAKAP = Path(sys.executable).parent / "cakap"
FOLDER = "TESTS_INITIALISED"  # where a run of tests keeps its copy; without it nothing is copied


def initialise(data: Path) -> None:
    """Fill a directory that holds nothing yet with what `cakap init` makes, but no key: keys are its own."""
    if FOLDER not in os.environ or any(data.glob("*")):
        return
    made = once("data", _init)
    shutil.copytree(
        made, data, dirs_exist_ok=True, ignore=lambda folder, names: {"secret.key"} & set(names)
    )


def _init(data: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("CAKAP_", "DJANGO_"))}
    run([CAKAP, "init"], env={**clean, "CAKAP_DATA": str(data)})


def once(name: str, make: Callable[[Path], None]) -> Path:
    """A directory that the first worker of a run makes and the others find."""
    folder = Path(os.environ[FOLDER])
    folder.mkdir(parents=True, exist_ok=True)
    made, making = folder / name, folder / f"{name}-in-the-making"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(making, ignore_errors=True)
            make(making)
            making.rename(made)
    return made
