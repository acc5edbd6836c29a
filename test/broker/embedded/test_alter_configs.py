"""Configs altered in the embedded cluster, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kafka.errors import (
    BrokerResponseError,
    InvalidConfigurationError,
    InvalidRequestError,
    InvalidTopicError,
    PolicyViolationError,
    UnknownError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.alter_configs import AlterConfigsRequest
from kafka.protocol.messages.incremental_alter_configs import IncrementalAlterConfigsRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.config_store import ConfigStore
from test.support.configs import (
    APPEND,
    BROKER,
    BROKER_LOGGER,
    CLIENT_METRICS,
    DELETE,
    GROUP,
    SET,
    SUBTRACT,
    TOPIC,
    change,
    described,
    replace,
)
from test.support.embedded import cluster_and_client
from test.support.raw_client import RawClient

Change = tuple[str, int, str | None]
OK = (0, None)


async def value(client: RawClient, kind: int, name: str, key: str) -> str | None:
    return (await described(client, kind, name))[key].value


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("cleanup.policy", SET, "compact")], "compact"),
        ([("cleanup.policy", SET, " delete , compact ")], "delete,compact"),
        ([("cleanup.policy", APPEND, "compact")], "delete,compact"),
        ([("cleanup.policy", APPEND, "delete")], "delete"),
        ([("cleanup.policy", SUBTRACT, "delete")], ""),
        ([("cleanup.policy", SUBTRACT, "compact")], "delete"),
        ([("cleanup.policy", DELETE, None)], "delete"),
    ],
)
async def test_a_list_config_is_set_appended_to_and_subtracted_from(
    changes: list[Change], expected: str
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        assert await change(client, TOPIC, "t", *changes) == OK
        assert await value(client, TOPIC, "t", "cleanup.policy") == expected


async def test_what_is_not_named_keeps_its_value() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t", config={"retention.ms": "5"})
        await change(client, TOPIC, "t", ("segment.ms", SET, "6"))
        assert await value(client, TOPIC, "t", "retention.ms") == "5"


@pytest.mark.parametrize("version", [0, 1, 2])
async def test_alter_configs_resets_what_is_not_named(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t", config={"retention.ms": "5"})
        assert await replace(client, TOPIC, "t", {"segment.ms": "6"}, version=version) == OK
        configs = await described(client, TOPIC, "t")
        assert configs["retention.ms"].value == "604800000"
        assert configs["segment.ms"].value == "6"


async def test_validate_only_changes_nothing() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        valid = ("retention.ms", SET, "5")
        assert await change(client, TOPIC, "t", valid, validate_only=True) == OK
        assert await value(client, TOPIC, "t", "retention.ms") == "604800000"


INVALID = InvalidConfigurationError.errno
TOPIC_REFUSALS: list[tuple[Change, int, str | None]] = [
    (
        ("retention.ms", SET, "x"),
        INVALID,
        "Invalid value x for configuration retention.ms: Not a number of type LONG",
    ),
    (
        ("retention.ms", SET, "-2"),
        INVALID,
        "Invalid value -2 for configuration retention.ms: Value must be at least -1",
    ),
    (
        ("max.message.bytes", SET, "99999999999"),
        INVALID,
        "Invalid value 99999999999 for configuration max.message.bytes: Not a number of type INT",
    ),
    (
        ("min.cleanable.dirty.ratio", SET, "1.5"),
        INVALID,
        (
            "Invalid value 1.5 for configuration min.cleanable.dirty.ratio: "
            "Value must be no more than 1"
        ),
    ),
    (
        ("preallocate", SET, "maybe"),
        INVALID,
        (
            "Invalid value maybe for configuration preallocate: "
            "Expected value to be either true or false"
        ),
    ),
    (
        ("cleanup.policy", SET, "x"),
        INVALID,
        "Invalid value x for configuration cleanup.policy: String must be one of: compact, delete",
    ),
    (
        ("compression.gzip.level", SET, "11"),
        INVALID,
        (
            "Invalid value 11 for configuration compression.gzip.level: "
            "Value must be between 1 and 9 or equal to -1"
        ),
    ),
    (
        ("max.compaction.lag.ms", SET, "4"),
        INVALID,
        "conflict topic config setting min.compaction.lag.ms (9) > max.compaction.lag.ms (4)",
    ),
    (("nope", SET, "1"), INVALID, "Unknown topic config name: nope"),
    (
        ("retention.ms", APPEND, "1"),
        INVALID,
        "Can't APPEND to key retention.ms because its type is not LIST.",
    ),
    (
        ("retention.ms", SET, None),
        InvalidRequestError.errno,
        "Null value not supported for : retention.ms",
    ),
    (("retention.ms", 9, "1"), UnknownError.errno, None),
]


@pytest.mark.parametrize(("refused", "code", "message"), TOPIC_REFUSALS)
async def test_wrong_topic_configs_are_refused_in_kafkas_words(
    refused: Change, code: int, message: str | None
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t", config={"min.compaction.lag.ms": "9"})
        assert await change(client, TOPIC, "t", refused) == (code, message)


@pytest.mark.parametrize(
    ("kind", "name", "changes", "error"),
    [
        (TOPIC, "nope", [], UnknownTopicOrPartitionError),
        (TOPIC, "no!", [], InvalidTopicError),
        (TOPIC, "", [], InvalidRequestError),
        (TOPIC, "t", [("segment.ms", SET, "1"), ("segment.ms", DELETE, None)], InvalidRequestError),
        (BROKER, "x", [], InvalidRequestError),
        (BROKER, "1", [], InvalidRequestError),
        (BROKER, "0", [("broker.id", SET, "5")], InvalidRequestError),
        (BROKER, "0", [("ssl.keystore.password", SET, "5")], InvalidRequestError),
        (BROKER, "0", [("log.cleaner.threads", SET, "x")], InvalidRequestError),
        (BROKER, "0", [("num.io.threads", SET, "17")], InvalidRequestError),
        (BROKER, "0", [("num.io.threads", SET, "3")], InvalidRequestError),
        (BROKER, "", [("listeners", SET, "PLAINTEXT://:1")], InvalidRequestError),
        (BROKER, "0", [("num.io.threads", APPEND, "1")], InvalidConfigurationError),
        (BROKER, "", [("min.insync.replicas", DELETE, None)], InvalidConfigurationError),
        (BROKER, "0", [("min.insync.replicas", SET, "2")], InvalidConfigurationError),
        (BROKER_LOGGER, "0", [("root", SET, "LOUD")], InvalidConfigurationError),
        (BROKER_LOGGER, "0", [("nobody", SET, "INFO")], InvalidConfigurationError),
        (BROKER_LOGGER, "0", [("root", DELETE, None)], InvalidRequestError),
        (BROKER_LOGGER, "0", [("root", APPEND, "INFO")], InvalidRequestError),
        (BROKER_LOGGER, "0", [("root", 9, "INFO")], InvalidRequestError),
        (BROKER_LOGGER, "1", [], InvalidRequestError),
        (GROUP, "", [], InvalidRequestError),
        (GROUP, "g", [("nope", SET, "1")], InvalidConfigurationError),
        (GROUP, "g", [("share.auto.offset.reset", SET, "nope")], InvalidConfigurationError),
        (GROUP, "g", [("consumer.session.timeout.ms", SET, "1")], InvalidConfigurationError),
        (GROUP, "g", [("streams.num.standby.replicas", SET, "3")], InvalidConfigurationError),
        (GROUP, "g", [("streams.assignor.name", SET, "x")], InvalidConfigurationError),
        (CLIENT_METRICS, "", [], InvalidRequestError),
        (CLIENT_METRICS, "m", [("nope", SET, "1")], InvalidRequestError),
        (CLIENT_METRICS, "m", [("interval.ms", SET, "99")], InvalidRequestError),
        (CLIENT_METRICS, "m", [("match", SET, "nobody=x")], InvalidConfigurationError),
        (CLIENT_METRICS, "m", [("match", SET, "client_id=[")], InvalidConfigurationError),
        (CLIENT_METRICS, "m", [("metrics", APPEND, "x")], InvalidConfigurationError),
        (7, "x", [], InvalidRequestError),
    ],
)
async def test_changes_that_are_refused(
    kind: int,
    name: str,
    changes: list[Change],
    error: type[BrokerResponseError],
) -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t")
        assert (await change(client, kind, name, *changes))[0] == error.errno


async def test_loggers_cannot_be_replaced() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        assert await replace(client, BROKER_LOGGER, "0", {}) == (
            InvalidRequestError.errno,
            "Unknown resource type 8",
        )


async def test_a_logger_without_level_has_that_of_the_root() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        await change(client, BROKER_LOGGER, "0", ("root", SET, "ERROR"))
        await change(client, BROKER_LOGGER, "0", ("kafka", DELETE, None))
        assert await value(client, BROKER_LOGGER, "0", "kafka") == "ERROR"


async def test_a_resource_named_twice_is_refused_twice() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        twice = IncrementalAlterConfigsRequest.AlterConfigsResource(
            resource_type=TOPIC, resource_name="t"
        )
        response = await client.send(IncrementalAlterConfigsRequest(resources=[twice, twice]), 1)
        assert [result.error_message for result in response.responses] == [
            "Each resource must appear at most once."
        ] * 2


async def test_a_policy_may_refuse_a_change() -> None:
    def forbid(kind: int, name: str, configs: Mapping[str, str]) -> None:
        raise PolicyViolationError(f"{kind} {name} {configs['retention.ms']}")

    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        cluster.control.state.component(ConfigStore).alter_policy = forbid
        assert await change(client, TOPIC, "t", ("retention.ms", SET, "5")) == (
            PolicyViolationError.errno,
            "2 t 5",
        )


async def test_an_error_can_be_injected_before_and_after_the_change() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.create_topic("t")
        for applied in (False, True):
            cluster.fail(AlterConfigsRequest, UnknownError, applied=applied)
            code, _ = await replace(client, TOPIC, "t", {"retention.ms": "5"})
            assert code == UnknownError.errno
            found = await value(client, TOPIC, "t", "retention.ms")
            assert (found == "5") is applied
