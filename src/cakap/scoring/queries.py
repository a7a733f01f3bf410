from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from cakap.centre.queries import agreed_levels
from cakap.delivery.queries import Sheet, finished_sheets
from cakap.itembank.queries import adaptive_pools, form_versions, scored_items
from cakap.policy.book import Policy
from cakap.programmes.models import Participant, Programme
from cakap.science.irt.forms import ItemForm, from_form
from cakap.science.irt.scoring import Fitted
from cakap.science.types import Floats
from cakap.scoring.compute import Scored, score_agreed, score_answers
from cakap.scoring.errors import MeasuredTwice
from cakap.scoring.models import CalibratedItem, Calibration, Run, Score

SHOWN = 10  # of the people whom a refusal names


def computed_scores(programme: Programme, policy: Policy, *, at: datetime) -> list[Scored]:
    """Gather a programme's answers and agreed levels as of a moment, and score them.

    Of two sittings of one person the newest is taken; whoever makes a run refuses them first.
    """
    sheets: dict[int, dict[int, Sheet]] = defaultdict(dict)
    for sheet in finished_sheets(programme, now=at):
        sheets[sheet.form][sheet.participant] = sheet
    scored: list[Scored] = []
    for form, own in sheets.items():
        pool = frozenset[int]().union(*adaptive_pools(form).values())
        scored += score_answers(
            {person: sheet.answers for person, sheet in own.items()},
            scored_items(form_versions(form), at=at),
            policy,
            unasked={person: pool - sheet.offered for person, sheet in own.items()} if pool else {},
        )
    return scored + score_agreed(agreed_levels(programme), policy)


def refuse_measured_twice(programme: Programme, scored: Sequence[Scored], *, at: datetime) -> None:
    """Raises MeasuredTwice where one person has two sittings that count: no machine chooses between them."""
    sat = Counter((sheet.participant, sheet.form) for sheet in finished_sheets(programme, now=at))
    _refuse_twice({person for (person, _), n in sat.items() if n > 1}, "formulir yang sama")
    counted = Counter((one.participant, one.dimension) for one in scored)
    double = sorted(key for key, n in counted.items() if n > 1)
    if double:
        _refuse_twice({person for person, _ in double}, f"dimensi {double[0][1]}")


def _refuse_twice(participants: set[int], what: str) -> None:
    """Name who was measured twice by what, and the way out; nothing where nobody was."""
    if not participants:
        return
    rows = Participant.objects.filter(pk__in=participants).order_by("employee__nip")
    nips = list(rows.values_list("employee__nip", flat=True))
    more = f" dan {len(nips) - SHOWN} lainnya" if len(nips) > SHOWN else ""
    message = (
        f"Dua ujian dengan {what} dihitung bagi NIP {', '.join(nips[:SHOWN])}{more}. Putuskan mana yang "
        "dihitung: keluarkan peserta dari sesi yang tidak dihitung (bila sudah ditutup, buka kembali "
        "sesi itu dahulu; bila di situs, lakukan di sana), lalu skor lagi."
    )
    raise MeasuredTwice(message)


def scores_of(run: Run) -> dict[int, list[Score]]:
    """Participant id -> the scores of a run."""
    found: dict[int, list[Score]] = defaultdict(list)
    for score in run.scores.order_by("participant_id", "dimension"):
        found[score.participant_id].append(score)
    return dict(found)


def newest_run(programme: Programme) -> Run | None:
    """The last scoring of a programme."""
    return programme.runs.order_by("-pk").first()


def fitted_of(row: Calibration) -> Fitted:
    """A calibration's items, those that could be calibrated, as the engine knows them."""
    items = [item for item in row.items.all() if item.a is not None]
    model = _scale_model(row.model)
    return Fitted(model=model, parameters=[_parameters(model, item) for item in items])


def item_fitted(item: CalibratedItem) -> Fitted:
    """One calibrated item as the engine knows it."""
    model = _scale_model(item.calibration.model)
    return Fitted(model=model, parameters=[_parameters(model, item)])


def _scale_model(model: str) -> str:
    """Rasch items are kept on the scale on which people have sd 1: with one common slope."""
    return "2pl" if model == "rasch" else model


def _parameters(model: str, item: CalibratedItem) -> Floats:
    form = ItemForm(a=float(item.a or 0.0), b=np.asarray(item.b, dtype=np.float64), c=item.c)
    return from_form(model, form)
