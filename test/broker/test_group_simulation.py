"""A few random stories of groups; ``tox -e simulation`` runs as many as one likes."""

from __future__ import annotations

import pytest

from test.simulation.running import run_story


# Of every protocol one in chaos and one without, and one that grows and shrinks.
@pytest.mark.parametrize("seed", [1, 5, 10, 13, 20, 23, 36, 80146])
def test_a_group_reads_everything_whatever_happens(seed: int) -> None:
    outcome = run_story(seed, 200)
    assert outcome.problem is None, f"{outcome.plan}: {outcome.problem}"
