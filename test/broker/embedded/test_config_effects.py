"""What altered configs do, and configs of topics that are created."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kafka.errors import (
    BrokerResponseError,
    InvalidTimestampError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    PolicyViolationError,
)
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.config_store import ConfigStore
from test.support.configs import (
    BROKER,
    SET,
    TOPIC,
    change,
    described,
)
from test.support.embedded import batch, cluster_and_client, produce
from test.support.raw_client import RawClient

Change = tuple[str, int, str | None]


@pytest.mark.parametrize(
    ("config", "error", "version"),
    [
        (("max.message.bytes", SET, "10"), MessageSizeTooLargeError, "4.4"),
        # Later releases never ask for more replicas than there are (KIP-966).
        (("min.insync.replicas", SET, "2"), NotEnoughReplicasError, "2.8"),
        (("message.timestamp.before.max.ms", SET, "5"), InvalidTimestampError, "4.4"),
    ],
)
async def test_topic_configs_take_effect_on_the_next_produce(
    config: Change, error: type[BrokerResponseError], version: str
) -> None:
    async with cluster_and_client(EmbeddedCluster(version=version)) as (cluster, client):
        cluster.create_topic("t")
        assert (await produce(client, "t", batch(b"v"))).error_code == 0
        await change(client, TOPIC, "t", config)
        assert (await produce(client, "t", batch(b"v"))).error_code == error.errno


async def test_append_time_can_be_switched_on() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        await change(client, TOPIC, "t", ("message.timestamp.type", SET, "LogAppendTime"))
        answer = await produce(client, "t", batch(b"v"))
        assert answer.log_append_time_ms > 0


async def test_retention_takes_effect() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t", config={"retention.ms": "-1"})
        await produce(client, "t", batch(b"v"))
        partition = cluster.control.state.existing("t", 0)
        await change(client, TOPIC, "t", ("retention.ms", SET, "1"))
        cluster.advance(301)
        await described(client, TOPIC, "t")
        assert partition.log.start_offset == 1


async def test_a_config_of_all_brokers_takes_effect() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        await change(client, BROKER, "", ("message.max.bytes", SET, "10"))
        answer = await produce(client, "t", batch(b"v"))
        assert answer.error_code == MessageSizeTooLargeError.errno


async def test_a_config_of_one_broker_takes_effect_when_all_have_it() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        other = await RawClient.connect(cluster.bootstrap_servers[1])
        small = ("message.max.bytes", SET, "10")
        await change(client, BROKER, "0", small)
        assert cluster.control.state.config.get("message.max.bytes") is None
        await change(other, BROKER, "1", small)
        assert cluster.control.state.config["message.max.bytes"] == "10"


async def test_hours_count_when_milliseconds_are_not_set() -> None:
    async with cluster_and_client(EmbeddedCluster(config={"log.retention.hours": "2"})) as (
        cluster,
        client,
    ):
        cluster.create_topic("t")
        config = cluster.control.state.topics["t"].config
        assert config.integer("retention.ms") == 7_200_000
        await change(client, BROKER, "", ("log.retention.ms", SET, "9"))
        assert config.integer("retention.ms") == 9


async def test_a_policy_may_refuse_a_topic() -> None:
    def forbid(name: str, partitions: int, factor: int, configs: Mapping[str, str]) -> None:
        raise PolicyViolationError(f"{name} {partitions} {factor} {dict(configs)}")

    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.control.state.component(ConfigStore).create_policy = forbid
        (result,) = (await client.send(creation(**{"retention.ms": "5"}), 7)).topics
        assert result.error_code == PolicyViolationError.errno
        assert result.error_message == "t 1 1 {'retention.ms': '5'}"
        assert not cluster.control.state.topics


def creation(**configs: str) -> CreateTopicsRequest:
    return CreateTopicsRequest(
        topics=[
            CreateTopicsRequest.CreatableTopic(
                name="t",
                num_partitions=1,
                replication_factor=1,
                configs=[
                    CreateTopicsRequest.CreatableTopicConfig(name=name, value=value)
                    for name, value in configs.items()
                ],
            )
        ]
    )


async def test_a_created_topic_shows_where_its_configs_come_from() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        await change(client, BROKER, "", ("message.max.bytes", SET, "99"))
        (result,) = (await client.send(creation(**{"retention.ms": " 5 "}), 7)).topics
        sources = {
            config.name: (config.value, config.config_source) for config in result.configs or ()
        }
        assert len(sources) == 37
        assert sources["retention.ms"] == ("5", 1)
        assert sources["max.message.bytes"] == ("99", 3)
        assert sources["segment.ms"] == ("604800000", 5)
