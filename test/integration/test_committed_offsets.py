"""Offsets that hand-assigned consumers commit to real Apache Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import OffsetAndMetadata, TopicPartition

if TYPE_CHECKING:
    from test.support.apache_kafka import KafkaCluster


# Any: options of every type.
def member(cluster: KafkaCluster, group_id: str, **options: Any) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        group_id=group_id,
        auto_offset_reset="earliest",
        consumer_timeout_ms=100_000,
        **options,
    )


def produce(cluster: KafkaCluster, topic: str, count: int) -> None:
    with KafkaProducer(bootstrap_servers=cluster.bootstrap_servers) as producer:
        for number in range(count):
            producer.send(topic, b"%d" % number)


def test_group_goes_on_where_it_has_committed(broker: KafkaCluster, topic_name: str) -> None:
    broker.create_topic(topic_name)
    produce(broker, topic_name, 10)
    tp = TopicPartition(topic_name, 0)
    with member(broker, topic_name, enable_auto_commit=False) as reader:
        reader.assign([tp])
        assert reader.committed(tp) is None
        assert [next(reader).value for _ in range(4)] == [b"0", b"1", b"2", b"3"]
        reader.commit()
        assert reader.committed(tp, metadata=True) == OffsetAndMetadata(4, "", 0)
    with member(broker, topic_name) as reader:
        reader.assign([tp])
        assert [next(reader).value for _ in range(3)] == [b"4", b"5", b"6"]
    with member(broker, topic_name) as reader:
        reader.assign([tp])
        assert next(reader).value == b"7"


def test_asynchronous_commits_keep_their_order_and_their_text(
    broker: KafkaCluster, topic_name: str
) -> None:
    broker.create_topic(topic_name)
    tp = TopicPartition(topic_name, 0)
    told: list[object] = []
    with member(broker, topic_name) as reader:
        reader.assign([tp])
        for offset in range(1, 101):
            reader.commit_async(
                {tp: OffsetAndMetadata(offset, "note")}, lambda *given: told.append(given)
            )
        reader.commit({})
        while len(told) < 100:
            reader.poll(100)
        assert told[-1] == ({tp: OffsetAndMetadata(100, "note")}, None)
        assert reader.committed(tp, metadata=True) == OffsetAndMetadata(100, "note")
