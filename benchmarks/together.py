"""Several benchmarks as one run: `--json` prints one list of all their lines.

python benchmarks/together.py delivery|all [--quick] [--json]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from lines import Line, Lines, options_of

HERE = Path(__file__).parent
ON_POSTGRES = str(HERE.parent / "scripts" / "with-postgres")
DELIVERY = (
    ("delivery.py",), (ON_POSTGRES, "delivery.py"), ("console.py",), ("room.py",),
)  # fmt: skip
GROUPS = {
    "delivery": DELIVERY,
    "all": (
        ("imports.py",), ("measurement.py",), ("recovery.py",), ("placement.py",), *DELIVERY,
        ("desk.py",),
    ),
}  # fmt: skip


def run(words: tuple[str, ...], options: list[str]) -> list[dict[str, object]]:
    """The lines of one benchmark; one that says so where it ended without any."""
    *before, script = words
    command = [*before, sys.executable, str(HERE / script), *options, "--json"]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=False, env=dict(os.environ)
    )
    try:
        found: list[dict[str, object]] = json.loads(done.stdout)
    except ValueError:
        name = " ".join([*(Path(one).name for one in before), script])
        print(f"{name} ended with {done.returncode} and no lines", file=sys.stderr)
        return [{"name": name, "value": None, "unit": "", "ok": False}]
    return found


def main() -> int:
    parser = options_of(__doc__)
    parser.add_argument("group", choices=GROUPS)
    told = parser.parse_args()
    lines = Lines(as_json=told.json)
    for words in GROUPS[told.group]:
        for row in run(words, ["--quick"] if told.quick else []):
            lines.add(Line(**row))  # type: ignore[arg-type]
    return lines.end()


if __name__ == "__main__":
    sys.exit(main())
