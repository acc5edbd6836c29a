"""Partitions to be added to a topic.  Pure; also the place of the class in kafka-python 2.x."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kafka.admin import arguments

if TYPE_CHECKING:
    from collections.abc import Sequence


class NewPartitions:
    """How many partitions a topic shall have.

    Args:
        total_count: with those that it has already.
        new_assignments: the brokers of each new partition; ``None``: the controller decides.

    Raises:
        TypeError: an argument of the wrong type; ValueError: one that cannot work.
    """

    def __init__(
        self, total_count: int, new_assignments: Sequence[Sequence[int]] | None = None
    ) -> None:
        self.total_count = arguments.number("total_count", total_count, least=1)
        self.new_assignments = None if new_assignments is None else _lists(new_assignments)

    def __repr__(self) -> str:
        """Return it as it was made."""
        return (
            f"NewPartitions(total_count={self.total_count}, new_assignments={self.new_assignments})"
        )

    def __eq__(self, other: object) -> bool:
        """Return whether both fields are equal."""
        return isinstance(other, NewPartitions) and vars(self) == vars(other)

    __hash__ = object.__hash__


def _lists(given: object) -> list[list[int]]:
    argument = "new_assignments"
    found = []
    for brokers in given if isinstance(given, Iterable) else [given]:
        if isinstance(brokers, (str, bytes)) or not isinstance(brokers, Iterable):
            raise TypeError(f"{argument} must be lists of broker ids, not {arguments.shown(given)}")
        found.append([arguments.number(argument, broker) for broker in brokers])
    return found
