"""What an attempt is: a fold of its events. No clock, no database: the same events, the same state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ANSWER, FLAG, TYPED = "answer", "flag", "typed"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Happened:
    """One event as kept. An empty response takes an answer back; a flag is "1" or ""."""

    seq: int
    kind: str
    item: int
    response: str
    late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """answers: item version -> option; flagged: items in doubt; last_seq: the newest event kept;
    typed: item version -> what was typed, where an answer was read from it."""

    answers: Mapping[int, str]
    flagged: frozenset[int]
    last_seq: int
    typed: Mapping[int, str] = field(default_factory=dict)


def fold(events: Iterable[Happened]) -> State:
    """The state after these events, in whatever order or number of copies they come.

    The last event of an item counts; a late one is kept in the log and does not count. Whatever only
    tells of the sitting (an item shown, the page left) moves the number on and nothing else.
    """
    answers: dict[int, str] = {}
    flagged: dict[int, bool] = {}
    typed: dict[int, str] = {}
    last_seq = 0
    for event in sorted(set(events)):
        last_seq = max(last_seq, event.seq)
        if event.late:
            continue
        if event.kind == FLAG:
            flagged[event.item] = event.response == "1"
        elif event.kind == ANSWER:
            answers[event.item] = event.response
        elif event.kind == TYPED:
            typed[event.item] = event.response
    return State(
        answers={item: response for item, response in answers.items() if response},
        flagged=frozenset(item for item, on in flagged.items() if on),
        last_seq=last_seq,
        typed=typed,
    )
