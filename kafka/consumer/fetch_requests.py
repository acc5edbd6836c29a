"""Make Fetch requests out of session requests, and read their responses by partition.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.protocol.adapt import FETCH_WITHOUT_TOPIC_IDS
from kafka.protocol.messages.fetch import FetchRequest
from kafka.structs import TopicPartition
from kafka.subscription.grouping import by_topic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from kafka.consumer.fetch_session import SessionFetch
    from kafka.protocol.messages.fetch import FetchResponse


class FetchLimits(NamedTuple):
    """What every Fetch of a consumer has in common.

    Args:
        max_wait_ms: how long the broker may wait for `min_bytes`, in ms.
        min_bytes: bytes to wait for.
        max_bytes: most bytes in a response.
        max_partition_bytes: most bytes of records of one partition in a response.
        isolation_level: 0 for uncommitted, 1 for committed (KIP-98).
        rack_id: rack of this client (KIP-392).
    """

    max_wait_ms: int
    min_bytes: int
    max_bytes: int
    max_partition_bytes: int
    isolation_level: int
    rack_id: str


def fetch_request(sent: SessionFetch, limits: FetchLimits) -> FetchRequest:
    """Return the request that says *sent*."""
    topics = [
        FetchRequest.FetchTopic(
            topic=topic,
            topic_id=sent.partitions[partitions[0]].topic_id,
            partitions=[
                FetchRequest.FetchPartition(
                    partition=tp.partition,
                    current_leader_epoch=sent.partitions[tp].leader_epoch,
                    fetch_offset=sent.partitions[tp].offset,
                    partition_max_bytes=limits.max_partition_bytes,
                )
                for tp in partitions
            ],
        )
        for topic, partitions in by_topic(sent.partitions).items()
    ]
    return FetchRequest(
        max_wait_ms=limits.max_wait_ms,
        min_bytes=limits.min_bytes,
        max_bytes=limits.max_bytes,
        isolation_level=limits.isolation_level,
        rack_id=limits.rack_id,
        session_id=sent.session_id,
        session_epoch=sent.epoch,
        topics=topics,
        forgotten_topics_data=_forgotten(sent),
    )


def highest_version(sent: SessionFetch) -> int | None:
    """Return the version that the request for *sent* must not exceed, ``None`` for any.

    A session begun with names goes on with names (KIP-516). A request without partitions does not
    show which it is, so this is given to `NetworkClient.send` with it.
    """
    return None if sent.uses_ids else FETCH_WITHOUT_TOPIC_IDS


def _forgotten(sent: SessionFetch) -> list[FetchRequest.ForgottenTopic]:
    grouped: dict[tuple[str, UUID], list[int]] = {}
    for tp, topic_id in sent.forgotten.items():
        grouped.setdefault((tp.topic, topic_id), []).append(tp.partition)
    return [
        FetchRequest.ForgottenTopic(topic=topic, topic_id=topic_id, partitions=partitions)
        for (topic, topic_id), partitions in grouped.items()
    ]


def read_fetch_response(
    response: FetchResponse, names: Mapping[UUID, str]
) -> dict[TopicPartition, FetchResponse.PartitionData]:
    """Return the answer by partition.

    Args:
        response: the answer.
        names: topic names by id, as they were when the request was made (KIP-516).
    """
    return {
        TopicPartition(topic.topic or names.get(topic.topic_id, ""), part.partition_index): part
        for topic in response.responses
        for part in topic.partitions
    }
