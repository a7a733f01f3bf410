"""The individual report: gathered from a result, kept as a file under its digest."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import formats

from cakap.audit.services import record
from cakap.itembank.queries import uses_example_items
from cakap.policy.queries import policy_kept
from cakap.programmes.models import Programme
from cakap.registry.models import CompetencyLevel
from cakap.registry.reference import INTERESTS
from cakap.results.compute import category
from cakap.results.models import Report, Result
from cakap.ui.charts import levels_against_standard
from cakap.ui.numbers import decimal
from cakap.ui.pdf import document

SOURCE = Path(__file__).parent / "documents" / "individual.typ"


def individual_report(result: Result) -> bytes:
    """The report as a tagged PDF."""
    return document(SOURCE, _content(result), made_at=result.run.made_at)


def level_rows(result: Result) -> list[dict[str, Any]]:
    """Levels against the standard, as the picture and the table show them."""
    rows = result.levels.select_related("competency").filter(required__isnull=False)
    return [
        {
            "code": row.competency.code,
            "name": row.competency.name,
            "shown": row.value,
            "asked": row.required,
            "gap": row.value - (row.required or 0),
            "probability": sum(row.probabilities[row.required or 0 :]),
        }
        for row in rows
    ]


def picture(result: Result) -> str:
    """The bars of a result as SVG."""
    return levels_against_standard(level_rows(result))


def _content(result: Result) -> dict[str, Any]:
    person, programme = result.employee, result.participant.programme
    policy = policy_kept(result.policy_digest)
    rows = level_rows(result)
    name = category(result.jpm_ratio, programme.purpose, policy)[1]
    position = result.standard.position
    return {
        "title": f"Laporan individual {person.name}",
        "footer": f"{programme.code} · {person.nip}",
        "organiser": programme.organiser.name,
        "programme": programme.name,
        "purpose": str(programme.get_purpose_display()).lower(),
        "identity": [
            ["Nama", person.full_name],
            ["NIP", person.nip],
            ["Jabatan", position.title],
            ["Unit", position.unit.name],
            ["Jenjang", position.get_tier_display()],
            ["Metode", str(programme.get_method_display())],
        ],
        "picture": picture(result),
        "picture_alt": "; ".join(f"{r['name']}: {r['shown']:g} dari {r['asked']}" for r in rows),
        "levels": rows,
        "jpm_ratio": decimal(result.jpm_ratio, 2),
        "jpm_capped_mean": decimal(result.jpm_capped_mean, 2),
        "category": result.category,
        "category_name": name,
        "potential": None if result.potential is None else decimal(result.potential, 0),
        "interests": [[INTERESTS[k], int(v)] for k, v in result.interests.items()],
        "strengths": [
            f"{r['name']} (+{r['gap']:g})".replace(".", ",") for r in rows if r["gap"] > 0
        ],
        "hints": _hints(rows),
        "valid_from": formats.date_format(result.valid_from, "j F Y"),
        "valid_until": formats.date_format(result.valid_until, "j F Y"),
        "recognition": ""
        if result.recognised
        else "Penyelenggara belum terakreditasi; hasil ini belum diakui.",
        "caveat": _caveat(programme),
        "input_digest": result.input_digest[:16],
        "policy_digest": result.policy_digest[:16],
        "engine": result.engine_version,
    }


def _caveat(programme: Programme) -> str:
    if programme.method == Programme.Method.CAT and uses_example_items(
        programme.sessions.values_list("form_id", flat=True)
    ):
        return "Butir soal adalah contoh yang belum divalidasi; parameternya simulasi."
    return ""


def _hints(rows: list[dict[str, Any]]) -> list[str]:
    """For each gap, the behaviours of the next level to practise."""
    short = sorted((r for r in rows if r["gap"] < 0), key=lambda r: r["gap"])
    wanted = {(r["code"], min(int(r["shown"]) + 1, 5)): r for r in short}
    texts = {
        (level.competency.code, level.level): level.description
        for level in CompetencyLevel.objects.filter(
            competency__code__in=[r["code"] for r in short]
        ).select_related("competency")
    }
    return [
        f"{r['name']} ({r['gap']:g}): latih tingkat {level} – {texts.get((code, level), '')}".replace(
            ".", ",", 1
        )
        for (code, level), r in wanted.items()
    ]


def keep_reports(results: list[Result], *, actor: str, now: datetime) -> int:
    """Write the report of each result that has none yet; returns how many were made."""
    folder = Path(settings.MEDIA_ROOT) / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    made = 0
    for result in results:
        if Report.objects.filter(result=result).exists():
            continue
        content = individual_report(result)
        digest = hashlib.sha256(content).hexdigest()
        (folder / f"{digest}.pdf").write_bytes(content)
        Report.objects.create(
            result=result, path=f"reports/{digest}.pdf", digest=digest, made_at=now
        )
        made += 1
    if made:
        _record(results[0], made, actor, now)
    return made


@transaction.atomic
def _record(result: Result, made: int, actor: str, now: datetime) -> None:
    programme = result.participant.programme
    record(
        actor=actor, action="reports.make", subject=programme.code,
        agency=programme.organiser.code, detail={"reports": made}, now=now,
    )  # fmt: skip


def report_content(result: Result) -> bytes:
    """The kept report, or one made now where none was kept."""
    kept = Report.objects.filter(result=result).first()
    if kept is None:
        return individual_report(result)
    return (Path(settings.MEDIA_ROOT) / kept.path).read_bytes()
