"""Changes to the bank: items in versions, parameters adopted, forms built and frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from cakap.accounts.models import Agency
from cakap.audit.services import record
from cakap.itembank.content import Draft, clean, cleaned_layout, refuse_incomplete
from cakap.itembank.errors import (
    BadItem,
    BadMove,
    FormIsFrozen,
    ItemInUse,
    NotCalibrated,
    NotReviewed,
)
from cakap.itembank.models import (
    Asset,
    Form,
    FormItem,
    Item,
    ItemKey,
    ItemParameters,
    ItemVersion,
    Section,
    Stimulus,
)
from cakap.itembank.queries import in_force, not_reviewed
from cakap.itembank.responses import ONE_OF


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What adding drafts did."""

    new: int
    revised: int
    same: int


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A picture, sound or film as it comes with items; digest is the SHA-256 of its content."""

    digest: str
    name: str
    media_type: str
    content: bytes


@transaction.atomic
def add_files(*, agency: Agency, files: Sequence[File]) -> None:
    """Keep files under their digests; the same content is kept once."""
    known = set(agency.assets.values_list("digest", flat=True))
    Asset.objects.bulk_create(
        Asset(
            agency=agency, digest=one.digest, name=one.name, media_type=one.media_type,
            content=one.content,
        )
        for one in {file.digest: file for file in files}.values()
        if one.digest not in known
    )  # fmt: skip


@transaction.atomic
def add_stimuli(*, agency: Agency, stimuli: Mapping[str, tuple[str, str]]) -> None:
    """Keep shared texts: code -> (title, markup); other content makes another version."""
    for code, (title, content) in stimuli.items():
        newest = agency.stimuli.filter(code=code).order_by("-version").first()
        told = (title, clean(content))
        if newest is None or (newest.title, newest.content) != told:
            Stimulus.objects.create(
                agency=agency, code=code, version=newest.version + 1 if newest else 1,
                title=told[0], content=told[1],
            )  # fmt: skip


@transaction.atomic
def add_package(
    *,
    agency: Agency,
    drafts: Sequence[Draft],
    stimuli: Mapping[str, tuple[str, str]],
    files: Sequence[File],
    actor: str,
    now: datetime,
) -> Tally:
    """Items with what they are about and the files that they show: all of it or nothing."""
    add_files(agency=agency, files=files)
    add_stimuli(agency=agency, stimuli=stimuli)
    return add_items(agency=agency, drafts=drafts, actor=actor, now=now)


@transaction.atomic
def add_items(
    *, agency: Agency, drafts: Sequence[Draft], actor: str, now: datetime, example: bool = False
) -> Tally:
    """Add items; one that is there with other content gets a new version, never an edit."""
    counts = {"new": 0, "revised": 0, "same": 0}
    for draft in drafts:
        refuse_incomplete(draft)
        counts[_add(agency, draft, example=example)] += 1
    if counts["new"] or counts["revised"]:
        record(
            actor=actor,
            action="items.add",
            subject=f"{len(drafts)} butir",
            agency=agency.code,
            detail=counts,
            now=now,
        )
    return Tally(**counts)


def _add(agency: Agency, draft: Draft, *, example: bool) -> str:
    item, is_new = Item.objects.get_or_create(
        agency=agency,
        code=draft.code,
        defaults={"kind": draft.kind, "dimension": draft.dimension},
    )
    if (item.kind, item.dimension) != (draft.kind, draft.dimension):
        message = f"Butir {draft.code} sudah ada dengan jenis atau dimensi lain."
        raise BadItem(message)
    content = {
        "stem": clean(draft.stem),
        "options": [{"id": key, "text": clean(text)} for key, text in draft.options.items()],
        "layout": cleaned_layout(draft.layout),
        "stimulus": _stimulus(agency, draft),
    }
    newest = item.versions.select_related("key", "stimulus").order_by("-version").first()
    if (
        newest
        and {name: getattr(newest, name) for name in content} == content
        and newest.key.scores == dict(draft.scores)
    ):
        return "same"
    version = ItemVersion.objects.create(
        item=item, version=newest.version + 1 if newest else 1, example=example, **content
    )
    ItemKey.objects.create(version=version, scores=dict(draft.scores))
    return "new" if is_new else "revised"


def _stimulus(agency: Agency, draft: Draft) -> Stimulus | None:
    if not draft.stimulus:
        return None
    found = agency.stimuli.filter(code=draft.stimulus).order_by("-version").first()
    if found is None:
        message = f"Butir {draft.code}: stimulus {draft.stimulus} tidak ada."
        raise BadItem(message)
    return found


def export_items(*, agency: Agency, items: int, actor: str, now: datetime) -> None:
    """Write down who took the bank, with its keys, out of here."""
    record(
        actor=actor, action="items.export", subject=f"{items} butir", agency=agency.code, now=now
    )


@transaction.atomic
def edit_version(
    *, version: ItemVersion, stem: str, options: Mapping[str, str], actor: str, now: datetime
) -> None:
    """Correct a draft that no form holds yet."""
    if FormItem.objects.filter(version=version).exists():
        raise ItemInUse
    if set(options) != {option["id"] for option in version.options}:
        message = f"Butir {version.item.code}: pilihan tidak boleh bertambah atau berkurang."
        raise BadItem(message)
    ItemVersion.objects.filter(pk=version.pk).update(
        stem=clean(stem),
        options=[{"id": key, "text": clean(text)} for key, text in options.items()],
    )
    record(
        actor=actor,
        action="item.edit",
        subject=f"{version.item.code} v{version.version}",
        agency=version.item.agency.code,
        now=now,
    )


@transaction.atomic
def adopt_parameters(
    *,
    agency: Agency,
    parameters: Mapping[int, tuple[float, Sequence[float]]],
    source: ItemParameters.Source,
    actor: str,
    now: datetime,
) -> None:
    """Put (slope, thresholds) in force for item versions; the old ones are kept as retired."""
    ItemParameters.objects.filter(
        version__item__agency=agency, version__in=parameters, retired_at__isnull=True
    ).update(retired_at=now)
    ItemParameters.objects.bulk_create(
        ItemParameters(
            version_id=version,
            slope=slope,
            thresholds=list(thresholds),
            source=source,
            adopted_at=now,
        )
        for version, (slope, thresholds) in parameters.items()
    )
    ItemVersion.objects.filter(item__agency=agency, pk__in=parameters).update(
        state=ItemVersion.State.OPERATIONAL
    )
    record(
        actor=actor,
        action="parameters.adopt",
        subject=f"{len(parameters)} butir",
        agency=agency.code,
        detail={"source": source},
        now=now,
    )


MOVES = {
    ItemVersion.State.DRAFT: (ItemVersion.State.PILOTED, ItemVersion.State.RETIRED),
    ItemVersion.State.PILOTED: (ItemVersion.State.OPERATIONAL, ItemVersion.State.RETIRED),
    ItemVersion.State.OPERATIONAL: (ItemVersion.State.RETIRED,),
    ItemVersion.State.RETIRED: (ItemVersion.State.PILOTED,),
}


@transaction.atomic
def move_version(*, version: ItemVersion, to: str, reason: str, actor: str, now: datetime) -> None:
    """Take one version a step through review; see move_versions."""
    move_versions(versions=[version], to=to, reason=reason, actor=actor, now=now)


@transaction.atomic
def move_versions(
    *, versions: Sequence[ItemVersion], to: str, reason: str, actor: str, now: datetime
) -> None:
    """Take versions a step through review: draft, piloted, operational, retired; all of them or none.

    Only what has parameters in force becomes operational, and a reason is always given. Each move is
    an audit entry of its own.
    """
    for version in versions:
        _move(version, to=to, reason=reason, actor=actor, now=now)


def refuse_changed(*, versions: Sequence[ItemVersion], state: str) -> None:
    """Raise BadMove, naming the first, where a version is no longer in the state that a page showed."""
    for version in versions:
        if version.state != state:
            message = (
                f"Butir {version.item.code} v{version.version} sudah berpindah ke "
                f"{version.get_state_display()} sejak halaman ini dibuka; muat ulang halaman."
            )
            raise BadMove(message)


def _move(version: ItemVersion, *, to: str, reason: str, actor: str, now: datetime) -> None:
    name = f"{version.item.code} v{version.version}"
    if to not in MOVES[ItemVersion.State(version.state)]:
        message = (
            f"Butir {name} ({version.get_state_display()}) tidak dapat berpindah ke keadaan itu."
        )
        raise BadMove(message)
    if not reason.strip():
        raise BadMove
    if to == ItemVersion.State.OPERATIONAL and not in_force([version.pk]):
        message = f"Butir {name} belum mempunyai parameter yang berlaku; tetapkan dahulu."
        raise NotCalibrated(message)
    moved = ItemVersion.objects.filter(pk=version.pk, state=version.state).update(state=to)
    if not moved:
        raise BadMove
    record(
        actor=actor,
        action="item.move",
        subject=f"{version.item.code} v{version.version}",
        agency=version.item.agency.code,
        detail={"from": version.state, "to": to, "reason": reason.strip()},
        now=now,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class SectionPlan:
    """A section to build: item codes in their order."""

    title: str
    instructions: str
    codes: Sequence[str]
    shuffle: bool = True
    adaptive_items: int | None = None
    adaptive_precision: float = 0.0
    minutes: int | None = None


@transaction.atomic
def build_form(
    *,
    agency: Agency,
    code: str,
    name: str,
    minutes: int,
    sections: Sequence[SectionPlan],
    actor: str,
    now: datetime,
) -> Form:
    """Make a form from the newest versions of items; a form that was used cannot be rebuilt."""
    form = Form.objects.filter(agency=agency, code=code).first()
    if form and form.frozen_at:
        raise FormIsFrozen
    if form:
        form.sections.all().delete()
        Form.objects.filter(pk=form.pk).update(name=name, minutes=minutes)
    else:
        form = Form.objects.create(agency=agency, code=code, name=name, minutes=minutes)
    for place, plan in enumerate(sections, start=1):
        section = Section.objects.create(
            form=form,
            place=place,
            title=plan.title,
            instructions=plan.instructions,
            shuffle=plan.shuffle,
            adaptive_items=plan.adaptive_items,
            adaptive_precision=plan.adaptive_precision,
            minutes=plan.minutes,
        )
        versions = newest_versions(agency, plan.codes)
        _refuse_unfit_pool(plan, versions)
        FormItem.objects.bulk_create(
            FormItem(section=section, place=at, version_id=version)
            for at, version in enumerate(versions, start=1)
        )
    record(actor=actor, action="form.build", subject=code, agency=agency.code, now=now)
    return form


def _refuse_unfit_pool(plan: SectionPlan, versions: Sequence[int]) -> None:
    if plan.adaptive_items is None:
        return
    rows = ItemVersion.objects.filter(pk__in=versions).exclude(item__kind__in=ONE_OF)
    other = rows.select_related("item").first()
    if other:
        message = (
            f"Bagian {plan.title}: butir {other.item.code} berjenis "
            f"{other.item.get_kind_display()}; bagian adaptif hanya memuat pilihan tunggal."
        )
        raise BadItem(message)
    without = len(versions) - len(in_force(versions))
    if without:
        message = f"Bagian {plan.title}: {without} butir belum berparameter; bagian adaptif memerlukannya."
        raise BadItem(message)
    if not 1 <= plan.adaptive_items <= len(versions):
        message = (
            f"Bagian {plan.title}: {plan.adaptive_items} butir diminta, diharapkan 1 sampai "
            f"{len(versions)}."
        )
        raise BadItem(message)


def refuse_unreviewed(form: Form) -> None:
    """Raise NotReviewed, naming the items, where a form holds drafts or items taken out of use.

    What counts for people's careers was looked at by somebody: a draft may be tried in a rehearsal.
    """
    found = not_reviewed(form)
    said = [
        f"{len(codes)} butir {ItemVersion.State(state).label.lower()} ({_some(codes)})"
        for state, codes in found.items()
    ]
    if said:
        message = (
            f"Formulir {form.code} memuat {' dan '.join(said)}. Psikometris memindahkannya ke "
            "Diuji coba lewat Bank soal › Antrean tinjauan, atau menyusun ulang formulir tanpa butir "
            "itu. Untuk mencobanya saja, rencanakan sesi latihan."
        )
        raise NotReviewed(message)


def _some(codes: Sequence[str], shown: int = 5) -> str:
    rest = len(codes) - shown
    return ", ".join(codes[:shown]) + (f", dan {rest} lagi" if rest > 0 else "")


def newest_versions(agency: Agency, codes: Sequence[str]) -> list[int]:
    """The newest version of each item, in the order of the codes."""
    found = dict(
        Item.objects.filter(agency=agency, code__in=codes)
        .annotate(newest=Max("versions__version"))
        .values_list("code", "newest")
    )
    missing = [code for code in codes if code not in found]
    if missing:
        message = f"Butir {missing[0]} tidak ada di bank soal."
        raise BadItem(message)
    rows = ItemVersion.objects.filter(item__agency=agency, item__code__in=codes)
    newest = {
        code: (pk, state)
        for code, version, pk, state in rows.values_list("item__code", "version", "pk", "state")
        if version == found[code]
    }
    retired = [code for code in codes if newest[code][1] == ItemVersion.State.RETIRED]
    if retired:
        message = f"Butir {retired[0]} sudah ditarik dan tidak dapat masuk formulir baru."
        raise BadItem(message)
    return [newest[code][0] for code in codes]


def freeze_form(*, form: Form, now: datetime) -> None:
    """A form in use stays as it is; called by the act that first uses it."""
    Form.objects.filter(pk=form.pk, frozen_at__isnull=True).update(frozen_at=now)
