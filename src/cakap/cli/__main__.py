"""So that `python -m cakap.cli` is `cakap`."""

from __future__ import annotations

from cakap.cli import main

main()
