"""A group goes from one protocol to the other while it works, member by member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from test.support.group_workers import Worker, read_by, send_numbers, shared_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from test.support.apache_kafka import KafkaCluster

    ClusterFactory = Callable[..., KafkaCluster]

PARTITIONS = 6
_QUICK = {
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.heartbeat.interval.ms": "100",
    "group.initial.rebalance.delay.ms": "0",
}


def test_each_record_is_read_once_on_the_way_there_and_back(
    kafka_cluster: ClusterFactory, topic_name: str
) -> None:
    cluster = kafka_cluster(properties=_QUICK)
    cluster.create_topic(topic_name, partitions=PARTITIONS)
    all_members: list[Worker] = []
    sent = 0

    def start(protocol: str) -> Worker:
        options: dict[str, Any] = {"group_protocol": protocol}  # Any: options of every type
        if protocol == "classic":
            options["heartbeat_interval_ms"] = 200
        all_members.append(Worker(cluster.bootstrap_servers, topic_name, **options))
        return all_members[-1]

    def send_and_read() -> None:
        nonlocal sent
        send_numbers(cluster.bootstrap_servers, topic_name, sent, 60, over=PARTITIONS)
        sent += 60
        read_by(all_members, sent)

    members = [start("classic"), start("classic")]
    try:
        shared_out(members, 3, 3)
        send_and_read()
        for protocol in ("consumer", "consumer", "classic", "classic"):
            members.append(start(protocol))
            shared_out(members, 2, 2, 2)
            send_and_read()
            members.pop(0).stop()
            shared_out(members, 3, 3)
            send_and_read()
    finally:
        for member in members:
            member.stop()
    values = [value for member in all_members for value in member.values]
    assert sorted(values) == list(range(sent))
