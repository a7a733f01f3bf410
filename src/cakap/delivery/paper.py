"""What one participant meets: the items in an order drawn once from the attempt's seed, as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from cakap.itembank.content import placed
from cakap.itembank.queries import Part, Question

FILES = "/ujian/berkas/"


def paper(parts: Sequence[Part], *, seed: int, passages_together: bool = True) -> tuple[Part, ...]:
    """The parts with their questions in this attempt's order; the same seed gives the same order.

    passages_together: as attempts have it since items of one passage stay in one block.
    """
    return tuple(
        _shuffled(part, Random(f"{seed}/{place}"), together=passages_together)  # noqa: S311
        for place, part in enumerate(parts)
    )


def shown(part: Part, offered: Sequence[int]) -> Part:
    """Of an adaptive part only what was offered, in that order; any other part as it is."""
    if part.adaptive_items is None:
        return part
    by_id = {question.id: question for question in part.questions}
    return replace(part, questions=tuple(by_id[version] for version in offered if version in by_id))


def _shuffled(part: Part, rng: Random, *, together: bool) -> Part:
    if not part.shuffle:
        return part
    questions = list(part.questions)
    rng.shuffle(questions)
    return replace(
        part, questions=tuple(_with_passages_together(questions) if together else questions)
    )


def _with_passages_together(questions: Sequence[Question]) -> list[Question]:
    """The items of a passage in one block, where its first one fell; items without one stay put."""
    blocks: dict[tuple[str, int], list[Question]] = {}
    for question in questions:
        passage = question.stimulus["id"] if question.stimulus else None
        key = ("item", question.id) if passage is None else ("passage", passage)
        blocks.setdefault(key, []).append(question)
    return [question for block in blocks.values() for question in block]


def shown_question(question: Question) -> dict[str, Any]:
    """A question as the exam page hears it."""
    return {
        "id": question.id,
        "kind": question.kind,
        "stem": _placed(question.stem),
        "options": _placed(list(question.options)),
        "layout": _placed(question.layout),
        "stimulus": question.stimulus["id"] if question.stimulus else None,
    }


def shown_stimulus(question: Question) -> dict[str, Any] | None:
    """What a question is about, as the exam page hears it."""
    return _placed(question.stimulus)


def _placed(value: Any) -> Any:
    """Markup with the bank's files where a participant finds them."""
    if isinstance(value, str):
        return placed(value, FILES)
    if isinstance(value, dict):
        return {key: _placed(one) for key, one in value.items()}
    return [_placed(one) for one in value] if isinstance(value, list) else value
