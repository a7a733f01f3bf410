"""What a benchmark says: lines, each a figure of ours beside a rival's, measured in the same run.

A line that fails says why, on standard error, and the others go on. `--json` prints one list of lines and
nothing else on standard output; without it people get a table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

KEYS = ("name", "value", "unit", "rival", "rival_value", "ratio", "target", "ok")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One figure: value is ours, None where it could not be measured; of a ratio more is better for us.

    target: in words; ok: None where nothing was promised; note: for people alone.
    """

    name: str
    value: float | None
    unit: str
    rival: str | None = None
    rival_value: float | None = None
    ratio: float | None = None
    target: str | None = None
    ok: bool | None = None
    note: str = ""


class Lines:
    """The lines of one run. Where one is missing because of us, or misses its target, it ends with 1."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.lines: list[Line] = []
        if not as_json:
            print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}", flush=True)

    def add(self, line: Line) -> None:
        """Keep a line and show it at once."""
        self.lines.append(line)
        if not self.as_json:
            print(in_words(line), flush=True)

    def measure(self, name: str, unit: str, act: Callable[[], Iterable[Line]]) -> None:
        """The lines of one piece of work; where that fails, a line without a value that says so."""
        try:
            for line in act():
                self.add(line)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the other lines are still wanted
            traceback.print_exc()
            print(f"{name}: FAILED: {exc}", file=sys.stderr, flush=True)
            self.add(Line(name=name, value=None, unit=unit, ok=False, note=f"failed: {exc}"))

    def end(self) -> int:
        """Print the list where it was asked for; the exit status."""
        if self.as_json:
            print(json.dumps([{key: asdict(line)[key] for key in KEYS} for line in self.lines]))
        return int(any(line.value is None or line.ok is False for line in self.lines))


def rival_of(name: str, act: Callable[[], float]) -> float | None:
    """The rival's figure; None, and a sentence on standard error, where the rival cannot run here."""
    try:
        return act()
    except Exception as exc:  # noqa: BLE001 - a rival that is not here is no failure of ours
        print(f"{name} could not run here: {exc}", file=sys.stderr, flush=True)
        return None


def in_words(line: Line) -> str:
    """A line as people read it."""
    parts = [f"{line.name:<52}{_short(line.value):>12} {line.unit}"]
    if line.rival:
        parts.append(f"{line.rival}: {_short(line.rival_value)}")
    if line.ratio is not None:
        parts.append(f"ratio {line.ratio:.3g}")
    if line.target:
        word = {True: "ok", False: "MISSED", None: "not judged"}[line.ok]
        parts.append(f"target {line.target}: {word}")
    return "; ".join([*parts, line.note] if line.note else parts)


def _short(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"


def options_of(description: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small, about a minute")
    parser.add_argument("--json", action="store_true", help="only a list of lines, as JSON")
    return parser
