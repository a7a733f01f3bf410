from __future__ import annotations

from itertools import pairwise
from random import Random

from cakap.delivery.paper import paper
from cakap.itembank.queries import Part, Question


def question(number, passage=None):
    return Question(
        id=number, kind="single", stem="", options=(), layout={},
        stimulus={"id": passage, "title": "", "content": ""} if passage else None,
    )  # fmt: skip


def ordered(questions, seed):
    (part,) = paper(
        [Part(title="", instructions="", shuffle=True, questions=tuple(questions))], seed=seed
    )
    return part.questions


def test_items_of_one_passage_stay_together_in_one_block():
    # A passage may bear the number of an item.
    passages = [1, 2, None, 1, 3, 2, None, 3, 1, 2]
    questions = [question(at + 1, passage) for at, passage in enumerate(passages)]
    for seed in range(200):
        order = ordered(questions, seed)
        seen = [q.stimulus["id"] for q in order if q.stimulus]
        changes = sum(a != b for a, b in pairwise(seen))
        places = [at for at, q in enumerate(order) if q.stimulus and q.stimulus["id"] == 1]

        assert changes == 2
        assert places == list(range(places[0], places[0] + 3))
        assert sorted(q.id for q in order) == list(range(1, 11))


def test_an_attempt_from_before_keeps_its_order():
    questions = [question(at + 1, at % 3 + 1) for at in range(12)]
    expected = list(questions)
    Random("7/0").shuffle(expected)
    parts = [Part(title="", instructions="", shuffle=True, questions=tuple(questions))]

    (part,) = paper(parts, seed=7, passages_together=False)

    assert list(part.questions) == expected


def test_a_form_without_passages_keeps_the_order_of_its_seed():
    questions = [question(number) for number in range(20)]
    expected = list(questions)
    Random("7/0").shuffle(expected)

    assert list(ordered(questions, 7)) == expected
