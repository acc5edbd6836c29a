"""Questions about topics and partitions that do not touch what a consumer reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.consumer import arguments
from kafka.consumer.lifecycle import ConsumerLife, wakeable
from kafka.subscription import check_partitions, check_topic_name
from kafka.subscription.reset import EARLIEST_TIMESTAMP, LATEST_TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Collection

    from kafka.structs import OffsetAndTimestamp, TopicPartition


class Queries(ConsumerLife):
    """The part of `AsyncKafkaConsumer` that asks."""

    # -- questions -------------------------------------------------------------------------

    @wakeable
    async def offsets_for_times(
        self, timestamps: dict[TopicPartition, int], timeout_ms: float | None = None
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Return the first offset whose timestamp is not before the one given, by partition.

        Args:
            timestamps: ms since the Unix epoch, by partition; they need not be assigned.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Returns:
            ``None`` for partitions without such a record.

        Raises:
            ValueError: a timestamp is negative.
            UnsupportedVersionError: a broker is older than 0.10.1.
            KafkaTimeoutError: not all leaders answered in time.
        """
        wanted = arguments.search_times(timestamps)
        return await self._core.find_offsets(wanted, self._deadline(timeout_ms))

    @wakeable
    async def beginning_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the first offset of each of *partitions*; positions stay as they are.

        Args:
            partitions: any partitions; they need not be assigned.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: not all leaders answered in time.
        """
        return await self._ends(partitions, EARLIEST_TIMESTAMP, timeout_ms)

    @wakeable
    async def end_offsets(
        self, partitions: Collection[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each of *partitions*.

        With ``read_committed`` it is the end of what can be read, the last stable offset.

        Args:
            partitions: any partitions; they need not be assigned.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: not all leaders answered in time.
        """
        return await self._ends(partitions, LATEST_TIMESTAMP, timeout_ms)

    async def _ends(
        self, partitions: Collection[TopicPartition], target: int, timeout_ms: float | None
    ) -> dict[TopicPartition, int]:
        partitions = check_partitions(partitions)
        wanted = dict.fromkeys(partitions, target)
        found = await self._core.find_offsets(wanted, self._deadline(timeout_ms))
        return {tp: answer.offset for tp, answer in found.items() if answer is not None}

    @wakeable
    async def partitions_for_topic(self, topic: str, timeout_ms: float | None = None) -> set[int]:
        """Return the numbers of the partitions of *topic*, empty if it does not exist.

        Args:
            topic: name of the topic.
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            TopicAuthorizationFailedError: the topic may not be described.
            TypeError: *topic* is no string; ValueError: no topic can have this name.
            KafkaTimeoutError: no broker answered in time.
        """
        check_topic_name(topic)
        return await self._core.partitions_for_topic(topic, self._deadline(timeout_ms))

    @wakeable
    async def topics(self, timeout_ms: float | None = None) -> set[str]:
        """Return the names of all topics that may be described.

        Args:
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.

        Raises:
            KafkaTimeoutError: no broker answered in time.
        """
        return await self._core.topics(self._deadline(timeout_ms))

    @wakeable
    async def bootstrap(self, timeout_ms: float | None = None, refresh: bool = False) -> None:
        """Make sure that the cluster is known, as it is since the consumer started.

        Args:
            timeout_ms: how long to try, in ms; ``None`` for ``default_api_timeout_ms``.
            refresh: fetch the cluster metadata again.

        Raises:
            KafkaTimeoutError: no broker answered in time.
        """
        client = self._core.client
        if refresh:
            version = client.cluster.snapshot.version
            client.metadata.request_update()
            await client.metadata.wait_for_update(version, self._deadline(timeout_ms))
