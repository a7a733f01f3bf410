"""Did this person answer as one of this ability would? Infit and outfit of items too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cakap.science.irt.scoring import STEP, Fitted, eap, information_and_j, wle
from cakap.science.types import MISSING, Categories, Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonFit:
    """(n_persons,) each: zh at the EAP, lz_star at the WLE; low means oddly answered."""

    zh: Floats
    lz_star: Floats
    infit: Floats
    outfit: Floats


def person_fit(fitted: Fitted, responses: Categories) -> PersonFit:
    """Zh (Drasgow, Levine & Williams, 1985), lz* (Snijders, 2001; Sinharay, 2016), mean squares.

    A person without an answer has nan.
    """
    infit, outfit = mean_squares(fitted, responses, axis=1)
    return PersonFit(
        zh=_zh(fitted, responses, eap(fitted, responses).theta),
        lz_star=_lz_star(fitted, responses, wle(fitted, responses).theta),
        infit=infit,
        outfit=outfit,
    )


def mean_squares(fitted: Fitted, responses: Categories, *, axis: int) -> tuple[Floats, Floats]:
    """Infit and outfit (Wright & Masters, 1982) at the EAP: axis 0 a value an item, 1 a person."""
    theta = eap(fitted, responses).theta
    given = responses != MISSING
    residual, spread = np.zeros(responses.shape), np.ones(responses.shape)
    for item, column in enumerate(responses.T):
        table = np.exp(fitted.log_p(item, theta))
        k = np.arange(len(table))
        expected = k @ table
        spread[:, item] = np.maximum(k**2 @ table - expected**2, 1e-12)
        residual[:, item] = np.where(given[:, item], column - expected, 0.0)
    spread = np.where(given, spread, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        infit = (residual**2).sum(axis=axis) / spread.sum(axis=axis)
        squares = np.where(given, residual**2 / spread, 0.0)
        outfit = squares.sum(axis=axis) / given.sum(axis=axis)
    return infit, outfit


def _zh(fitted: Fitted, responses: Categories, theta: Floats) -> Floats:
    people = np.arange(len(theta))
    gap, spread = np.zeros(len(theta)), np.zeros(len(theta))
    for item, column in enumerate(responses.T):
        given = column != MISSING
        log_p = fitted.log_p(item, theta)
        p = np.exp(log_p)
        mean = (p * log_p).sum(axis=0)
        gap += np.where(given, log_p[np.where(given, column, 0), people] - mean, 0.0)
        spread += np.where(given, (p * log_p**2).sum(axis=0) - mean**2, 0.0)
    return np.where(spread > 0, gap / np.sqrt(np.maximum(spread, 1e-12)), np.nan)


def _lz_star(fitted: Fitted, responses: Categories, theta: Floats) -> Floats:
    """The log-likelihood's residual, less what estimating theta took out of it."""
    people = np.arange(len(theta))
    known, j = information_and_j(fitted, responses, theta)
    tables: list[tuple[NDArray[np.bool_], Categories, Floats, Floats]] = []
    pull = np.zeros(len(theta))
    for item, column in enumerate(responses.T):
        given = column != MISSING
        log_p = fitted.log_p(item, theta)
        rise = (fitted.log_p(item, theta + STEP) - fitted.log_p(item, theta - STEP)) / (2 * STEP)
        tables.append((given, column, log_p, rise))
        pull += np.where(given, (np.exp(log_p) * log_p * rise).sum(axis=0), 0.0)
    share = pull / known
    gap, spread = np.zeros(len(theta)), np.zeros(len(theta))
    for given, column, log_p, rise in tables:
        p = np.exp(log_p)
        mean = (p * log_p).sum(axis=0)
        gap += np.where(given, log_p[np.where(given, column, 0), people] - mean, 0.0)
        weight = log_p - share * rise
        centre = (p * weight).sum(axis=0)
        spread += np.where(given, (p * weight**2).sum(axis=0) - centre**2, 0.0)
    corrected = gap + share * j / (2 * known)
    return np.where(spread > 0, corrected / np.sqrt(np.maximum(spread, 1e-12)), np.nan)
