"""Between slope-intercept parameters, on which we climb, and the field's a, b, c, which people read.

rasch, 2pl, 3pl: b = -d / a, c = s(logit c). graded: b_k = -d_k / a. gpcm: b_k = -(d_k - d_{k-1}) / a.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from cakap.science.types import Floats

STEP = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemForm:
    """a, one b a step between categories, c (0 where the model has none)."""

    a: float
    b: Floats
    c: float = 0.0


def to_form(model: str, parameters: Floats) -> ItemForm:
    """Slope-intercept to a, b, c."""
    if model == "rasch":
        return ItemForm(a=1.0, b=-parameters)
    a = float(parameters[0])
    if model == "3pl":
        return ItemForm(a=a, b=-parameters[1:2] / a, c=float(np.asarray(expit(parameters[2:]))[0]))
    if model == "gpcm":
        return ItemForm(a=a, b=-np.diff(parameters[1:], prepend=0.0) / a)
    return ItemForm(a=a, b=-parameters[1:] / a)


def from_form(model: str, form: ItemForm) -> Floats:
    """a, b, c to slope-intercept."""
    if model == "rasch":
        return -form.b
    d = -form.a * form.b
    if model == "3pl":
        return np.array([form.a, d[0], float(logit(max(form.c, 1e-12)))])
    return np.concatenate([[form.a], np.cumsum(d) if model == "gpcm" else d])


def form_errors(model: str, parameters: Floats, covariance: Floats) -> ItemForm:
    """Standard errors of a, b and c by the delta method; covariance: that of the item's parameters."""

    def flat(vector: Floats) -> Floats:
        form = to_form(model, vector)
        return np.concatenate([[form.a], form.b, [form.c]])

    size = len(parameters)
    jacobian = np.stack(
        [
            (flat(parameters + step) - flat(parameters - step)) / (2 * STEP)
            for step in np.eye(size) * STEP
        ],
        axis=1,
    )
    errors = np.sqrt(np.diag(jacobian @ covariance @ jacobian.T))
    return ItemForm(a=float(errors[0]), b=errors[1:-1], c=float(errors[-1]))
