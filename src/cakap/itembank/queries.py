from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from cakap.accounts.models import Agency
from cakap.itembank import marking
from cakap.itembank.models import (
    Asset,
    Form,
    FormItem,
    Item,
    ItemKey,
    ItemParameters,
    ItemVersion,
)
from cakap.itembank.responses import Asked, answerable


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """An item as a participant may see it: nothing here says which option is worth what."""

    id: int
    kind: str
    stem: str
    options: tuple[dict[str, str], ...]
    layout: dict[str, Any]
    stimulus: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A section as a participant may see it; minutes: a time of its own."""

    title: str
    instructions: str
    shuffle: bool
    questions: tuple[Question, ...]
    section: int = 0
    adaptive_items: int | None = None
    minutes: int | None = None


def question_of(version: ItemVersion) -> Question:
    """One version as a participant may see it."""
    return Question(
        id=version.pk,
        kind=version.item.kind,
        stem=version.stem,
        options=tuple(version.options),
        layout=version.layout,
        stimulus={
            "id": version.stimulus.pk,
            "title": version.stimulus.title,
            "content": version.stimulus.content,
        }
        if version.stimulus
        else None,
    )


def form_content(form: Form) -> tuple[Part, ...]:
    """The whole form without keys or parameters."""
    items: dict[int, list[Question]] = {}
    for row in FormItem.objects.filter(section__form=form).select_related(
        "version__item", "version__stimulus"
    ):
        items.setdefault(row.section_id, []).append(question_of(row.version))
    return tuple(
        Part(
            title=section.title,
            instructions=section.instructions,
            shuffle=section.shuffle,
            questions=tuple(items.get(section.pk, ())),
            section=section.pk,
            adaptive_items=section.adaptive_items,
            minutes=section.minutes,
        )
        for section in form.sections.all()
    )


def adaptive_pools(form: int) -> dict[int, frozenset[int]]:
    """Adaptive section -> the item versions it may give."""
    found: dict[int, set[int]] = {}
    rows = FormItem.objects.filter(section__form=form, section__adaptive_items__isnull=False)
    for section, version in rows.values_list("section_id", "version_id"):
        found.setdefault(section, set()).add(version)
    return {section: frozenset(versions) for section, versions in found.items()}


def timed_items(form: int) -> dict[int, int]:
    """Item version -> its section, of the sections with a time of their own."""
    rows = FormItem.objects.filter(section__form=form, section__minutes__isnull=False)
    return dict(rows.values_list("version_id", "section_id"))


def form_answerable(form: int) -> dict[int, Callable[[str], bool]]:
    """Item version id -> whether a response may be one to it."""
    rows = FormItem.objects.filter(section__form=form).values_list(
        "version_id", "version__item__kind", "version__options", "version__layout"
    )
    return {
        version: answerable(
            Asked(kind=kind, options=[option["id"] for option in options], layout=layout)
        )
        for version, kind, options, layout in rows
    }


def asset_of(agency: Agency, digest: str) -> Asset | None:
    """A file of the bank by its digest."""
    return agency.assets.filter(digest=digest).first()


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredItem:
    """What scoring needs of a version: its key and the parameters in force (None for sums)."""

    version: int
    dimension: str
    kind: str
    scores: dict[str, Any]
    slope: float | None
    thresholds: tuple[float, ...]

    @property
    def is_marked(self) -> bool:
        """Whether its responses get a category; ranks and essays are only collected."""
        return marking.is_marked(self.kind, self.scores)

    @property
    def is_right_or_wrong(self) -> bool:
        """Whether a blank response counts as wrong."""
        return marking.is_right_or_wrong(self.kind)

    def category(self, response: str) -> int:
        """What a response is worth, from 0."""
        return marking.mark(self.kind, self.scores, response)


def scored_items(versions: Iterable[int], *, at: datetime) -> list[ScoredItem]:
    """Keys, and parameters as in force at a moment, by version id. For scoring, never delivery."""
    wanted = sorted(set(versions))
    parameters = {
        row.version_id: row
        for row in ItemParameters.objects.filter(
            Q(retired_at__isnull=True) | Q(retired_at__gt=at),
            version__in=wanted,
            adopted_at__lte=at,
        )
    }
    keys = ItemKey.objects.filter(version__in=wanted).select_related("version__item")
    return [_scored(key, parameters.get(key.version_id)) for key in keys.order_by("version_id")]


def form_versions(form: int) -> list[int]:
    """The item versions of a form."""
    rows = FormItem.objects.filter(section__form_id=form)
    return list(rows.order_by("version_id").values_list("version_id", flat=True))


def marked_dimensions(form: int) -> set[str]:
    """What a form measures: the dimensions of its items that get a score."""
    keys = ItemKey.objects.filter(version__in=form_versions(form)).select_related("version__item")
    return {
        key.version.item.dimension
        for key in keys
        if marking.is_marked(key.version.item.kind, key.scores)
    }


def not_reviewed(form: Form) -> dict[str, list[str]]:
    """State (draft, retired) -> codes of the form's versions that may not reach an exam that counts."""
    found: dict[str, list[str]] = {}
    rows = FormItem.objects.filter(
        section__form=form,
        version__state__in=(ItemVersion.State.DRAFT, ItemVersion.State.RETIRED),
    )
    for state, code, version in rows.order_by("version__item__code").values_list(
        "version__state", "version__item__code", "version__version"
    ):
        found.setdefault(state, []).append(f"{code} v{version}")
    return found


def _scored(key: ItemKey, row: ItemParameters | None) -> ScoredItem:
    item: Any = key.version.item
    return ScoredItem(
        version=key.version_id,
        dimension=item.dimension,
        kind=item.kind,
        scores=key.scores,
        slope=row.slope if row else None,
        thresholds=tuple(row.thresholds) if row else (),
    )


def uses_example_items(forms: Iterable[int]) -> bool:
    """Whether any of these forms holds items that are examples, not validated."""
    return FormItem.objects.filter(section__form__in=list(forms), version__example=True).exists()


def in_force(versions: Sequence[int]) -> dict[int, tuple[float, list[float]]]:
    """Item version -> (slope, thresholds) in force now."""
    rows = ItemParameters.objects.filter(version__in=versions, retired_at__isnull=True)
    return {row.version_id: (row.slope, list(row.thresholds)) for row in rows}


def newest_of(agency: Agency, dimension: str = "") -> list[ItemVersion]:
    """The newest version of every item of a bank (of one dimension), by code."""
    rows = ItemVersion.objects.filter(item__agency=agency).select_related("item", "stimulus")
    if dimension:
        rows = rows.filter(item__dimension=dimension)
    newest = {row.item_id: row for row in rows.order_by("item__code", "version")}
    return list(newest.values())


def dimensions(agency: Agency) -> list[str]:
    """What a bank measures."""
    rows = Item.objects.filter(agency=agency).order_by("dimension")
    return list(rows.values_list("dimension", flat=True).distinct())


def usable_codes(agency: Agency) -> dict[str, list[str]]:
    """Dimension -> codes of items that may enter a new form: the newest version is not retired."""
    found: dict[str, list[str]] = {}
    for row in newest_of(agency):
        if row.state != ItemVersion.State.RETIRED:
            found.setdefault(row.item.dimension, []).append(row.item.code)
    return found
