"""Scores under any fitted model: EAP, MAP and WLE, each with its standard error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cakap.science.irt.answers import Chunk, each_person
from cakap.science.irt.eap import Scores, refuse_impossible
from cakap.science.irt.expectation import Tables, posteriors, tables
from cakap.science.irt.latent import POINTS, log_normal, normal
from cakap.science.irt.models import MODELS
from cakap.science.types import MISSING, Categories, Floats, Ints
from cakap.science.workers import Workers, threads

REACH, HALVINGS, STEP = 20.0, 60, 1e-3


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """Item parameters under a model, and the latent normal."""

    model: str
    parameters: Sequence[Floats]
    variance: float = 1.0
    mean: float = 0.0

    def log_p(self, item: int, theta: Floats) -> Floats:
        """log P(category | theta): (n_categories, n_theta)."""
        return MODELS[self.model].log_p(self.parameters[item], theta)[0]

    def tables(self, theta: Floats) -> list[Floats]:
        """log P of every item, one (n_categories, n_theta) each."""
        return [self.log_p(item, theta) for item in range(len(self.parameters))]

    def log_prior(self, nodes: Floats) -> Floats:
        """Log weights of the latent normal on the nodes."""
        return log_normal(nodes, self.mean, self.variance)

    @property
    def n_categories(self) -> Ints:
        """(n_items,)."""
        sizes = [len(self.log_p(item, np.zeros(1))) for item in range(len(self.parameters))]
        return np.asarray(sizes, dtype=np.int64)


def eap(
    fitted: Fitted,
    responses: Categories,
    *,
    nodes: Floats = POINTS,
    workers: Workers | None = None,
) -> Scores:
    """Posterior mean and standard deviation (Bock & Mislevy, 1982) over a fixed quadrature.

    Raises ValueError on a category that an item does not have.
    """
    n_categories = fitted.n_categories
    refuse_impossible(responses, n_categories)
    answers = each_person(responses, n_categories)
    latent = normal(nodes, np.array([fitted.mean]), np.array([fitted.variance]))
    known = fitted.tables(nodes)
    alike = [np.stack([known[int(i)] for i in own.items]) for own in answers.alike]
    common = tables(answers, alike, latent), nodes
    if workers is not None:
        parts = workers.each(_means, workers.hold(answers.chunks), common)
    else:
        with threads() as own:
            parts = own.each(_means, answers.chunks, common)
    theta, se = (np.concatenate([np.empty(0), *column]) for column in zip(*parts, strict=True))
    return Scores(theta=theta, se=se)


def _means(chunk: Chunk, common: tuple[Tables, Floats]) -> tuple[Floats, Floats]:
    known, nodes = common
    powers = np.stack([nodes, nodes**2])
    moments = np.concatenate(
        [(powers @ found.heights) / found.total for found in posteriors(chunk, known)], axis=1
    )
    theta = moments[0]
    return theta, np.sqrt(np.maximum(moments[1] - theta**2, 0.0))


def log_likelihood(fitted: Fitted, responses: Categories, nodes: Floats) -> Floats:
    """(n_persons, n_nodes); what was never given adds nothing."""
    total = np.zeros((len(responses), len(nodes)))
    for item, column in enumerate(responses.T):
        table = np.concatenate([fitted.log_p(item, nodes).T, np.zeros((len(nodes), 1))], axis=1)
        total += table.T[column]
    return total


def map_(fitted: Fitted, responses: Categories) -> Scores:
    """Posterior mode, with the curvature there as error."""

    def slope(theta: Floats) -> Floats:
        return _score(fitted, responses, theta) - (theta - fitted.mean) / fitted.variance

    return _at_root(slope, len(responses))


def wle(fitted: Fitted, responses: Categories) -> Scores:
    """Warm's weighted likelihood estimate (1989): the score plus J / 2I is zero; nan without answers."""

    def slope(theta: Floats) -> Floats:
        information, j = information_and_j(fitted, responses, theta)
        return _score(fitted, responses, theta) + j / (2 * information)

    found = _at_root(slope, len(responses))
    nothing = (responses == MISSING).all(axis=1)
    return Scores(
        theta=np.where(nothing, np.nan, found.theta), se=np.where(nothing, np.nan, found.se)
    )


METHODS = {"eap": eap, "map": map_, "wle": wle}


def _score(fitted: Fitted, responses: Categories, theta: Floats) -> Floats:
    """d log L / d theta, each person at an own theta."""
    total = np.zeros(len(theta))
    people = np.arange(len(theta))
    for item, column in enumerate(responses.T):
        given = column != MISSING
        up, down = fitted.log_p(item, theta + STEP), fitted.log_p(item, theta - STEP)
        step = (up - down)[np.where(given, column, 0), people] / (2 * STEP)
        total += np.where(given, step, 0.0)
    return total


def information_and_j(
    fitted: Fitted, responses: Categories, theta: Floats
) -> tuple[Floats, Floats]:
    """Expected information and Warm's J over the items that each person was given."""
    information, j = np.zeros(len(theta)), np.zeros(len(theta))
    for item, column in enumerate(responses.T):
        given = (column != MISSING).astype(np.float64)
        here, up, down = (np.exp(fitted.log_p(item, theta + s)) for s in (0.0, STEP, -STEP))
        first, second = (up - down) / (2 * STEP), (up - 2 * here + down) / STEP**2
        safe = np.maximum(here, 1e-300)
        information += given * (first**2 / safe).sum(axis=0)
        j += given * (first * second / safe).sum(axis=0)
    return np.maximum(information, 1e-12), j


def _at_root(slope: Callable[[Floats], Floats], n: int) -> Scores:
    """The point where the slope vanishes; the error is that of the curvature there."""
    theta = _root(slope, n)
    curve = (slope(theta + STEP) - slope(theta - STEP)) / (2 * STEP)
    return Scores(theta=theta, se=1 / np.sqrt(np.maximum(-curve, 1e-12)))


def _root(slope: Callable[[Floats], Floats], n: int) -> Floats:
    """Where a falling function crosses zero, by halving, for all persons at once."""
    low, high = np.full(n, -REACH), np.full(n, REACH)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = slope(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2
