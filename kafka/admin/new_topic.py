"""A topic to be created.  Pure; also the place of the class in kafka-python 2.x."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kafka.admin import arguments

if TYPE_CHECKING:
    from collections.abc import Sequence


class NewTopic:
    """A topic to be created.

    Args:
        name: its name.
        num_partitions: how many partitions; -1 for the brokers' default (KIP-464).
        replication_factor: how many replicas each has; -1 for the brokers' default.
        replica_assignments: instead of the two numbers: the brokers of each partition.
        topic_configs: values that differ from the brokers'.

    Raises:
        TypeError: an argument of the wrong type; ValueError: one that cannot work.
    """

    def __init__(
        self,
        name: str,
        num_partitions: int = -1,
        replication_factor: int = -1,
        replica_assignments: Mapping[int, Sequence[int]] | None = None,
        topic_configs: Mapping[str, object] | None = None,
    ) -> None:
        if not isinstance(name, str):
            raise TypeError(f"name must be a name, not {arguments.shown(name)}")
        self.name = arguments.names("name", name)[0]
        self.num_partitions = _count("num_partitions", num_partitions)
        self.replication_factor = _count("replication_factor", replication_factor)
        self.replica_assignments = _assignments(replica_assignments or {})
        configs = _dict("topic_configs", topic_configs or {})
        self.topic_configs = {str(key): _value(key, value) for key, value in configs.items()}
        placed = len(self.replica_assignments)
        if placed and self.num_partitions not in (-1, placed):
            raise ValueError(
                f"topic {name}: num_partitions={num_partitions}, but replica_assignments has "
                f"{placed}; leave num_partitions out"
            )

    def __repr__(self) -> str:
        """Return it as it was made."""
        return (
            f"NewTopic(name={self.name!r}, num_partitions={self.num_partitions}, "
            f"replication_factor={self.replication_factor}, "
            f"replica_assignments={self.replica_assignments}, topic_configs={self.topic_configs})"
        )

    def __eq__(self, other: object) -> bool:
        """Return whether all fields are equal."""
        return isinstance(other, NewTopic) and vars(self) == vars(other)

    __hash__ = object.__hash__


def _count(argument: str, given: object) -> int:
    count = arguments.number(argument, given, least=-1)
    if count == 0:
        raise ValueError(f"{argument} must be -1 or at least 1, got 0")
    return count


def _assignments(given: object) -> dict[int, list[int]]:
    found = {}
    for number, brokers in _dict("replica_assignments", given).items():
        what = f"replica_assignments[{number!r}]"
        if isinstance(brokers, (str, bytes)) or not isinstance(brokers, Iterable):
            raise TypeError(f"{what} must be broker ids, not {arguments.shown(brokers)}")
        found[arguments.number("replica_assignments", number)] = [
            arguments.number(what, broker) for broker in brokers
        ]
    return found


def _value(name: object, given: object) -> object:
    if given is None or isinstance(given, (str, int, float)):
        return given
    raise TypeError(
        f"topic_configs[{name!r}] must be a str, a number or a bool, not {type(given).__name__}"
    )


def _dict(argument: str, given: object) -> Mapping[object, object]:
    if not isinstance(given, Mapping):
        raise TypeError(f"{argument} must be a dict, not {arguments.shown(given)}")
    return given
