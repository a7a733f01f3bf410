"""From evidence to a calibration with everything a psychometrician asks of it: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cakap.science.irt.calibration import Calibration, calibrate
from cakap.science.irt.classical import Classical, classical, distractors
from cakap.science.irt.dif import likelihood_ratio, mantel_haenszel
from cakap.science.irt.forms import ItemForm, form_errors, from_form, to_form
from cakap.science.irt.itemfit import s_x2
from cakap.science.irt.linking import drift, onto
from cakap.science.irt.models import MODELS
from cakap.science.irt.reliability import marginal_reliability
from cakap.science.irt.scoring import Fitted
from cakap.science.types import MISSING, Floats
from cakap.science.workers import Workers
from cakap.scoring.evidence import Evidence
from cakap.scoring.words import sentence

ADOPTABLE = ("rasch", "2pl", "graded")
LEAST_ANCHORS, LEAST_A_GROUP = 3, 100
Old = Mapping[int, tuple[float, list[float]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemOutcome:
    """One item on the bank's scale; a is None where it could not be calibrated."""

    name: str
    version: int | None
    a: float | None
    b: list[float]
    c: float
    se: dict[str, Any]
    fit: dict[str, Any]
    classical: dict[str, Any]
    options: list[dict[str, Any]]
    dif: dict[str, Any]
    old: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A whole calibration, ready to be kept."""

    n_persons: int
    loglik: float
    n_parameters: int
    iterations: int
    converged: bool
    reliability: float
    latent: list[dict[str, Any]]
    link: dict[str, Any]
    warnings: list[str]
    items: list[ItemOutcome]


def work_out(evidence: Evidence, *, model: str, old: Old, workers: Workers) -> Outcome:
    """Calibrate, check, compare with what is in force. Raises ValueError where no model can be fitted."""
    grouped = len(evidence.group_names) > 1
    found = calibrate(
        evidence.responses,
        model=model,
        groups=evidence.groups if grouped else None,
        workers=workers,
    )
    unit = _unit_scale(found.fitted)
    scale, link = _onto_bank(unit, [evidence.versions[place] for place in found.kept], old)
    warnings = [sentence(note, evidence.names) for note in found.warnings]
    dif, note = _dif(evidence, model)
    return Outcome(
        n_persons=found.n_persons,
        loglik=found.loglik,
        n_parameters=found.n_parameters,
        iterations=found.iterations,
        converged=found.converged,
        reliability=marginal_reliability(found.fitted),
        latent=_latent(found, evidence),
        link=link,
        warnings=warnings + note,
        items=_items(evidence, found, scale, dif, old),
    )


def _latent(found: Calibration, evidence: Evidence) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "mean": float(found.latent.mean[place]),
            "variance": float(found.latent.variance[place]),
        }
        for place, name in enumerate(evidence.group_names)
    ]


def _unit_scale(fitted: Fitted) -> Fitted:
    """Under Rasch the spread of people goes into one common slope: the bank's scale has sd 1."""
    if not MODELS[fitted.model].free_variance:
        return fitted
    spread = float(np.sqrt(fitted.variance))
    rows = [np.array([spread, row[0]]) for row in fitted.parameters]
    return Fitted(model="2pl", parameters=rows)


def _onto_bank(
    fitted: Fitted, versions: list[int | None], old: Old
) -> tuple[Fitted, dict[str, Any]]:
    """Linked by the items that have parameters in force, where at least three do."""
    anchors = {
        place: known
        for place, version in enumerate(versions)
        if version is not None
        and (known := old.get(version)) is not None
        and len(known[1]) == len(fitted.parameters[place]) - 1
    }
    if len(anchors) < LEAST_ANCHORS or fitted.model not in ADOPTABLE:
        return fitted, {}
    before = Fitted(
        model=fitted.model, parameters=[_row(fitted.model, known) for known in anchors.values()]
    )
    now = Fitted(model=fitted.model, parameters=[fitted.parameters[place] for place in anchors])
    moved = drift(before, now)
    places = list(anchors)
    link = {
        "A": moved.link.slope,
        "B": moved.link.intercept,
        "anchors": len(places),
        "drifted": [versions[places[int(place)]] for place in moved.drifted],
    }
    return onto(fitted, moved.link), link


def _row(model: str, parameters: tuple[float, list[float]]) -> Floats:
    slope, thresholds = parameters
    return from_form(model, ItemForm(a=slope, b=np.asarray(thresholds)))


def _dif(evidence: Evidence, model: str) -> tuple[list[dict[str, Any]], list[str]]:
    nothing: list[dict[str, Any]] = [{} for _ in evidence.names]
    if len(evidence.group_names) < 2:
        return nothing, []
    counts = np.bincount(evidence.groups, minlength=len(evidence.group_names))
    if counts.min() < LEAST_A_GROUP:
        note = f"DIF tidak dihitung: kelompok terkecil {counts.min()} orang, diharapkan {LEAST_A_GROUP}"
        return nothing, [note]
    ratio = likelihood_ratio(evidence.responses, evidence.groups, model=model)
    two = len(evidence.group_names) == 2
    mantel = mantel_haenszel(evidence.responses, evidence.groups) if two else None
    return [
        {
            "x2": _plain(ratio.chi2[place]), "df": int(ratio.df[place]),
            "p": _plain(ratio.p_adjusted[place]), "effect": _plain(ratio.effect[place]),
            "level": mantel.level[place] if mantel else "",
            "delta": _plain(mantel.effect[place]) if mantel else None,
        }
        for place in range(len(evidence.names))
    ], []  # fmt: skip


def _items(
    evidence: Evidence, found: Calibration, scale: Fitted, dif: list[dict[str, Any]], old: Old
) -> list[ItemOutcome]:
    plain = classical(evidence.responses)
    kept = found.kept
    fits = _fits(evidence, found, kept)
    scores = np.where(evidence.responses == MISSING, 0, evidence.responses).astype(np.float64)
    total = scores.sum(axis=1)
    made = []
    for place, name in enumerate(evidence.names):
        version = evidence.versions[place]
        before = old.get(version) if version else None
        measured = (
            _measured(found, place, scale, kept.index(place))
            if place in kept
            else {"a": None, "b": [], "c": 0.0, "se": {}}
        )
        made.append(
            ItemOutcome(
                name=name,
                version=version,
                **measured,
                fit=fits.get(place, {}),
                classical=_of_item(plain, place),
                options=_options(evidence, place, total - scores[:, place]),
                dif=dif[place],
                old={"a": before[0], "b": before[1]} if before else {},
            )
        )
    return made


def _measured(found: Calibration, place: int, scale: Fitted, at: int) -> dict[str, Any]:
    # How much longer a unit of the calibration is on the bank's scale.
    stretch = float(np.sqrt(scale.variance / found.variance))
    form = to_form(scale.model, scale.parameters[at])
    row, span = found.parameters[place], found.spans[place]
    errors = form_errors(found.model, row, found.covariance[span, span])
    return {
        "a": form.a, "b": form.b.tolist(), "c": form.c,
        "se": {
            "a": _plain(errors.a / stretch), "b": [_plain(one * stretch) for one in errors.b],
            "c": _plain(errors.c),
        },
    }  # fmt: skip


def _fits(evidence: Evidence, found: Calibration, kept: list[int]) -> dict[int, dict[str, Any]]:
    """S-X2 by place; none where groups differ, items are few, or too few people had every item."""
    complete = (evidence.responses[:, kept] != MISSING).all(axis=1)
    if len(kept) < 3 or complete.sum() < 50 or len(evidence.group_names) > 1:
        return {}
    free = int(MODELS[found.model].free_variance)
    own = s_x2(found.fitted, evidence.responses[:, kept], n_latent=free)
    return {
        place: {
            "s_x2": _plain(own.statistic[at]), "df": int(own.df[at]), "p": _plain(own.p[at]),
        }
        for at, place in enumerate(kept)
    }  # fmt: skip


def _of_item(plain: Classical, place: int) -> dict[str, Any]:
    return {
        "n": int(plain.n[place]),
        "p": _plain(plain.p[place]),
        "rit": _plain(plain.rit[place]),
        "rir": _plain(plain.rir[place]),
    }


def _options(evidence: Evidence, place: int, rest: Floats) -> list[dict[str, Any]]:
    if evidence.chosen is None:
        return []
    column = [row[place] for row in evidence.chosen]
    known = sorted({option for option in column if option})
    if not known:
        return []
    codes = np.array([known.index(option) if option else -1 for option in column])
    found = distractors(codes, rest, n_options=len(known))
    return [
        {"option": option, "share": _plain(found.share[k]), "rest": _plain(found.rest[k])}
        for k, option in enumerate(known)
    ]


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
