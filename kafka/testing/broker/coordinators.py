"""Which broker coordinates a group or a transactional id.  Pure.

A key belongs to a slot by its hash, as it belongs to a partition of an internal topic in Apache
Kafka, and a slot to a broker. A slot whose broker is down is taken over by the next one that is up
and goes back when the broker returns. All brokers share the coordinators' state, so that a move
loses nothing; requests that wait are answered NOT_COORDINATOR.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from kafka.errors import InvalidRequestError, NotCoordinatorError
from kafka.testing.broker.timers import Event

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Cluster, Node

_SLOTS = 50

# By the type of the key: the internal topic and the config of its number of partitions.
_TOPICS = {
    0: ("__consumer_offsets", "offsets.topic"),
    1: ("__transaction_state", "transaction.state.log"),
}
_SIGN = 1 << 31
_WORD = 1 << 32


class KeyType(IntEnum):
    """The type of a coordinator's key, by the number in FindCoordinator."""

    GROUP = 0
    TRANSACTION = 1
    SHARE = 2


def slot_of(key: str) -> int:
    """Return the slot of *key*: the hash of a Java string, without its sign, modulo 50."""
    value = 0
    units = key.encode("utf-16-be", "surrogatepass")
    for index in range(0, len(units), 2):
        value = (value * 31 + (units[index] << 8 | units[index + 1])) % _WORD
    return value % _SIGN % _SLOTS


class Coordinators:
    """The coordinator of every key; get it with ``cluster.component(Coordinators)``.

    Attributes:
        changed: fires when a coordinator was moved, or nodes came or went.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.changed = Event()
        self._cluster = cluster
        self._moved: dict[tuple[KeyType, str], int] = {}
        cluster.metadata_changed.subscribe(self.changed.fire)

    def find(self, kind: KeyType, key: str) -> Node | None:
        """Return the node that coordinates *key*, or ``None`` if no node is up."""
        nodes = self._cluster.nodes
        moved = nodes.get(self._moved.get((kind, key), -1))
        if moved is not None and moved.alive:
            return moved
        ids = sorted(nodes)
        first = slot_of(key) % len(ids)
        for node_id in ids[first:] + ids[:first]:
            if nodes[node_id].alive:
                return nodes[node_id]
        return None

    def ensure_topic(self, kind: KeyType) -> None:
        """Create the internal topic of *kind*, as the first look-up of a coordinator does.

        It is only for show: the coordinators store nothing in it.
        """
        name, prefix = _TOPICS[kind]
        if name in self._cluster.topics:
            return
        config = self._cluster.config
        ids = sorted(self._cluster.nodes)
        factor = min(int(config.get(f"{prefix}.replication.factor", 3)), len(ids))
        partitions = int(config.get(f"{prefix}.num.partitions", _SLOTS))
        self._cluster.create_topic(
            name,
            assignments={
                index: [ids[(index + n) % len(ids)] for n in range(factor)]
                for index in range(partitions)
            },
            config={"cleanup.policy": "compact", "compression.type": "producer"}
            if kind is KeyType.GROUP
            else {"cleanup.policy": "compact", "compression.type": "uncompressed"},
            is_internal=True,
        )

    def is_at(self, node_id: int, kind: KeyType, key: str) -> bool:
        """Return whether *node_id* coordinates *key*."""
        found = self.find(kind, key)
        return found is not None and found.node_id == node_id

    def check(self, node_id: int, kind: KeyType, key: str) -> None:
        """Check that *node_id* coordinates *key*.

        Raises:
            NotCoordinatorError: another node coordinates it.
        """
        if not self.is_at(node_id, kind, key):
            raise NotCoordinatorError(
                f"node {node_id} does not coordinate the {kind.name.lower()} {key!r}"
            )

    def move(self, kind: KeyType, key: str, node_id: int) -> None:
        """Make *node_id* coordinate *key*.

        Raises:
            InvalidRequestError: there is no such node, or it is down.
        """
        node = self._cluster.nodes.get(node_id)
        if node is None or not node.alive:
            raise InvalidRequestError(f"node {node_id} cannot coordinate {key!r}: it is not up")
        self._moved[kind, key] = node_id
        self.changed.fire()
