"""The moves of one key of a call, all of them."""

from __future__ import annotations

from itertools import product

import pytest

from kafka.admin.call_states import KEY_MOVES, KeyState

UNPLACED, SOUGHT, PLACED, IN_FLIGHT, DONE = KeyState
ALLOWED = {
    (UNPLACED, SOUGHT),
    (UNPLACED, DONE),
    (SOUGHT, PLACED),
    (SOUGHT, UNPLACED),
    (SOUGHT, DONE),
    (PLACED, IN_FLIGHT),
    (PLACED, UNPLACED),
    (PLACED, DONE),
    (IN_FLIGHT, PLACED),
    (IN_FLIGHT, UNPLACED),
    (IN_FLIGHT, DONE),
}


@pytest.mark.parametrize(("before", "after"), list(product(KeyState, KeyState)))
def test_only_these_moves_are_made(before: KeyState, after: KeyState) -> None:
    assert KEY_MOVES.allows(before, after) == ((before, after) in ALLOWED)
