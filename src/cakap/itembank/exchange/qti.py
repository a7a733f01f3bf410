"""Items from a QTI 3 package: choice interactions; whatever else it holds is named, never dropped."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from cakap.itembank.content import Draft, refuse_incomplete
from cakap.itembank.errors import BadItem, BadPackage
from cakap.itembank.models import Item

LARGEST = 50 * 2**20
INTERACTIONS = "*[starts-with(local-name(), 'qti-') and contains(local-name(), '-interaction')]"


@dataclass(kw_only=True, slots=True)
class Package:
    """The items that were understood and, one sentence each, those that were not."""

    drafts: list[Draft] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_package(file: str, content: bytes) -> Package:
    """The choice items of a QTI 3 content package (a zip with imsmanifest.xml)."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as exc:
        message = f"{file}: diharapkan paket QTI 3 (zip); berkas ini bukan zip."
        raise BadPackage(message) from exc
    if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
        message = f"{file}: isi paket melebihi {LARGEST // 2**20} MiB."
        raise BadPackage(message)
    package = Package()
    for href in _item_files(file, archive):
        root = _parse(f"{file}/{href}", _entry(file, archive, href))
        try:
            draft = _draft(root)
            refuse_incomplete(draft)
        except (BadItem, ValueError) as exc:
            package.left_out.append(f"{href}: {exc}")
        else:
            package.drafts.append(draft)
    return package


def _item_files(file: str, archive: zipfile.ZipFile) -> Iterator[str]:
    manifest = _parse(f"{file}/imsmanifest.xml", _entry(file, archive, "imsmanifest.xml"))
    for resource in _find(manifest, "//*[local-name()='resource']"):
        if resource.get("type", "").startswith("imsqti_item"):
            yield resource.get("href", "")


def _entry(file: str, archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except KeyError as exc:
        message = f"{file}: diharapkan berkas {name} di dalam paket; tidak ditemukan."
        raise BadPackage(message) from exc


def _parse(file: str, content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as exc:
        message = f"{file}, baris {exc.lineno}: XML rusak ({exc.msg})."
        raise BadPackage(message) from exc


def _find(node: etree._Element, path: str) -> list[etree._Element]:
    found = node.xpath(path)
    return (
        [one for one in found if isinstance(one, etree._Element)] if isinstance(found, list) else []
    )


def _draft(root: etree._Element) -> Draft:
    interactions = _find(root, f"//{INTERACTIONS}")
    names = [etree.QName(one).localname for one in interactions]
    if names != ["qti-choice-interaction"]:
        shown = ", ".join(names) or "tanpa interaksi"
        message = f"diharapkan satu qti-choice-interaction; ditemukan {shown}"
        raise ValueError(message)
    if interactions[0].get("max-choices", "1") != "1":
        message = "jawaban lebih dari satu (max-choices) belum didukung"
        raise ValueError(message)
    choices = _find(interactions[0], ".//*[local-name()='qti-simple-choice']")
    options = {choice.get("identifier", ""): _inner(choice) for choice in choices}
    kind, scores = _key(root, list(options))
    return Draft(
        code=root.get("identifier", ""),
        kind=kind,
        dimension=root.get("label") or "QTI",
        stem=_stem(root, interactions[0]),
        options=options,
        scores=scores,
    )


def _key(root: etree._Element, options: list[str]) -> tuple[str, dict[str, int]]:
    """A mapping with whole values 1 to 5 is a graded item; a correct response is right or wrong."""
    entries = _find(root, "//*[local-name()='qti-map-entry']")
    if entries:
        worth = {one.get("map-key", ""): float(one.get("mapped-value", "nan")) for one in entries}
        scores = {option: worth.get(option, float("nan")) - 1 for option in options}
        if not all(value.is_integer() and 0 <= value < 5 for value in scores.values()):
            message = "diharapkan mapped-value bulat 1–5 untuk setiap pilihan"
            raise ValueError(message)
        return Item.Kind.GRADED, {option: int(value) for option, value in scores.items()}
    correct = _find(root, "//*[local-name()='qti-correct-response']/*[local-name()='qti-value']")
    if len(correct) != 1:
        message = f"diharapkan satu jawaban benar; ditemukan {len(correct)}"
        raise ValueError(message)
    right = (correct[0].text or "").strip()
    return Item.Kind.SINGLE, {option: int(option == right) for option in options}


def _stem(root: etree._Element, interaction: etree._Element) -> str:
    prompt = _find(interaction, "./*[local-name()='qti-prompt']")
    body = _find(root, "//*[local-name()='qti-item-body']")
    before = [
        etree.tostring(one, encoding="unicode", with_tail=False)
        for one in (body[0] if body else [])
        if one is not interaction and not _find(one, f".//{INTERACTIONS}")
    ]
    return "".join(before) + "".join(f"<p>{_inner(one)}</p>" for one in prompt)


def _inner(node: etree._Element) -> str:
    """What stands inside an element, as markup."""
    parts = [node.text or ""]
    parts += [etree.tostring(child, encoding="unicode") for child in node]
    return "".join(parts).strip()
