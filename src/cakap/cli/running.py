"""Setting up and running: init, serve, worker, doctor."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import typer

from cakap.cli.frame import DONE, ERR, FAILED, OUT, Json, app, start_django, stop
from cakap.cli.room import prepare
from cakap.settings.reader import plain_host

LONGEST_START = 900  # seconds: a small machine that does much else needs minutes
# Seconds: until the server is asked, after a signal that may have reached it too; until it is asked again;
# until it is killed, and until the worker is, which may have a job to finish.
HEARD, ASKED_AGAIN, END_OF_SERVER, END_OF_WORKER = 2, 5, 20, 60
NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
SILENCE = 15  # seconds after which a person wants to hear that we wait


@app.command(epilog="Contoh: cakap init")
def init() -> None:
    """Siapkan direktori data, basis data, dan berkas halaman. Aman diulang."""
    start_django()
    from django.conf import settings
    from django.core.management import call_command

    Path(settings.DATA).mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    collect_static()
    ERR.print(f"Siap: {settings.DATA}", highlight=False)


def collect_static() -> None:
    """The pages' files, compressed; again only when one has changed: a server that fell is back at once."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    from cakap.audit.chain import digest

    sources = [
        [path, storage.size(path), storage.get_modified_time(path).isoformat()]
        for finder in get_finders()
        for path, storage in finder.list(None)
    ]
    stamp = Path(settings.STATIC_ROOT) / ".made-from"
    if not stamp.exists() or stamp.read_text() != digest(sources):
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(digest(sources))


@app.command(epilog="Contoh: cakap serve --port 8000 --workers 2")
def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Alamat; 0.0.0.0: dapat dibuka dari komputer lain di ruang.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Porta.")] = 8000,
    name: Annotated[
        list[str] | None, typer.Option(help="Nama lain yang diterima; boleh berulang.")
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Dengan sertifikat dari cakap site tls.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Banyaknya proses halaman.")] = 2,
) -> None:
    """Sajikan halaman, bersama satu pekerja untuk pekerjaan panjang."""
    host = plain_host(host)
    init()
    refuse_taken(host, port)
    options = prepare(host, port, names=name or [], tls=tls)
    server, worker = start_server(host, port, workers, options)
    wait_for(server, worker)


def await_server(server: subprocess.Popen[bytes], base: str) -> None:
    """Wait until the server answers, however slow the machine is; say why where it never will.

    It is given up when its process has ended, when it answers that it will not serve this address,
    and after LONGEST_START seconds.
    """
    # Without the proxy of the environment: the server is on this machine.
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    began, why = time.monotonic(), ""
    said = began
    while server.poll() is None:
        try:
            with ask(f"{base}/sehat/", timeout=30):
                return
        except urllib.error.HTTPError as exc:
            why = f"menjawab {exc.code}"
            if exc.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                stop(
                    f"Server di {base} {why}, bukan 200; periksa CAKAP_HOSTS dan CAKAP_HTTPS.",
                    FAILED,
                )
        except OSError as exc:
            why = str(getattr(exc, "reason", exc))
        now = time.monotonic()
        if now - began > LONGEST_START:
            stop(f"Server di {base} tidak siap dalam {LONGEST_START} detik ({why}).", FAILED)
        if now - said > SILENCE:
            ERR.print(f"Menunggu server siap, {now - began:.0f} detik ({why}) …", highlight=False)
            said = now
        time.sleep(0.2)
    stop(f"Server berhenti sendiri dengan kode {server.returncode}; lihat pesan di atas.", FAILED)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refuse_taken(host: str, port: int) -> None:
    """A port in use, or an address that this machine has not, is said before anything starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as exc:
        if exc.errno in NOT_HERE or isinstance(exc, socket.gaierror):
            stop(
                f"Komputer ini tidak mempunyai alamat {host}; pilih yang lain dengan --host.",
                FAILED,
            )
        stop(f"Porta {port} sedang dipakai; pilih yang lain dengan --port.", FAILED)


def start_server(
    host: str, port: int, workers: int, options: Sequence[str] = ()
) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
    """Pages and answers, and one worker for long work, each a process of its own.

    What they have to say goes to standard error: standard output is the command's own. From here on
    a command that is told to end (SIGTERM) says so, fails, and its `finally` ends them too.
    """
    signal.signal(signal.SIGTERM, lambda *_: stop("Dihentikan sebelum selesai.", FAILED))
    granian = [
        str(Path(sys.executable).parent / "granian"), "--interface", "asginl",
        "--host", host, "--port", str(port), "--workers", str(workers),
        "--respawn-failed-workers", "--no-ws", "--log-level", "warning", "--backlog", "4096",
        # A browser keeps its connection: as many as a province has people at once.
        "--backpressure", "50000",
        "--workers-kill-timeout", "10",
        # With HTTP/2 a browser sends each cookie in a field of its own, and only one would be heard.
        "--http", "1", *options, "cakap.asgi:application",
    ]  # fmt: skip
    return subprocess.Popen(granian, stdout=sys.stderr), start_worker()  # noqa: S603


def start_worker() -> subprocess.Popen[bytes]:
    """One worker for long work."""
    return subprocess.Popen([sys.executable, "-m", "cakap.cli", "worker"], stdout=sys.stderr)


def wait_for(server: subprocess.Popen[bytes], worker: subprocess.Popen[bytes]) -> None:
    """Until somebody stops us, or the server ends by itself.

    A worker that ends (its database went away) is started again: an exam must not end with it.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(DONE))
    # A wait on a condition goes by the clock that never steps, whatever becomes of the other.
    wait = threading.Event()
    try:
        while server.poll() is None:
            if worker.poll() is not None:
                ERR.print(
                    f"Pekerja berhenti dengan kode {worker.returncode}; dijalankan lagi.",
                    highlight=False,
                )
                worker = start_worker()
                wait.wait(2)
            wait.wait(0.5)
        stop(
            f"Server berhenti sendiri dengan kode {server.returncode}; lihat pesan di atas.", FAILED
        )
    except KeyboardInterrupt:
        ERR.print("Berhenti.")
    finally:
        end_all(server, worker)


def end_all(server: subprocess.Popen[bytes], worker: subprocess.Popen[bytes]) -> None:
    """Ask both to end; kill what does not, and say so.

    A signal to the whole group (Ctrl-C, systemd) has asked the server already, and a second one while it
    still answers to the first can stop it for good: its handler waits for a lock that it holds itself. It
    is left alone for a moment. It also forgets that it was asked while it replaces a worker, which such a
    signal makes it begin: then it is asked again and again. It kills workers of its own that do not end in
    ten seconds and is given longer than that; where it is killed, they are too, or they would hold the port.
    The worker is asked once: a second time it would give up what it is doing.
    """
    worker.terminate()
    ended = _has_ended(server, HEARD)
    for _ in range(END_OF_SERVER // ASKED_AGAIN):
        if ended:
            break
        server.terminate()
        ended = _has_ended(server, ASKED_AGAIN)
    for process, seconds in ((server, 0), (worker, END_OF_WORKER)):
        if not _has_ended(process, seconds):
            ERR.print(f"Proses {process.pid} tidak berhenti; dihentikan paksa.", highlight=False)
            for child in _children_of(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            process.kill()
            process.wait()


def _children_of(pid: int) -> list[int]:
    """Processes that a process has started; none where the system does not tell."""
    told = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in told for child in file.read_text().split()]


def _has_ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


@app.command(epilog="Contoh: cakap worker")
def worker() -> None:
    """Kerjakan pekerjaan panjang (impor, penyekoran, laporan) yang diminta dari halaman."""
    start_django()
    from django.core.management import call_command
    from django.utils import timezone

    from cakap.jobs.services import sweep_stalled

    sweep_stalled(now=timezone.now())
    call_command("db_worker", interval=1.0, verbosity=0)


@app.command(epilog="Contoh: cakap doctor")
def doctor(*, as_json: Json = False) -> None:
    """Periksa pemasangan: konfigurasi, basis data, migrasi, ruang diska."""
    start_django()
    import shutil

    from django.conf import settings
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    free = shutil.disk_usage(Path(settings.DATA)).free // 2**20
    key = Path(settings.DATA) / "secret.key"
    findings = {
        "basis data": connection.vendor,
        "migrasi": "lengkap" if not behind else f"{len(behind)} belum dijalankan: cakap init",
        "ruang diska": f"{free} MiB" + ("" if free > 500 else " (sempit)"),
        "kunci rahasia": "0600" if key.stat().st_mode & 0o77 == 0 else "terbaca orang lain",
        "zona waktu": settings.TIME_ZONE,
    }
    sound = not behind and free > 500 and findings["kunci rahasia"] == "0600"
    if as_json:
        print(json.dumps({"ok": sound, **findings}, ensure_ascii=False))  # noqa: T201
    else:
        for name, value in findings.items():
            OUT.print(f"{name}: {value}", highlight=False)
    if not sound:
        raise SystemExit(FAILED)
