"""The short version of `make faults`: a few of each, and what was acknowledged is there once."""

from __future__ import annotations

import pytest
from faults.run import FAULTS, run


@pytest.mark.slow
def test_what_was_acknowledged_survives_kills_and_freezes(tmp_path):
    # The clock is stepped by tests/outside/test_server_clock.py: under libfaketime a server starts slowly.
    found = run(tmp_path, n_faults=len(FAULTS), seed=7, kinds=FAULTS)

    assert found["acknowledged"] > 200
    assert (found["lost"], found["duplicated"], found["in_others"]) == (0, 0, 0)
    assert (found["unfinished"], found["refused"]) == (0, 0)
