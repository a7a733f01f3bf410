"""The demo: server, story, sign-ins."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from cakap.cli.frame import ERR, FAILED, OUT, Json, app, stop
from cakap.cli.running import (
    await_server,
    end_all,
    free_port,
    init,
    refuse_taken,
    start_server,
    wait_for,
)


@app.command(epilog="Contoh: cakap demo --people 300 --no-serve --json")
def demo(
    *,
    people: Annotated[int, typer.Option(min=10, max=2901, help="Peserta CAT.")] = 300,
    seed: Annotated[int, typer.Option(help="Benih acak.")] = 2025,
    data: Annotated[Path | None, typer.Option(help="Direktori data demo.")] = None,
    port: Annotated[int, typer.Option(help="Porta; 0: 8000, atau yang bebas bila --no-serve.")] = 0,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Berhenti setelah selesai.")] = False,
    as_json: Json = False,
) -> None:
    """Jalankan seluruh rantai pada provinsi contoh, lalu sajikan."""
    os.environ["CAKAP_DATA"] = str(data or os.environ.get("CAKAP_DATA", "cakap-data"))
    port = port or (free_port() if no_serve else 8000)
    init()
    refuse_taken("127.0.0.1", port)
    server, background = start_server("127.0.0.1", port, 2)
    try:
        await_server(server, f"http://127.0.0.1:{port}")
        figures = _tell(people, seed, port)
        if not as_json:
            _show_sign_ins(port)
        if as_json:
            print(json.dumps(figures))  # noqa: T201
        else:
            OUT.print_json(json.dumps(figures))
        if not no_serve:
            wait_for(server, background)
    finally:
        end_all(server, background)
    if not figures["audit_ok"]:
        stop("Demo selesai, tetapi ada yang tidak utuh; sebutannya: cakap verify", FAILED)


def _tell(people: int, seed: int, port: int) -> dict[str, Any]:
    from django.utils import timezone

    from cakap.demo.place import first_day
    from cakap.demo.story import Story, summary, tell_story, told
    from cakap.web.services import first_trouble

    first_day(people=people, seed=seed, today=timezone.localdate())
    with Progress(console=ERR, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def tell(step: str, done: int, total: int) -> None:
            task = (
                tasks.setdefault(step, bar.add_task(step, total=None))
                if step not in tasks
                else tasks[step]
            )
            bar.update(task, completed=done, total=total or None)

        story = Story(people=people, seed=seed, base=f"http://127.0.0.1:{port}", tell=tell)
        if told():
            ERR.print("Demo di direktori ini sudah selesai; yang ada ditampilkan.")
            return summary(story, trouble=first_trouble())
        return tell_story(story)


def _show_sign_ins(port: int) -> None:
    from cakap.accounts.models import User
    from cakap.demo.place import sign_ins

    table = Table("Masuk sebagai", "Kata sandi", title=f"http://127.0.0.1:{port}/")
    for name, password in sign_ins().items():
        if name == "peserta":
            own = User.objects.filter(memberships__role="participant").first()
            table.add_row(f"{own.username} (peserta)" if own else name, password)
        else:
            table.add_row(name, password)
    OUT.print(table)
