"""Moves of partitions to other brokers (KIP-455).  Pure.

A move ends as soon as every new replica is up, or when a test releases the moves that it holds.
Until then the partition has its new replicas and, after them, those that will be removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.testing.broker.cluster import NO_LEADER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.testing.broker.cluster import Cluster, Partition


class Reassignment(NamedTuple):
    """A move in progress."""

    target: tuple[int, ...]
    before: tuple[int, ...]

    @property
    def adding(self) -> list[int]:
        """The replicas that the move adds."""
        return [replica for replica in self.target if replica not in self.before]

    @property
    def removing(self) -> list[int]:
        """The replicas that the move removes."""
        return [replica for replica in self.before if replica not in self.target]


class Reassignments:
    """The moves in progress in a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.ongoing: dict[Partition, Reassignment] = {}
        self._cluster = cluster
        self._held = False
        cluster.metadata_changed.subscribe(self._progress)

    def hold(self, held: bool = True) -> None:
        """Keep moves in progress until they are released or cancelled, or release them."""
        self._held = held
        self._progress()

    def start(self, partition: Partition, target: Sequence[int]) -> None:
        """Begin to move *partition*, in place of a move in progress."""
        before = self.ongoing.pop(partition, Reassignment((), tuple(partition.replicas))).before
        move = Reassignment(tuple(target), before)
        partition.isr = [replica for replica in partition.isr if replica in {*target, *before}]
        partition.replicas = [*target, *move.removing]
        self.ongoing[partition] = move
        self._cluster.metadata_changed.fire()

    def cancel(self, partition: Partition) -> bool:
        """Undo a move; return whether there was one."""
        move = self.ongoing.pop(partition, None)
        if move is None:
            return False
        partition.replicas = list(move.before)
        self._shrink(partition)
        self._cluster.metadata_changed.fire()
        return True

    def _progress(self) -> None:
        for partition, move in list(self.ongoing.items()):
            if self._cluster.topics_by_id.get(partition.topic.topic_id) is not partition.topic:
                del self.ongoing[partition]
            elif not self._held and all(
                self._cluster.nodes[replica].alive for replica in move.adding
            ):
                self._finish(partition, move)

    def _finish(self, partition: Partition, move: Reassignment) -> None:
        del self.ongoing[partition]
        partition.replicas = list(move.target)
        partition.isr += [replica for replica in move.adding if replica not in partition.isr]
        self._shrink(partition, may_bump=bool(move.removing))
        self._cluster.metadata_changed.fire()

    def _shrink(self, partition: Partition, *, may_bump: bool = True) -> None:
        """Drop removed replicas from ISR and leadership; a new epoch fences them (KAFKA-12468)."""
        in_sync = [replica for replica in partition.replicas if replica in partition.isr]
        partition.isr = in_sync or list(partition.replicas)
        leader = partition.leader
        if leader in partition.replicas:
            if may_bump:
                partition.lead(leader)
        elif leader != NO_LEADER:
            self._cluster.elect(partition)
