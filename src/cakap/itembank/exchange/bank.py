"""A whole bank as drafts, with what they are about and the files that they show: for a package."""

from __future__ import annotations

from dataclasses import dataclass

from cakap.accounts.models import Agency
from cakap.itembank.content import Draft
from cakap.itembank.exchange.qti.writing import files_named
from cakap.itembank.models import ItemKey, ItemVersion, Stimulus
from cakap.itembank.queries import newest_of
from cakap.itembank.services import File


@dataclass(frozen=True, kw_only=True, slots=True)
class Bank:
    """Everything that goes into a package. stimuli: code -> (title, markup); files: by digest."""

    drafts: list[Draft]
    stimuli: dict[str, tuple[str, str]]
    files: dict[str, File]


def bank_of(agency: Agency) -> Bank:
    """The newest versions of a bank. It holds the keys: for psychometricians alone."""
    versions = newest_of(agency)
    keys = dict(ItemKey.objects.filter(version__in=versions).values_list("version", "scores"))
    rows = Stimulus.objects.filter(versions__in=versions).distinct()
    stimuli = {row.code: (row.title, row.content) for row in rows.order_by("code", "version")}
    drafts = [_draft(version, keys[version.pk]) for version in versions]
    return Bank(drafts=drafts, stimuli=stimuli, files=_files(agency, drafts, stimuli))


def _draft(version: ItemVersion, scores: dict[str, object]) -> Draft:
    return Draft(
        code=version.item.code, kind=version.item.kind, dimension=version.item.dimension,
        stem=version.stem, options={one["id"]: one["text"] for one in version.options},
        scores=scores, layout=version.layout,
        stimulus=version.stimulus.code if version.stimulus else "",
    )  # fmt: skip


def _files(
    agency: Agency, drafts: list[Draft], stimuli: dict[str, tuple[str, str]]
) -> dict[str, File]:
    markup = [str((draft.stem, draft.options, draft.layout)) for draft in drafts]
    named = files_named(" ".join([*markup, *(content for _, content in stimuli.values())]))
    return {
        row.digest: File(
            digest=row.digest, name=row.name, media_type=row.media_type,
            content=bytes(row.content),
        )
        for row in agency.assets.filter(digest__in=named).order_by("digest")
    }  # fmt: skip
