"""Item parameters from answers: marginal maximum likelihood over a fixed quadrature.

The marginal likelihood is climbed by quasi-Newton steps in coordinates in which one EM step would be
a unit step (QN2 of Jamshidian & Jennrich, 1997); its exact gradient comes out of the E-step (Fisher's
identity: Louis, 1982), so each step costs one pass over the answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from cakap.science.irt import latent as latents
from cakap.science.irt.answers import Answers, answers_of
from cakap.science.irt.expectation import Expected, Tables, counts_of, expect, gathered, tables
from cakap.science.irt.information import Observed, observed_information
from cakap.science.irt.latent import POINTS, Latent
from cakap.science.irt.models import MODELS, Model
from cakap.science.irt.notes import Note
from cakap.science.irt.scoring import Fitted
from cakap.science.irt.soundness import Sound, sound
from cakap.science.types import Categories, Floats, Ints
from cakap.science.workers import Workers, threads

CLOSE, CONVERGED, STAGE, MOST_ITERATIONS = 2e-4, 5e-3, 25, 500
ROUNDS, ROUND_STEPS, ROUND_GAIN = 200, 3, 1e-3
EXTREME = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Priors:
    """Normal priors (mean, sd): on the slope a, and on logit c of the 3PL."""

    slope: tuple[float, float] | None = None
    guess: tuple[float, float] | None = None

    def log(self, model: Model, parameters: Floats) -> tuple[Floats, Floats]:
        """The log densities (without constants) of items (n, n_parameters), and their gradients."""
        value, gradient = np.zeros(len(parameters)), np.zeros_like(parameters)
        places = [] if model.name == "rasch" else [(0, self.slope)]
        if model.name == "3pl":
            places.append((2, self.guess))
        for place, prior in places:
            if prior is not None:
                z = (parameters[:, place] - prior[0]) / prior[1]
                value -= z * z / 2
                gradient[:, place] = -z / prior[1]
        return value, gradient


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What a calibration may be told.

    anchors: parameters, in the model's slope-intercept form, of items that stay as they are; the
    latent mean and variance are then free. shape: "normal" or "histogram" (Woods, 2007).
    """

    priors: Priors = field(default_factory=Priors)
    anchors: Mapping[int, Floats] = field(default_factory=dict[int, Floats])
    shape: str = "normal"
    nodes: Floats = field(default_factory=lambda: POINTS)
    most_iterations: int = MOST_ITERATIONS


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """A fitted model.

    parameters, errors: one array an item, in the model's slope-intercept order; nan for an item
    that the data could not tell, 0 errors for an anchor. covariance: of the free parameters;
    spans: where each item's stand in it. categories: the values of each item that were observed.
    latent: one row a group; latent_errors: (n_groups, 2) of means and variances, 0 where fixed.
    warnings: what the data could not tell.
    """

    model: str
    parameters: tuple[Floats, ...]
    errors: tuple[Floats, ...]
    covariance: Floats
    spans: tuple[slice, ...]
    categories: tuple[Ints, ...]
    latent: Latent
    latent_errors: Floats
    loglik: float
    n_persons: int
    n_parameters: int
    iterations: int
    converged: bool
    warnings: tuple[Note, ...]

    @property
    def kept(self) -> list[int]:
        """The items that could be calibrated."""
        return [item for item, row in enumerate(self.parameters) if np.isfinite(row).all()]

    @property
    def fitted(self) -> Fitted:
        """Those items and the first group's latent normal, as what scores."""
        return Fitted(
            model=self.model,
            parameters=[self.parameters[item] for item in self.kept],
            variance=self.variance,
            mean=float(self.latent.mean[0]),
        )

    @property
    def variance(self) -> float:
        """Of the first group's latent distribution."""
        return float(self.latent.variance[0])

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2 * self.n_parameters - 2 * self.loglik

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return self.n_parameters * float(np.log(self.n_persons)) - 2 * self.loglik


class _Point(NamedTuple):
    """The likelihood at one vector of parameters, and all that came with it."""

    objective: float
    loglik: float
    gradient: Floats
    expected: Expected
    latent: Latent


@dataclass(frozen=True, kw_only=True, slots=True)
class _Task:
    """Who holds the answers, and which place of the vector is which parameter.

    spans: an empty one for an anchor. places: for each of `answers.alike` (n, n_parameters), -1 for
    an anchor. latent_places: ((group, 0 mean or 1 log variance), ...), in
    the order in which they follow the items.
    """

    model: Model
    answers: Answers
    held: Sequence[Any]
    workers: Workers
    options: Options
    fixed: Mapping[int, Floats]
    spans: tuple[slice, ...]
    places: tuple[Ints, ...]
    latent_places: tuple[tuple[int, int], ...]

    @property
    def n_item_parameters(self) -> int:
        return self.spans[-1].stop if self.spans else 0

    def item(self, vector: Floats, item: int) -> Floats:
        return self.fixed[item] if item in self.fixed else vector[self.spans[item]]

    def rows(self, vector: Floats) -> list[Floats]:
        """Parameters of the items of each of `answers.alike`, anchors among them."""
        found: list[Floats] = []
        for alike, places in zip(self.answers.alike, self.places, strict=True):
            own = vector[places] if len(vector) else np.zeros(places.shape)
            for at in np.flatnonzero(places[:, 0] < 0):
                own[at] = self.fixed[int(alike.items[at])]
            found.append(own)
        return found

    def latent(self, vector: Floats) -> Latent:
        moments = np.zeros((self.answers.n_groups, 2))
        for place, (group, kind) in enumerate(self.latent_places):
            moments[group, kind] = vector[self.n_item_parameters + place]
        return latents.normal(self.options.nodes, moments[:, 0], np.exp(moments[:, 1]))


def calibrate(
    responses: Categories,
    *,
    model: str,
    groups: Ints | None = None,
    options: Options | None = None,
    workers: Workers | None = None,
) -> Calibration:
    """Fit `model` to answers (n_persons, n_items), categories from 0, `MISSING` never given.

    groups: (n_persons,) from 0; the first has mean 0 (and variance 1, but under Rasch), the others'
    means and variances are free. A person without an answer tells nothing and is left out; an item
    answered one way only is left out and named; a category never given is dropped and named.
    Raises ValueError on fewer than two persons and on answers that the model does not know.
    """
    if model not in MODELS:
        message = f"model {model!r}, expected one of {', '.join(MODELS)}"
        raise ValueError(message)
    given = options or Options()
    known = sound(responses, groups=groups, model=MODELS[model], anchors=given.anchors)
    if workers is not None:
        return _calibrate(known, MODELS[model], given, workers)
    with threads() as own:
        return _calibrate(known, MODELS[model], given, own)


def _calibrate(known: Sound, model: Model, options: Options, workers: Workers) -> Calibration:
    answers = answers_of(known.responses, groups=known.groups)
    fixed = {known.items.index(item): row for item, row in options.anchors.items()}
    starts = [
        np.empty(0) if item in fixed else model.start(count, loading)
        for item, (count, loading) in enumerate(zip(known.counts, known.loadings, strict=True))
    ]
    spans = spans_of([len(start) for start in starts])
    task = _Task(
        model=model,
        answers=answers,
        held=workers.hold(answers.chunks),
        workers=workers,
        options=options,
        fixed=fixed,
        spans=spans,
        places=_places(answers, spans, fixed),
        latent_places=_latent_places(model, answers.n_groups, options),
    )
    start = np.concatenate([*starts, np.zeros(len(task.latent_places))])
    if options.shape == "histogram":
        vector, heights, iterations = _climb_with_histogram(task, start)
        latent = latents.histogram(options.nodes, heights)
    else:
        vector, iterations = _climb(task, start, None, options.most_iterations)
        latent = None
    return _fitted(task, known, vector, latent, iterations)


def spans_of(sizes: Sequence[int]) -> tuple[slice, ...]:
    """Places of runs of these sizes, one after the other."""
    edges = np.concatenate([[0], np.cumsum(sizes)]).astype(int).tolist()
    return tuple(slice(a, b) for a, b in itertools.pairwise(edges))


def _places(
    answers: Answers, spans: Sequence[slice], fixed: Mapping[int, Floats]
) -> tuple[Ints, ...]:
    found: list[Ints] = []
    everything: list[int] = list(range(sum(len(range(*span.indices(10**9))) for span in spans)))
    for alike in answers.alike:
        items: list[int] = alike.items.tolist()
        rows = [
            [-1] * len(fixed[item]) if item in fixed else everything[spans[item]] for item in items
        ]
        found.append(np.array(rows, dtype=np.int64))
    return tuple(found)


def _latent_places(model: Model, n_groups: int, options: Options) -> tuple[tuple[int, int], ...]:
    if options.shape == "histogram":
        return ()
    first = [(0, 0), (0, 1)] if options.anchors else [(0, 1)] if model.free_variance else []
    return tuple(first + [(g, kind) for g in range(1, n_groups) for kind in (0, 1)])


def _at(task: _Task, vector: Floats, fixed_latent: Latent | None) -> _Point:
    """One E-step: the marginal log-likelihood with priors, and its gradient."""
    nodes = task.options.nodes
    latent = fixed_latent or task.latent(vector)
    rows = task.rows(vector)
    known = [task.model.many(own, nodes) for own in rows]
    common: Tables = tables(task.answers, [log_p for log_p, _ in known], latent)
    expected = gathered(task.workers.each(expect, task.held, common), task.answers.n_groups)
    gradient = np.zeros_like(vector)
    objective = expected.loglik
    counts = counts_of(task.answers, expected)
    for places, own, (_, derivative), count in zip(task.places, rows, known, counts, strict=True):
        value, pull = task.options.priors.log(task.model, own)
        slopes = np.einsum("npkq,nkq->np", derivative, count) + pull
        free = places[:, 0] >= 0
        gradient[places[free]] = slopes[free]
        objective += float(value[free].sum())
    for place, (group, kind) in enumerate(task.latent_places):
        scores = latents.normal_scores(nodes, latent.mean[group], latent.variance[group])
        gradient[task.n_item_parameters + place] = expected.mass[group] @ scores[kind]
    return _Point(objective, expected.loglik, gradient, expected, latent)


def _unit_steps(task: _Task, vector: Floats, point: _Point) -> list[tuple[slice, Floats]]:
    """W an item, from complete-data information L L': x = x0 + W y, W = L'^-1."""
    steps: list[tuple[slice, Floats]] = []
    counts = counts_of(task.answers, point.expected)
    for places, own, count in zip(task.places, task.rows(vector), counts, strict=True):
        log_p, derivative = task.model.many(own, task.options.nodes)
        weight = np.exp(log_p) * count.sum(axis=1, keepdims=True)
        size = own.shape[1]
        flat = derivative.reshape(len(own), size, -1)
        information = (flat * weight.reshape(len(own), 1, -1)) @ flat.transpose(0, 2, 1)
        firm = np.asarray(information + 0.01 * np.eye(size), dtype=np.float64)
        inverse = np.swapaxes(np.linalg.inv(np.linalg.cholesky(firm)), 1, 2).astype(np.float64)
        steps += [
            (slice(int(row[0]), int(row[0]) + size), inverse[at])
            for at, row in enumerate(places)
            if row[0] >= 0
        ]
    for place, (group, kind) in enumerate(task.latent_places):
        n, at = point.expected.mass[group].sum(), task.n_item_parameters + place
        scale = point.latent.variance[group] / n if kind == 0 else 2 / n
        steps.append((slice(at, at + 1), np.array([[np.sqrt(scale)]])))
    return steps


def _climb(task: _Task, start: Floats, latent: Latent | None, most: int) -> tuple[Floats, int]:
    """Stages of L-BFGS, each in coordinates made new where it begins."""
    vector, iterations = start, 0
    while iterations < most and len(vector):
        point = _at(task, vector, latent)
        steps = _unit_steps(task, vector, point)
        if _steepest(steps, point.gradient) < CLOSE:
            break
        origin = vector

        def descend(
            moved: Floats, origin: Floats = origin, steps: list[tuple[slice, Floats]] = steps
        ) -> tuple[float, Floats]:
            here = _at(task, _moved(origin, steps, moved), latent)
            return -here.objective, -np.concatenate(
                [w.T @ here.gradient[span] for span, w in steps]
            )

        found = minimize(
            descend, np.zeros(len(vector)), jac=True, method="L-BFGS-B",
            options={"maxiter": min(STAGE, most - iterations), "gtol": CLOSE, "ftol": 1e-15, "maxcor": 20},
        )  # fmt: skip
        vector = _moved(origin, steps, np.asarray(found.x, dtype=np.float64))
        iterations += int(found.nit)
        if found.nit < 2:
            break
    return vector, iterations


def _moved(origin: Floats, steps: list[tuple[slice, Floats]], moved: Floats) -> Floats:
    vector = origin.copy()
    start = 0
    for span, w in steps:
        vector[span] += w @ moved[start : start + len(w)]
        start += len(w)
    return vector


def _steepest(steps: list[tuple[slice, Floats]], gradient: Floats) -> float:
    return max((float(np.abs(w.T @ gradient[span]).max()) for span, w in steps), default=0.0)


def _climb_with_histogram(task: _Task, start: Floats) -> tuple[Floats, Floats, int]:
    """Items under the histogram, then the histogram under the items, until nothing is gained."""
    nodes = task.options.nodes
    heights = np.exp(
        latents.normal(
            nodes, *np.array([[0.0], [1.0]]).repeat(task.answers.n_groups, 1)
        ).log_weights
    )
    vector, iterations, before = start, 0, -np.inf
    for _ in range(ROUNDS):
        latent = latents.histogram(nodes, heights)
        vector, steps = _climb(task, vector, latent, ROUND_STEPS)
        point = _at(task, vector, latent)
        heights = np.maximum(point.expected.mass, 1e-12)
        iterations += steps
        if point.loglik - before < ROUND_GAIN or iterations >= task.options.most_iterations:
            break
        before = point.loglik
    return vector, heights, iterations


def _fitted(
    task: _Task, known: Sound, vector: Floats, latent: Latent | None, iterations: int
) -> Calibration:
    point = _at(task, vector, latent)
    steepest = _steepest(_unit_steps(task, vector, point), point.gradient)
    limit = 0.5 if latent is not None else CONVERGED
    found = observed_information(
        Observed(
            model=task.model,
            answers=task.answers,
            held=task.held,
            workers=task.workers,
            nodes=task.options.nodes,
            items=[task.item(vector, item) for item in range(len(task.spans))],
            spans=task.spans,
            latent=point.latent,
            latent_places=task.latent_places,
            expected=point.expected,
            curvature=_prior_curvature(task, vector),
        )
    )
    notes = [*known.warnings, *found.warnings(known.items)]
    if steepest >= limit:
        notes.append(Note("unconverged", detail=f"{steepest:.2g}"))
    return _named(task, known, vector, point, found.covariance, iterations=iterations,
                  converged=steepest < limit, notes=notes)  # fmt: skip


def _prior_curvature(task: _Task, vector: Floats) -> Floats:
    curvature = np.zeros(len(vector))
    for item, span in enumerate(task.spans):
        if item not in task.fixed:
            row, step = vector[span], 1e-3
            up, down = (
                task.options.priors.log(task.model, row[None] + s)[1][0] for s in (step, -step)
            )
            curvature[span] = (down - up) / (2 * step)
    return curvature


def _named(
    task: _Task,
    known: Sound,
    vector: Floats,
    point: _Point,
    covariance: Floats,
    *,
    iterations: int,
    converged: bool,
    notes: list[Note],
) -> Calibration:
    """The result by the caller's items: those left out stand with nan."""
    errors = np.sqrt(np.diag(covariance))
    parameters: list[Floats] = []
    own_errors: list[Floats] = []
    spans: list[slice] = []
    for item in range(known.n_items):
        if item not in known.items:
            parameters.append(np.full(1, np.nan))
            own_errors.append(np.full(1, np.nan))
            spans.append(slice(0, 0))
            continue
        place = known.items.index(item)
        row, span = task.item(vector, place), task.spans[place]
        parameters.append(row)
        own_errors.append(np.zeros_like(row) if place in task.fixed else errors[span])
        spans.append(span)
        if task.model.name != "rasch" and row[0] < 0:
            notes.append(Note("negative", item, f"{row[0]:.3f}"))
        if abs(row[0]) > EXTREME and task.model.name != "rasch":
            notes.append(Note("extreme", item, f"{row[0]:.1f}"))
    moments = np.zeros((task.answers.n_groups, 2))
    for place, (group, kind) in enumerate(task.latent_places):
        scale = point.latent.variance[group] if kind else 1.0
        moments[group, kind] = errors[task.n_item_parameters + place] * scale
    n_parameters = len(vector)
    if known.n_persons <= n_parameters:
        notes.append(Note("few", detail=f"{known.n_persons} : {n_parameters}"))
    return Calibration(
        model=task.model.name,
        parameters=tuple(parameters),
        errors=tuple(own_errors),
        covariance=covariance,
        spans=tuple(spans),
        categories=known.categories,
        latent=point.latent,
        latent_errors=moments,
        loglik=point.loglik,
        n_persons=known.n_persons,
        n_parameters=n_parameters,
        iterations=iterations,
        converged=converged,
        warnings=tuple(dict.fromkeys(notes)),
    )
