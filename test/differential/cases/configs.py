"""DescribeConfigs, AlterConfigs, IncrementalAlterConfigs, ListConfigResources."""

from __future__ import annotations

from kafka.protocol.messages.alter_configs import AlterConfigsRequest
from kafka.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResponse,
)
from kafka.protocol.messages.incremental_alter_configs import (
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from kafka.protocol.messages.list_config_resources import (
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)
from test.differential.case import Talk, case

TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3


def describing(kind: int, name: str, *keys: str, **options: bool) -> DescribeConfigsRequest:
    resource = DescribeConfigsRequest.DescribeConfigsResource(
        resource_type=kind, resource_name=name, configuration_keys=keys or None
    )
    return DescribeConfigsRequest(resources=[resource], **options)


def altering(
    kind: int, name: str, config: dict[str, str | None], **options: bool
) -> AlterConfigsRequest:
    entry = AlterConfigsRequest.AlterableConfig
    resource = AlterConfigsRequest.AlterConfigsResource(
        resource_type=kind,
        resource_name=name,
        configs=[entry(name=key, value=value) for key, value in config.items()],
    )
    return AlterConfigsRequest(resources=[resource], **options)


def adjusting(
    kind: int, name: str, *changes: tuple[str, int, str | None], validate_only: bool = False
) -> IncrementalAlterConfigsRequest:
    entry = IncrementalAlterConfigsRequest.AlterableConfig
    resource = IncrementalAlterConfigsRequest.AlterConfigsResource(
        resource_type=kind,
        resource_name=name,
        configs=[
            entry(name=key, config_operation=operation, value=value)
            for key, operation, value in changes
        ],
    )
    return IncrementalAlterConfigsRequest(resources=[resource], validate_only=validate_only)


def without_name(answer: DescribeConfigsResponse | IncrementalAlterConfigsResponse) -> None:
    """Leave out the id of a broker."""
    results = answer.results if isinstance(answer, DescribeConfigsResponse) else answer.responses
    for result in results:
        result.resource_name = "broker"


async def until(talk: Talk, topic: str, key: str, value: str) -> None:
    """Wait until a config has reached the broker that is asked."""

    def has(answer: DescribeConfigsResponse) -> bool:
        return any(
            config.name == key and config.value == value
            for result in answer.results
            for config in result.configs
        )

    await talk.eventually(describing(TOPIC, topic, key), 1, has, note=False)


@case(DescribeConfigsRequest)
async def configs_of_a_topic(talk: Talk) -> None:
    topic = await talk.topic(retention_ms="1234", cleanup_policy="compact")
    await talk.send(describing(TOPIC, topic))


@case(DescribeConfigsRequest, lowest=1)
async def configs_with_synonyms(talk: Talk) -> None:
    topic = await talk.topic(retention_ms="1234")
    await talk.send(describing(TOPIC, topic, include_synonyms=True))


@case(DescribeConfigsRequest, lowest=3)
async def configs_with_documentation(talk: Talk) -> None:
    topic = await talk.topic()
    keys = ("retention.ms", "cleanup.policy", "compression.type", "max.message.bytes")
    await talk.send(describing(TOPIC, topic, *keys, include_documentation=True))


@case(DescribeConfigsRequest)
async def configs_by_name(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(describing(TOPIC, topic, "retention.ms", "no.such.config"))


@case(DescribeConfigsRequest)
async def configs_refused(talk: Talk) -> None:
    await talk.send(describing(TOPIC, talk.name()))
    await talk.send(describing(TOPIC, "a b"))
    await talk.send(describing(TOPIC, ""))
    await talk.send(describing(BROKER, "x"))
    await talk.send(describing(BROKER, str(talk.node() + 7)), only=without_name)
    await talk.send(describing(99, "x"))


#: What the tests configure on the real broker alone, and what names the broker's place.
_BROKER_CONFIGS = (
    "auto.create.topics.enable",
    "default.replication.factor",
    "num.partitions",
    "log.retention.hours",
    "log.retention.ms",
    "message.max.bytes",
    "min.insync.replicas",
    "log.cleanup.policy",
    "group.max.session.timeout.ms",
    "group.min.session.timeout.ms",
    "offsets.retention.minutes",
    "transaction.max.timeout.ms",
    "delete.topic.enable",
    "compression.type",
)


@case(DescribeConfigsRequest)
async def configs_of_a_broker(talk: Talk) -> None:
    request = describing(BROKER, str(talk.node()), *_BROKER_CONFIGS)
    await talk.send(request, only=without_name)


@case(AlterConfigsRequest)
async def configs_replaced(talk: Talk) -> None:
    topic = await talk.topic(retention_ms="1", max_message_bytes="1000")
    await talk.send(altering(TOPIC, topic, {"retention.ms": "2"}, validate_only=True))
    await talk.send(altering(TOPIC, topic, {"retention.ms": "2"}))
    await until(talk, topic, "retention.ms", "2")
    await talk.send(describing(TOPIC, topic, "retention.ms", "max.message.bytes"), 1)


@case(AlterConfigsRequest)
async def replacements_refused(talk: Talk) -> None:
    topic = await talk.topic()
    for config in ({"no.such": "1"}, {"retention.ms": "x"}, {"retention.ms": None}):
        await talk.send(altering(TOPIC, topic, config))
    await talk.send(altering(TOPIC, talk.name(), {"retention.ms": "1"}))
    await talk.send(altering(TOPIC, "", {"retention.ms": "1"}))
    await talk.send(altering(99, "x", {"a": "1"}))
    await talk.send(altering(BROKER, "x", {"a": "1"}))


@case(IncrementalAlterConfigsRequest)
async def configs_adjusted(talk: Talk) -> None:
    topic = await talk.topic(cleanup_policy="delete")
    await talk.send(
        adjusting(TOPIC, topic, ("cleanup.policy", APPEND, "compact"), ("retention.ms", SET, "7"))
    )
    await until(talk, topic, "retention.ms", "7")
    await talk.send(describing(TOPIC, topic, "retention.ms", "cleanup.policy"), 1)
    await talk.send(
        adjusting(
            TOPIC, topic, ("cleanup.policy", SUBTRACT, "delete"), ("retention.ms", DELETE, None)
        )
    )
    await until(talk, topic, "cleanup.policy", "compact")
    await talk.send(describing(TOPIC, topic, "retention.ms", "cleanup.policy"), 1)
    await talk.send(adjusting(TOPIC, topic, ("retention.ms", SET, "9"), validate_only=True))


@case(IncrementalAlterConfigsRequest)
async def adjustments_refused(talk: Talk) -> None:
    topic = await talk.topic()
    for change in (
        ("no.such", SET, "1"),
        ("retention.ms", SET, "x"),
        ("retention.ms", SET, None),
        ("retention.ms", APPEND, "1"),
        ("retention.ms", SUBTRACT, "1"),
        ("cleanup.policy", APPEND, "shred"),
        ("retention.ms", 9, "1"),
        ("", SET, "1"),
    ):
        await talk.refused(adjusting(TOPIC, topic, change), talk.version)
    twice = (("retention.ms", SET, "1"), ("retention.ms", SET, "2"))
    await talk.send(adjusting(TOPIC, topic, *twice))
    await talk.send(adjusting(TOPIC, talk.name(), ("retention.ms", SET, "1")))
    await talk.send(adjusting(99, "x", ("a", SET, "1")))
    await talk.send(adjusting(BROKER, "x", ("log.retention.ms", SET, "1")))
    for key in ("node.id", "no.such"):
        request = adjusting(BROKER, str(talk.node()), (key, SET, "8"), validate_only=True)
        await talk.send(request, only=without_name)
    again = adjusting(TOPIC, topic, ("retention.ms", SET, "1"))
    again.resources = [*again.resources] * 2
    await talk.send(again)


@case(DescribeConfigsRequest, lowest=1)
async def configs_of_groups(talk: Talk) -> None:
    await talk.send(describing(GROUP, talk.name()))
    await talk.send(describing(GROUP, ""))


@case(DescribeConfigsRequest, lowest=1)
async def configs_of_client_metrics(talk: Talk) -> None:
    await talk.send(describing(CLIENT_METRICS, talk.name()))
    await talk.send(describing(CLIENT_METRICS, ""))


@case(IncrementalAlterConfigsRequest)
async def configs_of_groups_adjusted(talk: Talk) -> None:
    group = talk.name()
    for change in (
        ("consumer.session.timeout.ms", SET, "50000"),
        ("consumer.session.timeout.ms", SET, "1"),
        ("consumer.heartbeat.interval.ms", SET, "x"),
        ("no.such", SET, "1"),
    ):
        await talk.send(adjusting(GROUP, group, change))
    await talk.send(adjusting(GROUP, "", ("consumer.session.timeout.ms", SET, "50000")))


@case(ListConfigResourcesRequest)
async def config_resources(talk: Talk) -> None:
    topic = await talk.topic(retention_ms="5")

    def only(answer: ListConfigResourcesResponse) -> None:
        answer.config_resources = [
            found
            for found in answer.config_resources
            if found.resource_type != TOPIC or found.resource_name == topic
            if found.resource_type != GROUP
        ]
        for found in answer.config_resources:
            if found.resource_type in {BROKER, LOGGER}:
                found.resource_name = "broker"

    await talk.send(ListConfigResourcesRequest(), only=only)
    if talk.version:
        for kinds in ([TOPIC], [BROKER], [LOGGER], [CLIENT_METRICS], [99]):
            await talk.send(ListConfigResourcesRequest(resource_types=kinds), only=only)
