"""The log directories of a broker and their partitions; labels, as there are no files.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.config_values import split_list

if TYPE_CHECKING:
    from kafka.testing.broker.broker_state import BrokerState
    from kafka.testing.broker.cluster import Partition

# The size of each disk in the answers to DescribeLogDirs from v4 on (KIP-827).
DISK_BYTES = 1 << 40


class LogDirs:
    """The directories of one broker, from its config ``log.dirs``."""

    def __init__(self, broker: BrokerState) -> None:
        store = broker.cluster.component(ConfigStore)
        self.paths = split_list(store.broker_value(broker.node_id, "log.dirs") or "")
        self._node_id = broker.node_id
        self._cluster = broker.cluster
        self._moved: dict[Partition, str] = {}

    def path_of(self, partition: Partition) -> str:
        """Return the directory a partition is in."""
        return self._moved.get(partition) or self.paths[partition.index % len(self.paths)]

    def move(self, partition: Partition, path: str) -> None:
        """Move a partition to another directory, at once."""
        self._moved[partition] = path

    def holds(self, partition: Partition) -> bool:
        """Return whether this broker has a replica."""
        return self._node_id in partition.replicas

    def partitions_in(self, path: str) -> list[Partition]:
        """Return the partitions in one directory."""
        return [
            partition
            for topic in self._cluster.topics.values()
            for partition in topic.partitions
            if self.holds(partition) and self.path_of(partition) == path
        ]
