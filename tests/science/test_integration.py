from __future__ import annotations

import numpy as np
import pytest

from cakap.science.ratings.integration import integrate


def test_an_assessor_who_rated_more_does_not_weigh_more():
    found = integrate(
        np.array([0, 0, 0]), np.array([0, 0, 1]), np.array([4.0, 4.0, 2.0]), n_targets=2
    )

    assert found.mean[0] == 3.0
    assert found.spread[0] == 2.0
    assert found.assessors.tolist() == [2, 0]
    assert np.isnan(found.mean[1])


def test_a_rating_that_is_not_a_number_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        integrate(np.array([0]), np.array([0]), np.array([np.nan]), n_targets=1)
