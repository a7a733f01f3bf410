"""Items from a QTI 3 package. Whatever it holds that cakap does not know is named, never dropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from posixpath import basename, dirname, join, normpath

from lxml import etree

from cakap.itembank.content import FILE, Draft, refuse_incomplete
from cakap.itembank.errors import BadItem, BadPackage
from cakap.itembank.exchange.qti.archive import INTERACTION, Archive, find, inner
from cakap.itembank.exchange.qti.interactions import read_interactions
from cakap.itembank.services import File
from cakap.ui.files import BEGINNINGS

MEDIA_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
    ".webp": "image/webp", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav",
    ".webm": "video/webm", ".mp4": "video/mp4",
}  # fmt: skip
# Response processing that says no more than the declarations do.
PLAIN_PROCESSING = {
    "qti-response-condition", "qti-response-if", "qti-response-else", "qti-match", "qti-equal",
    "qti-variable", "qti-correct", "qti-map-response", "qti-set-outcome-value", "qti-base-value",
    "qti-is-null", "qti-and", "qti-not", "qti-sum",
}  # fmt: skip
IGNORED = {
    "qti-modal-feedback": "umpan balik",
    "qti-feedback-block": "umpan balik",
    "qti-feedback-inline": "umpan balik",
    "qti-rubric-block": "rubrik",
    "qti-companion-materials-info": "bahan pendamping",
    "qti-catalog-info": "katalog aksesibilitas",
}
REFUSED = {
    "qti-template-declaration": "templat soal (qti-template-declaration)",
    "qti-printed-variable": "variabel tercetak (qti-printed-variable)",
    "qti-portable-custom-interaction": "interaksi buatan sendiri",
    "qti-include": "sisipan berkas (include)",
}


@dataclass(kw_only=True, slots=True)
class Package:
    """What was understood; left_out: items that were not, notes: parts of items that were not."""

    drafts: list[Draft] = field(default_factory=list)
    stimuli: dict[str, tuple[str, str]] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_package(file: str, content: bytes) -> Package:
    """The items of a QTI 3 content package (a zip with imsmanifest.xml), with their files and stimuli."""
    archive, package = Archive(file, content), Package()
    manifest = archive.parse("imsmanifest.xml")
    stimuli: dict[str, str] = {}
    for href in _resources(manifest, "imsqti_stimulus"):
        _keep_stimulus(archive, package, href, stimuli)
    for href in _resources(manifest, "imsqti_item"):
        root = archive.parse(href)
        try:
            draft = _draft(archive, package, href, root, stimuli)
            refuse_incomplete(draft)
        except (BadItem, ValueError) as exc:
            package.left_out.append(f"{href}: {exc}")
        else:
            package.drafts.append(draft)
    return package


def _resources(manifest: etree._Element, kind: str) -> Iterator[str]:
    for resource in find(manifest, "//resource"):
        if resource.get("type", "").startswith(kind):
            yield resource.get("href", "")


def _keep_stimulus(archive: Archive, package: Package, href: str, stimuli: dict[str, str]) -> None:
    root = archive.parse(href)
    code = root.get("identifier", "")
    body = find(root, ".//qti-stimulus-body")
    if not code or not body:
        package.left_out.append(f"{href}: stimulus tanpa penanda atau isi")
        return
    _take_files(archive, package, href, body[0])
    package.stimuli[code] = (root.get("title") or code, inner(body[0]))
    stimuli[normpath(href)] = code


def _draft(
    archive: Archive, package: Package, href: str, root: etree._Element, stimuli: dict[str, str]
) -> Draft:
    _refuse_unknown(root)
    body = find(root, ".//qti-item-body")
    if not body:
        message = "qti-item-body tidak ada"
        raise ValueError(message)
    _drop_ignored(package, href, root)
    _media_to_stem(body[0])
    _take_files(archive, package, href, body[0])
    nodes = find(body[0], f".//*{INTERACTION}")
    read = read_interactions(root, nodes)
    return Draft(
        code=root.get("identifier", ""),
        kind=read.kind,
        dimension=root.get("label") or "QTI",
        stem=_stem(body[0], nodes),
        options=read.options,
        scores=read.scores,
        layout=read.layout,
        stimulus=_stimulus(href, root, stimuli),
    )


def _refuse_unknown(root: etree._Element) -> None:
    for node in root.iter(etree.Element):
        if node.tag in REFUSED:
            message = f"{REFUSED[str(node.tag)]} tidak didukung"
            raise ValueError(message)
    for processing in find(root, "//qti-response-processing[not(@template)]"):
        strange = {str(node.tag) for node in processing.iterdescendants()} - PLAIN_PROCESSING
        if strange:
            message = f"pengolahan jawaban khusus tidak didukung ({min(strange)})"
            raise ValueError(message)


def _drop_ignored(package: Package, href: str, root: etree._Element) -> None:
    names = set()
    for node in list(root.iter(*IGNORED)):
        names.add(IGNORED[str(node.tag)])
        parent = node.getparent()
        if parent is not None:
            parent.remove(node)
    package.notes += [f"{href}: {name} tidak diimpor" for name in sorted(names)]


def _media_to_stem(body: etree._Element) -> None:
    """A media interaction asks nothing: its film or sound is part of the question."""
    for node in find(body, ".//qti-media-interaction"):
        node.tag = "div"
        node.attrib.clear()
    for node in find(body, ".//object[starts-with(@type, 'audio') or starts-with(@type, 'video')]"):
        node.tag = node.get("type", "").partition("/")[0]
        source = node.get("data", "")
        node.attrib.clear()
        node.set("src", source)
    for node in find(body, ".//audio | .//video"):
        node.set("controls", "controls")
        for source in find(node, "./source")[:1]:
            node.set("src", source.get("src", ""))
            node.remove(source)


def _take_files(archive: Archive, package: Package, href: str, body: etree._Element) -> None:
    """Every picture and recording becomes a file of the bank, named by its digest."""
    for node in find(body, ".//*[@src] | .//object[@data]"):
        name = "src" if node.get("src") is not None else "data"
        source = normpath(join(dirname(href), node.get(name, "")))
        if source not in package.files:
            package.files[source] = _file(archive, source)
        node.set(name, FILE + package.files[source].digest)


def _file(archive: Archive, source: str) -> File:
    media_type = MEDIA_TYPES.get(source[source.rfind(".") :].lower(), "")
    content = archive.read(source)
    if not media_type or not content.startswith(BEGINNINGS[media_type]):
        expected = ", ".join(sorted(MEDIA_TYPES))
        message = f"{archive.file}/{source}: diharapkan {expected} yang benar."
        raise BadPackage(message)
    return File(
        digest=sha256(content).hexdigest(), name=basename(source), media_type=media_type,
        content=content,
    )  # fmt: skip


def _stimulus(href: str, root: etree._Element, stimuli: dict[str, str]) -> str:
    references = find(root, ".//qti-assessment-stimulus-ref")
    if len(references) > 1:
        message = "lebih dari satu stimulus tidak didukung"
        raise ValueError(message)
    if not references:
        return ""
    target = normpath(join(dirname(href), references[0].get("href", "")))
    if target not in stimuli:
        message = f"stimulus {target} tidak ada dalam paket"
        raise ValueError(message)
    return stimuli[target]


def _stem(body: etree._Element, nodes: list[etree._Element]) -> str:
    """The body without its interaction, whose prompt and text stay."""
    for node in nodes:
        if not str(node.tag).startswith("qti-"):
            continue  # a gap: it stays where it is
        parent = node.getparent()
        if parent is None:
            continue
        prompts = find(node, "./qti-prompt")
        if node.tag == "qti-gap-match-interaction":
            for prompt in prompts:
                prompt.tag = "p"
            continue  # its text is the question: only the tag goes
        place = parent.index(node)
        for at, prompt in enumerate(prompts):
            prompt.tag = "p"
            prompt.tail = None
            parent.insert(place + at, prompt)
        _remove(parent, node)
    etree.strip_tags(body, "qti-gap-match-interaction")
    return inner(body)


def _remove(parent: etree._Element, node: etree._Element) -> None:
    if node.tail and node.tail.strip():
        before = node.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + node.tail
        else:
            parent.text = (parent.text or "") + node.tail
    parent.remove(node)
