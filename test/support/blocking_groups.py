"""Consumers with the blocking face in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.testing import EmbeddedCluster

TPS = [TopicPartition("t", number) for number in range(4)]
ALL = set(TPS)


def with_records(cluster: EmbeddedCluster) -> None:
    """Create the partitions of `TPS`, with five records each."""
    cluster.create_topic("t", len(TPS))
    for tp in TPS:
        cluster.append("t", *[b"%d" % n for n in range(5)], partition=tp.partition)


# Any: options of every type.
def member(cluster: EmbeddedCluster, protocol: str, **options: Any) -> KafkaConsumer:
    """Return a consumer in group "g" that reads from the beginning."""
    options = {
        "group_id": "g",
        "auto_offset_reset": "earliest",
        "fetch_max_wait_ms": 50,
        "heartbeat_interval_ms": 300,
        **options,
    }
    if protocol == "consumer":
        del options["heartbeat_interval_ms"]
    return KafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers, group_protocol=protocol, **options
    )


def poll_until(reader: KafkaConsumer, condition: Callable[[], object]) -> None:
    """Poll until *condition* holds."""
    while not condition():
        reader.poll(50)
