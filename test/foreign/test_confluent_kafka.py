"""confluent-kafka (librdkafka) against the embedded cluster."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from kafka.testing import EmbeddedCluster

confluent_kafka = pytest.importorskip(
    "confluent_kafka", reason="confluent-kafka is not installed: tox -e foreign installs it"
)
from confluent_kafka import (  # noqa: E402 - after the check
    Consumer,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (  # noqa: E402 - the same
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourcePatternType,
    ResourceType,
)

PATIENCE = 100.0


def until(condition: Callable[[], object]) -> None:
    """Call *condition*, which polls, until it holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to that in time"


def send(servers: str, count: int, topic: str = "t", **options: object) -> list[tuple[int, int]]:
    """Send *count* records and return where they are."""
    places: list[tuple[int, int]] = []

    def note(error: object, message: object) -> None:
        assert error is None, error
        places.append((message.partition(), message.offset()))

    producer = Producer({"bootstrap.servers": servers} | options)
    for number in range(count):
        producer.produce(
            topic, b"%d" % number, b"k%d" % (number % 9), headers={"h": b"x"}, on_delivery=note
        )
    assert producer.flush(PATIENCE) == 0
    return places


def consumer(servers: str, **options: object) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "g",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
        | options
    )


def read(reader: Consumer, count: int) -> list[bytes]:
    """Poll until *count* values are there."""
    values: list[bytes] = []

    def poll() -> bool:
        for message in reader.consume(100, 0.2):
            assert message.error() is None, message.error()
            values.append(message.value())
        return len(values) >= count

    until(poll)
    return values


CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]


@pytest.mark.parametrize("codec", CODECS)
def test_records_go_there_and_back(servers: str, codec: str) -> None:
    places = send(servers, 500, **{"compression.type": codec})
    assert len(set(places)) == 500
    reader = consumer(servers)
    reader.assign([TopicPartition("t", partition, 0) for partition in range(4)])
    assert sorted(map(int, read(reader, 500))) == list(range(500))
    reader.close()


def test_an_idempotent_producer_survives_moves_of_the_leader(
    cluster: EmbeddedCluster, servers: str
) -> None:
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})
    errors: list[object] = []
    for number in range(300):
        producer.produce(
            "t", b"%d" % number, partition=0, on_delivery=lambda error, _: errors.append(error)
        )
        producer.poll(0)
        if number % 100 == 50:
            producer.flush(PATIENCE)
            cluster.move_leader("t", 0, number // 100)
    assert producer.flush(PATIENCE) == 0
    assert errors == [None] * 300
    reader = consumer(servers)
    reader.assign([TopicPartition("t", 0, 0)])
    assert read(reader, 300) == [b"%d" % number for number in range(300)]
    reader.close()


@pytest.mark.parametrize(
    "options",
    [
        {"partition.assignment.strategy": "range", "heartbeat.interval.ms": 100},
        {"partition.assignment.strategy": "cooperative-sticky", "heartbeat.interval.ms": 100},
        {"group.protocol": "consumer"},
    ],
    ids=["classic", "cooperative", "consumer"],
)
def test_two_members_share_a_group(servers: str, options: dict[str, object]) -> None:
    members = [consumer(servers, **options) for _ in range(2)]
    sizes: list[int] = []

    def divided(*wanted: int) -> None:
        def poll() -> bool:
            sizes[:] = []
            for member in members[: len(wanted)]:
                member.poll(0.05)
                sizes.append(len(member.assignment()))
            return tuple(sizes) == wanted

        until(poll)

    members[0].subscribe(["t"])
    divided(4)
    members[1].subscribe(["t"])
    divided(2, 2)
    members[1].close()
    divided(4)
    members[0].close()


def test_a_new_consumer_goes_on_where_the_group_was(servers: str) -> None:
    send(servers, 20)
    first = consumer(servers)
    first.subscribe(["t"])
    read(first, 20)
    first.commit(asynchronous=False)
    first.close()
    send(servers, 1)
    second = consumer(servers)
    second.subscribe(["t"])
    assert read(second, 1) == [b"0"]
    second.close()


def test_only_committed_transactions_are_read(servers: str) -> None:
    producer = Producer({"bootstrap.servers": servers, "transactional.id": "tx"})
    producer.init_transactions(PATIENCE)
    for number, commit in enumerate((True, False, True)):
        producer.begin_transaction()
        producer.produce("t", b"%d" % number, partition=0)
        producer.flush(PATIENCE)
        end = producer.commit_transaction if commit else producer.abort_transaction
        end(PATIENCE)
    reader = consumer(servers)
    reader.assign([TopicPartition("t", 0, 0)])
    assert read(reader, 2) == [b"0", b"2"]
    reader.close()


def test_offsets_are_committed_with_a_transaction(servers: str) -> None:
    send(servers, 10)
    reader = consumer(servers)
    reader.subscribe(["t"])
    read(reader, 10)
    positions = reader.position(reader.assignment())
    producer = Producer({"bootstrap.servers": servers, "transactional.id": "tx"})
    producer.init_transactions(PATIENCE)
    producer.begin_transaction()
    producer.produce("t", b"out", partition=0)
    producer.send_offsets_to_transaction(positions, reader.consumer_group_metadata(), PATIENCE)
    producer.commit_transaction(PATIENCE)
    committed = reader.committed(reader.assignment(), PATIENCE)
    assert sum(max(found.offset, 0) for found in committed) == 10
    reader.close()


def test_a_second_producer_fences_the_first(servers: str) -> None:
    first, second = (
        Producer({"bootstrap.servers": servers, "transactional.id": "tx"}) for _ in range(2)
    )
    first.init_transactions(PATIENCE)
    first.begin_transaction()
    second.init_transactions(PATIENCE)
    first.produce("t", b"zombie", partition=0)
    with pytest.raises(KafkaException) as caught:
        first.commit_transaction(PATIENCE)
    assert caught.value.args[0].fatal()


@pytest.fixture
def admin(servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": servers})


def results(futures: dict[object, object]) -> list[object]:
    return [future.result(PATIENCE) for future in futures.values()]


def test_topics_are_created_extended_and_deleted(admin: AdminClient) -> None:
    results(admin.create_topics([NewTopic("made", 2, 3, config={"retention.ms": "1000"})]))
    results(admin.create_partitions([NewPartitions("made", 5)]))
    assert len(admin.list_topics("made", PATIENCE).topics["made"].partitions) == 5
    results(admin.delete_topics(["made"]))
    assert "made" not in admin.list_topics(timeout=PATIENCE).topics


def test_configs_are_described_and_altered(admin: AdminClient) -> None:
    topic = ConfigResource(ConfigResource.Type.TOPIC, "t")
    topic.add_incremental_config(
        ConfigEntry("retention.ms", "5000", incremental_operation=AlterConfigOpType.SET)
    )
    results(admin.incremental_alter_configs([topic]))
    (found,) = results(admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, "t")]))
    assert (found["retention.ms"].value, found["retention.ms"].is_default) == ("5000", False)


def test_groups_are_listed_described_and_deleted(admin: AdminClient, servers: str) -> None:
    reader = consumer(servers)
    reader.subscribe(["t"])
    until(lambda: reader.poll(0.05) or reader.assignment())
    listed = admin.list_consumer_groups().result(PATIENCE)
    assert [group.group_id for group in listed.valid] == ["g"]
    (described,) = results(admin.describe_consumer_groups(["g"]))
    assert len(described.members) == 1
    reader.commit(offsets=[TopicPartition("t", 0, 0)], asynchronous=False)
    reader.close()
    results(admin.delete_consumer_groups(["g"]))
    assert admin.list_consumer_groups().result(PATIENCE).valid == []


def test_offsets_are_listed_and_records_deleted(admin: AdminClient, servers: str) -> None:
    place = TopicPartition("t", 0)
    producer = Producer({"bootstrap.servers": servers})
    for _ in range(5):
        producer.produce("t", b"v", partition=0)
    producer.flush(PATIENCE)
    results(admin.delete_records([TopicPartition("t", 0, 3)]))
    ends = [
        results(admin.list_offsets({place: spec}))[0].offset
        for spec in (OffsetSpec.earliest(), OffsetSpec.latest())
    ]
    assert ends == [3, 5]


def test_the_cluster_is_described(admin: AdminClient, cluster: EmbeddedCluster) -> None:
    found = admin.describe_cluster().result(PATIENCE)
    assert (found.cluster_id, len(found.nodes)) == (cluster.cluster_id, 3)


def test_without_authorizer_there_are_no_acls(admin: AdminClient) -> None:
    binding = AclBinding(
        ResourceType.TOPIC,
        "t",
        ResourcePatternType.LITERAL,
        "User:me",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
    with pytest.raises(KafkaException, match="SECURITY_DISABLED"):
        results(admin.create_acls([binding]))
    everything = AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        None,
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    # The broker refuses; librdkafka makes an empty list of it, with Apache Kafka as well.
    assert admin.describe_acls(everything).result(PATIENCE) == []
