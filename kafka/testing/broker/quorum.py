"""The controllers of a KRaft cluster: every broker is one, too (``broker,controller``).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from kafka.protocol.schema import ZERO_UUID

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Cluster, Node

METADATA_TOPIC = "__cluster_metadata"
LEADER_EPOCH = 1
_DIRECTORIES = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
# metadata.max.idle.interval.ms: an idle controller writes a record twice a second.
_RECORDS_PER_SECOND = 2


class Quorum:
    """Voters, observers and registrations.

    Attributes:
        not_voting: nodes that were removed from the voters.
        unregistered_brokers: brokers that were unregistered and have not started again.
        unregistered_controllers: controllers that were unregistered.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.not_voting: set[int] = set()
        self.unregistered_brokers: set[int] = set()
        self.unregistered_controllers: set[int] = set()
        self._cluster = cluster
        cluster.metadata_changed.subscribe(self._register_again)

    def _register_again(self) -> None:
        self.unregistered_brokers -= {node.node_id for node in self._cluster.alive_nodes}

    @property
    def has_dynamic_voters(self) -> bool:
        """Whether voters can be added and removed (KIP-853)."""
        feature = self._cluster.features.get("kraft.version")
        return feature is not None and feature.finalized > 0

    @property
    def voters(self) -> list[Node]:
        """The nodes that vote."""
        nodes = self._cluster.nodes.values()
        return [node for node in nodes if node.node_id not in self.not_voting]

    @property
    def observers(self) -> list[Node]:
        """The nodes that only follow."""
        nodes = self._cluster.nodes.values()
        return [node for node in nodes if node.node_id in self.not_voting]

    def directory_id(self, node_id: int) -> UUID:
        """Return the id of a node's metadata directory; zero with static voters."""
        if not self.has_dynamic_voters:
            return ZERO_UUID
        return uuid5(_DIRECTORIES, f"{self._cluster.cluster_id}/{node_id}")

    @property
    def end_offset(self) -> int:
        """The end of the metadata log."""
        return 100 + int(self._cluster.clock.now() * _RECORDS_PER_SECOND)
