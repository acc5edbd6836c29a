"""The assignors of ``partition_assignment_strategy``, as strategies.  Pure.

Classes are instantiated, instances are taken as they are, and a string is the path of one of the
classes of this library, as in the default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from kafka.coordinator.assignors.built_in import BuiltInAssignor, BuiltInStrategy
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.coordinator.assignors.user_strategy import UserStrategy
from kafka.errors import KafkaConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kafka.coordinator.assignors.strategy import AssignmentStrategy, RebalanceProtocol

_BUILT_IN: dict[str, type[BuiltInAssignor]] = {
    f"{assignor.__module__}.{assignor.__qualname__}": assignor
    for assignor in (
        RangePartitionAssignor,
        RoundRobinPartitionAssignor,
        StickyPartitionAssignor,
        CooperativeStickyAssignor,
    )
}


def strategies(configured: Iterable[object]) -> tuple[AssignmentStrategy, ...]:
    """Return a strategy for each assignor in *configured*, in the order of preference.

    Raises:
        KafkaConfigurationError: a value is no assignor, or two have the same name.
    """
    found: dict[str, AssignmentStrategy] = {}
    for value in configured:
        strategy = _strategy(_assignor(value))
        if strategy.name in found:
            raise KafkaConfigurationError(
                f"partition_assignment_strategy: two assignors are named {strategy.name!r};"
                " name each one once"
            )
        found[strategy.name] = strategy
    return tuple(found.values())


def group_protocol(chosen: Sequence[AssignmentStrategy]) -> RebalanceProtocol:
    """Return the highest rebalance protocol that all of *chosen* support (KIP-429).

    Raises:
        KafkaConfigurationError: they have none in common.
    """
    common = frozenset.intersection(*(strategy.protocols for strategy in chosen))
    if not common:
        told = ", ".join(
            f"{strategy.name} ({'/'.join(p.name for p in sorted(strategy.protocols))})"
            for strategy in chosen
        )
        raise KafkaConfigurationError(
            f"partition_assignment_strategy: {told} have no rebalance protocol in common;"
            " name assignors that have one"
        )
    return max(common)


def _assignor(value: object) -> AbstractPartitionAssignor:
    if isinstance(value, str):
        value = _BUILT_IN.get(value, value)
    if isinstance(value, type) and issubclass(value, AbstractPartitionAssignor):
        value = value()
    if not isinstance(value, AbstractPartitionAssignor):
        raise KafkaConfigurationError(
            f"partition_assignment_strategy: {value!r} is no assignor; name a subclass of"
            f" AbstractPartitionAssignor or an instance of one, such as {', '.join(_BUILT_IN)}"
        )
    return value


def _strategy(assignor: AbstractPartitionAssignor) -> AssignmentStrategy:
    # A subclass may override anything, so it is the user's code.
    if isinstance(assignor, BuiltInAssignor) and type(assignor) in _BUILT_IN.values():
        return BuiltInStrategy(assignor)
    return UserStrategy(assignor)
