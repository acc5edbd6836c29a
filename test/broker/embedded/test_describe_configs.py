"""Configs as the embedded cluster describes them."""

from __future__ import annotations

import pytest

from kafka.errors import (
    BrokerResponseError,
    InvalidRequestError,
    InvalidTopicError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.describe_configs import DescribeConfigsRequest
from kafka.protocol.messages.list_config_resources import ListConfigResourcesRequest
from kafka.testing import EmbeddedCluster
from test.support.configs import (
    BROKER,
    BROKER_LOGGER,
    CLIENT_METRICS,
    GROUP,
    SET,
    TOPIC,
    change,
    describe_error,
    described,
)
from test.support.embedded import cluster_and_client
from test.support.raw_client import RawClient

DEFAULT_CONFIG, STATIC_BROKER, DYNAMIC_DEFAULT, DYNAMIC_BROKER, TOPIC_CONFIG = 5, 4, 3, 2, 1
LONG, LIST, PASSWORD = 5, 7, 9


@pytest.mark.parametrize("version", [1, 2, 3, 4])
async def test_topics_have_their_37_configs_in_every_version(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t", config={"retention.ms": "5"})
        configs = await described(client, TOPIC, "t", version=version)
        assert len(configs) == 37
        assert (configs["retention.ms"].value, configs["retention.ms"].config_source) == ("5", 1)


async def test_old_brokers_tell_only_whether_a_value_is_the_default() -> None:
    async with cluster_and_client(EmbeddedCluster(version="2.8")) as (cluster, client):
        cluster.create_topic("t", config={"retention.ms": "5"})
        configs = await described(client, TOPIC, "t", version=0)
        assert not configs["retention.ms"].is_default
        assert configs["segment.ms"].is_default


async def test_synonyms_are_the_values_of_every_level() -> None:
    async with cluster_and_client(EmbeddedCluster(config={"message.max.bytes": "4"})) as (
        cluster,
        client,
    ):
        cluster.create_topic("t", config={"max.message.bytes": "1"})
        await change(client, BROKER, "", ("message.max.bytes", SET, "3"))
        await change(client, BROKER, "0", ("message.max.bytes", SET, "2"))
        found = (await described(client, TOPIC, "t"))["max.message.bytes"]
        assert [(each.name, each.value, each.source) for each in found.synonyms] == [
            ("max.message.bytes", "1", TOPIC_CONFIG),
            ("message.max.bytes", "2", DYNAMIC_BROKER),
            ("message.max.bytes", "3", DYNAMIC_DEFAULT),
            ("message.max.bytes", "4", STATIC_BROKER),
            ("message.max.bytes", "1048588", DEFAULT_CONFIG),
        ]


async def test_hours_stand_in_only_after_milliseconds() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        assert (await described(client, BROKER, "0"))["log.retention.ms"].synonyms == []
        await change(client, BROKER, "", ("log.retention.ms", SET, "7"))
        found = (await described(client, BROKER, "0"))["log.retention.ms"]
        assert [(each.name, each.value) for each in found.synonyms] == [
            ("log.retention.ms", "7"),
            ("log.retention.hours", "168"),
        ]


async def test_type_and_documentation_come_when_asked_for() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        configs = await described(client, TOPIC, "t", documentation=True)
        assert (configs["retention.ms"].config_type, configs["cleanup.policy"].config_type) == (
            LONG,
            LIST,
        )
        assert all(config.documentation for config in configs.values())


async def test_brokers_describe_themselves() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        configs = await described(client, BROKER, "0")
        assert len(configs) == 350
        assert (configs["node.id"].value, configs["node.id"].read_only) == ("0", True)
        assert cluster.bootstrap_servers[0] in (configs["listeners"].value or "")
        assert not configs["log.cleaner.threads"].read_only


async def test_passwords_are_not_shown() -> None:
    async with cluster_and_client(EmbeddedCluster(config={"ssl.keystore.password": "secret"})) as (
        _,
        client,
    ):
        found = (await described(client, BROKER, "0"))["ssl.keystore.password"]
        assert (found.value, found.is_sensitive, found.config_type) == (None, True, PASSWORD)
        assert {each.value for each in found.synonyms} == {None}


async def test_values_of_unknown_names_are_not_shown() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        await change(client, BROKER, "0", ("my.own", SET, "x"))
        found = (await described(client, BROKER, "0"))["my.own"]
        assert (found.value, found.is_sensitive, found.read_only) == (None, True, True)


async def test_every_config_of_the_cluster_is_dynamic() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        await change(client, BROKER, "", ("log.retention.ms", SET, "7"))
        configs = await described(client, BROKER, "")
        # KIP-966: min.insync.replicas is written down when eligible leader replicas come.
        assert set(configs) == {"log.retention.ms", "min.insync.replicas"}


async def test_groups_and_subscriptions_are_described_before_they_exist() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        groups = await described(client, GROUP, "g", documentation=True)
        assert groups["consumer.session.timeout.ms"].value == "45000"
        assert all(config.documentation for config in groups.values())
        assert (await described(client, CLIENT_METRICS, "m"))["interval.ms"].value == "300000"


async def test_only_what_is_asked_for_is_described() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        resource = DescribeConfigsRequest.DescribeConfigsResource(
            resource_type=TOPIC, resource_name="t", configuration_keys=["retention.ms", "nope"]
        )
        (result,) = (await client.send(DescribeConfigsRequest(resources=[resource]), 4)).results
        assert [config.name for config in result.configs] == ["retention.ms"]


@pytest.mark.parametrize(
    ("kind", "name", "error"),
    [
        (TOPIC, "nope", UnknownTopicOrPartitionError),
        (TOPIC, "no!", InvalidTopicError),
        (BROKER, "1", InvalidRequestError),
        (BROKER, "x", InvalidRequestError),
        (BROKER_LOGGER, "", InvalidRequestError),
        (BROKER_LOGGER, "1", InvalidRequestError),
        (CLIENT_METRICS, "", InvalidRequestError),
        (GROUP, "", InvalidRequestError),
        (7, "x", InvalidRequestError),
    ],
)
async def test_resources_that_cannot_be_described(
    kind: int, name: str, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (_, client):
        assert (await describe_error(client, kind, name))[0] == error.errno


async def test_a_broker_says_which_id_it_has() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (_, client):
        assert await describe_error(client, BROKER, "1") == (
            InvalidRequestError.errno,
            "Unexpected broker id, expected 0 or empty string, but received 1",
        )


async def test_an_injected_error_is_for_one_resource() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        cluster.fail(DescribeConfigsRequest, UnknownTopicOrPartitionError)
        assert (await describe_error(client, TOPIC, "t"))[0] == UnknownTopicOrPartitionError.errno
        assert (await describe_error(client, TOPIC, "t"))[0] == 0


async def listed(client: RawClient, *kinds: int, version: int = 1) -> list[tuple[int, str]]:
    response = await client.send(ListConfigResourcesRequest(resource_types=list(kinds)), version)
    assert response.error_code == 0
    return [(each.resource_type, each.resource_name) for each in response.config_resources]


async def test_all_resources_are_listed() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        await change(client, GROUP, "g", ("consumer.session.timeout.ms", SET, "50000"))
        await change(client, CLIENT_METRICS, "m", ("metrics", SET, "*"))
        everything = [(32, "g"), (16, "m"), (8, "0"), (4, "0"), (2, "t")]
        assert await listed(client) == everything
        assert await listed(client, TOPIC, GROUP) == [(32, "g"), (2, "t")]
        assert await listed(client, version=0) == [(16, "m")]


async def test_an_unknown_type_cannot_be_listed() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        response = await client.send(ListConfigResourcesRequest(resource_types=[7]), 1)
        assert response.error_code == UnsupportedVersionError.errno
