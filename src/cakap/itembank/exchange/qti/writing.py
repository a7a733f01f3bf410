"""A bank as a QTI 3 package that reads back as the same items."""

from __future__ import annotations

import io
import mimetypes
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree, html

from cakap.itembank.content import FILE, Draft
from cakap.itembank.exchange.qti.interactions import ANSWER
from cakap.itembank.responses import NUMBERS, Kind
from cakap.itembank.services import File

QTI = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
CP = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
MATCH, MAP = (
    f"https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/{name}"
    for name in ("match_correct.xml", "map_response.xml")
)
RESPONSE = "RESPONSE"


def write_package(
    drafts: Sequence[Draft], stimuli: Mapping[str, tuple[str, str]], files: Mapping[str, File]
) -> bytes:
    """A zip with a manifest. stimuli: code -> (title, markup); files: by digest."""
    names = {digest: f"berkas/{digest}{_ending(file)}" for digest, file in files.items()}
    manifest = etree.Element("manifest", nsmap={None: CP}, identifier="cakap")
    resources = etree.SubElement(manifest, "resources")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for digest, file in files.items():
            archive.writestr(names[digest], file.content)
        for at, (code, (title, content)) in enumerate(stimuli.items(), start=1):
            href = f"stimulus-{at}.xml"
            archive.writestr(href, _bytes(_stimulus(code, title, content, names)))
            _resource(resources, href, "imsqti_stimulus_xmlv3p0")
        places = {code: f"stimulus-{at}.xml" for at, code in enumerate(stimuli, start=1)}
        for at, draft in enumerate(drafts, start=1):
            href = f"butir-{at}.xml"
            archive.writestr(href, _bytes(_item(draft, places, names)))
            _resource(resources, href, "imsqti_item_xmlv3p0")
        archive.writestr("imsmanifest.xml", _bytes(manifest))
    return out.getvalue()


def _ending(file: File) -> str:
    return mimetypes.guess_extension(file.media_type) or ".bin"


def _resource(resources: etree._Element, href: str, kind: str) -> None:
    etree.SubElement(resources, "resource", identifier=href[:-4], type=kind, href=href)


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _stimulus(code: str, title: str, content: str, names: Mapping[str, str]) -> etree._Element:
    root = etree.Element(
        "qti-assessment-stimulus",
        nsmap={None: QTI},
        identifier=code,
        title=title,
    )
    _fill(etree.SubElement(root, "qti-stimulus-body"), content, names)
    return root


def _fill(node: etree._Element, markup: str, names: Mapping[str, str]) -> None:
    """Put markup into an element, files by their name in the package."""
    wrapped = html.fragment_fromstring(markup, create_parent="div")
    for one in wrapped.iter(etree.Element):
        source = one.get("src") or ""
        if source.startswith(FILE):
            one.set("src", names[source.removeprefix(FILE)])
    node.text = wrapped.text
    for child in list(wrapped):
        node.append(child)


def _item(draft: Draft, places: Mapping[str, str], names: Mapping[str, str]) -> etree._Element:
    root = etree.Element(
        "qti-assessment-item",
        nsmap={None: QTI},
        attrib={
            "identifier": draft.code, "title": draft.code, "label": draft.dimension,
            "adaptive": "false", "time-dependent": "false",
        },
    )  # fmt: skip
    _declare(root, draft)
    etree.SubElement(
        root, "qti-outcome-declaration",
        attrib={"identifier": "SCORE", "cardinality": "single", "base-type": "float"},
    )  # fmt: skip
    if draft.stimulus:
        etree.SubElement(
            root, "qti-assessment-stimulus-ref",
            identifier=draft.stimulus, href=places[draft.stimulus],
        )  # fmt: skip
    body = etree.SubElement(root, "qti-item-body")
    _fill(body, draft.stem, names)
    WRITERS[Kind(draft.kind)](body, draft, names)
    _process(root, draft)
    return root


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """A response declaration: what is right, in its order, and what each value is worth."""

    identifier: str = RESPONSE
    cardinality: str = "single"
    base: str = "identifier"
    correct: Sequence[str] = ()
    worth: Mapping[str, float] = field(default_factory=dict)
    case: bool = True


def _declare(root: etree._Element, draft: Draft) -> None:
    for one in DECLARED[Kind(draft.kind)](draft):
        _declaration(root, one)


def _declared_value(draft: Draft) -> list[Declaration]:
    return [Declaration(worth={option: value + 1.0 for option, value in draft.scores.items()})]


def _declared_right(draft: Draft) -> list[Declaration]:
    return [Declaration(correct=[option for option, value in draft.scores.items() if value])]


def _declared_several(draft: Draft) -> list[Declaration]:
    key = draft.scores
    right = list(key["correct"])
    each = {option: 1.0 if option in right else -1.0 for option in draft.options}
    worth = each if key.get("rule") == "each" else {}
    return [Declaration(cardinality="multiple", correct=right, worth=worth)]


def _declared_order(draft: Draft) -> list[Declaration]:
    right = list(draft.scores.get("correct", []))
    worth = dict.fromkeys(right, 1.0) if draft.scores.get("rule") == "each" else {}
    return [Declaration(cardinality="ordered", correct=right, worth=worth)]


def _declared_pairs(draft: Draft) -> list[Declaration]:
    turned = draft.kind == Kind.GAP
    right = [
        f"{option} {row}" if turned else f"{row} {option}"
        for row, option in draft.scores.get("correct", {}).items()
    ]
    worth = dict.fromkeys(right, 1.0) if draft.scores.get("rule") == "each" else {}
    return [Declaration(cardinality="multiple", base="directedPair", correct=right, worth=worth)]


def _declared_inline(draft: Draft) -> list[Declaration]:
    key = draft.scores
    found = []
    for row in draft.layout["rows"]:
        right = [key["correct"][row["id"]]] if row["id"] in key.get("correct", {}) else []
        worth = dict.fromkeys(right, 1.0) if key.get("rule") == "each" else {}
        found.append(Declaration(identifier=row["id"], correct=right, worth=worth))
    return found


def _declared_number(draft: Draft) -> list[Declaration]:
    return [Declaration(base="float", correct=[str(draft.scores["value"])] if draft.scores else [])]


def _declared_text(draft: Draft) -> list[Declaration]:
    accepted = draft.scores.get("accepted", [])
    worth = dict.fromkeys(accepted, 1.0)
    case = bool(draft.scores.get("case"))
    return [Declaration(base="string", correct=accepted[:1], worth=worth, case=case)]


DECLARED: dict[Kind, Callable[[Draft], list[Declaration]]] = {
    Kind.SINGLE: _declared_right, Kind.HOTSPOT: _declared_right,
    Kind.GRADED: _declared_value, Kind.LIKERT: _declared_value,
    Kind.MULTIPLE: _declared_several, Kind.RANK: _declared_order, Kind.ORDER: _declared_order,
    Kind.MATRIX: _declared_pairs, Kind.MATCH: _declared_pairs, Kind.GAP: _declared_pairs,
    Kind.INLINE: _declared_inline, Kind.NUMERIC: _declared_number, Kind.SLIDER: _declared_number,
    Kind.TEXT: _declared_text, Kind.ESSAY: _declared_text,
}  # fmt: skip


def _declaration(root: etree._Element, told: Declaration) -> None:
    node = etree.SubElement(
        root, "qti-response-declaration",
        attrib={
            "identifier": told.identifier, "cardinality": told.cardinality, "base-type": told.base,
        },
    )  # fmt: skip
    if told.correct:
        right = etree.SubElement(node, "qti-correct-response")
        for value in told.correct:
            etree.SubElement(right, "qti-value").text = value
    if told.worth:
        limits = {"lower-bound": "0", "default-value": "0"}
        mapping = etree.SubElement(node, "qti-mapping", attrib=limits)
        for option, worth in told.worth.items():
            entry = {"map-key": option, "mapped-value": f"{worth:g}"}
            if told.base == "string":
                entry["case-sensitive"] = "true" if told.case else "false"
            etree.SubElement(mapping, "qti-map-entry", attrib=entry)


def _interaction(body: etree._Element, name: str, **attributes: str) -> etree._Element:
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    return etree.SubElement(body, name, attrib={"response-identifier": RESPONSE, **named})


def _options(
    node: etree._Element, tag: str, options: Any, names: Mapping[str, str], **attributes: str
) -> None:
    for option, text in options:
        named = {key.replace("_", "-"): value for key, value in attributes.items()}
        _fill(etree.SubElement(node, tag, attrib={"identifier": option, **named}), text, names)


def _write_choice(body: etree._Element, draft: Draft, names: Mapping[str, str]) -> None:
    most = draft.layout.get("most", 0) if draft.kind == Kind.MULTIPLE else 1
    extra = {"class_": "cakap-likert"} if draft.kind == Kind.LIKERT else {}
    node = _interaction(body, "qti-choice-interaction", max_choices=str(most), **extra)
    _options(node, "qti-simple-choice", draft.options.items(), names)


def _write_order(body: etree._Element, draft: Draft, names: Mapping[str, str]) -> None:
    most = {"max_choices": str(draft.layout["most"])} if draft.layout.get("most") else {}
    node = _interaction(body, "qti-order-interaction", **most)
    _options(node, "qti-simple-choice", draft.options.items(), names)


def _write_match(body: etree._Element, draft: Draft, names: Mapping[str, str]) -> None:
    extra = {"class_": "qti-match-tabular"} if draft.kind == Kind.MATRIX else {}
    node = _interaction(body, "qti-match-interaction", max_associations="0", **extra)
    rows = [(row["id"], row.get("text", "")) for row in draft.layout["rows"]]
    uses = "0" if draft.layout.get("reuse", True) else "1"
    for choices, most in ((rows, "1"), (draft.options.items(), uses)):
        one = etree.SubElement(node, "qti-simple-match-set")
        _options(one, "qti-simple-associable-choice", choices, names, match_max=most)


def _write_gap(body: etree._Element, draft: Draft, names: Mapping[str, str]) -> None:
    node = etree.Element("qti-gap-match-interaction", attrib={"response-identifier": RESPONSE})
    uses = "0" if draft.layout.get("reuse", True) else "1"
    _options(node, "qti-gap-text", draft.options.items(), names, match_max=uses)
    node.extend(list(body))
    body.append(node)
    for gap in node.xpath(".//span[@data-gap]"):
        _replace(gap, etree.Element("qti-gap", identifier=gap.get("data-gap")))


def _write_inline(body: etree._Element, draft: Draft, names: Mapping[str, str]) -> None:
    for row in draft.layout["rows"]:
        node = etree.Element(
            "qti-inline-choice-interaction", attrib={"response-identifier": row["id"]}
        )
        choices = [(one["id"], one["text"]) for one in row["options"]]
        _options(node, "qti-inline-choice", choices, names)
        _put(body, row["id"], node)


def _write_entry(body: etree._Element, draft: Draft, names: Mapping[str, str]) -> None:
    most = {"expected-length": str(draft.layout["most"])} if draft.layout.get("most") else {}
    attributes = {"response-identifier": RESPONSE, **most}
    _put(body, ANSWER, etree.Element("qti-text-entry-interaction", attrib=attributes))


def _put(body: etree._Element, gap: str, node: etree._Element) -> None:
    """Where the gap is; in a paragraph of its own where the stem has none."""
    found = body.xpath(f".//span[@data-gap='{gap}']")
    if found:
        _replace(found[0], node)
    else:
        etree.SubElement(body, "p").append(node)


def _replace(old: etree._Element, new: etree._Element) -> None:
    parent = old.getparent()
    if parent is not None:
        new.tail = old.tail
        parent.replace(old, new)


def _write_essay(body: etree._Element, draft: Draft, names: Mapping[str, str]) -> None:
    given = {"expected_lines": "lines", "expected_length": "most"}
    extra = {name: str(draft.layout[own]) for name, own in given.items() if draft.layout.get(own)}
    _interaction(body, "qti-extended-text-interaction", **extra)


def _write_hotspot(body: etree._Element, draft: Draft, names: Mapping[str, str]) -> None:
    layout = draft.layout
    node = _interaction(body, "qti-hotspot-interaction", max_choices="1")
    size = {side: str(layout[side]) for side in ("width", "height") if layout.get(side)}
    etree.SubElement(
        node, "img",
        attrib={"src": names[layout["image"].removeprefix(FILE)], "alt": layout.get("alt", ""), **size},
    )  # fmt: skip
    for option, label in draft.options.items():
        shape = layout["shapes"][option]
        coords = ",".join(f"{value:g}" for value in shape["coords"])
        told = {"identifier": option, "shape": shape["shape"], "coords": coords}
        etree.SubElement(
            node, "qti-hotspot-choice", attrib=told | ({"hotspot-label": label} if label else {})
        )


def _write_slider(body: etree._Element, draft: Draft, names: Mapping[str, str]) -> None:
    layout = draft.layout
    _interaction(
        body, "qti-slider-interaction", lower_bound=f"{layout['lower']:g}",
        upper_bound=f"{layout['upper']:g}", step=f"{layout.get('step', 1):g}",
    )  # fmt: skip


WRITERS = {
    Kind.SINGLE: _write_choice, Kind.GRADED: _write_choice, Kind.LIKERT: _write_choice,
    Kind.MULTIPLE: _write_choice, Kind.RANK: _write_order, Kind.ORDER: _write_order,
    Kind.MATRIX: _write_match, Kind.MATCH: _write_match, Kind.GAP: _write_gap,
    Kind.INLINE: _write_inline, Kind.NUMERIC: _write_entry, Kind.TEXT: _write_entry,
    Kind.ESSAY: _write_essay, Kind.HOTSPOT: _write_hotspot, Kind.SLIDER: _write_slider,
}  # fmt: skip


def _process(root: etree._Element, draft: Draft) -> None:
    key = draft.scores
    if not key:
        return
    if draft.kind in NUMBERS:
        _process_number(root, key.get("tolerance", 0))
        return
    mapped = draft.kind in {Kind.GRADED, Kind.LIKERT, Kind.TEXT} or key.get("rule") == "each"
    etree.SubElement(root, "qti-response-processing", template=MAP if mapped else MATCH)


def _process_number(root: etree._Element, tolerance: float) -> None:
    processing = etree.SubElement(root, "qti-response-processing")
    condition = etree.SubElement(processing, "qti-response-condition")
    when = etree.SubElement(condition, "qti-response-if")
    equal = etree.SubElement(
        when, "qti-equal",
        attrib={"tolerance-mode": "absolute", "tolerance": f"{tolerance:g} {tolerance:g}"},
    )  # fmt: skip
    etree.SubElement(equal, "qti-variable", identifier=RESPONSE)
    etree.SubElement(equal, "qti-correct", identifier=RESPONSE)
    outcome = etree.SubElement(when, "qti-set-outcome-value", identifier="SCORE")
    etree.SubElement(outcome, "qti-base-value", attrib={"base-type": "float"}).text = "1"


def files_named(markup: str) -> set[str]:
    """The digests of the files that a piece of markup names."""
    return set(re.findall(rf"{FILE}([0-9a-f]{{64}})", markup))
