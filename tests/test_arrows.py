"""import-linter sees imports; a foreign key named by a string is an arrow it cannot see."""

from __future__ import annotations

import tomllib
from pathlib import Path

from django.apps import apps

PYPROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())


def layers() -> dict[str, int]:
    """App -> height, from the same contract that import-linter reads."""
    story = next(c for c in PYPROJECT["tool"]["importlinter"]["contracts"] if c["id"] == "story")
    rows = [row.replace(":", "|").split("|") for row in reversed(story["layers"])]
    return {name.strip(): height for height, row in enumerate(rows) for name in row}


def test_a_foreign_key_points_down():
    height = layers()
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation
        and field.concrete
        and model._meta.app_label in height
        and (there := field.related_model._meta.app_label) != model._meta.app_label
        and height.get(there, -1) >= height[model._meta.app_label]
    ]

    assert upward == []


SOURCE = Path(__file__).parents[1] / "src" / "cakap"


def test_a_template_extends_only_the_house_or_its_own_app():
    wrong = []
    for file in SOURCE.rglob("templates/**/*.html"):
        app = file.relative_to(SOURCE).parts[0]
        for line in file.read_text().splitlines():
            for word in ('extends "', 'include "'):
                if word in line:
                    target = line.split(word)[1].split('"')[0]
                    if target.split("/")[0] not in {"ui", app}:
                        wrong.append(f"{file.name} -> {target}")

    assert wrong == []


def test_nothing_goes_round_the_arrows():
    forbidden = ("GenericForeignKey", "post_save", "pre_save", "@receiver", ".save()")
    found = [
        f"{file.relative_to(SOURCE)}: {word}"
        for file in SOURCE.rglob("*.py")
        if "migrations" not in file.parts
        for word in forbidden
        if word in file.read_text()
    ]

    assert found == []
