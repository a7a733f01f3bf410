"""The command line: `cakap --help` says what there is. 0 done, 1 failed, 2 bad input."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="cakap: dari jawaban ujian sampai keputusan. Mulai dengan: cakap demo",
)
OUT, ERR = Console(), Console(stderr=True)
DONE, FAILED, BAD_INPUT = 0, 1, 2
Json = Annotated[bool, typer.Option("--json", help="Cetak satu objek JSON untuk mesin.")]
AgencyCode = Annotated[str, typer.Option("--agency", help="Kode instansi, misalnya BANTEN.")]


def main() -> None:
    """Run a command; whatever goes wrong in a known way is one sentence and an exit code."""
    from cakap.settings.reader import BadConfiguration

    try:
        app()
    except BadConfiguration as exc:
        _stop(f"Konfigurasi: {exc}", BAD_INPUT)
    except Exception as exc:
        _explain(exc)
        raise


def _explain(exc: Exception) -> None:
    """Say what went wrong where it is known; an unknown error is a bug and stays one."""
    from django.db import DatabaseError

    from cakap.errors import Refused

    if isinstance(exc, Refused):
        _stop(str(exc), BAD_INPUT if exc.status == 400 else FAILED)
    if isinstance(exc, OSError) and exc.errno == errno.ENOSPC:
        _stop("Diska penuh; tidak ada yang ditulis setengah. Kosongkan ruang lalu ulangi.", FAILED)
    if isinstance(exc, OSError):
        _stop(f"{exc.filename or ''}: {exc.strerror}", BAD_INPUT)
    if isinstance(exc, DatabaseError):
        _stop(f"Basis data: {exc}. Periksa dengan: cakap doctor", FAILED)


def _stop(sentence: str, code: int) -> NoReturn:
    ERR.print(sentence, style="red", highlight=False)
    raise SystemExit(code)


def _django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cakap.settings.base")
    django.setup()


@contextmanager
def _watched(title: str) -> Iterator[Any]:
    with Progress(console=ERR, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


@app.command(epilog="Contoh: cakap init")
def init() -> None:
    """Siapkan direktori data, basis data, dan berkas halaman. Aman diulang."""
    _django()
    from django.conf import settings
    from django.core.management import call_command

    Path(settings.DATA).mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    ERR.print(f"Siap: {settings.DATA}", highlight=False)


@app.command(epilog="Contoh: cakap serve --port 8000 --workers 2")
def serve(
    *,
    host: Annotated[str, typer.Option(help="Alamat.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Porta.")] = 8000,
    workers: Annotated[int, typer.Option(help="Banyaknya proses halaman.")] = 2,
) -> None:
    """Sajikan halaman, bersama satu pekerja untuk pekerjaan panjang."""
    init()
    _refuse_taken(host, port)
    server, worker = _start(host, port, workers)
    ERR.print(f"http://{host}:{port}/ – Ctrl-C untuk berhenti", highlight=False)
    _wait(server, worker)


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            _stop(f"Porta {port} sedang dipakai; pilih yang lain dengan --port.", FAILED)


def _start(
    host: str, port: int, workers: int
) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
    granian = [
        str(Path(sys.executable).parent / "granian"), "--interface", "wsgi",
        "--host", host, "--port", str(port), "--workers", str(workers),
        "--blocking-threads", "4", "--no-ws", "--log-level", "warning",
        "--workers-kill-timeout", "10", "cakap.wsgi:application",
    ]  # fmt: skip
    worker = [sys.executable, "-m", "cakap.cli", "worker"]
    return subprocess.Popen(granian), subprocess.Popen(worker)  # noqa: S603


def _wait(*processes: subprocess.Popen[bytes]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(DONE))
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        _stop("Salah satu proses berhenti sendiri; lihat pesan di atas.", FAILED)
    except KeyboardInterrupt:
        ERR.print("Berhenti.")
    finally:
        _end(processes)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


@app.command(epilog="Contoh: cakap worker")
def worker() -> None:
    """Kerjakan pekerjaan panjang (impor, penyekoran, laporan) yang diminta dari halaman."""
    _django()
    from django.core.management import call_command
    from django.utils import timezone

    from cakap.jobs.services import sweep_stalled

    sweep_stalled(now=timezone.now())
    call_command("db_worker", interval=1.0, verbosity=0)


@app.command(
    "import", epilog="Contoh: cakap import employees pegawai.csv --agency BANTEN --dry-run"
)
def import_(
    *,
    kind: Annotated[str, typer.Argument(help="units, positions, employees, appointments, …")],
    file: Annotated[Path, typer.Argument(help="Berkas .csv atau .xlsx.")],
    agency: AgencyCode,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Hanya pratinjau.")] = False,
    as_json: Json = False,
) -> None:
    """Masukkan berkas kepegawaian: seluruhnya atau tidak sama sekali."""
    _django()
    from django.utils import timezone

    from cakap.registry.imports.doors import DOORS
    from cakap.registry.services import import_file, preview_file

    if kind not in DOORS:
        _stop(f"Jenis {kind!r} tidak dikenal; pilih: {', '.join(DOORS)}.", BAD_INPUT)
    body = _agency(agency)
    content = file.read_bytes()
    with _watched(file.name) as progress:
        if dry_run:
            found = preview_file(kind=kind, file=file.name, content=content, agency=body)
        else:
            found = import_file(
                kind=kind, file=file.name, content=content, agency=body,
                actor="cli", now=timezone.now(), progress=progress,
            )  # fmt: skip
    figures = {"new": found.new, "changed": found.changed, "same": found.same}
    details = {
        "problems": [str(one) for one in found.problems],
        "findings": [str(one) for one in found.findings],
        "dropped": list(found.dropped),
    }
    if as_json:
        print(json.dumps({**figures, **details}, ensure_ascii=False))  # noqa: T201
    else:
        OUT.print(f"{found.new} baru, {found.changed} berubah, {found.same} tetap")
        for name, lines in details.items():
            for line in lines[:20]:
                OUT.print(f"{name}: {line}", highlight=False)
    if found.problems:
        raise SystemExit(BAD_INPUT)


def _agency(code: str) -> Any:
    from cakap.accounts.models import Agency

    found = Agency.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Agency.objects.values_list("code", flat=True)) or "belum ada"
        _stop(f"Instansi {code!r} tidak terdaftar; yang ada: {known}.", BAD_INPUT)
    return found


@app.command(epilog="Contoh: cakap agency BANTEN 'Pemerintah Provinsi Banten' --accreditation B")
def agency(
    *,
    code: Annotated[str, typer.Argument(help="Kode, misalnya BANTEN.")],
    name: Annotated[str, typer.Argument(help="Nama lengkap.")],
    accreditation: Annotated[str, typer.Option(help="Kelas akreditasi penyelenggara.")] = "",
    admin: Annotated[str, typer.Option(help="Nama pengguna administrator pertama.")] = "",
) -> None:
    """Daftarkan instansi; dengan --admin, buat administratornya (kata sandi ditanyakan)."""
    _django()
    from django.utils import timezone

    from cakap.accounts.models import Role
    from cakap.accounts.services import give_roles, register_agency, register_user

    now = timezone.now()
    row = register_agency(code=code, name=name, accreditation=accreditation, actor="cli", now=now)
    if admin:
        password = typer.prompt("Kata sandi", hide_input=True, confirmation_prompt=True)
        user = register_user(username=admin, name=admin, password=password, actor="cli", now=now)
        give_roles(user=user, agency=row, roles=[Role.ADMINISTRATOR], actor="cli", now=now)
    ERR.print(f"{row.code} terdaftar.")


@app.command(epilog="Contoh: cakap export positions jabatan.xlsx --agency BANTEN")
def export(*, kind: str, file: Path, agency: AgencyCode) -> None:
    """Tulis data kepegawaian ke berkas yang dapat diimpor kembali."""
    _django()
    from cakap.registry.imports.doors import DOORS
    from cakap.ui.files import WRITERS

    suffix = file.suffix.removeprefix(".")
    if kind not in DOORS or suffix not in WRITERS:
        _stop(f"Diharapkan jenis {', '.join(DOORS)} dan berkas .csv atau .xlsx.", BAD_INPUT)
    headers, rows = DOORS[kind].export(_agency(agency))
    part = file.with_name(file.name + ".part")
    part.write_bytes(WRITERS[suffix](headers, rows))
    part.replace(file)
    ERR.print(f"{len(rows)} baris ke {file}", highlight=False)


@app.command(epilog="Contoh: cakap recommend --agency BANTEN --post OPD01-KEPALA --top 10")
def recommend(
    *,
    agency: AgencyCode,
    post: Annotated[str, typer.Option(help="Kode jabatan: siapa untuk jabatan ini?")] = "",
    person: Annotated[str, typer.Option(help="NIP: jabatan apa untuk orang ini?")] = "",
    top: Annotated[int, typer.Option(help="Banyaknya usulan.")] = 10,
    as_json: Json = False,
) -> None:
    """Rekomendasi dua arah, dengan alasan."""
    if bool(post) == bool(person):
        _stop("Berikan salah satu: --post KODE atau --person NIP.", BAD_INPUT)
    _django()
    from django.utils import timezone

    from cakap.placement.queries import people_for, posts_for
    from cakap.registry.models import Employee, Position

    body, today = _agency(agency), timezone.localdate()
    if post:
        position = Position.objects.filter(agency=body, code=post).first()
        if position is None:
            _stop(f"Jabatan {post!r} tidak terdaftar pada {agency}.", BAD_INPUT)
        found = people_for(position, on=today, most=top)
    else:
        employee = Employee.objects.filter(agency=body, nip=person).first()
        if employee is None:
            _stop(f"NIP {person!r} tidak terdaftar pada {agency}.", BAD_INPUT)
        found = posts_for(employee, on=today, most=top)
    rows = [
        {
            "nip": one.employee.nip, "name": one.employee.full_name, "post": one.position.code,
            "title": one.position.title, "fit": round(one.fit, 4), "box": one.box,
            "strengths": list(one.strengths), "gaps": list(one.gaps),
            "findings": list(one.findings),
        }
        for one in found.proposed
    ]  # fmt: skip
    excluded = [
        {"nip": one.employee.nip, "post": one.position.code, "reasons": list(one.reasons)}
        for one in found.excluded
    ]
    if as_json:
        print(json.dumps({"proposed": rows, "excluded": excluded}, ensure_ascii=False))  # noqa: T201
        return
    table = Table("#", "NIP", "Nama", "Jabatan", "%", "Di bawah standar")
    for rank, row in enumerate(rows, start=1):
        table.add_row(
            str(rank), str(row["nip"]), str(row["name"]), str(row["title"]), f"{row['fit']:.2f}",
            "; ".join(str(gap) for gap in found.proposed[rank - 1].gaps),
        )  # fmt: skip
    OUT.print(table)
    OUT.print(f"{len(excluded)} tidak diusulkan; alasannya dengan --json atau di halaman.")


@app.command(epilog="Contoh: cakap plan CAT-2025 AC-2025 --name 'Rotasi 2025'")
def plan(
    *,
    programmes: Annotated[list[str], typer.Argument(help="Kode program.")],
    name: Annotated[str, typer.Option(help="Nama rencana.")] = "Rencana rotasi",
    as_json: Json = False,
) -> None:
    """Susun rencana rotasi terbaik bagi peserta program; keputusan tetap pada pejabatnya."""
    _django()
    from django.utils import timezone

    from cakap.placement.services import make_plan
    from cakap.programmes.models import Programme

    found = list(Programme.objects.filter(code__in=programmes))
    missing = sorted(set(programmes) - {row.code for row in found})
    if missing:
        _stop(f"Program {missing[0]!r} tidak terdaftar.", BAD_INPUT)
    row = make_plan(programmes=found, name=name, actor="cli", now=timezone.now())
    moves = sum(s != t for s, t in row.lines.values_list("source_id", "target_id"))
    figures = {
        "id": row.pk, "moves": moves, "optimal": row.optimal, "bound": row.bound,
        "total_before": row.total_before, "total_after": row.total_after,
    }  # fmt: skip
    if as_json:
        print(json.dumps(figures))  # noqa: T201
    else:
        OUT.print(f"{moves} perpindahan; kecocokan {row.total_before:.2f} → {row.total_after:.2f}")


@app.command(epilog="Contoh: cakap verify --json")
def verify(*, as_json: Json = False) -> None:
    """Periksa rantai audit dan hitung ulang skor, hasil, kotak, dan rencana."""
    _django()
    from cakap.web.services import first_trouble

    trouble = first_trouble()
    if as_json:
        print(json.dumps({"ok": not trouble, "trouble": trouble}, ensure_ascii=False))  # noqa: T201
    elif trouble:
        ERR.print(trouble, style="red", highlight=False)
    else:
        OUT.print("Utuh: rantai audit dan semua angka dapat dihitung ulang.")
    if trouble:
        raise SystemExit(FAILED)


@app.command(epilog="Contoh: cakap doctor")
def doctor(*, as_json: Json = False) -> None:
    """Periksa pemasangan: konfigurasi, basis data, migrasi, ruang diska."""
    _django()
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


@app.command(epilog="Contoh: cakap demo --people 300 --no-serve --json")
def demo(
    *,
    people: Annotated[int, typer.Option(min=10, max=2901, help="Peserta CAT.")] = 300,
    seed: Annotated[int, typer.Option(help="Benih acak.")] = 2025,
    data: Annotated[Path | None, typer.Option(help="Direktori data demo.")] = None,
    port: Annotated[int, typer.Option(help="Porta.")] = 8000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Berhenti setelah selesai.")] = False,
    as_json: Json = False,
) -> None:
    """Jalankan seluruh rantai pada provinsi contoh, lalu sajikan."""
    os.environ["CAKAP_DATA"] = str(data or os.environ.get("CAKAP_DATA", "cakap-data"))
    init()
    _refuse_taken("127.0.0.1", port)
    server, background = _start("127.0.0.1", port, 2)
    try:
        _await_server(port)
        figures = _tell(people, seed, port)
        if not as_json:
            _show_sign_ins(port)
        if as_json:
            print(json.dumps(figures))  # noqa: T201
        else:
            OUT.print_json(json.dumps(figures))
        if not no_serve:
            _wait(server, background)
    finally:
        _end((server, background))
    if not figures["audit_ok"]:
        raise SystemExit(FAILED)


def _await_server(port: int) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/sehat/", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    _stop("Server tidak menjawab; lihat pesan di atas.", FAILED)


def _tell(people: int, seed: int, port: int) -> dict[str, Any]:
    from django.utils import timezone

    from cakap.demo.story import Story, first_day, summary, tell_story, told
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
    from cakap.demo.story import sign_ins

    table = Table("Masuk sebagai", "Kata sandi", title=f"http://127.0.0.1:{port}/")
    for name, password in sign_ins().items():
        if name == "peserta":
            own = User.objects.filter(memberships__role="participant").first()
            table.add_row(f"{own.username} (peserta)" if own else name, password)
        else:
            table.add_row(name, password)
    OUT.print(table)


if __name__ == "__main__":
    main()
