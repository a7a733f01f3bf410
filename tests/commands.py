"""Commands that tests run and events that they wait for: who reads a failure sees what was said.

Nothing here waits for seconds: it waits for an event, as long as a busy machine may need.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import IO, Any, TypeVar

PATIENCE = (
    300  # seconds: a machine with eight times the work of its cores took 130 to start a server
)
LONGEST = 900  # seconds for a whole command
Found = TypeVar("Found")


def run(
    words: Sequence[object],
    *,
    expect: int | None = 0,
    told: str = "",
    timeout: float = LONGEST,
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """Run a command; `told` is typed. Another exit code than expected fails with all that it said.

    It leads a session of its own, so that when it does not end, all that it started ends with it.
    """
    process = subprocess.Popen(
        [str(word) for word in words], text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip
    try:
        stdout, stderr = process.communicate(told, timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        message = f"did not end in {timeout} s\n"
        done = subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
        raise AssertionError(message + report(done)) from None
    done = subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)
    assert expect is None or done.returncode == expect, report(done)
    return done


def report(done: subprocess.CompletedProcess[str]) -> str:
    """What a command did, for the reader of a failed test."""
    return (
        f"{' '.join(map(str, done.args))} ended with {done.returncode}\n"
        f"--- standard output\n{done.stdout[-4000:]}\n--- standard error\n{done.stderr[-8000:]}"
    )


def wait_for(
    what: str,
    look: Callable[[], Found],
    *,
    patience: float = PATIENCE,
    said: Callable[[], str] = lambda: "",
) -> Found:
    """Look until there is something, and return it.

    After `patience` seconds the test fails and says what was waited for and what was said meanwhile.
    """
    until = time.monotonic() + patience
    while not (found := look()):
        assert time.monotonic() < until, f"{what}: not within {patience} s\n{said()}"
        time.sleep(0.05)
    return found


class Spoken:
    """A file that takes what a server prints, to be shown when a test fails."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile("ab")  # noqa: SIM115

    def __call__(self) -> str:
        """The end of what was printed so far."""
        handle = self.file.fileno()
        size = os.fstat(handle).st_size
        with open(f"/proc/self/fd/{handle}", "rb") as reader:  # noqa: PTH123
            reader.seek(max(size - 8000, 0))
            return "--- the server printed\n" + reader.read().decode(errors="replace")
