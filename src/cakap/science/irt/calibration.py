"""Item parameters from answers: marginal maximum likelihood over a fixed quadrature.

The marginal log-likelihood is climbed directly by L-BFGS; its gradient comes from the E-step's
expected counts (Fisher's identity: Louis, 1982), so each step costs one E-step. Standard errors come
from the observed information: that gradient differentiated once more, by central differences.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from cakap.science.irt.models import MODELS, Model
from cakap.science.types import MISSING, Categories, Floats

POINTS = np.linspace(-6, 6, 61)
STEP, TOLERANCE, MOST_ITERATIONS = 1e-4, 1e-9, 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """A fitted model.

    parameters, errors: one array an item, in the model's slope-intercept order; errors are nan
    where the information has no inverse. variance: of the latent normal, and its error.
    warnings: sentences on what the data could not tell.
    """

    model: str
    parameters: tuple[Floats, ...]
    errors: tuple[Floats, ...]
    covariance: Floats
    variance: float
    variance_error: float
    loglik: float
    n_persons: int
    n_parameters: int
    iterations: int
    converged: bool
    warnings: tuple[str, ...]

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2 * self.n_parameters - 2 * self.loglik

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return self.n_parameters * float(np.log(self.n_persons)) - 2 * self.loglik


@dataclass(frozen=True, kw_only=True, slots=True)
class _Task:
    """Answers as one-hot rows of distinct patterns, and where each item's parameters lie."""

    model: Model
    patterns: Floats
    weights: Floats
    spans: tuple[slice, ...]
    rows: tuple[slice, ...]
    nodes: Floats


def calibrate(responses: Categories, *, model: str, nodes: Floats = POINTS) -> Calibration:
    """Fit `model` to answers (n_persons, n_items), categories from 0, `MISSING` never given.

    A person without an answer tells nothing and is left out. Raises ValueError on an item that was
    answered one way only, on an empty category and on fewer than two persons.
    """
    known = responses[(responses != MISSING).any(axis=1)]
    if model not in MODELS:
        message = f"model {model!r}, expected one of {', '.join(MODELS)}"
        raise ValueError(message)
    counts = _counts(known, model)
    task = _task(known, MODELS[model], counts, nodes)
    start = np.concatenate([MODELS[model].start(count) for count in counts])
    if MODELS[model].free_variance:
        start = np.append(start, 0.0)
    found = minimize(
        _negative, start, args=(task,), jac=True, method="L-BFGS-B",
        options={"maxiter": MOST_ITERATIONS, "ftol": 1e-13, "gtol": TOLERANCE * len(known)},
    )  # fmt: skip
    vector = np.asarray(found.x, dtype=np.float64)
    covariance, warnings = _covariance(vector, task)
    return _fitted(vector, covariance, task=task, found=found, n=len(known), warnings=warnings)


def _counts(known: Categories, model: str) -> list[Floats]:
    if len(known) < 2:
        message = f"{len(known)} persons with answers, expected at least 2"
        raise ValueError(message)
    counts: list[Floats] = []
    for item, column in enumerate(known.T):
        given = column[column != MISSING]
        count = np.bincount(given, minlength=2).astype(np.float64)
        if (count > 0).sum() < 2:
            message = f"item {item}: everybody answered alike; it cannot be calibrated"
            raise ValueError(message)
        if (count == 0).any():
            message = f"item {item}: category {int(np.argmin(count))} was never given"
            raise ValueError(message)
        if model in {"rasch", "2pl", "3pl"} and len(count) > 2:
            message = f"item {item}: category {len(count) - 1}, expected 0 or 1 under {model}"
            raise ValueError(message)
        counts.append(count)
    return counts


def _task(known: Categories, model: Model, counts: list[Floats], nodes: Floats) -> _Task:
    patterns, times = np.unique(known, axis=0, return_counts=True)
    columns = [
        (patterns[:, item] == category)
        for item, count in enumerate(counts)
        for category in range(len(count))
    ]
    sizes = [len(model.start(count)) for count in counts]
    return _Task(
        model=model,
        patterns=np.stack(columns, axis=1).astype(np.float64),
        weights=times.astype(np.float64),
        spans=_spans(sizes),
        rows=_spans([len(count) for count in counts]),
        nodes=nodes,
    )


def _spans(sizes: list[int]) -> tuple[slice, ...]:
    edges = np.concatenate([[0], np.cumsum(sizes)]).tolist()
    return tuple(slice(a, b) for a, b in itertools.pairwise(edges))


def log_prior(nodes: Floats, variance: float) -> Floats:
    """Log weights of a normal around 0 on the nodes, summing to one."""
    raw = -(nodes**2) / (2 * variance)
    return np.asarray(raw - logsumexp(raw))


def _negative(vector: Floats, task: _Task) -> tuple[float, Floats]:
    """Minus the marginal log-likelihood, and its gradient."""
    variance = float(np.exp(vector[-1])) if task.model.free_variance else 1.0
    tables = [task.model.log_p(vector[span], task.nodes) for span in task.spans]
    log_p = np.concatenate([table for table, _ in tables])
    prior = log_prior(task.nodes, variance)
    joint = task.patterns @ log_p + prior
    marginal = logsumexp(joint, axis=1)
    posterior = np.exp(joint - marginal[:, None]) * task.weights[:, None]
    expected = task.patterns.T @ posterior
    gradient = np.zeros_like(vector)
    for span, row, (_, derivative) in zip(task.spans, task.rows, tables, strict=True):
        gradient[span] = (derivative * expected[row]).sum(axis=(1, 2))
    if task.model.free_variance:
        spread = task.nodes**2 / (2 * variance)
        gradient[-1] = posterior.sum(axis=0) @ (spread - np.exp(prior) @ spread)
    return -float(task.weights @ marginal), -gradient


def _covariance(vector: Floats, task: _Task) -> tuple[Floats, tuple[str, ...]]:
    """Inverse of the observed information; nan where it has none, with a sentence."""
    information = np.empty((len(vector), len(vector)))
    for place in range(len(vector)):
        step = np.zeros_like(vector)
        step[place] = STEP * max(abs(vector[place]), 1.0)
        up, down = _negative(vector + step, task)[1], _negative(vector - step, task)[1]
        information[place] = (up - down) / (2 * step[place])
    information = (information + information.T) / 2
    values = np.linalg.eigvalsh(information)
    if values[0] <= 1e-8 * values[-1]:
        sentence = "the information matrix is not positive definite; standard errors are not given"
        return np.full_like(information, np.nan), (sentence,)
    return np.asarray(np.linalg.inv(information), dtype=np.float64), ()


def _fitted(
    vector: Floats,
    covariance: Floats,
    *,
    task: _Task,
    found: object,
    n: int,
    warnings: tuple[str, ...],
) -> Calibration:
    free = task.model.free_variance
    errors = np.sqrt(np.diag(covariance))
    variance = float(np.exp(vector[-1])) if free else 1.0
    value, gradient = _negative(vector, task)
    converged = bool(np.abs(gradient).max() < 1e-3 * max(1.0, np.sqrt(n)))
    notes = list(warnings)
    if not converged:
        notes.append(f"not converged: the steepest gradient is {np.abs(gradient).max():.2g}")
    if task.model.name != "rasch":
        notes += [
            f"item {item}: negative discrimination {vector[span][0]:.3f}"
            for item, span in enumerate(task.spans)
            if vector[span][0] < 0
        ]
    return Calibration(
        model=task.model.name,
        parameters=tuple(vector[span] for span in task.spans),
        errors=tuple(errors[span] for span in task.spans),
        covariance=covariance,
        variance=variance,
        variance_error=float(variance * errors[-1]) if free else 0.0,
        loglik=-value,
        n_persons=n,
        n_parameters=len(vector),
        iterations=int(getattr(found, "nit", 0)),
        converged=converged,
        warnings=tuple(notes),
    )
