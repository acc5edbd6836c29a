"""Tell how reading is going, and warn of topics that cannot be read; runs on the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka.consumer.fetch_health import STUCK, PartitionHealth, partition_health, topic_health
from kafka.consumer.topic_troubles import TopicTroubles
from kafka.errors import TopicAuthorizationFailedError
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.cluster import ClusterSnapshot
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.consumer.fetch_planner import Reason
    from kafka.errors import KafkaError
    from kafka.subscription import PartitionState, SubscriptionState

log = logger(__name__)


class HealthReport:
    """What ``consumer.health()`` returns, and the log about topics.

    Args:
        subscriptions: what is read.
        buffer: how far the application has read.
        why_not_fetched: says it of a partition.
        creates: whether topics that are missing may be created.
    """

    def __init__(
        self,
        subscriptions: SubscriptionState,
        buffer: FetchBuffer,
        why_not_fetched: Callable[[TopicPartition], Reason | None],
        *,
        creates: bool,
    ) -> None:
        self._subscriptions = subscriptions
        self._buffer = buffer
        self._why_not_fetched = why_not_fetched
        self._troubles = TopicTroubles(creates=creates)
        self._partitions: dict[str, int] = {}

    def by_partition(self, now: float) -> dict[TopicPartition, PartitionHealth]:
        """Return how reading is going, by partition.

        A topic that is subscribed to and gives this consumer no partition is there with
        partition -1.
        """
        found = {
            state.tp: partition_health(
                state, self._buffer.position(state.tp), self._why_not_read(state), now
            )
            for state in self._subscriptions.assignment
        }
        with_partitions = {tp.topic for tp in found}
        for topic in (self._subscriptions.subscription or frozenset()) - with_partitions:
            found[TopicPartition(topic, -1)] = topic_health(
                self._troubles.reason(topic), self._partitions.get(topic, 0)
            )
        return found

    def _why_not_read(self, state: PartitionState) -> str | None:
        reason = self._why_not_fetched(state.tp)
        if reason in STUCK:
            trouble = self._troubles.reason(state.tp.topic, state.last_fetch)
            if trouble is not None:
                return f"its topic {trouble}"
        return None if reason is None else reason.value

    def on_metadata(self, snapshot: ClusterSnapshot, now: float) -> None:
        """Warn of topics that are missing."""
        wanted: dict[str, set[int]] = {
            topic: set() for topic in self._subscriptions.subscription or ()
        }
        for tp in self._subscriptions.assignment.partitions:
            wanted.setdefault(tp.topic, set()).add(tp.partition)
        self._partitions = {topic: len(snapshot.partitions(topic) or ()) for topic in wanted}
        for line in self._troubles.check(wanted, snapshot, now):
            log.warning("%s", line)

    def on_failure(self, tp: TopicPartition, error: KafkaError, now: float) -> None:
        """Warn of a topic that may not be read."""
        if isinstance(error, TopicAuthorizationFailedError):
            line = self._troubles.refuse(tp.topic, now)
            if line is not None:
                log.warning("%s", line)
