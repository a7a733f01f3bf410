"""The demo's item bank: our own items, shown as examples, with simulated parameters that say so."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random

from cakap.accounts.models import Agency
from cakap.itembank.exchange.rows import drafts_from
from cakap.itembank.generators import reasoning_items
from cakap.itembank.models import Form, Item, ItemParameters, ItemVersion
from cakap.itembank.services import (
    SectionPlan,
    add_items,
    adopt_parameters,
    build_form,
    move_versions,
)
from cakap.registry.imports.tables import read_table

DATA = Path(__file__).parent / "data"
FORM = "CAT-CONTOH"
SECTIONS = (
    ("graded", "Situasi kerja", "Pilih tindakan yang paling mungkin Anda lakukan."),
    ("single", "Penalaran", "Pilih satu jawaban yang benar."),
    (
        "likert",
        "Minat kerja",
        "Seberapa suka Anda melakukan kegiatan ini? Tidak ada jawaban salah.",
    ),
)


def demo_bank(*, agency: Agency, seed: int, actor: str, now: datetime) -> Form:
    """Put the items in, give them simulated parameters, and build the form; once."""
    built = Form.objects.filter(agency=agency, code=FORM).first()
    if built:
        return built
    drafts = [
        draft
        for file in ("situasional.csv", "minat.csv")
        for draft in drafts_from(read_table(file, (DATA / file).read_bytes()))
    ]
    drafts += reasoning_items(seed=seed)
    add_items(agency=agency, drafts=drafts, actor=actor, now=now, example=True)
    adopt_parameters(
        agency=agency, parameters=_simulated(agency, seed),
        source=ItemParameters.Source.SIMULATED, actor=actor, now=now,
    )  # fmt: skip
    move_versions(
        versions=list(
            ItemVersion.objects.filter(
                item__agency=agency, example=True, state=ItemVersion.State.DRAFT
            ).select_related("item__agency")
        ),
        to=ItemVersion.State.PILOTED, reason="Butir contoh: minat dijumlah, tanpa parameter.",
        actor=actor, now=now,
    )  # fmt: skip
    sections = [
        SectionPlan(title=title, instructions=text, codes=_codes(agency, kind), shuffle=True)
        for kind, title, text in SECTIONS
    ]
    return build_form(
        agency=agency, code=FORM, name="CAT contoh (belum divalidasi)", minutes=240,
        sections=sections, actor=actor, now=now,
    )  # fmt: skip


def _codes(agency: Agency, kind: str) -> list[str]:
    rows = Item.objects.filter(agency=agency, kind=kind, versions__example=True)
    return list(rows.distinct().order_by("code").values_list("code", flat=True))


def _simulated(agency: Agency, seed: int) -> dict[int, tuple[float, list[float]]]:
    """Slopes and thresholds drawn from plausible ranges; interests are summed, not modelled."""
    rng = Random(f"{seed}/parameters")  # noqa: S311
    rows = ItemVersion.objects.filter(item__agency=agency, example=True).exclude(
        item__kind="likert"
    )
    parameters = {}
    for version, kind in rows.order_by("pk").values_list("pk", "item__kind"):
        slope = rng.uniform(1.2, 2.2)
        if kind == "single":
            parameters[version] = (slope, [rng.gauss(0, 1)])
        else:
            base = rng.gauss(0, 0.25)
            parameters[version] = (slope, [base + step for step in (-2.2, -0.8, 0.5, 1.7)])
    return parameters
