"""Fetch requests out of session requests, and responses by partition."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.consumer.fetch_requests import (
    FetchLimits,
    fetch_request,
    highest_version,
    read_fetch_response,
)
from kafka.consumer.fetch_session import FetchPosition, SessionFetch
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.structs import TopicPartition

A0, A1, B0 = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)
IDS = {"a": UUID(int=1), "b": UUID(int=2)}
LIMITS = FetchLimits(500, 1, 10_000, 1_000, 1, "rack")


def position(tp: TopicPartition, offset: int) -> FetchPosition:
    return FetchPosition(IDS[tp.topic], offset, 4, 1, from_replica=False)


def request(*asked: TopicPartition, forgotten: tuple[TopicPartition, ...] = ()) -> FetchRequest:
    positions = {tp: position(tp, number) for number, tp in enumerate(asked)}
    sent = SessionFetch(7, 3, positions, {tp: IDS[tp.topic] for tp in forgotten}, uses_ids=True)
    return fetch_request(sent, LIMITS)


def test_limits_and_session_are_named() -> None:
    made = request()
    assert (made.max_wait_ms, made.min_bytes, made.max_bytes) == (500, 1, 10_000)
    assert (made.isolation_level, made.rack_id) == (1, "rack")
    assert (made.session_id, made.session_epoch) == (7, 3)


def test_partitions_are_grouped_by_topic_in_their_order() -> None:
    made = request(B0, A1, A0)
    assert [(topic.topic, topic.topic_id) for topic in made.topics] == [
        ("b", IDS["b"]),
        ("a", IDS["a"]),
    ]
    assert [part.partition for part in made.topics[1].partitions] == [1, 0]


def test_partition_is_asked_for_from_its_offset() -> None:
    part = request(B0, A1).topics[1].partitions[0]
    assert (part.fetch_offset, part.current_leader_epoch, part.partition_max_bytes) == (1, 4, 1_000)


def test_forgotten_partitions_are_grouped_by_topic() -> None:
    made = request(forgotten=(A0, B0, A1)).forgotten_topics_data
    assert [(topic.topic, topic.partitions) for topic in made] == [("a", [0, 1]), ("b", [0])]


@pytest.mark.parametrize(("uses_ids", "highest"), [(True, None), (False, 12)])
def test_session_of_names_goes_no_higher_than_the_last_version_with_names(
    uses_ids: bool, highest: int | None
) -> None:
    assert highest_version(SessionFetch(7, 3, {}, {}, uses_ids)) == highest


def test_response_is_read_by_names_or_by_the_ids_of_the_request() -> None:
    response = FetchResponse
    part = response.PartitionData(partition_index=1)
    topics = [
        response.FetchableTopicResponse(topic="b", partitions=[part]),
        response.FetchableTopicResponse(topic_id=IDS["a"], partitions=[part]),
        response.FetchableTopicResponse(topic_id=UUID(int=9), partitions=[part]),
    ]
    names = {topic_id: name for name, topic_id in IDS.items()}
    read = read_fetch_response(FetchResponse(responses=topics), names)
    assert list(read) == [TopicPartition("b", 1), A1, TopicPartition("", 1)]
