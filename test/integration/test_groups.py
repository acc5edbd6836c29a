"""Consumer groups on real Apache Kafka: join, rebalance, commit, leave, and go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kafka import KafkaConsumer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.structs import TopicPartition
from test.support.group_workers import PATIENCE, Worker, read_by, send_numbers, shared_out, until

if TYPE_CHECKING:
    from test.support.apache_kafka import KafkaCluster

PARTITIONS = 6

both_faces = pytest.mark.parametrize("asynchronous", [False, True], ids=["blocking", "async"])
both_protocols = pytest.mark.parametrize("protocol", ["classic", "consumer"])


# Any: options of every type.
def member(cluster: KafkaCluster, topic: str, protocol: str, **options: Any) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        group_id=f"group-of-{topic}",
        group_protocol=protocol,
        auto_offset_reset="earliest",
        **options,
    )


def send(cluster: KafkaCluster, topic: str, first: int, count: int) -> None:
    send_numbers(cluster.bootstrap_servers, topic, first, count, over=PARTITIONS)


# Any: options of every type.
def share_a_topic(cluster: KafkaCluster, topic: str, **options: Any) -> None:
    """One member, two, one again: each record is read once."""
    cluster.create_topic(topic, partitions=PARTITIONS)
    send(cluster, topic, 0, 600)
    with Worker(cluster.bootstrap_servers, topic, **options) as first:
        read_by([first], 600)
        with Worker(cluster.bootstrap_servers, topic, **options) as second:
            shared_out([first, second], 3, 3)
            send(cluster, topic, 600, 600)
            read_by([first, second], 1200)
        shared_out([first], PARTITIONS)
        send(cluster, topic, 1200, 600)
        read_by([first, second], 1800)
    assert len(set(second.values)) == 300
    assert sorted(first.values + second.values) == list(range(1800))
    assert first.listener.heard[-1] == "revoked 0 1 2 3 4 5"


@both_faces
@both_protocols
def test_two_members_share_a_topic_and_each_record_is_read_once(
    kafka: KafkaCluster, topic_name: str, protocol: str, asynchronous: bool
) -> None:
    share_a_topic(kafka, topic_name, asynchronous=asynchronous, group_protocol=protocol)


def test_cooperative_members_keep_what_they_share(kafka: KafkaCluster, topic_name: str) -> None:
    share_a_topic(kafka, topic_name, partition_assignment_strategy=[CooperativeStickyAssignor])


@pytest.mark.parametrize("protocol", ["classic", "auto"])
def test_the_last_release_for_clients_of_all_ages_has_groups(
    kafka_392: KafkaCluster, topic_name: str, protocol: str
) -> None:
    share_a_topic(kafka_392, topic_name, group_protocol=protocol)


@pytest.mark.parametrize("release", ["kafka", "kafka_392"])
def test_auto_takes_the_protocol_of_the_cluster(
    request: pytest.FixtureRequest, topic_name: str, release: str
) -> None:
    cluster: KafkaCluster = request.getfixturevalue(release)
    cluster.create_topic(topic_name, partitions=PARTITIONS)
    with member(cluster, topic_name, "auto") as reader:
        reader.subscribe([topic_name])
        until(lambda: reader.poll(100) or reader.assignment(), reader.group_health)
        health = reader.group_health()
        assert health is not None
        assert health.protocol == ("consumer" if release == "kafka" else "classic")


@both_protocols
def test_the_next_member_goes_on_where_the_last_one_has_committed(
    kafka: KafkaCluster, topic_name: str, protocol: str
) -> None:
    kafka.create_topic(topic_name, partitions=PARTITIONS)
    send(kafka, topic_name, 0, 60)
    read: list[int] = []
    for _ in range(3):
        with member(kafka, topic_name, protocol) as reader:
            reader.subscribe([topic_name])
            before = len(read)
            while len(read) - before < 20:
                for records in reader.poll(1000, max_records=20 - len(read) + before).values():
                    read += [int(record.value) for record in records]
    assert sorted(read) == list(range(60))


@both_protocols
def test_what_was_read_after_the_last_commit_by_hand_is_read_again(
    kafka: KafkaCluster, topic_name: str, protocol: str
) -> None:
    kafka.create_topic(topic_name)
    send_numbers(kafka.bootstrap_servers, topic_name, 0, 50, over=1)
    tp = TopicPartition(topic_name, 0)
    options = {"enable_auto_commit": False, "consumer_timeout_ms": PATIENCE * 1000}
    with member(kafka, topic_name, protocol, **options) as reader:
        reader.subscribe([topic_name])
        assert [int(next(reader).value) for _ in range(20)] == list(range(20))
        reader.commit()
        assert reader.committed(tp) == 20
        assert [int(next(reader).value) for _ in range(20)] == list(range(20, 40))
    with member(kafka, topic_name, protocol, **options) as reader:
        reader.subscribe([topic_name])
        assert [int(next(reader).value) for _ in range(30)] == list(range(20, 50))


@both_faces
@both_protocols
def test_a_restart_of_a_static_member_is_no_rebalance(
    kafka: KafkaCluster, topic_name: str, protocol: str, asynchronous: bool
) -> None:
    kafka.create_topic(topic_name, partitions=PARTITIONS)
    servers = kafka.bootstrap_servers
    # Any: options of every type.
    options: dict[str, Any] = {"asynchronous": asynchronous, "group_protocol": protocol}
    with Worker(servers, topic_name, group_instance_id="one", **options) as first:
        shared_out([first], PARTITIONS)
        with Worker(servers, topic_name, group_instance_id="two", **options) as second:
            shared_out([first, second], 3, 3)
            send(kafka, topic_name, 0, 600)
            read_by([first, second], 600)
            owned, heard = second.owned, list(first.listener.heard)
        send(kafka, topic_name, 600, 600)
        with Worker(servers, topic_name, group_instance_id="two", **options) as again:
            read_by([first, second, again], 1200)
            assert again.owned == owned
            assert first.listener.heard == heard
    values = first.values + second.values + again.values
    assert sorted(values) == list(range(1200))


def test_unsubscribe_leaves_and_a_new_subscription_joins(
    broker: KafkaCluster, topic_name: str
) -> None:
    broker.create_topic(topic_name, partitions=PARTITIONS)
    with member(broker, topic_name, "auto") as reader:
        for _ in range(2):
            reader.subscribe([topic_name])
            until(
                lambda: reader.poll(100) or len(reader.assignment()) == PARTITIONS,
                reader.group_health,
            )
            reader.unsubscribe()
            assert reader.assignment() == set()
