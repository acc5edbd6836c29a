"""The seam between a consumer and whatever decides which partitions it owns."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest

from kafka._base.drive import Machine
from kafka.coordinator.groupless import GrouplessMembership
from kafka.coordinator.membership import Action, Assign, Membership


def methods(kind: type) -> dict[str, list[str]]:
    """Return the public methods of *kind* and the names of their parameters."""
    return {
        name: list(inspect.signature(method).parameters)
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def test_membership_is_a_machine_with_inputs() -> None:
    found = methods(Membership)
    assert methods(Machine).items() <= found.items()
    inputs = {name: parameters for name, parameters in found.items() if name.startswith("on_")}
    assert inputs
    assert all(parameters[-1] == "now" for parameters in inputs.values())


def test_groupless_membership_has_all_methods_of_a_membership() -> None:
    assert methods(Membership).items() <= methods(GrouplessMembership).items()


@pytest.mark.parametrize("action", get_args(Action))
def test_actions_are_values(action: type) -> None:
    fields = range(len(inspect.signature(action).parameters))
    assert action(*fields) == action(*fields)
    assert hash(action(*fields)) == hash(action(*fields))


def test_assignment_names_partitions_that_appeared_late() -> None:
    assert Assign((), ()) != Assign((), ("late",))  # type: ignore[arg-type]
