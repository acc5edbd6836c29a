"""Random stories of one call; ``python -m test.support.admin_world`` plays more of them."""

from __future__ import annotations

import pytest

from test.support.admin_world import play


@pytest.mark.parametrize("first", range(0, 400, 40))
def test_each_key_is_answered_once_and_in_time(first: int) -> None:
    for seed in range(first, first + 40):
        play(seed)
