"""The order in which one participant meets the items: drawn once from the attempt's seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from cakap.itembank.queries import Part


def paper(parts: Sequence[Part], *, seed: int) -> tuple[Part, ...]:
    """The parts with their questions in this attempt's order; the same seed gives the same order."""
    return tuple(_shuffled(part, Random(f"{seed}/{place}")) for place, part in enumerate(parts))  # noqa: S311


def shown(part: Part, offered: Sequence[int]) -> Part:
    """Of an adaptive part only what was offered, in that order; any other part as it is."""
    if part.adaptive_items is None:
        return part
    by_id = {question.id: question for question in part.questions}
    return replace(part, questions=tuple(by_id[version] for version in offered if version in by_id))


def _shuffled(part: Part, rng: Random) -> Part:
    if not part.shuffle:
        return part
    questions = list(part.questions)
    rng.shuffle(questions)
    return replace(part, questions=tuple(questions))
