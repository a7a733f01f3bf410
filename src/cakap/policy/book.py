"""The rule book: what the TOML files say, as plain values with source and standing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cakap.audit.chain import digest

FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule: its value, where it comes from, and whether we have read that source."""

    key: str
    title: str
    value: Any
    source: str
    verified: bool
    note: str = ""
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force for one agency on one day."""

    rules: Mapping[str, Rule]

    def __getitem__(self, key: str) -> Any:
        return self.rules[key].value

    def get(self, key: str) -> Any | None:
        """The value, or None for a rule that this policy does not have."""
        rule = self.rules.get(key)
        return rule.value if rule else None

    @property
    def content(self) -> dict[str, Any]:
        """The values alone: what a result depends on."""
        return {key: rule.value for key, rule in sorted(self.rules.items())}

    @property
    def digest(self) -> str:
        """The name of exactly these values."""
        return digest(self.content)


@cache
def default_rules() -> Mapping[str, Rule]:
    """Every rule as shipped, by key."""
    rules: dict[str, Rule] = {}
    for file in sorted(FOLDER.glob("*.toml")):
        for key, row in tomllib.loads(file.read_text(encoding="utf-8")).items():
            rules[key] = Rule(key=key, **row)
    return rules
