"""The figures of an installation that an upgrade must leave as they were, read by pages and API."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

import httpx

from outside.installation import Installation, Visitor


def figures(installation: Installation, story: dict[str, Any]) -> dict[str, Any]:
    """Events of every attempt, results, the approved plan and how many rows some lists have."""
    proctor = installation.sign_in("proctor")
    auditor = installation.sign_in("auditor")
    return {
        "events": {
            str(seat): events_of(proctor, seat)
            for room in ("paused", "running")
            for seat in story[room]["seats"]
        },
        "results": [_json(auditor.get(f"/api/results/{nip}")) for nip in story["tested"]],
        "plan": plan_of(auditor, 1),
        "rows": {path: len(listed(auditor, path)) for path in lists_of(story)},
    }


def lists_of(story: dict[str, Any]) -> list[str]:
    """Lists whose length an upgrade does not change."""
    programmes = (1, 2, story["programme"])
    return [
        *(f"/program/{number}/peserta/" for number in programmes),
        "/hasil/", "/program/", "/kepegawaian/pegawai/", "/kepegawaian/jabatan/",
    ]  # fmt: skip


def events_of(proctor: Visitor, seat: int) -> dict[str, int]:
    """What kinds of things happened in an attempt, and how often; nothing where nobody signed in."""
    answer = proctor.get(f"/ujian/kursi/{seat}/jejak/?format=csv")
    if answer.status_code == 404:
        return {}
    assert answer.status_code == 200, answer.text
    return dict(Counter(row["Peristiwa"] for row in _rows(answer)))


def plan_of(auditor: Visitor, number: int) -> dict[str, Any]:
    """A plan with the number of its lines and of its moves."""
    plan = _json(auditor.get(f"/api/plans/{number}"))
    lines = plan.pop("lines")
    moves = sum(line["source"] != line["target"] for line in lines)
    return {**plan, "lines": len(lines), "moves": moves}


def listed(visitor: Visitor, path: str) -> list[dict[str, str]]:
    """All rows of a list."""
    answer = visitor.get(f"{path}?format=csv")
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return _rows(answer)


def _rows(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def _json(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
