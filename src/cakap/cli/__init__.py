"""The command line: `cakap --help` says what there is. 0 done, 1 failed, 2 bad input."""

from __future__ import annotations

from cakap.cli import deciding, demo, engine, registry, running, signers, site
from cakap.cli.frame import BAD_INPUT, app, explain, stop

__all__ = ["app", "deciding", "demo", "engine", "main", "registry", "running", "signers", "site"]


def main() -> None:
    """Run a command; whatever goes wrong in a known way is one sentence and an exit code."""
    from cakap.settings.reader import BadConfiguration

    try:
        app()
    except BadConfiguration as exc:
        stop(f"Konfigurasi: {exc}", BAD_INPUT)
    except Exception as exc:
        explain(exc)
        raise
