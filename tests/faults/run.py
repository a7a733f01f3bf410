"""Break things at random moments while people answer; then count.

    python tests/faults/run.py [--quick] [--json] [--seed N]              SQLite
    scripts/with-postgres python tests/faults/run.py [--quick] [--json]   PostgreSQL, which is killed too

Every acknowledged answer must stand in the log exactly once, with the content that was sent, in the attempt
of whoever gave it, and everybody can go on. The last line with --json:
{"faults": n, "acknowledged": n, "lost": n, "duplicated": n, "in_others": n, "kinds": {name: n}}.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
from commands import wait_for
from faketime import SteppingClock
from faults.load import MOST, Load, Person, mark_of
from faults.network import Line
from served import Served, begin, children_of, free, post

POSTGRES = os.environ.get("CAKAP_DATABASE_URL", "")


def kill_a_worker(served: Served, rng: random.Random) -> None:
    os.kill(rng.choice(wait_for("a worker", served.workers, said=served.said)), signal.SIGKILL)


def kill_all(served: Served, _: random.Random) -> None:
    served.kill(signal.SIGKILL)
    served.start()


def stop_politely(served: Served, _: random.Random) -> None:
    served.kill(signal.SIGTERM)
    served.start()


def freeze(served: Served, rng: random.Random) -> None:
    """A machine that stands still for a moment."""
    workers = served.workers()
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(rng.uniform(0.2, 1.0))
    for pid in workers:
        os.kill(pid, signal.SIGCONT)


def kill_postgres(_: Served, rng: random.Random) -> None:
    """kill -9 of every process of the database, then a start that recovers."""
    home, control = Path(os.environ["CAKAP_TEST_PG_HOME"]), os.environ["CAKAP_TEST_PG_CTL"]
    pid = int((home / "db" / "postmaster.pid").read_text().split()[0])
    own = [pid, *children_of(pid)]
    for one in own:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    wait_for(
        "the end of the database", lambda: not any(Path(f"/proc/{one}").exists() for one in own[1:])
    )
    time.sleep(rng.uniform(0.2, 0.6))
    done = subprocess.run(control, shell=True, check=False, stdout=subprocess.DEVNULL)  # noqa: S602
    log = (home / "log").read_text(errors="replace")
    assert done.returncode == 0, f"{control}: {done.returncode}\n{log[-4000:]}"


def fill_the_disk(served: Served, rng: random.Random) -> None:
    """No room for a moment, where the data directory is a small disk of its own."""
    filler = served.data / "penuh"
    try:
        with filler.open("wb") as out:
            while True:
                out.write(b"0" * 65536)
    except OSError:
        pass
    time.sleep(rng.uniform(0.3, 1.0))
    filler.unlink()


def cut_the_network(served: Served, rng: random.Random) -> None:
    served.line.cut()
    time.sleep(rng.uniform(0.3, 2.0))
    served.line.mend()


def lose_a_third(served: Served, rng: random.Random) -> None:
    """For a while three in ten requests or replies do not arrive."""
    served.line.loss = 0.3
    time.sleep(rng.uniform(1.0, 2.5))
    served.line.mend()


def move_somebody(served: Served, rng: random.Random) -> None:
    """A second machine takes over by the proctor's leave; the first goes on sending for a moment."""
    number = rng.randrange(len(served.people))
    person, old = served.people[number], served.people[number].client
    person.moving = True
    free(served, number)
    client, _ = begin(served, number)
    person.move(client, client.get("/ujian/isi.json").json()["last_seq"])
    late = {"seq": 10**6, "kind": "flag", "item": person.items[0], "response": "1"}
    told = {"attempt": old.attempt, "events": [{**late, "at": datetime.now(UTC).isoformat()}]}
    if old.post("/ujian/jawaban", json=told).status_code != 409:
        person.refused.append("the old machine was not told")


def open_a_second_tab(served: Served, rng: random.Random) -> None:
    """Somebody opens the exam in another tab and works on there."""
    person = rng.choice(served.people)
    with contextlib.suppress(httpx.HTTPError):
        person.open_tab()


def share_a_machine(served: Served, rng: random.Random) -> None:
    """One person's old page sends with the token of whoever signed in after: never into that attempt."""
    owner, after = rng.sample(served.people, 2)
    with owner.lock, after.lock:
        owner.choose()
        event = owner.event(owner.last)
        owner.withdraw(owner.last)
        token = {"Cookie": f"cakap_ujian={after.client.cookies['cakap_ujian']}"}
        body = {"attempt": owner.client.attempt, "events": [event]}
        with contextlib.suppress(httpx.HTTPError), served.client() as shared:
            answer = shared.post("/ujian/jawaban", json=body, headers=token)
            if answer.status_code not in {409, 503}:
                owner.refused.append(f"a shared machine was answered {answer.status_code}")


def step_the_clock(served: Served, rng: random.Random) -> None:
    """The server's wall clock steps; answers go on, and the proctor says which time is right."""
    # Never just as far as it was off: a clock that comes back to the confirmed time raises no alarm.
    served.clock.step(rng.choice([-7200, -600, 600, 7200, 86400]) + rng.randint(20, 200))
    with served.client() as proctor:
        wait_for("an alarm", lambda: _sees_the_alarm(proctor), said=served.said)
        time.sleep(rng.uniform(0.2, 1.0))
        told = {"choice": rng.choice(["old", "new"]), "right_at": "", "reason": "Jam dinding"}
        answer = post(proctor, "/ujian/jam/", told)
        assert answer.status_code == 302, answer.text[:2000]


def _sees_the_alarm(proctor: httpx.Client) -> bool:
    """Whether the proctor's page asks which time is right; whoever a day has signed out signs in again."""
    page = proctor.get("/ujian/jam/")
    if page.status_code == 302:
        post(proctor, "/akun/login/", {"login": "a-proctor", "password": "rahasia-sekali"})
    return 'name="choice"' in page.text


Fault = Callable[[Served, random.Random], None]
BETWEEN = 30  # answers acknowledged after each fault, before the next, in a quick run
ENOUGH = 1_000_000  # answers acknowledged in a full one
FAULTS: list[Fault] = [
    kill_a_worker, kill_all, cut_the_network, stop_politely, lose_a_third, freeze, move_somebody,
    open_a_second_tab, share_a_machine,
]  # fmt: skip
SEPARATE_SHARE = 10  # a tenth as many of those that need an installation of their own


def run(
    data: Path, *, n_faults: int, seed: int, kinds: list[Fault], between: int = BETWEEN,
    database: str = POSTGRES,
) -> dict[str, Any]:  # fmt: skip
    """n faults, one after the other, under load; what came of it.

    between: so many answers are acknowledged after a fault before the next, however slow the machine is.
    """
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        clock = SteppingClock(Path(folder)) if step_the_clock in kinds else None
        return _run(data, clock, rng, n_faults, seed, kinds, between, database)


def _run(
    data: Path, clock: SteppingClock | None, rng: random.Random, n_faults: int, seed: int,
    kinds: list[Fault], between: int, database: str,
) -> dict[str, Any]:  # fmt: skip
    served = Served(data, database=database, server=clock.settings if clock else {})
    served.clock = clock
    served.line = Line(served.port, rng)
    served.front = served.line.port
    try:
        people = [
            Person(client, items, random.Random(f"{seed}/{number}"), number)
            for number in range(len(served.world["nips"]))
            for client, items in [begin(served, number)]
        ]
        served.people = people
        load = Load(people, at_once=1 if between == BETWEEN else MOST // 2)
        with load:
            for number in range(n_faults):
                time.sleep(rng.uniform(0.2, 1.2))
                kinds[number % len(kinds)](served, rng)
                served.wait()
                load.wait_for(between, said=served.said)
                if between != BETWEEN and (number + 1) % len(kinds) == 0:
                    print(f"{number + 1} of {n_faults} faults", file=sys.stderr, flush=True)
        load.drain()
        found = counted(data, people, database=database)
        found["faults"] = n_faults
        found["kinds"] = Counter(kinds[number % len(kinds)].__name__ for number in range(n_faults))
        found["unfinished"] = sum(len(p.chosen) - len(p.acknowledged) for p in people)
        found["refused"] = sum(len(p.refused) for p in people)
        for person in people:
            for sentence in person.refused[:1]:
                print(sentence, file=sys.stderr)
        return found
    finally:
        served.kill(signal.SIGTERM)
        served.line.close()


def counted(data: Path, people: list[Person], *, database: str = POSTGRES) -> dict[str, int]:
    """The log against what people saw acknowledged, person by person."""
    by_attempt: dict[int, list[tuple[int, int, str]]] = {}
    in_others = 0
    owners = {person.client.attempt: person for person in people}
    for attempt, seq, item, response, at in stored(data, database):
        by_attempt.setdefault(attempt, []).append((seq, item, response))
        moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        in_others += moment.microsecond != mark_of(owners[attempt].number)
    lost = duplicated = acknowledged = 0
    for person in people:
        kept = by_attempt.get(person.client.attempt, [])
        times = Counter(seq for seq, _, _ in kept)
        duplicated += sum(n - 1 for n in times.values())
        content = {seq: (item, response) for seq, item, response in kept}
        acknowledged += len(person.acknowledged)
        lost += sum(content.get(seq) != person.chosen[seq] for seq in person.acknowledged)
    return {
        "acknowledged": acknowledged, "lost": lost, "duplicated": duplicated, "in_others": in_others,
    }  # fmt: skip


def stored(data: Path, postgres: str) -> list[tuple[int, int, int, str, Any]]:
    query = "SELECT attempt_id, seq, item_id, response, client_at FROM delivery_event WHERE kind = 'answer'"
    if postgres:
        import psycopg

        with psycopg.connect(postgres) as database:
            return database.execute(query).fetchall()
    with contextlib.closing(sqlite3.connect(data / "cakap.sqlite3")) as database:
        return database.execute(query).fetchall()


def small_disk(folder: Path) -> bool:
    """A disk of 48 MiB at `folder`, where this machine lets us mount one."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def _separately(
    total: dict[str, Any], kind: Fault, n: int, seed: int, folder: Path
) -> dict[str, Any]:
    """The total with what came of this kind in an installation of its own, in this empty folder."""
    database = empty_database(kind.__name__) if POSTGRES else ""
    found = run(
        folder, n_faults=max(n // SEPARATE_SHARE, 3), seed=seed, kinds=[kind], database=database
    )
    return {key: total[key] + found[key] for key in total}


def empty_database(name: str) -> str:
    """Make another database in the same PostgreSQL; its address."""
    import psycopg

    with psycopg.connect(POSTGRES, autocommit=True) as database:
        database.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    return POSTGRES.rpartition("/")[0] + f"/{name}"


def _on_a_small_disk(total: dict[str, Any], n: int, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        if not small_disk(Path(folder)):
            print("no disk could be mounted: the full disk was not tried", file=sys.stderr)
            return total
        try:
            return _separately(total, fill_the_disk, n, seed, Path(folder))
        finally:
            subprocess.run(["umount", folder], check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="14 faults instead of 110")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=0, help="so many instead")
    told = parser.parse_args()
    n = told.faults or (14 if told.quick else 110)
    between = BETWEEN if told.quick else -(-ENOUGH // n)
    kinds = [*FAULTS, kill_postgres] if os.environ.get("CAKAP_TEST_PG_HOME") else FAULTS
    with tempfile.TemporaryDirectory() as folder:
        total = run(Path(folder), n_faults=n, seed=told.seed, kinds=kinds, between=between)
    # With a clock that can be stepped the server is several times slower.
    with tempfile.TemporaryDirectory() as folder:
        total = _separately(total, step_the_clock, n, told.seed, Path(folder))
    if not POSTGRES:
        total = _on_a_small_disk(total, n, told.seed)
    for key, value in total.items():
        if key != "kinds":
            print(f"{key:<14}{value:>8}")
    if told.json:
        kept = ("faults", "acknowledged", "lost", "duplicated", "in_others", "kinds")
        print(json.dumps({key: total[key] for key in kept}))
    if (
        total["lost"]
        or total["duplicated"]
        or total["in_others"]
        or total["unfinished"]
        or total["refused"]
    ):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
