"""The command line as a person meets it: exit codes and one sentence each."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest
from commands import report, run

CAKAP = Path(sys.executable).parent / "cakap"


def cakap(*words, data, expect=0, **environment):
    """Run a command; a failure shows what it said."""
    return run(
        [CAKAP, *words], expect=expect,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith(("CAKAP_", "DJANGO_"))},
            "CAKAP_DATA": str(data), "COLUMNS": "200", **environment,
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cakap")
    cakap("init", data=folder)
    cakap("agency", "A", "Instansi A", data=folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "init",
        "serve",
        "worker",
        "demo",
        "import",
        "export",
        "recommend",
        "plan",
        "verify",
        "doctor",
    ],
)
def test_every_command_has_help_with_an_example(command, tmp_path):
    answer = cakap(command, "--help", data=tmp_path)

    assert "Contoh: cakap" in answer.stdout


@pytest.mark.slow
def test_the_first_run_makes_its_own_key_for_the_owner_alone(data):
    assert (data / "secret.key").stat().st_mode & 0o777 == 0o600
    cakap("init", data=data)
    answer = cakap("doctor", "--json", data=data)
    assert json.loads(answer.stdout)["ok"]


@pytest.mark.slow
def test_an_import_with_an_error_exits_2_and_changes_nothing(data, tmp_path):
    file = tmp_path / "unit.csv"
    file.write_text("kode,nama\nA1,Satu\n,Dua\n")

    answer = cakap("import", "units", str(file), "--agency", "A", data=data, expect=2)

    assert "baris 3, kolom kode" in answer.stderr
    assert "Traceback" not in answer.stderr
    answer = cakap("export", "units", str(tmp_path / "out.csv"), "--agency", "A", data=data)
    assert "0 baris" in answer.stderr


@pytest.mark.slow
def test_a_dry_run_only_looks(data, tmp_path):
    file = tmp_path / "unit.csv"
    file.write_text("kode,nama\nA1,Satu\n")

    answer = cakap("import", "units", str(file), "--agency", "A", "--dry-run", "--json", data=data)

    assert json.loads(answer.stdout)["new"] == 1
    answer = cakap("import", "units", str(file), "--agency", "A", "--json", data=data)
    assert json.loads(answer.stdout)["new"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["import", "aneh", "x.csv", "--agency", "A"], 2, "tidak dikenal"),
        (["import", "units", "tidak-ada.csv", "--agency", "A"], 2, "tidak-ada.csv"),
        (["import", "units", "x.csv", "--agency", "Z"], 2, "tidak terdaftar"),
        (["recommend", "--agency", "A"], 2, "salah satu"),
        (["recommend", "--agency", "A", "--post", "X"], 2, "tidak terdaftar"),
        (["plan", "TAKADA"], 2, "TAKADA"),
    ],
)
def test_bad_input_is_one_sentence(data, words, code, sentence):
    answer = cakap(*words, data=data, expect=code)

    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"CAKAP_LANGUAGE": "xx"}, "language"),
        ({"CAKAP_TIME_ZONE": "Mars/Utopia"}, "time_zone"),
        ({"CAKAP_HTTPS": "maybe"}, "https"),
    ],
)
def test_nonsense_in_the_configuration_is_refused_at_the_start(tmp_path, environment, sentence):
    answer = cakap("doctor", data=tmp_path, expect=2, **environment)

    assert sentence in answer.stderr


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("2001:DB8:0::1", "[2001:db8::1]"), (" [FE80:0::1] ", "[fe80::1]"), ("10.0.0.1", "10.0.0.1"),
        ("Ujian.GO.id", "ujian.go.id"), (".kota.go.id", ".kota.go.id"), ("*", "*"),
    ],
)  # fmt: skip
def test_a_host_is_known_in_the_spelling_of_browsers(monkeypatch, written, known):
    from cakap.settings.reader import read_configuration

    monkeypatch.setenv("CAKAP_HOSTS", f"localhost,{written}")

    assert read_configuration().hosts == ("localhost", known)


@pytest.mark.slow
def test_a_port_in_use_is_said(data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = cakap("serve", "--port", str(taken.getsockname()[1]), data=data, expect=1)

    assert "sedang dipakai" in answer.stderr


@pytest.mark.slow
def test_a_locked_database_is_said_and_nothing_is_half_written(data, tmp_path):
    import sqlite3

    file = tmp_path / "unit.csv"
    file.write_text("kode,nama\nB1,Satu\n")
    holder = sqlite3.connect(data / "cakap.sqlite3", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        answer = cakap("import", "units", str(file), "--agency", "A", data=data, expect=1)
    finally:
        holder.rollback()

    assert "locked" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.slow
def test_a_full_disk_is_said_and_nothing_is_half_written(data, tmp_path):
    """A database file that may not grow is what a full disk looks like to SQLite."""
    import sqlite3

    file = tmp_path / "unit.csv"
    file.write_text("kode,nama\n" + "".join(f"C{n},{'Nama panjang ' * 10}\n" for n in range(20000)))
    answer = run(
        ["bash", "-c", f"ulimit -f 2000; exec {CAKAP} import units {file} --agency A"],
        expect=None,
        env={**os.environ, "CAKAP_DATA": str(data), "DJANGO_SETTINGS_MODULE": "cakap.settings.base"},
    )  # fmt: skip

    assert answer.returncode != 0, report(answer)
    assert "Traceback" not in answer.stderr
    with sqlite3.connect(data / "cakap.sqlite3") as database:
        found = database.execute(
            "SELECT count(*) FROM registry_unit WHERE code LIKE 'C%'"
        ).fetchone()
    assert found == (0,)


@pytest.mark.slow
@pytest.mark.long
def test_the_demo_is_not_mixed_with_anything_else(data, tmp_path):
    answer = cakap("demo", "--no-serve", data=data, expect=2)

    assert "bukan demo" in answer.stderr


@pytest.mark.slow
def test_the_demo_runs_to_its_end_and_says_so_when_run_again(tmp_path):
    # On PostgreSQL when the suite runs there: the same chain on the other database.
    database = {k: v for k, v in os.environ.items() if k == "CAKAP_DATABASE_URL"}
    words = ("demo", "--people", "40", "--no-serve", "--json")

    first = cakap(*words, data=tmp_path, **database)
    # What the servers have to say is not this command's output.
    figures = json.loads(first.stdout)
    again = cakap(*words, data=tmp_path, **database)
    second = json.loads(again.stdout)

    answers = figures["answers"]
    assert answers["sent"] == answers["acknowledged"] == answers["stored"] > 0
    assert (figures["people"], figures["participants"], figures["results"]) == (2931, 70, 70)
    assert figures["reports"] == 70
    assert figures["plan"]["optimal"]
    assert figures["plan"]["total_after"] > figures["plan"]["total_before"]
    assert figures["plan"]["moves"] > 0
    assert figures["appointments"] == figures["plan"]["moves"] + 1
    assert figures["posts_vacant"] > 0
    assert figures["audit_ok"]
    assert all(figures["seconds"].values())
    assert "sudah selesai" in again.stderr
    assert {**second, "seconds": 0} == {**figures, "seconds": 0}
    other = cakap(*words, "--seed", "7", data=tmp_path, expect=2, **database)
    assert "--seed 2025" in other.stderr
    verify = cakap("verify", "--json", data=tmp_path, **database)
    assert json.loads(verify.stdout) == {"ok": True, "trouble": ""}
    recommend = cakap(
        "recommend", "--agency", "BANTEN", "--post", "SEKDA", "--json", data=tmp_path, **database
    )
    assert json.loads(recommend.stdout)["excluded"]
