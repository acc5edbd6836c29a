"""Let partitions join a transaction of TV2 in one request at a time for each leader.  Pure.

From transaction.version 2 on a partition joins by being written to (KIP-890): its leader asks the
coordinator to add it. While that goes on, the coordinator lets nothing else of the transaction in,
and a leader that is told so waits at least 20 ms before it asks again. So what would join by a
second request waits for the answer to the first one: a round trip, after which all that has come
meanwhile goes together. Leaders ask independently, so one does not wait for the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.producer.topic_info import PartitionQueue
    from kafka.structs import TopicPartition


class JoiningPartitions:
    """The partitions of one transaction whose first batch has no good answer yet.

    Args:
        is_acked: returns whether a broker has taken a batch of the partition in this transaction.
    """

    def __init__(self, is_acked: Callable[[TopicPartition], bool]) -> None:
        self._is_acked = is_acked
        self._queues: list[PartitionQueue] = []

    def may_drain(
        self, queue: PartitionQueue, leader_for: Callable[[TopicPartition], int | None]
    ) -> bool:
        """Return whether the first batch of *queue* may be written now; if not, an answer comes.

        Args:
            queue: of the partition.
            leader_for: returns the node that leads a partition.
        """
        if self._is_acked(queue.topic_partition):
            return True
        self._queues = [each for each in self._queues if not self._is_acked(each.topic_partition)]
        node = leader_for(queue.topic_partition)
        for each in self._queues:
            if each.in_flight and leader_for(each.topic_partition) == node:
                return False
        if queue not in self._queues:
            self._queues.append(queue)
        return True

    def clear(self) -> None:
        """Begin another transaction."""
        self._queues.clear()
