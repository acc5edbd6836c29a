"""State machines as tables."""

from enum import Enum

import pytest

from kafka._base.transitions import IllegalTransitionError, Transitions


class Light(Enum):
    RED = 1
    GREEN = 2


TABLE = Transitions({Light.RED: {Light.GREEN}, Light.GREEN: {Light.RED, Light.GREEN}})


def test_step_returns_the_new_state() -> None:
    assert TABLE.step(Light.RED, Light.GREEN) is Light.GREEN


def test_step_outside_the_table_is_an_error_that_names_the_move() -> None:
    with pytest.raises(IllegalTransitionError, match="Light: RED -> RED"):
        TABLE.step(Light.RED, Light.RED)


def test_allows_only_asks() -> None:
    assert TABLE.allows(Light.GREEN, Light.RED)
    assert not TABLE.allows(Light.RED, Light.RED)


def test_table_without_a_row_for_a_state_is_refused() -> None:
    with pytest.raises(TypeError, match="no row for GREEN"):
        Transitions({Light.RED: {Light.GREEN}})
