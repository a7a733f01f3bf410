"""One interaction of QTI 3 as a kind of item: its options, its layout, and the key of its declaration.

Interactions by their names in 1EdTech's Question & Test Interoperability 3.0 (ASI information model).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from cakap.itembank.exchange.qti.archive import find, inner
from cakap.itembank.responses import Kind

ANSWER = "isian"


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What an interaction asks. Its elements are gone from the body, gaps of it are marked there."""

    kind: str
    options: Mapping[str, str] = field(default_factory=dict)
    layout: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """A response declaration: correct values in their order and what each value is mapped to."""

    base: str
    correct: Sequence[str]
    worth: Mapping[str, float]
    case: bool

    @property
    def values(self) -> dict[str, int]:
        """Whole values 1 to 5 of a graded item, as categories from 0."""
        found = {key: value - 1 for key, value in self.worth.items()}
        if not all(value.is_integer() and 0 <= value < 5 for value in found.values()):
            message = "diharapkan mapped-value bulat 1–5 untuk setiap pilihan"
            raise ValueError(message)
        return {key: int(value) for key, value in found.items()}


def declared(root: etree._Element, identifier: str) -> Declared:
    """The declaration of a response; empty where there is none."""
    rows = find(root, f"//qti-response-declaration[@identifier='{identifier}']")
    row = rows[0] if rows else etree.Element("qti-response-declaration")
    entries = find(row, ".//qti-map-entry")
    return Declared(
        base=row.get("base-type", ""),
        correct=[_text(one) for one in find(row, "./qti-correct-response/qti-value")],
        worth={one.get("map-key", ""): float(one.get("mapped-value", "nan")) for one in entries},
        case=any(one.get("case-sensitive") != "false" for one in entries),
    )


def read_interactions(root: etree._Element, nodes: Sequence[etree._Element]) -> Read:
    """The interactions of one item; ValueError, in a sentence, where cakap has no such item."""
    names = [str(node.tag) for node in nodes]
    if names and set(names) == {"qti-inline-choice-interaction"}:
        return _inline(root, nodes)
    reader = READERS.get(names[0]) if len(names) == 1 else None
    if reader is None:
        shown = ", ".join(names) or "tanpa interaksi"
        message = f"jenis interaksi tidak didukung: {shown}"
        raise ValueError(message)
    told = declared(root, nodes[0].get("response-identifier", ""))
    return reader(nodes[0], told)


def _choice(node: etree._Element, told: Declared) -> Read:
    options = _options(node, "./qti-simple-choice")
    most = _number(node, "max-choices", 1)
    if most != 1:
        layout = {"most": most} if most else {}
        return Read(
            kind=Kind.MULTIPLE,
            options=options,
            layout=layout,
            scores=_rule(told, list(told.correct)),
        )
    if told.worth:
        missing = set(options) - set(told.worth)
        if missing:
            message = "diharapkan mapped-value bulat 1–5 untuk setiap pilihan"
            raise ValueError(message)
        scores = {option: told.values[option] for option in options}
        likert = "cakap-likert" in node.get("class", "")
        return Read(kind=Kind.LIKERT if likert else Kind.GRADED, options=options, scores=scores)
    return Read(kind=Kind.SINGLE, options=options, scores=_right_one(options, told))


def _right_one(options: Mapping[str, str], told: Declared) -> dict[str, int]:
    if len(told.correct) != 1:
        message = f"diharapkan satu jawaban benar; ditemukan {len(told.correct)}"
        raise ValueError(message)
    return {option: int(option == told.correct[0]) for option in options}


def _rule(told: Declared, correct: Any) -> dict[str, Any]:
    """All or nothing; a mapping of ones counts each, a wrong one taking one away."""
    if not correct:
        return {}
    if told.worth and not set(told.worth.values()) <= {1.0, -1.0}:
        message = "pemetaan selain 1 dan −1 tidak didukung untuk jenis ini"
        raise ValueError(message)
    return {"correct": correct, "rule": "each" if told.worth else "all"}


def _order(node: etree._Element, told: Declared) -> Read:
    options = _options(node, "./qti-simple-choice")
    if told.correct:
        return Read(kind=Kind.ORDER, options=options, scores=_rule(told, list(told.correct)))
    most = _number(node, "max-choices", 0)
    return Read(kind=Kind.RANK, options=options, layout={"most": most} if most else {})


def _match(node: etree._Element, told: Declared) -> Read:
    sets = find(node, "./qti-simple-match-set")
    if len(sets) != 2:
        message = "diharapkan dua qti-simple-match-set"
        raise ValueError(message)
    rows = [
        {"id": key, "text": text}
        for key, text in _options(sets[0], "./qti-simple-associable-choice").items()
    ]
    if any(_number(one, "match-max", 1) != 1 for one in find(sets[0], "./*")):
        message = "baris yang dijodohkan lebih dari sekali tidak didukung"
        raise ValueError(message)
    columns = find(sets[1], "./qti-simple-associable-choice")
    reuse = any(_number(one, "match-max", 1) != 1 for one in columns)
    tabular = "qti-match-tabular" in node.get("class", "")
    return Read(
        kind=Kind.MATRIX if tabular else Kind.MATCH,
        options=_options(sets[1], "./qti-simple-associable-choice"),
        layout={"rows": rows, "reuse": reuse},
        scores=_rule(told, _pairs(told.correct)),
    )


def _pairs(correct: Sequence[str], *, turned: bool = False) -> dict[str, str]:
    found = {}
    for pair in correct:
        first, _, second = pair.partition(" ")
        found[second if turned else first] = first if turned else second
    return found


def _gap(node: etree._Element, told: Declared) -> Read:
    options = _options(node, "./qti-gap-text")
    texts = find(node, "./qti-gap-text")
    gaps = [_to_gap(one, one.get("identifier", "")) for one in find(node, ".//qti-gap")]
    reuse = any(_number(one, "match-max", 1) != 1 for one in texts)
    for one in texts:
        node.remove(one)
    return Read(
        kind=Kind.GAP,
        options=options,
        layout={"rows": [{"id": gap} for gap in gaps], "reuse": reuse},
        scores=_rule(told, _pairs(told.correct, turned=True)),
    )


def _inline(root: etree._Element, nodes: Sequence[etree._Element]) -> Read:
    rows, correct, each = [], {}, False
    for node in nodes:
        name = node.get("response-identifier", "")
        told = declared(root, name)
        own = _options(node, "./qti-inline-choice")
        rows.append({"id": name, "options": [{"id": k, "text": v} for k, v in own.items()]})
        if told.correct:
            correct[name] = told.correct[0]
        each = each or bool(told.worth)
        _to_gap(node, name)
    scores = {"correct": correct, "rule": "each" if each else "all"} if correct else {}
    return Read(kind=Kind.INLINE, layout={"rows": rows}, scores=scores)


def _entry(node: etree._Element, told: Declared) -> Read:
    length = _number(node, "expected-length", 0)
    _to_gap(node, ANSWER)
    if told.base in {"integer", "float"}:
        scores: dict[str, Any] = {}
        if told.correct:
            equal = find(node, "//qti-equal[@tolerance-mode='absolute']")
            tolerance = equal[0].get("tolerance", "0").split()[0] if equal else "0"
            scores = {"value": _plain(told.correct[0]), "tolerance": _plain(tolerance)}
        return Read(kind=Kind.NUMERIC, scores=scores)
    accepted = list(dict.fromkeys([*told.correct, *(k for k, v in told.worth.items() if v > 0)]))
    return Read(
        kind=Kind.TEXT,
        layout={"most": length} if length else {},
        scores={"accepted": accepted, "case": told.case and bool(told.worth)} if accepted else {},
    )


def _essay(node: etree._Element, told: Declared) -> Read:
    lines, length = _number(node, "expected-lines", 0), _number(node, "expected-length", 0)
    layout = {"lines": lines} if lines else {}
    return Read(kind=Kind.ESSAY, layout=layout | ({"most": length} if length else {}))


def _hotspot(node: etree._Element, told: Declared) -> Read:
    if _number(node, "max-choices", 1) != 1:
        message = "titik lebih dari satu (max-choices) tidak didukung"
        raise ValueError(message)
    pictures = find(node, "./img | ./object")
    if not pictures:
        message = "gambar titik tidak ada"
        raise ValueError(message)
    spots = find(node, "./qti-hotspot-choice")
    options = {one.get("identifier", ""): one.get("hotspot-label", "") for one in spots}
    picture = pictures[0]
    return Read(
        kind=Kind.HOTSPOT,
        options=options,
        layout={
            "image": picture.get("src") or picture.get("data") or "",
            "alt": picture.get("alt") or "",
            "width": _number(picture, "width", 0),
            "height": _number(picture, "height", 0),
            "shapes": {
                one.get("identifier", ""): {
                    "shape": one.get("shape", ""),
                    "coords": [_finite(c) for c in one.get("coords", "").split(",") if c.strip()],
                }
                for one in spots
            },
        },
        scores=_right_one(options, told),
    )


def _slider(node: etree._Element, told: Declared) -> Read:
    scores = {"value": _plain(told.correct[0]), "tolerance": 0} if told.correct else {}
    return Read(
        kind=Kind.SLIDER,
        layout={
            "lower": _plain(node.get("lower-bound", "0")),
            "upper": _plain(node.get("upper-bound", "0")),
            "step": _plain(node.get("step", "1")),
        },
        scores=scores,
    )


READERS: dict[str, Callable[[etree._Element, Declared], Read]] = {
    "qti-choice-interaction": _choice,
    "qti-order-interaction": _order,
    "qti-match-interaction": _match,
    "qti-gap-match-interaction": _gap,
    "qti-text-entry-interaction": _entry,
    "qti-extended-text-interaction": _essay,
    "qti-hotspot-interaction": _hotspot,
    "qti-slider-interaction": _slider,
}


def _options(node: etree._Element, path: str) -> dict[str, str]:
    return {one.get("identifier", ""): inner(one) for one in find(node, path)}


def _number(node: etree._Element, name: str, usual: int) -> int:
    return int(_finite(node.get(name) or str(usual)))


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        message = f"diharapkan bilangan; ditemukan {text}"
        raise ValueError(message)
    return value


def _plain(text: str) -> float:
    value = _finite(text)
    return int(value) if value.is_integer() else value


def _text(node: etree._Element) -> str:
    return (node.text or "").strip()


def _to_gap(node: etree._Element, name: str) -> str:
    """Turn an element into the mark of a gap, where it stands."""
    tail = node.tail
    node.clear()
    node.tag, node.tail = "span", tail
    node.set("data-gap", name)
    return name
