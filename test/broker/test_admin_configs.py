"""Stories of configs: whom is asked, what is told, how they are changed."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from kafka.admin import (
    AlterConfigOp,
    ConfigFilterType,
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    to_json,
)
from kafka.errors import (
    BrokerNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.alter_configs import AlterConfigsRequest
from kafka.protocol.messages.describe_configs import DescribeConfigsRequest
from kafka.protocol.messages.incremental_alter_configs import IncrementalAlterConfigsRequest
from kafka.testing.broker.faults import Fail
from test.support.admin import admin_of
from test.support.stage import asked, cluster_of

TOPIC, BROKER = ConfigResourceType.TOPIC, ConfigResourceType.BROKER
LOGGER = ConfigResourceType.BROKER_LOGGER
OLD = "2.8"  # its configs have sources, and can be altered one by one
OLDEST = "1.1"


def topic(configs: Any = None, name: str = "orders") -> ConfigResource:
    """Return a topic and configs of it."""
    return ConfigResource(TOPIC, name, configs)


async def values(admin: Any, *resources: ConfigResource) -> dict[str, dict[str, str]]:
    """Return the values that resources were given, by name of the resource."""
    found = await admin.describe_configs(resources)
    return {
        name: {config: entry["value"] for config, entry in configs.items()}
        for by_name in found.values()
        for name, configs in by_name.items()
    }


# -- describe ------------------------------------------------------------------------------------


async def test_configs_are_described_as_in_kafka_python_3() -> None:
    async with admin_of(topics={"orders": 1}) as (_, admin):
        await admin.alter_configs([topic({"retention.ms": 1000})])
        described = await admin.describe_configs([topic()])
        assert described == {
            "topic": {
                "orders": {
                    "retention.ms": {
                        "value": "1000",
                        "read_only": False,
                        "config_source": "DYNAMIC_TOPIC_CONFIG",
                        "is_sensitive": False,
                        "synonyms": [],
                        "config_type": "LONG",
                        "documentation": None,
                    }
                }
            }
        }
        assert json.loads(to_json(described)) == described


async def test_a_result_has_the_responses_of_kafka_python_2_as_well() -> None:
    async with admin_of(topics={"orders": 1}) as (_, admin):
        found: Any = await admin.describe_configs(
            [topic(["retention.ms"]), ConfigResource(BROKER, "0", ["log.dirs"])],
            include_synonyms=True,
        )
        path = "/var/lib/kafka/data"
        assert found[0].resources == [
            (0, "", 4, "0", [("log.dirs", path, True, 4, False, [("log.dirs", path, 4)])])
        ]
        # Those of all sources: 2.x had no filter.
        assert found[1].resources == [
            (0, "", 2, "orders", [("retention.ms", "604800000", False, 5, False, [])])
        ]
        with pytest.raises(IndexError):
            found[2]
        with pytest.raises(KeyError):
            found["group"]


async def test_brokers_are_asked_about_themselves_and_any_about_topics() -> None:
    async with admin_of(3, topics={"orders": 1, "bills": 1}) as (cluster, admin):
        resources = [topic(), topic(name="bills")]
        resources += [ConfigResource(BROKER, str(number)) for number in range(3)]
        resources += [ConfigResource(LOGGER, "1")]
        found = await admin.describe_configs(resources, config_filter="all")
        assert sorted(found) == ["broker", "broker_logger", "topic"]
        assert sorted(found["broker"]) == ["0", "1", "2"]
        asked_for = {
            (seen.node_id, each.resource_type, each.resource_name)
            for seen in cluster.requests(DescribeConfigsRequest)
            if isinstance(seen.request, DescribeConfigsRequest)
            for each in seen.request.resources
        }
        assert {each for each in asked_for if each[1] != TOPIC} == {
            *((number, BROKER, str(number)) for number in range(3)),
            (1, LOGGER, "1"),
        }
        assert len(asked(cluster, DescribeConfigsRequest)) <= 4


async def test_all_brokers_have_configs_in_common() -> None:
    async with admin_of(2) as (_, admin):
        await admin.alter_configs(ConfigResource(BROKER, "", {"message.max.bytes": "2000000"}))
        everywhere = ConfigResource(BROKER, "")
        # What the cluster was started with is there as well.
        assert (await values(admin, everywhere))[""]["message.max.bytes"] == "2000000"
        # To a single broker it was not given: it is not modified.
        assert "message.max.bytes" not in (await values(admin, ConfigResource(BROKER, "1")))["1"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("all", ["retention.ms", "segment.ms"]),
        (ConfigFilterType.MODIFIED, ["retention.ms"]),
        ("default", ["segment.ms"]),
        ("STATIC", []),
        ("dynamic", ["retention.ms", "segment.ms"]),
    ],
    ids=str,
)
async def test_a_filter_chooses_configs_by_where_they_come_from(
    wanted: Any, expected: list[str]
) -> None:
    async with admin_of(topics={"orders": 1}) as (_, admin):
        await admin.alter_configs([topic({"retention.ms": "1000"})])
        found = await admin.describe_configs(
            topic(["retention.ms", "segment.ms"]), config_filter=wanted
        )
        assert sorted(found["topic"]["orders"]) == expected


async def test_a_topic_that_is_not_there_is_an_error_that_carries_the_others() -> None:
    async with admin_of(topics={"orders": 1}) as (cluster, admin):
        await admin.alter_configs([topic({"retention.ms": "1000"})])
        with pytest.raises(UnknownTopicOrPartitionError, match="topic nope") as caught:
            await admin.describe_configs([topic(), topic(name="nope")])
        assert caught.value.results["topic"]["orders"]["retention.ms"]["value"] == "1000"
        # The broker knows: it is not asked again. The other request is that of alter_configs.
        assert len(asked(cluster, DescribeConfigsRequest)) == 2


async def test_whoever_wants_no_errors_finds_them_in_the_result() -> None:
    async with admin_of(topics={"orders": 1}) as (_, admin):
        found: Any = await admin.describe_configs([topic(), topic(name="nope")], raise_errors=False)
        assert found == {"topic": {"orders": {}, "nope": {}}}
        (error,) = found.errors.values()
        assert isinstance(error, UnknownTopicOrPartitionError)
        assert [row[0] for row in found[0].resources] == [0, 3]


async def test_a_broker_that_is_not_there_is_named_with_those_that_are() -> None:
    async with admin_of(2) as (_, admin):
        with pytest.raises(BrokerNotAvailableError, match=r"broker 7 .* which has 0, 1"):
            await admin.describe_configs([ConfigResource(BROKER, "7")])


async def test_three_hundred_topics_share_a_request() -> None:
    names = [f"topic-{number}" for number in range(300)]
    async with admin_of(topics=dict.fromkeys(names, 1)) as (cluster, admin):
        found = await admin.describe_configs(
            [topic(["retention.ms"], name) for name in names], config_filter="all"
        )
        assert list(found["topic"]) == names
        assert len(asked(cluster, DescribeConfigsRequest)) == 1


# -- alter ---------------------------------------------------------------------------------------


async def test_only_the_configs_that_are_named_are_changed_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "kafka.admin")
    async with admin_of(topics={"orders": 1}) as (_, admin):
        for configs in ({"retention.ms": "1000"}, {"segment.ms": 5000}):
            assert await admin.alter_configs([topic(configs)]) == {"topic": {"orders": "OK"}}
        await admin.alter_configs([topic({"preallocate": True})], incremental=True)
        assert await values(admin, topic()) == {
            "orders": {"retention.ms": "1000", "segment.ms": "5000", "preallocate": "true"}
        }
    said = [record.getMessage() for record in caplog.records if "KIP-339" in record.getMessage()]
    assert len(said) == 1
    assert "in kafka-python 2.x it set all others" in said[0]


async def test_lists_are_added_to_and_taken_from() -> None:
    async with admin_of(topics={"orders": 1}) as (_, admin):
        for op, value, expected in (
            ("APPEND", "compact", "delete,compact"),
            (AlterConfigOp.SUBTRACT, "delete", "compact"),
            ("set", "delete", "delete"),
        ):
            await admin.alter_configs([topic({"cleanup.policy": (op, value)})])
            assert await values(admin, topic()) == {"orders": {"cleanup.policy": expected}}
        await admin.alter_configs([topic({"cleanup.policy": ("DELETE", None)})])
        assert await values(admin, topic()) == {"orders": {}}


async def test_a_result_of_alter_configs_has_the_errors_of_both_kafka_pythons() -> None:
    async with admin_of(topics={"orders": 1}) as (_, admin):
        found = await admin.alter_configs(
            [topic({"retention.ms": "abc"}), topic({"retention.ms": "1"}, "nope")],
        )
        assert "InvalidConfigurationError: " in found["topic"]["orders"]
        assert "(IncrementalAlterConfigs, node 0)" in found["topic"]["orders"]
        assert "UnknownTopicOrPartitionError" in found["topic"]["nope"]
        assert [(code, kind, name) for code, _, kind, name in found.resources] == [
            (40, 2, "orders"),
            (3, 2, "nope"),
        ]
        assert len(found.errors) == 2


async def test_a_config_that_brokers_do_not_know_is_refused_before_it_is_sent() -> None:
    async with admin_of(topics={"orders": 1}) as (cluster, admin):
        with pytest.raises(ValueError, match=r"no config 'retention\.m'; did you mean retention"):
            await admin.alter_configs([topic({"retention.m": "1"})])
        with pytest.raises(ValueError, match="no config 'nope'"):
            await admin.reset_configs([topic(["nope"])])
        assert asked(cluster, IncrementalAlterConfigsRequest) == []
        found = await admin.alter_configs([topic({"nope": "1"})], raise_on_unknown=False)
        assert "Unknown topic config name: nope" in found["topic"]["orders"]


async def test_validation_alone_changes_nothing() -> None:
    async with admin_of(topics={"orders": 1}) as (_, admin):
        for incremental in (None, False):
            found = await admin.alter_configs(
                [topic({"retention.ms": "1000"})], validate_only=True, incremental=incremental
            )
            assert found == {"topic": {"orders": "OK"}}
        assert await values(admin, topic()) == {"orders": {}}


async def test_resetting_sets_a_config_back_to_its_default() -> None:
    async with admin_of(topics={"orders": 1}) as (_, admin):
        await admin.alter_configs([topic({"retention.ms": "1000", "segment.ms": "5000"})])
        found = await admin.reset_configs([topic("retention.ms")])
        assert found == {"topic": {"orders": "OK"}}
        assert await values(admin, topic()) == {"orders": {"segment.ms": "5000"}}


async def test_loggers_are_set_at_their_broker() -> None:
    async with admin_of(2) as (cluster, admin):
        found = await admin.alter_configs([ConfigResource(LOGGER, 1, {"kafka": "DEBUG"})])
        assert found == {"broker_logger": {"1": "OK"}}
        (request,) = cluster.requests(IncrementalAlterConfigsRequest)
        assert request.node_id == 1


@pytest.mark.parametrize(
    ("kind", "configs", "source"),
    [
        ("group", {"consumer.session.timeout.ms": 50_000}, "DYNAMIC_GROUP_CONFIG"),
        ("client_metrics", {"interval.ms": 1000}, "DYNAMIC_CLIENT_METRICS_CONFIG"),
    ],
    ids=["group", "client_metrics"],
)
async def test_groups_and_telemetry_have_configs_too(
    kind: str, configs: dict[str, object], source: str
) -> None:
    async with admin_of() as (_, admin):
        resource = ConfigResource(kind, "mine", configs)
        assert await admin.alter_configs(resource) == {kind: {"mine": "OK"}}
        found = (await admin.describe_configs(ConfigResource(kind, "mine")))[kind]["mine"]
        assert {name: entry["config_source"] for name, entry in found.items()} == dict.fromkeys(
            configs, source
        )
        assert await admin.list_config_resources(kind) == {kind: ["mine"]}
        assert await admin.reset_configs(resource) == {kind: {"mine": "OK"}}
        assert await values(admin, ConfigResource(kind, "mine")) == {"mine": {}}


@pytest.mark.parametrize("version", [OLD, OLDEST])
async def test_without_increments_all_configs_that_a_resource_was_given_are_sent(
    version: str,
) -> None:
    async with admin_of(topics={"orders": 1}, version=version) as (cluster, admin):
        await admin.alter_configs(
            [topic({"retention.ms": "1000", "segment.ms": "5000"})], incremental=False
        )
        await admin.alter_configs(
            [topic({"segment.ms": "6000", "cleanup.policy": ("APPEND", "compact")})],
            incremental=False,
        )
        await admin.reset_configs([topic(["retention.ms"])], incremental=False)
        assert await values(admin, topic()) == {
            "orders": {"segment.ms": "6000", "cleanup.policy": "delete,compact"}
        }
        assert len(asked(cluster, AlterConfigsRequest)) == 3
        assert asked(cluster, IncrementalAlterConfigsRequest) == []


async def test_a_broker_that_is_too_old_for_increments_is_told_apart_with_the_way_out() -> None:
    async with admin_of(topics={"orders": 1}, version=OLDEST) as (cluster, admin):
        with pytest.raises(UnsupportedVersionError, match=r"of 2\.3 or later.*incremental=False"):
            await admin.alter_configs([topic({"retention.ms": "1000"})])
        assert asked(cluster, AlterConfigsRequest) == []


async def test_a_value_that_brokers_do_not_tell_is_not_lost_by_replacing() -> None:
    async with admin_of() as (cluster, admin):
        await admin.alter_configs(
            [ConfigResource(BROKER, "0", {"my.secret": "x"})], raise_on_unknown=False
        )
        with pytest.raises(UnsupportedVersionError, match=r"would lose the values of my\.secret"):
            await admin.alter_configs(
                [ConfigResource(BROKER, "0", {"log.cleaner.threads": "2"})], incremental=False
            )
        assert asked(cluster, AlterConfigsRequest) == []


async def test_whoever_may_not_describe_may_alter_all_the_same() -> None:
    async with admin_of(topics={"orders": 1}) as (cluster, admin):
        cluster.inject(DescribeConfigsRequest, Fail(TopicAuthorizationFailedError), topic="orders")
        found = await admin.alter_configs([topic({"retention.ms": "1000"})])
        assert found == {"topic": {"orders": "OK"}}


async def test_resources_with_configs_are_listed_by_type() -> None:
    async with admin_of(2, topics={"orders": 1}) as (_, admin):
        found = await admin.list_config_resources()
        assert found == {"broker": ["0", "1"], "broker_logger": ["0", "1"], "topic": ["orders"]}
        assert await admin.list_config_resources("topic") == {"topic": ["orders"]}
        assert await admin.list_config_resources([TOPIC, "BROKER"]) == {
            "topic": ["orders"],
            "broker": ["0", "1"],
        }


async def test_older_brokers_list_client_metrics_if_asked_for_them_alone() -> None:
    async with admin_of(version="3.9") as (_, admin):
        assert await admin.list_config_resources("client_metrics") == {}
        with pytest.raises(UnsupportedVersionError, match=r"a broker of 4\.1 or later"):
            await admin.list_config_resources()


def test_the_blocking_client_has_the_same_calls() -> None:
    with (
        cluster_of(topics={"orders": 1}) as cluster,
        KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers) as admin,
    ):
        assert admin.alter_configs([topic({"retention.ms": "1000"})]).resources == [
            (0, None, 2, "orders")
        ]
        found = admin.describe_configs(config_resources=[topic()])
        assert found["topic"]["orders"]["retention.ms"]["value"] == "1000"
        assert admin.reset_configs([topic(["retention.ms"])]) == {"topic": {"orders": "OK"}}
        assert admin.list_config_resources(["topic"]) == {"topic": ["orders"]}
