"""Create topics on any version of Apache Kafka.

Job: one request where the protocol has CreateTopics, the topic tool of the broker's own release
where only ZooKeeper can do it.
Limits: no client; the caller runs the tool.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from test.support.apache_kafka import wire
from test.support.apache_kafka.waiting import ClusterError, until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: CreateTopics exists from 0.10.1 on (KIP-4); v2 from 0.11, and 4.0 dropped what is older.
CREATE_TOPICS_SINCE = (0, 10, 1)
_CREATE_TOPICS_V2_SINCE = (0, 11)


class TopicPlan(NamedTuple):
    """A topic to create."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


def request_topic(
    topic: TopicPlan, ports: Sequence[int], kafka: tuple[int, ...], timeout: float
) -> None:
    """Create *topic* through whichever of the brokers on *ports* is the controller.

    Raises:
        ClusterError: refused, or no controller within *timeout* seconds.
    """
    version = 2 if kafka >= _CREATE_TOPICS_V2_SINCE else 1

    def attempt() -> bool:
        return any(_request(topic, port, version, timeout) for port in ports)

    until(attempt, timeout, lambda: f"topic {topic.name}: no controller after {timeout} s")


def _request(topic: TopicPlan, port: int, version: int, timeout: float) -> bool:
    """Return whether the broker on *port* created *topic*; False: it is not the controller."""
    answer = wire.create_topic(
        port,
        topic.name,
        version=version,
        partitions=topic.partitions,
        replication_factor=topic.replication_factor,
        config=topic.config,
        timeout=timeout,
    )
    if answer.error_code not in (wire.NO_ERROR, wire.NOT_CONTROLLER):
        raise ClusterError(f"topic {topic.name}: error {answer.error_code} {answer.message}")
    return answer.error_code == wire.NO_ERROR


def topic_command(topic: TopicPlan, kafka: tuple[int, ...], zookeeper: str) -> list[str]:
    """Return the class and arguments that create *topic* in *zookeeper*."""
    where = ["--zookeeper", zookeeper, "--topic", topic.name]
    partitions, replicas = str(topic.partitions), str(topic.replication_factor)
    if kafka < (0, 8, 1):
        tool = "kafka.admin.CreateTopicCommand"
        return [tool, *where, "--partition", partitions, "--replica", replicas]
    command = ["kafka.admin.TopicCommand", "--create", *where, "--partitions", partitions]
    command += ["--replication-factor", replicas]
    for key, value in topic.config.items():
        command += ["--config", f"{key}={value}"]
    return command


def await_topic(topic: TopicPlan, port: int, timeout: float) -> None:
    """Wait until the broker on *port* knows a leader for every partition of *topic*.

    Raises:
        ClusterError: it does not within *timeout* seconds.
    """

    def led() -> bool:
        leaders = wire.metadata(port, timeout).leaders.get(topic.name, [])
        return len(leaders) == topic.partitions and min(leaders) >= 0

    until(led, timeout, lambda: f"topic {topic.name}: port {port} knows no leaders")
