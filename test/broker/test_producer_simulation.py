"""Random stories of producers; ``tox -e simulation -- --story producer`` tells more."""

from __future__ import annotations

import pytest

from test.simulation.running import run_story


@pytest.mark.parametrize("seed", range(50))
def test_the_log_holds_what_producers_were_told_whatever_happens(seed: int) -> None:
    outcome = run_story(seed, 100, story="producer")
    assert outcome.problem is None, f"{outcome.plan}: {outcome.problem}"


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_made_in_transactions_equals_the_original_whatever_happens(seed: int) -> None:
    outcome = run_story(seed, 100, story="exactly-once")
    assert outcome.problem is None, f"{outcome.plan}: {outcome.problem}"
