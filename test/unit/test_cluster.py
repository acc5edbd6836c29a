"""The cluster's snapshot and how it changes."""

from __future__ import annotations

import socket
from uuid import UUID

import pytest

from kafka.cluster import ClusterMetadata, collect_hosts, get_ip_port_afi
from kafka.errors import (
    LeaderNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.structs import BrokerMetadata, TopicPartition

ORDERS = TopicPartition("orders", 0)
ID, OTHER_ID = UUID(int=1), UUID(int=2)

Topic = MetadataResponse.MetadataResponseTopic


def topic(
    name: str = "orders",
    *,
    leader: int = 0,
    epoch: int = 5,
    topic_id: UUID = ID,
    partitions: int = 1,
    internal: bool = False,
    error: int = 0,
) -> Topic:
    return Topic(
        name=name,
        error_code=error,
        topic_id=topic_id,
        is_internal=internal,
        partitions=[
            MetadataResponse.MetadataResponsePartition(
                partition_index=number,
                leader_id=leader,
                leader_epoch=epoch,
                error_code=0 if leader >= 0 else 5,
                replica_nodes=[0, 1],
                isr_nodes=[0],
            )
            for number in reversed(range(partitions))
        ],
    )


def answer(*topics: Topic, brokers: int = 2, cluster_id: str | None = "c") -> MetadataResponse:
    return MetadataResponse(
        brokers=[
            MetadataResponse.MetadataResponseBroker(node_id=n, host=f"host{n}", port=9092)
            for n in range(brokers)
        ],
        cluster_id=cluster_id,
        controller_id=1,
        topics=topics,
    )


@pytest.fixture
def cluster() -> ClusterMetadata:
    made = ClusterMetadata()
    made.merge(answer(topic(partitions=3)))
    return made


def test_brokers_are_known_by_id(cluster: ClusterMetadata) -> None:
    assert cluster.broker_metadata(1) == BrokerMetadata(1, "host1", 9092, None)


def test_controller_is_a_broker(cluster: ClusterMetadata) -> None:
    assert cluster.controller == BrokerMetadata(1, "host1", 9092, None)


def named(*nodes: int) -> MetadataResponse:
    brokers = [
        MetadataResponse.MetadataResponseBroker(node_id=n, host=f"host{n}", port=9092)
        for n in nodes
    ]
    return MetadataResponse(brokers=brokers)


def test_broker_that_is_not_named_has_left(cluster: ClusterMetadata) -> None:
    cluster.merge(named(1), partial=True)
    assert set(cluster.snapshot.brokers) == {1}


@pytest.mark.parametrize(
    ("answers", "brokers"),
    [
        ([(-1,), ()], {-1}),
        ([(-1,), (1,)], {1}),
        ([(0,), (1,)], {0, 1}),
        ([(0, 1), ()], {0, 1}),
    ],
)
def test_brokers_are_kept_where_only_those_of_the_topics_asked_about_are_named(
    answers: list[tuple[int, ...]], brokers: set[int]
) -> None:
    made = ClusterMetadata()
    for nodes in answers:
        made.merge(named(*nodes), partial=True, names_all_brokers=False)
    assert set(made.snapshot.brokers) == brokers


def test_brokers_of_all_wanted_topics_are_all_there_are(cluster: ClusterMetadata) -> None:
    cluster.merge(named(1), names_all_brokers=False)
    assert set(cluster.snapshot.brokers) == {1}


def test_partitions_come_in_order(cluster: ClusterMetadata) -> None:
    assert list(cluster.snapshot.partitions("orders") or ()) == [0, 1, 2]


def test_unknown_topic_has_no_partitions(cluster: ClusterMetadata) -> None:
    assert cluster.snapshot.partition_count("bills") is None


def test_partition_without_a_leader_is_not_available(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(leader=-1, epoch=6)))
    assert cluster.snapshot.available_partitions("orders") == ()


def test_partition_without_a_leader_has_an_error(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(leader=-1, epoch=6)))
    found = cluster.snapshot.partition(ORDERS)
    assert found is not None
    assert found.error is LeaderNotAvailableError


def test_missing_leader_is_minus_one_under_the_old_name(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(leader=-1, epoch=6)))
    assert cluster.leader_for_partition(ORDERS) == -1


def test_older_epoch_is_ignored(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(leader=1, epoch=4)))
    assert cluster.snapshot.leader_for(ORDERS) == 0
    assert cluster.snapshot.leader_epoch(ORDERS) == 5


def test_newer_epoch_is_taken(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(leader=1, epoch=6)))
    assert cluster.snapshot.leader_for(ORDERS) == 1


def test_older_epoch_of_a_new_topic_id_is_taken(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(leader=1, epoch=0, topic_id=OTHER_ID)))
    assert cluster.snapshot.leader_for(ORDERS) == 1


def test_answer_without_epochs_is_taken(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(leader=1, epoch=-1)))
    assert cluster.snapshot.leader_for(ORDERS) == 1


def test_epoch_is_remembered_while_the_topic_is_gone(cluster: ClusterMetadata) -> None:
    cluster.merge(answer())
    cluster.merge(answer(topic(leader=1, epoch=4)))
    assert cluster.snapshot.leader_for(ORDERS) is None


def test_full_answer_drops_other_topics(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic("bills", topic_id=OTHER_ID)))
    assert cluster.topics() == {"bills"}


def test_partial_answer_keeps_other_topics(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic("bills", topic_id=OTHER_ID)), partial=True)
    assert cluster.topics() == {"orders", "bills"}


def test_snapshot_says_when_all_topics_were_listed_last() -> None:
    cluster = ClusterMetadata()
    assert cluster.snapshot.all_listed_in == 0
    cluster.merge(answer(topic()), lists_all=True)
    cluster.merge(answer(topic("bills")), partial=True)
    assert (cluster.snapshot.version, cluster.snapshot.all_listed_in) == (2, 1)
    assert not cluster.merge(answer(topic(), topic("bills")), lists_all=True)
    assert cluster.snapshot.all_listed_in == 3
    cluster.merge(answer(topic()))
    assert cluster.snapshot.all_listed_in == 0


def test_topic_error_replaces_the_topic(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(error=3)), partial=True)
    assert cluster.snapshot.topic_error("orders") is UnknownTopicOrPartitionError
    assert cluster.topics() == set()


def test_unauthorized_topics_are_listed(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(error=29)))
    assert cluster.unauthorized_topics == {"orders"}
    assert cluster.snapshot.topic_error("orders") is TopicAuthorizationFailedError


def test_internal_topics_are_left_out_by_default(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic("__x", internal=True)))
    assert cluster.topics() == set()
    assert cluster.topics(exclude_internal_topics=False) == {"__x"}


def test_topic_ids_lead_both_ways(cluster: ClusterMetadata) -> None:
    assert cluster.topic_id("orders") == ID
    assert cluster.topic_name_for_id(ID) == "orders"


def test_zero_topic_id_is_none(cluster: ClusterMetadata) -> None:
    cluster.merge(answer(topic(topic_id=UUID(int=0))))
    assert cluster.topic_id("orders") is None
    assert cluster.topic_name_for_id(UUID(int=0)) is None


def test_same_answer_changes_nothing_but_the_version(cluster: ClusterMetadata) -> None:
    version = cluster.snapshot.version
    assert not cluster.merge(answer(topic(partitions=3)))
    assert cluster.snapshot.version == version + 1


def test_old_snapshot_does_not_change(cluster: ClusterMetadata) -> None:
    before = cluster.snapshot
    cluster.merge(answer(topic(leader=1, epoch=6)))
    assert before.leader_for(ORDERS) == 0


def test_leader_hint_with_a_newer_epoch_is_taken(cluster: ClusterMetadata) -> None:
    assert cluster.apply_leader_hint(ORDERS, 1, 6)
    assert cluster.snapshot.leader_for(ORDERS) == 1


def test_leader_hint_is_not_undone_by_older_metadata(cluster: ClusterMetadata) -> None:
    cluster.apply_leader_hint(ORDERS, 1, 6)
    cluster.merge(answer(topic(epoch=5)))
    assert cluster.snapshot.leader_for(ORDERS) == 1


@pytest.mark.parametrize(
    ("partition", "leader", "epoch"),
    [(ORDERS, 1, 5), (ORDERS, 7, 6), (TopicPartition("bills", 0), 1, 6)],
    ids=["epoch known", "node unknown", "partition unknown"],
)
def test_leader_hint_that_cannot_be_used_is_ignored(
    cluster: ClusterMetadata, partition: TopicPartition, leader: int, epoch: int
) -> None:
    before = cluster.snapshot
    assert not cluster.apply_leader_hint(partition, leader, epoch)
    assert cluster.snapshot is before


def test_leader_hint_may_bring_its_broker(cluster: ClusterMetadata) -> None:
    new = BrokerMetadata(7, "host7", 9092, None)
    assert cluster.apply_leader_hint(ORDERS, 7, 6, endpoints=[new])
    assert cluster.broker_metadata(7) == new


def test_forgotten_topic_is_gone(cluster: ClusterMetadata) -> None:
    cluster.forget_topics(["orders"])
    assert cluster.snapshot.partitions("orders") is None
    assert cluster.topic_name_for_id(ID) is None


def test_partitions_of_a_broker_are_those_it_leads(cluster: ClusterMetadata) -> None:
    assert cluster.partitions_for_broker(0) == {TopicPartition("orders", n) for n in range(3)}
    assert cluster.partitions_for_broker(1) == set()
    assert cluster.partitions_for_broker(9) is None


def test_replicas_are_known(cluster: ClusterMetadata) -> None:
    assert cluster.is_replica_node(ORDERS, 1)
    assert not cluster.is_replica_node(ORDERS, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kafka", ("kafka", 9092, socket.AF_UNSPEC)),
        ("kafka:1234", ("kafka", 1234, socket.AF_UNSPEC)),
        ("10.0.0.1:1234", ("10.0.0.1", 1234, socket.AF_INET)),
        ("[::1]:1234", ("::1", 1234, socket.AF_INET6)),
        ("[::1]", ("::1", 9092, socket.AF_INET6)),
        ("::1", ("::1", 9092, socket.AF_INET6)),
    ],
)
def test_address_is_split(text: str, expected: tuple[str, int, int]) -> None:
    assert get_ip_port_afi(text) == expected


def test_hosts_are_collected_from_a_string_in_order_if_wanted() -> None:
    found = collect_hosts("a:1, b:2", randomize=False)
    assert [host for host, _, _ in found] == ["a", "b"]
