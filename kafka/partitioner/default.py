"""The default partitioner: keys by hash, records without a key anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from kafka._base.system import uniform as system_uniform
from kafka.partitioner.abc import Partitioner
from kafka.partitioner.hashing import murmur2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.partitioner.abc import Cluster

__all__ = ["DefaultPartitioner", "murmur2"]

T = TypeVar("T")


class DefaultPartitioner(Partitioner):
    """Place keyed records by the murmur2 hash of the key, as Java does.

    A producer does not call an instance of this very class: it has the same rule built in, and
    keeps records without a key together in batches (KIP-794). A direct call, or a subclass, draws
    the partition of a record without a key at random among those with a leader.

    Args:
        uniform: source of randomness, ``random.uniform`` by default.
    """

    def __init__(self, uniform: Callable[[float, float], float] = system_uniform) -> None:
        self._uniform = uniform

    def partition(
        self,
        topic: str,
        key: Any,  # noqa: ARG002 - Any: as given to send()
        serialized_key: bytes | None,
        value: Any,  # noqa: ARG002 - Any: as given to send()
        serialized_value: bytes | None,  # noqa: ARG002 - the base class's signature
        cluster: Cluster,
    ) -> int:
        """Return the partition of a record.

        Raises:
            ValueError: the cluster does not know the topic.
        """
        partitions = cluster.partitions_for_topic(topic)
        if not partitions:
            raise ValueError(f"Topic {topic} not found in ClusterMetadata")
        available = cluster.available_partitions_for_topic(topic) or ()
        return self(serialized_key, sorted(partitions), sorted(available))

    def __call__(self, key: bytes | None, all_partitions: Sequence[T], available: Sequence[T]) -> T:
        """Return one of the given partitions (the form of kafka-python 2.x).

        Args:
            key: the serialized key, or ``None``.
            all_partitions: all partitions, in order.
            available: those that have a leader.
        """
        if key is None:
            pool = available or all_partitions
            return pool[min(int(self._uniform(0, len(pool))), len(pool) - 1)]
        return all_partitions[(murmur2(key) & 0x7FFFFFFF) % len(all_partitions)]
