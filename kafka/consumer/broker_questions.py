"""What an application asks about topics and offsets, apart from those that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import RetriableError, for_code
from kafka.protocol.messages.metadata import MetadataRequest

if TYPE_CHECKING:
    from kafka._base.deadline import Deadline
    from kafka.config.consumer import ConsumerConfig
    from kafka.consumer.offset_lookup import OffsetLookup
    from kafka.net.network_client import NetworkClient
    from kafka.structs import OffsetAndTimestamp, TopicPartition


class BrokerQuestions:
    """Ask brokers on the loop; the calls of both faces end here.

    Args:
        config: the options.
        client: the network.
        lookup: finds offsets.
    """

    def __init__(self, config: ConsumerConfig, client: NetworkClient, lookup: OffsetLookup) -> None:
        self._hides_internal = config.exclude_internal_topics
        self._creates = config.allow_auto_create_topics
        self._client = client
        self._lookup = lookup

    async def find_offsets(
        self, timestamps: dict[TopicPartition, int], deadline: Deadline
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Look offsets up; see `OffsetLookup.find`."""
        return await self._lookup.find(timestamps, deadline)

    async def topics(self, deadline: Deadline) -> set[str]:
        """Return the names of all topics, asked of a broker now."""
        response = await self._client.send_any(MetadataRequest(topics=None), deadline=deadline)
        hide = self._hides_internal
        return {
            topic.name
            for topic in response.topics
            if topic.name and not topic.error_code and not (hide and topic.is_internal)
        }

    async def partitions_for_topic(self, topic: str, deadline: Deadline) -> set[int]:
        """Return the partitions of *topic*, empty if there is no such topic."""
        known = self._client.cluster.snapshot.partitions(topic)
        if known is not None:
            return set(known)
        request = MetadataRequest(
            topics=[MetadataRequest.MetadataRequestTopic(name=topic)],
            allow_auto_topic_creation=self._creates,
        )
        response = await self._client.send_any(request, deadline=deadline)
        for found in response.topics:
            error = for_code(found.error_code)
            if found.error_code and not issubclass(error, RetriableError):
                raise error(topic)
            if not found.error_code:
                return {part.partition_index for part in found.partitions}
        return set()
