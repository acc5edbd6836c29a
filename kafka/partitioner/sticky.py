"""Records without a key stay on one partition until its batch is full (KIP-480)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka._base.system import uniform as system_uniform
from kafka.partitioner.default import DefaultPartitioner

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kafka.partitioner.abc import Cluster


class StickyPartitioner(DefaultPartitioner):
    """Keep records without a key together; keyed records go by hash.

    A producer does not call an instance of this very class: what it does is built in and goes
    further (KIP-794). For direct calls and subclasses it works as described here.

    Args:
        uniform: source of randomness, ``random.uniform`` by default.
    """

    def __init__(self, uniform: Callable[[float, float], float] = system_uniform) -> None:
        super().__init__(uniform)
        self._current: dict[str, int] = {}

    def partition(
        self,
        topic: str,
        key: Any,  # Any: as given to send()
        serialized_key: bytes | None,
        value: Any,  # Any: as given to send()
        serialized_value: bytes | None,
        cluster: Cluster,
    ) -> int:
        """Return the partition of a record: the same as last time for one without a key.

        Raises:
            ValueError: the cluster does not know the topic.
        """
        if serialized_key is None:
            usable = _usable(topic, cluster)
            current = self._current.get(topic)
            if current is not None and current in usable:
                return current
        chosen = super().partition(topic, key, serialized_key, value, serialized_value, cluster)
        if serialized_key is None:
            # One assignment, so two threads may both draw, and the later draw stays: harmless.
            self._current[topic] = chosen
        return chosen

    def on_new_batch(self, topic: str, cluster: Cluster, prev_partition: int) -> None:
        """Draw another partition for *topic*, unless that has been done since *prev_partition*."""
        if self._current.get(topic) != prev_partition:
            return
        others = sorted(number for number in _usable(topic, cluster) if number != prev_partition)
        if others:
            self._current[topic] = self(None, others, others)


def _usable(topic: str, cluster: Cluster) -> Collection[int]:
    """Return the partitions with a leader, or all while none has one."""
    available = cluster.available_partitions_for_topic(topic)
    return available or cluster.partitions_for_topic(topic) or ()
