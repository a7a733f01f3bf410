"""The docs tell the truth about the tree."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from commands import report, run

ROOT = Path(__file__).parents[1]


def test_the_reference_is_what_the_code_says():
    answer = run([sys.executable, ROOT / "scripts" / "write-reference", "--check"], expect=None)

    assert answer.returncode == 0, f"run scripts/write-reference\n{report(answer)}"


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


def test_the_exams_style_has_every_class_of_tabler_that_its_pages_use():
    """Else run scripts/write-exam-css."""
    apps = ROOT / "src" / "cakap"
    vendor = apps / "ui" / "static" / "ui" / "vendor"
    known = re.compile(r"\.(-?[a-zA-Z][\w-]*)")
    whole = set(known.findall((vendor / "tabler.min.css").read_text()))
    part = set(known.findall((vendor / "tabler-exam.min.css").read_text()))
    pages = [page for page in apps.rglob("*.html") if "ui/calm.html" in page.read_text()]
    scripts = (apps / "delivery/static/delivery").rglob("exam*/*.js")
    used = {
        word
        for file in [*pages, *scripts, apps / "delivery/static/delivery/exam.js"]
        for text in re.findall(r'class(?:Name)?(?:=|: )"([^"]*)"', file.read_text())
        for word in text.split()
    }

    assert pages
    assert sorted((used & whole) - part) == []
