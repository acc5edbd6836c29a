"""What a partitioner is, and what it may ask of the cluster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection


class Cluster(Protocol):
    """The part of `kafka.cluster.ClusterMetadata` that partitioners use."""

    def partitions_for_topic(self, topic: str) -> Collection[int] | None:
        """Return all partitions of *topic*, ``None`` if it is not known."""

    def available_partitions_for_topic(self, topic: str) -> Collection[int] | None:
        """Return the partitions of *topic* that have a leader, ``None`` if it is not known."""


class Partitioner(ABC):
    """Choose the partition of each record sent without one.

    It is called on the thread that calls ``send()``, by several threads at once if several send.
    A subclass may also have ``on_new_batch(topic, cluster, prev_partition)``, which the producer
    calls when the batch of a record without a key is full, before it asks again.
    """

    @abstractmethod
    def partition(
        self,
        topic: str,
        key: Any,  # Any: as given to send()
        serialized_key: bytes | None,
        value: Any,  # Any: as given to send()
        serialized_value: bytes | None,
        cluster: Cluster,
    ) -> int:
        """Return the number of a partition of *topic*.

        Args:
            topic: topic the record goes to; the cluster knows it.
            key: the key before serialization.
            serialized_key: the key after it, ``None`` for a record without a key.
            value: the value before serialization.
            serialized_value: the value after it.
            cluster: what is known about the cluster now.
        """
