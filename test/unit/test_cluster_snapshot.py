"""What a snapshot of the cluster answers about what it knows, and about what it does not."""

from __future__ import annotations

from types import MappingProxyType
from uuid import UUID

import pytest

from kafka.cluster_snapshot import NO_TOPIC_ID, ClusterSnapshot, TopicState
from kafka.errors import TopicAuthorizationFailedError
from kafka.structs import PartitionMetadata, TopicPartition

ID = UUID(int=7)


def partition(topic: str, number: int, leader: int, epoch: int = 3) -> PartitionMetadata:
    return PartitionMetadata(topic, number, leader, epoch, [0, 1], [0], [], None)


def state(topic: str, *leaders: int, is_internal: bool = False) -> TopicState:
    # In reverse, because brokers list partitions in any order.
    found = {n: partition(topic, n, leader) for n, leader in reversed(list(enumerate(leaders)))}
    return TopicState(ID, is_internal, MappingProxyType(found))


SNAPSHOT = ClusterSnapshot(
    topic_states={
        "orders": state("orders", 1, -1, 0),
        "__offsets": state("__offsets", 0, is_internal=True),
    },
    topic_errors={"secret": TopicAuthorizationFailedError},
    names={ID: "orders"},
)


def test_partitions_are_counted_and_those_with_a_leader_come_in_order() -> None:
    assert SNAPSHOT.partition_count("orders") == 3
    assert SNAPSHOT.available_partitions("orders") == (0, 2)
    assert sorted(SNAPSHOT.partitions("orders") or {}) == [0, 1, 2]


@pytest.mark.parametrize(("number", "leader", "epoch"), [(0, 1, 3), (1, None, 3), (9, None, -1)])
def test_leader_of_a_partition(number: int, leader: int | None, epoch: int) -> None:
    tp = TopicPartition("orders", number)
    assert (SNAPSHOT.leader_for(tp), SNAPSHOT.leader_epoch(tp)) == (leader, epoch)


def test_ids_lead_to_names_and_back() -> None:
    assert (SNAPSHOT.topic_id("orders"), SNAPSHOT.topic_name(ID)) == (ID, "orders")


def test_internal_topics_are_listed_if_wanted() -> None:
    assert SNAPSHOT.topics() == {"orders"}
    assert SNAPSHOT.topics(exclude_internal=False) == {"orders", "__offsets"}


def test_error_of_a_topic_is_kept() -> None:
    assert SNAPSHOT.topic_error("secret") is TopicAuthorizationFailedError
    assert SNAPSHOT.topic_error("orders") is None


def test_nothing_is_known_of_other_topics() -> None:
    tp = TopicPartition("other", 0)
    assert SNAPSHOT.partitions("other") is None
    assert SNAPSHOT.partition_count("other") is None
    assert SNAPSHOT.available_partitions("other") == ()
    assert SNAPSHOT.partition(tp) is None
    assert (SNAPSHOT.leader_for(tp), SNAPSHOT.leader_epoch(tp)) == (None, -1)
    assert (SNAPSHOT.topic_id("other"), SNAPSHOT.topic_name(NO_TOPIC_ID)) == (NO_TOPIC_ID, None)
