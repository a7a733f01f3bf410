"""A benchmark's lines: one that fails says so and the others go on; `--json` is a list and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
KEYS = {"name", "value", "unit", "rival", "rival_value", "ratio", "target", "ok"}
SCRIPT = """
import sys
from lines import Line, Lines, options_of, rival_of

def broken():
    yield Line(name="first", value=1.0, unit="s")
    raise RuntimeError("no forms were found")

def beside():
    rival = rival_of("R mirt", lambda: 1 / 0)
    yield Line(name="last", value=2.0, unit="s", rival="R mirt", rival_value=rival, target="<= 3 s", ok=True)

told = options_of("x").parse_args()
lines = Lines(as_json=told.json)
lines.measure("broken", "s", broken)
lines.measure("beside", "s", beside)
sys.exit(lines.end())
"""


def run(*command):
    environment = {**os.environ, "PYTHONPATH": str(BENCHMARKS)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, env=environment
    )


def test_a_line_that_fails_says_so_and_the_others_go_on(tmp_path):
    script = tmp_path / "some.py"
    script.write_text(SCRIPT)

    done = run(script, "--json")

    rows = json.loads(done.stdout)
    assert [row["name"] for row in rows] == ["first", "broken", "last"]
    assert all(set(row) == KEYS for row in rows)
    assert (rows[1]["value"], rows[1]["ok"]) == (None, False)
    assert (rows[2]["rival_value"], rows[2]["ok"]) == (None, True)
    assert "broken: FAILED: no forms were found" in done.stderr
    assert "R mirt could not run here" in done.stderr
    assert done.returncode == 1


def test_a_door_that_lets_nobody_in_says_why():
    done = run(
        "-c", "from crowd.doors import sign_ins; print(sign_ins(9, ['1', '2'], '0', 0.1))"
    )  # fmt: skip

    assert "'errors': 2" in done.stdout, done.stderr
    assert "ConnectionRefusedError" in done.stdout


def test_people_read_a_table(tmp_path):
    script = tmp_path / "some.py"
    script.write_text(SCRIPT)

    words = run(script).stdout

    assert "not measured" in words
    assert "target <= 3 s: ok" in words


@pytest.mark.slow
@pytest.mark.long
def test_json_of_a_real_one_is_the_list_and_nothing_else():
    done = run(BENCHMARKS / "imports.py", "--quick", "--json")

    rows = json.loads(done.stdout)
    assert rows, done.stderr
    assert all(set(row) == KEYS and row["value"] for row in rows)
