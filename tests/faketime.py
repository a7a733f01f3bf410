"""A wall clock of the server's own, which a test can step; the clock that never steps stays real.

libfaketime reads the step from a file once a second. Sleeping goes by select, which it leaves alone.
"""

from __future__ import annotations

import shutil
from pathlib import Path

LIBRARIES = ("libfaketimeMT.so.1", "libfaketime.so.1")
SLEEP = """import select, time
time.sleep = lambda seconds: select.select([], [], [], max(seconds, 0)) and None
"""


class SteppingClock:
    """The clock of one server: `settings` are its environment, `step` moves it by seconds."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file, self.ahead = folder / "ahead", 0
        (folder / "sitecustomize.py").write_text(SLEEP)
        self.step(0)
        self.settings = {
            "LD_PRELOAD": str(_library()), "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_CACHE_DURATION": "1",
            "PYTHONPATH": str(folder),
        }  # fmt: skip

    def step(self, seconds: int) -> None:
        """Move the clock on, or back."""
        self.ahead += seconds
        new = self._file.with_suffix(".new")
        new.write_text(f"{self.ahead:+d}")
        new.rename(self._file)


def _library() -> Path:
    found = shutil.which("faketime")
    assert found, "faketime is missing: run `make tools`"
    places = [*Path("/usr/lib").glob("*/faketime"), Path("/usr/lib/faketime")]
    for name in LIBRARIES:
        for place in places:
            if (place / name).exists():
                return place / name
    message = f"no {LIBRARIES[0]} beside {found}"
    raise AssertionError(message)
