"""The docs tell the truth about the tree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_reference_is_what_the_code_says():
    answer = subprocess.run(
        [sys.executable, ROOT / "scripts" / "write-reference", "--check"], check=False
    )

    assert answer.returncode == 0, "run scripts/write-reference"


def test_every_relative_link_leads_somewhere():
    broken = [
        f"{page.name}: {target}"
        for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]

    assert broken == []


def test_the_readme_shows_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "make demo" in text
    assert "make test" in text
