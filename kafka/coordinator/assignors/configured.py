"""The assignors of ``partition_assignment_strategy``, as strategies.  Pure.

Strings name classes by module path, as the defaults do; classes are instantiated; instances are
taken as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kafka.coordinator.assignors.strategy import AssignmentStrategy, RebalanceProtocol


def strategies(configured: Iterable[object]) -> tuple[AssignmentStrategy, ...]:
    """Return a strategy for each assignor in *configured*, in the order of preference.

    Raises:
        KafkaConfigurationError: a value is no assignor, or two have the same name.
    """
    raise NotImplementedError


def group_protocol(chosen: Sequence[AssignmentStrategy]) -> RebalanceProtocol:
    """Return the highest rebalance protocol that all of *chosen* support (KIP-429).

    Raises:
        KafkaConfigurationError: they have none in common.
    """
    raise NotImplementedError
