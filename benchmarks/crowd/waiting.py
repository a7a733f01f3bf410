"""Waiting for what a benchmark needs, however slow the machine is, never for a span of time."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from cakap.cli.running import LONGEST_START, await_server


def await_serving(server: subprocess.Popen[bytes], port: int) -> None:
    """Until the server answers; an error as any other where it never will."""
    try:
        await_server(server, f"http://127.0.0.1:{port}")
    except SystemExit as exc:
        message = "the server does not answer"
        raise RuntimeError(message) from exc


def wait_until(what: str, is_so: Callable[[], bool]) -> None:
    """Until something is so, for as long as a server may take to start."""
    until = time.monotonic() + LONGEST_START
    while not is_so():
        if time.monotonic() > until:
            message = f"waited in vain: {what}"
            raise RuntimeError(message)
        time.sleep(0.2)
