"""What a `PositionMachine` asks of others."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest

from kafka.consumer.position_actions import Action


@pytest.mark.parametrize("action", get_args(Action))
def test_actions_are_values(action: type) -> None:
    fields = list(inspect.signature(action).parameters)
    made = action(*fields)
    assert made == action(*fields)
    assert [getattr(made, name) for name in fields] == fields
    for name in fields:
        with pytest.raises(AttributeError):
            setattr(made, name, "changed")
