"""The topics that a producer sends to: their partitions, kept up to date and waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from kafka.producer.arguments import check_partition
from kafka.producer.topic_info import TopicInfo
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from kafka._base.deadline import Deadline
    from kafka.cluster import ClusterSnapshot
    from kafka.net.network_client import NetworkClient
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.topic_info import PartitionQueue


class Topics:
    """Opens a `TopicInfo` for each topic in use and follows the cluster's metadata.

    Args:
        accumulator: where the records of the topics go.
        net: knows the metadata, and fetches what is missing.

    Attributes:
        known: the topics with known partitions; read by any thread, replaced entry by entry.
    """

    def __init__(self, accumulator: RecordAccumulator, net: NetworkClient) -> None:
        self.known = accumulator.gate.topics
        # All topics that somebody still uses: a queue in the accumulator, a batch in flight, a
        # send() in another thread. A topic that comes back has to get the same queues, or batches
        # of one partition would overtake each other and meet in one request.
        self._in_use: WeakValueDictionary[str, TopicInfo] = WeakValueDictionary()
        self._gate = accumulator.gate
        self._active = accumulator.active
        self._settings = accumulator.settings
        self._net = net
        self._seen = net.cluster.snapshot
        # The nodes that take no batches now.
        self._slow: frozenset[int] = frozenset()

    async def find(self, topic: str, partition: int | None, deadline: Deadline) -> TopicInfo:
        """Return the route of *topic*, waiting for its metadata; on the loop.

        A *partition* that is not known may be new: the metadata is fetched once more for it. It
        may be missing from the route all the same.

        Raises:
            KafkaTimeoutError: nothing is known of the topic in time.
            BrokerResponseError: the brokers refuse the topic.
        """
        route = await self._find(topic, deadline)
        if isinstance(partition, int) and partition >= len(route.queues):
            version = self._net.cluster.snapshot.version
            self._net.metadata.request_update()
            await self._net.metadata.wait_for_update(version, deadline)
            route = await self._find(topic, deadline)
        return route

    async def _find(self, topic: str, deadline: Deadline) -> TopicInfo:
        while True:
            snapshot = self._net.cluster.snapshot
            route = self._open(topic, snapshot)
            if route is not None:
                return route
            await self._net.metadata.topic(topic, deadline)
            if self._net.cluster.snapshot is snapshot:
                await self._net.metadata.wait_for_update(snapshot.version, deadline)

    def update(self, snapshot: ClusterSnapshot) -> None:
        """Take over the partitions of the topics in use; topics that are gone are not known.

        Batches of a partition that has got another leader are sent again without back-off
        (KIP-951).
        """
        before, self._seen = self._seen, snapshot
        self._gate.guarded(self._update, before, snapshot)

    def _update(self, before: ClusterSnapshot, snapshot: ClusterSnapshot) -> None:
        for queue in list(self._active):
            leader = snapshot.leader_for(queue.topic_partition)
            if leader is not None and leader != before.leader_for(queue.topic_partition):
                queue.end_back_off()
        for topic, route in list(self.known.items()):
            if not self._update_route(route, snapshot):
                del self.known[topic]

    def avoid(self, nodes: frozenset[int]) -> None:
        """Lead records without a key past the partitions of *nodes*, which take no batches now."""
        self._slow = nodes
        self.update(self._net.cluster.snapshot)

    def _update_route(self, route: TopicInfo, snapshot: ClusterSnapshot) -> bool:
        """Take over the partitions of a topic; return whether *snapshot* has any."""
        topic = route.topic
        count = snapshot.partition_count(topic)
        if not count:
            return False
        avoided: frozenset[int] = frozenset()
        if self._slow:
            leaders = (snapshot.leader_for(TopicPartition(topic, n)) for n in range(count))
            avoided = frozenset(n for n, leader in enumerate(leaders) if leader in self._slow)
        route.update(count, snapshot.available_partitions(topic), avoided)
        return True

    def forget_all(self) -> None:
        """Forget all topics: the producer takes no more records."""
        self._gate.guarded(self.known.clear)

    def _open(self, topic: str, snapshot: ClusterSnapshot) -> TopicInfo | None:
        if not snapshot.partition_count(topic):
            return None
        return self._gate.guarded(self._open_guarded, topic, snapshot)

    def _open_guarded(self, topic: str, snapshot: ClusterSnapshot) -> TopicInfo:
        route = self.known.get(topic)
        if route is not None:
            return route
        route = self._in_use.get(topic)
        if route is None:
            route = self._in_use[topic] = TopicInfo(
                topic,
                batch_size=self._settings.batch_size,
                limit=self._settings.batch_limit,
                uniform=self._net.runtime.uniform,
                adaptive=self._settings.adaptive,
                ignores_keys=self._settings.ignores_keys,
            )
        self._update_route(route, snapshot)
        self.known[topic] = route
        return route


def queue_for(route: TopicInfo, key: bytes | None, partition: int | None) -> PartitionQueue | None:
    """Return where a record goes; ``None`` for where records without a key go at the moment.

    Raises:
        ValueError: *partition* does not exist.
    """
    if partition is not None:
        return route.queues[check_partition(route.topic, partition, len(route.queues))]
    if key is None or route.ignores_keys:
        return None
    return route.place(key)
