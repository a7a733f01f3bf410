"""Subscores that borrow strength from each other (Wainer et al., 2001, "augmented scores")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cakap.science.types import Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Augmented:
    """theta, se: (n_persons, n_scales). correlation: latent, (n_scales, n_scales).

    alone, together: (n_scales,) reliability of each subscore by itself and with the others' help.
    """

    theta: Floats
    se: Floats
    correlation: Floats
    alone: Floats
    together: Floats


def augment(scores: Floats, se: Floats) -> Augmented:
    """From unbiased scores (WLE) and their standard errors, both (n_persons, n_scales).

    Raises ValueError on fewer than three persons and where errors exceed the scores' own spread.
    """
    if len(scores) < 3:
        message = f"{len(scores)} persons, expected at least 3"
        raise ValueError(message)
    observed = np.cov(scores, rowvar=False).reshape(scores.shape[1], -1)
    noise = (se**2).mean(axis=0)
    left_over = np.diag(observed) - noise
    if np.any(left_over <= 0):
        message = (
            f"scale {int(np.argmin(left_over))}: the errors are larger than the scores' spread"
        )
        raise ValueError(message)
    latent = _positive(observed - np.diag(noise))
    help_of = latent @ np.linalg.inv(latent + np.diag(noise))
    mean = scores.mean(axis=0)
    left = latent - help_of @ latent
    spread = np.sqrt(np.diag(latent))
    return Augmented(
        theta=mean + (scores - mean) @ help_of.T,
        se=np.broadcast_to(np.sqrt(np.diag(left)), scores.shape).copy(),
        correlation=latent / np.outer(spread, spread),
        alone=np.diag(latent) / (np.diag(latent) + noise),
        together=1 - np.diag(left) / np.diag(latent),
    )


def _positive(matrix: Floats) -> Floats:
    """The nearest matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-6 * values[-1])) @ vectors.T
