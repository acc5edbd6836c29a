"""One client, every broker from 0.8.0 to the newest, without being told which it meets.

Brokers from 0.10 on are asked with ApiVersions, older ones are found out by probing.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from kafka import BrokerConnection, KafkaClient, KafkaConsumer, KafkaProducer
from kafka.errors import UnsupportedVersionError
from kafka.structs import OffsetAndMetadata, TopicPartition
from test.support.apache_kafka import LADDER, ConsoleTools, KafkaCluster
from test.support.apache_kafka.config import KEEP_OLD_RECORDS
from test.support.counting_proxy import CountingProxy
from test.support.group_workers import Worker, read_by, send_numbers, shared_out, until
from test.support.own_requests import expected, tell_all
from test.support.reading import read_values

pytestmark = pytest.mark.ladder

RECORDS = 20


class Rung(NamedTuple):
    """What a release can do, as Apache Kafka's own documentation has it."""

    release: str

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(map(int, self.release.split(".")))

    @property
    def version(self) -> tuple[int, ...]:
        """The release as check_version() says it: two numbers, or three below 1.0."""
        if self.number[0] > 0:
            return self.number[:2]
        return (0, 9) if self.number[1] == 9 else self.number[:3]

    @property
    def codecs(self) -> list[str | None]:
        codecs: list[str | None] = [None, "gzip", "snappy"]
        if self.number >= (0, 8, 2):
            codecs.append("lz4")
        if self.number >= (2, 1):
            codecs.append("zstd")
        return codecs

    @property
    def has_timestamps(self) -> bool:
        return self.number >= (0, 10, 0)

    @property
    def finds_offsets_by_time(self) -> bool:
        return self.number >= (0, 10, 1)

    @property
    def keeps_offsets(self) -> bool:
        return self.number >= (0, 8, 2)

    @property
    def has_groups(self) -> bool:
        return self.number >= (0, 9)

    @property
    def has_headers(self) -> bool:
        return self.number >= (0, 11)

    @property
    def numbers_batches(self) -> bool:
        return self.number >= (0, 11)

    @property
    def renews_epochs(self) -> bool:
        """Whether new clusters have transaction.version 2 (KIP-890)."""
        return self.number >= (4,)


@pytest.fixture(scope="module", params=LADDER)
def rung(request: pytest.FixtureRequest) -> Rung:
    return Rung(request.param)


@pytest.fixture(scope="module")
def broker(rung: Rung) -> Iterator[KafkaCluster]:
    with KafkaCluster(rung.release, properties=KEEP_OLD_RECORDS) as cluster:
        # Not in a test: the cluster has no topic now, and old brokers name no broker until then.
        with KafkaConsumer(bootstrap_servers=cluster.bootstrap_servers) as consumer:
            assert consumer.topics() == set()
        yield cluster


@pytest.fixture
def topic(broker: KafkaCluster, topic_name: str) -> str:
    broker.create_topic(topic_name)
    return topic_name


@pytest.fixture
def produce(broker: KafkaCluster, topic: str) -> Callable[..., list[int]]:
    """Send records to the topic and return their offsets."""

    def produce(values: list[bytes], codec: str | None = None, **fields: object) -> list[int]:
        with KafkaProducer(
            bootstrap_servers=broker.bootstrap_servers, compression_type=codec, linger_ms=50
        ) as producer:
            sent = [producer.send(topic, value, b"key", **fields) for value in values]
            return [future.get(100).offset for future in sent]

    return produce


@pytest.fixture
def consumer(broker: KafkaCluster) -> Iterator[KafkaConsumer]:
    with KafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=100_000,
    ) as consumer:
        yield consumer


def read(consumer: KafkaConsumer, topic: str, count: int) -> list[bytes]:
    consumer.assign([TopicPartition(topic, 0)])
    consumer.seek_to_beginning()
    values = []
    for record in consumer:
        values.append(record.value)
        if len(values) == count:
            break
    return values


def values_of(codec: str | None) -> list[bytes]:
    return [f"{codec} {number} ".encode() * 20 for number in range(RECORDS)]


def test_records_of_every_codec_come_back_from_the_start(
    rung: Rung, produce: Callable[..., list[int]], consumer: KafkaConsumer, topic: str
) -> None:
    expected: list[bytes] = []
    for codec in rung.codecs:
        start = len(expected)
        offsets = produce(values_of(codec), codec)
        assert offsets == list(range(start, start + RECORDS))
        expected += values_of(codec)
    assert read(consumer, topic, len(expected)) == expected


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_codec_is_sent_or_refused_by_name(
    rung: Rung, produce: Callable[..., list[int]], topic: str, codec: str
) -> None:
    if codec in rung.codecs:
        assert len(produce(values_of(codec), codec)) == RECORDS
        return
    with pytest.raises(UnsupportedVersionError, match=rf"(?i){codec}"):
        produce(values_of(codec), codec)


def test_offsets_are_found_by_time_or_refused_by_name(
    rung: Rung, produce: Callable[..., list[int]], consumer: KafkaConsumer, topic: str
) -> None:
    partition = TopicPartition(topic, 0)
    if rung.has_timestamps:
        for moment in (1_000_000_000_000, 1_000_000_001_000):
            produce([b"v"], timestamp_ms=moment)
    else:
        produce([b"v"])
    if not rung.finds_offsets_by_time:
        with pytest.raises(UnsupportedVersionError, match="offsets_for_times"):
            consumer.offsets_for_times({partition: 1_000_000_000_500})
        return
    found = consumer.offsets_for_times({partition: 1_000_000_000_500})[partition]
    assert (found.offset, found.timestamp) == (1, 1_000_000_001_000)


def test_headers_are_carried_or_refused_by_name(
    rung: Rung, produce: Callable[..., list[int]], consumer: KafkaConsumer, topic: str
) -> None:
    headers = [("a", b"1"), ("a", None)]
    if not rung.has_headers:
        with pytest.raises(UnsupportedVersionError, match="headers"):
            produce([b"v"], headers=headers)
        return
    produce([b"v"], headers=headers)
    consumer.assign([TopicPartition(topic, 0)])
    assert next(consumer).headers == headers


def test_timestamps_are_carried_or_refused_by_name(
    rung: Rung, produce: Callable[..., list[int]], consumer: KafkaConsumer, topic: str
) -> None:
    if not rung.has_timestamps:
        with pytest.raises(UnsupportedVersionError, match="timestamp"):
            produce([b"v"], timestamp_ms=1_000_000_000_000)
        return
    produce([b"v"], timestamp_ms=1_000_000_000_000)
    consumer.assign([TopicPartition(topic, 0)])
    assert next(consumer).timestamp == 1_000_000_000_000


def test_beginning_and_end_are_known(
    produce: Callable[..., list[int]], consumer: KafkaConsumer, topic: str
) -> None:
    produce([b"1", b"2", b"3"])
    partition = TopicPartition(topic, 0)
    assert consumer.beginning_offsets([partition]) == {partition: 0}
    assert consumer.end_offsets([partition]) == {partition: 3}


def test_read_committed_is_granted_or_refused_by_name(
    rung: Rung, broker: KafkaCluster, produce: Callable[..., list[int]], topic: str
) -> None:
    produce([b"v"])
    with KafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap_servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        consumer_timeout_ms=100_000,
    ) as consumer:
        if rung.has_headers:
            assert next(consumer).value == b"v"
            return
        with pytest.raises(UnsupportedVersionError, match="read_committed"):
            next(consumer)


def test_offsets_are_committed_or_refused_by_name(
    rung: Rung, broker: KafkaCluster, produce: Callable[..., list[int]], topic: str
) -> None:
    produce([b"1", b"2", b"3"])
    partition = TopicPartition(topic, 0)
    options = {"bootstrap_servers": broker.bootstrap_servers, "group_id": topic}
    with KafkaConsumer(auto_offset_reset="earliest", **options) as consumer:
        consumer.assign([partition])
        if not rung.keeps_offsets:
            with pytest.raises(UnsupportedVersionError, match="FindCoordinator"):
                consumer.commit({partition: OffsetAndMetadata(1)})
            return
        assert next(consumer).value == b"1"
        consumer.commit()
        assert consumer.committed(partition) == 1
    with KafkaConsumer(auto_offset_reset="earliest", **options) as consumer:
        consumer.assign([partition])
        assert next(consumer).value == b"2"


def test_idempotence_is_granted_or_refused_by_name(
    rung: Rung, broker: KafkaCluster, consumer: KafkaConsumer, topic: str
) -> None:
    options = {"bootstrap_servers": broker.bootstrap_servers, "enable_idempotence": True}
    if not rung.numbers_batches:
        with (
            pytest.raises(UnsupportedVersionError, match="idempotence"),
            KafkaProducer(**options) as producer,
        ):
            producer.send(topic, b"v").get(100)
        return
    with KafkaProducer(linger_ms=5, **options) as producer:
        sent = [producer.send(topic, value) for value in values_of(None)]
        assert [future.get(100).offset for future in sent] == list(range(RECORDS))
    assert read(consumer, topic, RECORDS) == values_of(None)


def test_transactions_are_granted_or_refused_by_name(
    rung: Rung, broker: KafkaCluster, topic: str
) -> None:
    servers = broker.bootstrap_servers
    if not rung.numbers_batches:
        with pytest.raises(UnsupportedVersionError, match=r"transactional_id takes brokers of"):
            KafkaProducer(bootstrap_servers=servers, transactional_id=topic)
        return
    with KafkaProducer(bootstrap_servers=servers, transactional_id=topic) as producer:
        producer.init_transactions()
        with producer.transaction():
            producer.send(topic, b"committed")
        producer.begin_transaction()
        producer.send(topic, b"aborted").get(100)
        producer.abort_transaction()
        place = TopicPartition(topic, 0)
        with producer.transaction():
            producer.send(topic, b"committed, too")
            producer.send_offsets_to_transaction({place: OffsetAndMetadata(7)}, topic)
    assert read_values(servers, topic, "read_committed") == [b"committed", b"committed, too"]
    with KafkaConsumer(bootstrap_servers=servers, group_id=topic) as reader:
        until(lambda: reader.committed(place) == 7, lambda: reader.committed(place))
    if rung.renews_epochs:
        dumped = "\n".join(ConsoleTools(broker).dump(topic))
        epochs = re.findall(r"producerEpoch: (\d+) .*isControl: false", dumped)
        assert len(set(epochs)) == 3, dumped


def test_compressed_records_say_what_kind_of_timestamp_they_have(
    rung: Rung, produce: Callable[..., list[int]], consumer: KafkaConsumer, topic: str
) -> None:
    produce(values_of("gzip"), "gzip")
    consumer.assign([TopicPartition(topic, 0)])
    kinds = {next(consumer).timestamp_type for _ in range(RECORDS)}
    assert kinds == ({0} if rung.has_timestamps else {None})


def test_groups_of_two_go_on_where_they_committed_or_are_refused_by_name(
    rung: Rung, broker: KafkaCluster, topic_name: str
) -> None:
    broker.create_topic(topic_name, partitions=4)
    servers = broker.bootstrap_servers
    if not rung.has_groups:
        with (
            pytest.raises(UnsupportedVersionError, match=r"JoinGroup|FindCoordinator"),
            Worker(servers, topic_name) as refused,
        ):
            until(lambda: refused.error, lambda: refused)
        return
    send_numbers(servers, topic_name, 0, 200, over=4)
    with Worker(servers, topic_name) as first:
        read_by([first], 200)
        with Worker(servers, topic_name) as second:
            shared_out([first, second], 2, 2)
            send_numbers(servers, topic_name, 200, 200, over=4)
            read_by([first, second], 400)
        shared_out([first], 4)
        send_numbers(servers, topic_name, 400, 200, over=4)
        read_by([first, second], 600)
    send_numbers(servers, topic_name, 600, 200, over=4)
    with Worker(servers, topic_name) as third:
        read_by([third], 200)
    assert sorted(third.values) == list(range(600, 800))
    assert len(set(second.values)) == 100
    assert sorted(first.values + second.values) == list(range(600))


def test_the_release_is_found_out(rung: Rung, broker: KafkaCluster) -> None:
    servers = broker.bootstrap_servers[0]
    with KafkaClient(bootstrap_servers=servers) as client:
        assert client.check_version() == rung.version
    host, _, port = servers.rpartition(":")
    with BrokerConnection(host, int(port), socket.AF_INET) as connection:
        assert connection.check_version(100) == rung.version
    with KafkaConsumer(bootstrap_servers=servers) as consumer:
        # What monitoring tools do.
        assert consumer._client.check_version() == rung.version  # noqa: SLF001 - as above


def test_three_connections_show_the_release(rung: Rung, broker: KafkaCluster) -> None:
    with CountingProxy(broker.bootstrap_servers[0]) as proxy:
        host, _, port = proxy.address.rpartition(":")
        with BrokerConnection(host, int(port), socket.AF_INET) as connection:
            assert connection.check_version(timeout=100) == rung.version
            needed = proxy.attempts
            assert needed <= (3 if rung.number < (0, 10) else 1)
            assert connection.check_version(100) == rung.version
            assert proxy.attempts == needed


def test_requests_that_users_write_themselves_are_answered(
    rung: Rung, broker: KafkaCluster, topic: str
) -> None:
    if rung.number < (2, 6):
        pytest.skip("quotas and reassignments are of 2.6")
    with KafkaClient(bootstrap_servers=broker.bootstrap_servers) as client:
        assert tell_all(client, topic) == expected(topic)
