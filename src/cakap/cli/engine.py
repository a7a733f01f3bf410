"""`cakap irt`, whose commands are read in when one of them is asked for: they carry the whole engine."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from cakap.cli.frame import app


class EngineGroup(TyperGroup):
    """The group of the engine's commands; every other command starts without SciPy and Numba."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands, in the order of their modules."""
        return list(self._read_in())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One command by its name, None where there is none."""
        return self._read_in().get(cmd_name)

    def _read_in(self) -> dict[str, Any]:
        import cakap.cli.irt  # noqa: F401  # its modules add their commands to `irt`

        if not self.commands:
            self.commands = typer.main.get_group(irt).commands
        return dict(self.commands)


irt = typer.Typer(
    cls=EngineGroup,
    no_args_is_help=True,
    help="Kalibrasi, skor, dan pemeriksaan butir dari berkas, tanpa basis data.",
)
app.add_typer(irt, name="irt")
