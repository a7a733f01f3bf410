"""The measurement engine on plain files, without a database."""

from __future__ import annotations

from cakap.cli.irt import check, design, fit, integrity, scales

__all__ = ["check", "design", "fit", "integrity", "scales"]
