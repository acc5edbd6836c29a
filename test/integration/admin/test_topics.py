"""Topics, their partitions and replicas, as the admin client sees and changes them."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition, TopicPartitionReplica
from kafka.admin import (
    ConfigResource,
    ConfigResourceType,
    NewPartitions,
    NewTopic,
    OffsetSpec,
)
from kafka.errors import (
    InvalidReplicationFactorError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
)
from test.support.admin_kafka import AdminKafka
from test.support.group_workers import until

NODES = [1, 2, 3]
TOPIC = ConfigResourceType.TOPIC
BROKER = ConfigResourceType.BROKER


def send(kafka: AdminKafka, topic: str, count: int, **options: Any) -> None:
    with KafkaProducer(bootstrap_servers=kafka.servers, **options) as producer:
        for number in range(count):
            producer.send(topic, b"x" * 100, partition=0, timestamp_ms=1_000_000 + number)


def test_topics_are_created_in_each_form(
    kafka: AdminKafka, admin: KafkaAdminClient, topic_name: str
) -> None:
    names = [f"{topic_name}-{number}" for number in range(4)]
    admin.create_topics(names[:1])
    result = admin.create_topics(
        {names[1]: {"num_partitions": 2, "replication_factor": 3, "configs": {"retention.ms": 5}}}
    )
    assert [row["num_partitions"] for row in result["topics"]] == [2]
    placed = NewTopic(names[2], replica_assignments={0: [3, 1], 1: [2, 3]})
    sized = NewTopic(names[3], 4, 2, None, {"segment.bytes": 2 * 10**6})
    result = admin.create_topics([placed, sized])
    assert sorted(result.topic_errors) == [(names[2], 0, None), (names[3], 0, None)]
    admin.wait_for_topics(names)
    found = kafka.java.topics(*names)
    sizes = [[len(row["replica_nodes"]) for row in found[name]["partitions"]] for name in names]
    assert sizes == [[1], [3, 3], [2, 2], [2, 2, 2, 2]]
    assert [row["replica_nodes"] for row in found[names[2]]["partitions"]] == [[3, 1], [2, 3]]
    assert kafka.java.configs("TOPIC", names[1])["retention.ms"]["value"] == "5"
    assert kafka.java.configs("TOPIC", names[3])["segment.bytes"]["value"] == "2000000"
    ids = {row["name"]: str(row["topic_id"]) for row in admin.describe_topics(names)}
    assert set(ids) == set(names)


def test_creating_is_only_checked_if_that_is_asked_for(
    kafka: AdminKafka, admin: KafkaAdminClient, topic_name: str
) -> None:
    admin.create_topics([topic_name], validate_only=True)
    assert topic_name not in kafka.java.ask("listTopics")
    with pytest.raises(InvalidReplicationFactorError, match=topic_name):
        admin.create_topics({topic_name: {"replication_factor": 4}}, validate_only=True)


def test_an_error_names_the_topic_and_the_node_and_has_all_results(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str, topic_name: str
) -> None:
    with pytest.raises(TopicAlreadyExistsError) as caught:
        admin.create_topics([topic, f"{topic}-other"])
    assert re.search(rf"{topic}.*already exists.*CreateTopics, node [123]", str(caught.value))
    codes = {row["name"]: row["error_code"] for row in caught.value.results["topics"]}
    assert codes == {topic: 36, f"{topic}-other": 0}
    listed = lambda: kafka.java.ask("listTopics")  # noqa: E731 - a name for what is waited for
    until(lambda: f"{topic}-other" in listed(), listed)
    found = admin.create_topics([topic], raise_errors=False)
    assert found["topics"][0]["error_code"] == 36


def test_topics_are_listed_and_described_as_java_does(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    assert sorted(admin.list_topics()) == kafka.java.ask("listTopics")
    expected = kafka.java.topics(topic)[topic]
    (found,) = admin.describe_topics([topic])
    assert found["name"] == topic
    assert found["is_internal"] == expected["is_internal"]
    by_id = admin.describe_topics([UUID(found["topic_id"])])
    assert [row["name"] for row in by_id] == [topic]
    for ours, javas in zip(found["partitions"], expected["partitions"], strict=True):
        names = ("partition_index", "leader_id", "replica_nodes", "isr_nodes")
        assert {name: ours[name] for name in names} == {name: javas[name] for name in names}
        assert (ours["partition"], ours["leader"]) == (javas["partition_index"], javas["leader_id"])


def test_topic_partitions_are_described_page_by_page(admin: KafkaAdminClient, topic: str) -> None:
    first = admin.describe_topic_partitions([topic], response_partition_limit=2)
    assert [row["partition_index"] for row in first["topics"][0]["partitions"]] == [0, 1]
    cursor = first["next_cursor"]
    assert cursor == {"topic_name": topic, "partition_index": 2}
    second = admin.describe_topic_partitions([topic], cursor=cursor)
    assert [row["partition_index"] for row in second["topics"][0]["partitions"]] == [2]
    assert second["next_cursor"] is None


def test_partitions_are_added_in_each_form(
    kafka: AdminKafka, admin: KafkaAdminClient, topic_name: str
) -> None:
    names = [f"{topic_name}-{number}" for number in range(3)]
    admin.create_topics(names, wait_for_metadata=True)
    admin.create_partitions({names[0]: 3})
    admin.create_partitions({names[1]: {"count": 2, "assignments": [[3]]}})
    result = admin.create_partitions({names[2]: NewPartitions(3, [[2], [1]])})
    assert [(row.name, row.error_code) for row in result.results] == [(names[2], 0)]

    def placed() -> list[list[list[int]]]:
        found = kafka.java.topics(*names)
        return [[row["replica_nodes"] for row in found[name]["partitions"]] for name in names]

    def is_placed() -> bool:
        first, second, third = placed()
        return (len(first), second[1:], third[1:]) == (3, [[3]], [[2], [1]])

    until(is_placed, placed)


def test_topics_are_deleted_by_name_and_by_id(
    kafka: AdminKafka, admin: KafkaAdminClient, topic_name: str
) -> None:
    names = [f"{topic_name}-{number}" for number in range(2)]
    admin.create_topics(names, wait_for_metadata=True)
    (described,) = admin.describe_topics([names[1]])
    result = admin.delete_topics([names[0]], wait_for_metadata=True)
    assert result.topic_error_codes == [(names[0], 0)]
    admin.delete_topics([UUID(described["topic_id"])], wait_for_metadata=True)
    assert not set(names) & set(kafka.java.ask("listTopics"))
    with pytest.raises(UnknownTopicOrPartitionError, match=names[0]):
        admin.delete_topics(names[0])


def test_records_are_deleted_and_offsets_listed(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    send(kafka, topic, 10)
    place, empty = TopicPartition(topic, 0), TopicPartition(topic, 1)
    assert admin.delete_records({place: 4, empty: -1}) == {
        place: {"partition_index": 0, "low_watermark": 4, "error_code": 0},
        empty: {"partition_index": 1, "low_watermark": 0, "error_code": 0},
    }
    assert kafka.java.offset(place, "earliest") == 4
    specs: list[tuple[object, object]] = [
        (OffsetSpec.EARLIEST, "earliest"),
        (OffsetSpec.LATEST, "latest"),
        (OffsetSpec.MAX_TIMESTAMP, "max_timestamp"),
        (OffsetSpec.EARLIEST_LOCAL, "earliest_local"),
        (OffsetSpec.LATEST_TIERED, "latest_tiered"),
        (1_000_006, 1_000_006),
    ]
    for spec, javas in specs:
        found = admin.list_partition_offsets({place: spec, empty: OffsetSpec.LATEST})
        row = kafka.java.ask("listOffsets", specs=[[topic, 0, javas]])[f"{topic}-0"]
        assert (found[place].offset, found[place].timestamp) == (row["offset"], row["timestamp"])
        assert found[empty].offset == 0


def test_leaders_are_elected(kafka: AdminKafka, admin: KafkaAdminClient, topic: str) -> None:
    place = TopicPartition(topic, 0)
    assert admin.alter_partition_reassignments({place: [2, 1, 3]}) is not None
    until(lambda: not kafka.java.ask("listPartitionReassignments"), lambda: "still going on")
    leader = lambda: kafka.java.topics(topic)[topic]["partitions"][0]["leader_id"]  # noqa: E731
    until(lambda: leader() == 1, leader)
    result = admin.elect_leaders("PREFERRED", {topic: [0]})
    (row,) = result.replica_election_results
    assert (row.topic, row.partition_result[0].error_code) == (topic, 0)
    until(lambda: leader() == 2, leader)
    # The name of 2.x; nothing is to be elected now.
    again = admin.perform_leader_election("PREFERRED", [place])
    assert again.replica_election_results[0].partition_result[0].error_code == 84


def test_reassignments_are_listed_and_cancelled(
    kafka: AdminKafka, admin: KafkaAdminClient, topic_name: str
) -> None:
    place = TopicPartition(topic_name, 0)
    admin.create_topics({topic_name: {"assignments": {0: [1]}}}, wait_for_metadata=True)
    send(kafka, topic_name, 5000)
    throttled = {"leader.replication.throttled.replicas": "*"}
    throttled |= {"follower.replication.throttled.replicas": "*"}
    rates = {"leader.replication.throttled.rate": 1, "follower.replication.throttled.rate": 1}
    brokers = [ConfigResource(BROKER, node, rates) for node in NODES]
    # Brokers do not list the rates before they are set.
    resources = [ConfigResource(TOPIC, topic_name, throttled), *brokers]
    admin.alter_configs(resources, raise_on_unknown=False)
    assert admin.alter_partition_reassignments({place: [2]}) == {place: None}
    found = admin.list_partition_reassignments()
    javas = kafka.java.ask("listPartitionReassignments")
    assert {f"{key.topic}-{key.partition}": row for key, row in found.items()} == javas
    assert found[place]["adding_replicas"] == [2]
    assert found == admin.list_partition_reassignments([place])
    admin.alter_partition_reassignments({place: None})
    assert kafka.java.ask("listPartitionReassignments") == {}
    brokers = [ConfigResource(BROKER, node, dict.fromkeys(rates)) for node in NODES]
    admin.reset_configs(brokers, raise_on_unknown=False)


def test_replicas_move_between_directories(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    key = f"{topic}-0"

    def held() -> list[str]:
        rows = kafka.java.ask("describeLogDirs", brokers=[2])["2"]
        return [path for path, row in rows.items() if key in row["replicas"]]

    until(held, lambda: "no replica yet")
    (source,) = held()
    target = next(str(d) for d in kafka.cluster.log_directories(2) if str(d) != source)
    replica = TopicPartitionReplica(topic, 0, 2)
    assert list(admin.alter_replica_log_dirs({replica: target})) == [replica]
    until(lambda: held() == [target], held)


def test_log_directories_are_described_as_java_does(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    send(kafka, topic, 10)

    def ours() -> dict[str, object]:
        return {
            str(broker["broker"]): {
                directory["log_dir"]: {
                    f"{each['name']}-{row['partition_index']}": row["partition_size"]
                    for each in directory["topics"]
                    for row in each["partitions"]
                }
                for directory in broker["log_dirs"]
            }
            for broker in admin.describe_log_dirs()
        }

    def javas() -> dict[str, object]:
        return {
            broker: {
                path: {key: replica["partition_size"] for key, replica in row["replicas"].items()}
                for path, row in directories.items()
            }
            for broker, directories in kafka.java.ask("describeLogDirs", brokers=NODES).items()
        }

    # Replicas grow while followers fetch.
    until(lambda: ours() == javas(), lambda: (ours(), javas()))
    (directory, _) = admin.describe_log_dirs(brokers=[2])[0]["log_dirs"]
    found = kafka.java.ask("describeLogDirs", brokers=[2])["2"]
    assert directory["total_bytes"] == found[directory["log_dir"]]["total_bytes"]
    (one,) = admin.describe_log_dirs([TopicPartition(topic, 0)], brokers=[3])
    names = [each["name"] for directory in one["log_dirs"] for each in directory["topics"]]
    assert (one["broker"], names) == (3, [topic])
