"""A rival: oTree, the open server of experiments and surveys, with one question a page, on SQLite.

It is installed beside us (its versions of libraries are its own); where that cannot be done, it is
skipped with a sentence. A person sends a form for each question and gets the address of the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx

from cakap.cli.running import free_port

SETTINGS = """
SESSION_CONFIGS = [dict(name="soal", app_sequence=["soal"], num_demo_participants=64)]
SESSION_CONFIG_DEFAULTS = dict(real_world_currency_per_point=1.0, participation_fee=0.0, doc="")
PARTICIPANT_FIELDS = []
SESSION_FIELDS = []
LANGUAGE_CODE = "en"
REAL_WORLD_CURRENCY_CODE = "USD"
USE_POINTS = False
ADMIN_USERNAME = "admin"
ADMIN_PASSWORD = "admin"
DEMO_PAGE_INTRO_HTML = ""
SECRET_KEY = "bench"
"""
APP = """
from otree.api import *
class C(BaseConstants):
    NAME_IN_URL = "soal"; PLAYERS_PER_GROUP = None; NUM_ROUNDS = 200
class Subsession(BaseSubsession): pass
class Group(BaseGroup): pass
class Player(BasePlayer):
    jawaban = models.StringField(choices=["a", "b", "c", "d", "e"], widget=widgets.RadioSelect)
class Soal(Page):
    form_model = "player"; form_fields = ["jawaban"]
page_sequence = [Soal]
"""
PAGE = "{{ block title }}Soal{{ endblock }}{{ block content }}{{ formfields }}{{ next_button }}{{ endblock }}"


def installed(folder: Path) -> Path | None:
    """Its command, in an environment of its own; None where it cannot be installed."""
    home = folder / "otree-env"
    try:
        subprocess.run([sys.executable, "-m", "venv", home], check=True, capture_output=True)
        subprocess.run(
            [home / "bin" / "pip", "install", "-q", "otree"], check=True, capture_output=True,
            timeout=300,
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError):
        return None
    return home / "bin"


def otree_rate(folder: Path, *, clients: int, seconds: float) -> float:
    """Answers a second that it keeps from so many people at once. Raises where it is not here."""
    command = installed(folder)
    if command is None:
        message = "it cannot be installed"
        raise RuntimeError(message)
    project = folder / "project"
    (project / "soal").mkdir(parents=True)
    (project / "_static").mkdir()
    (project / "settings.py").write_text(SETTINGS)
    (project / "soal" / "__init__.py").write_text(APP)
    (project / "soal" / "Soal.html").write_text(PAGE)
    env = {
        **{k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "PYTHONPATH"}},
        "PATH": f"{command}:{os.environ['PATH']}", "OTREE_PRODUCTION": "1",
    }  # fmt: skip
    run = {"cwd": project, "env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["otree", "resetdb", "--noinput"], check=True, **run)
    subprocess.run(["otree", "create_session", "soal", str(clients)], check=True, **run)
    port = free_port()
    server = subprocess.Popen(["otree", "prodserver1of2", str(port)], **run)
    try:
        _wait(port)
        with contextlib.closing(sqlite3.connect(project / "db.sqlite3")) as database:
            codes = [row[0] for row in database.execute("SELECT code FROM otree_participant")]
        return asyncio.run(_everybody(port, codes, seconds))
    finally:
        server.terminate()
        server.wait(20)


def _wait(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/demo", trust_env=False)
            return
        time.sleep(0.2)
    message = "oTree does not answer"
    raise RuntimeError(message)


async def _everybody(port: int, codes: list[str], seconds: float) -> float:
    kept = 0
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60)
            )
            for _ in codes
        ]
        starts = [
            (await client.get(f"/InitializeParticipant/{code}")).headers["location"]
            for client, code in zip(clients, codes, strict=True)
        ]
        start = time.perf_counter()
        until = start + seconds

        async def one(client: httpx.AsyncClient, page: str) -> None:
            nonlocal kept
            while time.perf_counter() < until and "/Soal/" in page:
                answer = await client.post(page, data={"jawaban": "a"})
                page = answer.headers["location"]
                kept += 1

        await asyncio.gather(*(one(*pair) for pair in zip(clients, starts, strict=True)))
        return kept / (time.perf_counter() - start)
