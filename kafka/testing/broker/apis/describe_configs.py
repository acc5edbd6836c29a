"""DescribeConfigs (32): topics, brokers, broker loggers, groups and client metrics.

- No names, or null, ask for every config; unknown names are left out of the answer.
- A broker answers for itself and its loggers only; the broker resource with an empty name has the
  dynamic configs of the whole cluster. Groups and client metrics need not exist.
- Each resource fails for itself; without an error the message is an empty string.
- v0 says only whether a value is the default; v1 has its source and, if asked for, the synonyms:
  the values of all levels, the one in force first. v3 adds type and documentation.
- Values of passwords, and of configs that Kafka does not know, are null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError, InvalidRequestError, UnknownTopicOrPartitionError
from kafka.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResponse,
)
from kafka.testing.broker.authorizer import Operation
from kafka.testing.broker.broker_config_alter import own_id
from kafka.testing.broker.config_alter import may
from kafka.testing.broker.config_describe import (
    ConfigEntry,
    describe_broker,
    describe_client_metrics,
    describe_default_broker,
    describe_group,
    describe_loggers,
    describe_topic,
)
from kafka.testing.broker.config_plan import ConfigResourceType
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.configs import ConfigSource
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.placement import check_topic_name

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Resource = DescribeConfigsRequest.DescribeConfigsResource
Result = DescribeConfigsResponse.DescribeConfigsResult
ResultEntry = DescribeConfigsResponse.DescribeConfigsResourceResult


def has_sources(version: int) -> bool:
    """Return whether the answer names the source of a value (KIP-226)."""
    return version >= 1


@handles(DescribeConfigsRequest, by_topic=True)
async def describe_configs(
    context: RequestContext, request: DescribeConfigsRequest
) -> DescribeConfigsResponse:
    """Describe the configs of each resource."""
    return DescribeConfigsResponse(
        results=[_result(context, request, resource) for resource in request.resources]
    )


def _result(context: RequestContext, request: DescribeConfigsRequest, resource: Resource) -> Result:
    result = Result(
        error_message="",
        resource_type=resource.resource_type,
        resource_name=resource.resource_name,
    )
    try:
        entries = _entries(context, resource.resource_type, resource.resource_name)
    except BrokerResponseError as error:
        result.error_code = error.errno
        result.error_message = str(error.args[0]) if error.args else ""
        return result
    wanted = resource.configuration_keys
    result.configs = [
        _encoded(context, request, entry) for entry in entries if not wanted or entry.name in wanted
    ]
    return result


def _entries(context: RequestContext, kind: int, name: str) -> list[ConfigEntry]:
    refusal = context.refusal(name)
    if refusal is not None:
        raise refusal.error
    if kind not in set(ConfigResourceType):
        raise InvalidRequestError(f"resources of type {kind} have no configs")
    may(context, Operation.DESCRIBE_CONFIGS, kind, name)
    store = context.cluster.component(ConfigStore)
    node_id = context.broker.node_id
    match ConfigResourceType(kind):
        case ConfigResourceType.TOPIC:
            check_topic_name(name)
            topic = context.cluster.topics.get(name)
            if topic is None:
                raise UnknownTopicOrPartitionError("")
            return describe_topic(store, node_id, topic.config)
        case ConfigResourceType.BROKER:
            if not name:
                return describe_default_broker(store)
            _check_own_id(node_id, name, f"{node_id} or empty string,")
            return describe_broker(store, node_id)
        case ConfigResourceType.BROKER_LOGGER:
            _require_name(name, "Broker id")
            _check_own_id(node_id, name, str(node_id))
            return describe_loggers(store, node_id)
        case ConfigResourceType.CLIENT_METRICS:
            _require_name(name, "Client metrics subscription name")
            return describe_client_metrics(store, name)
        case ConfigResourceType.GROUP:
            _require_name(name, "Group name")
            return describe_group(store, node_id, name)


def _require_name(name: str, what: str) -> None:
    if not name:
        raise InvalidRequestError(f"{what} must not be empty")


def _check_own_id(node_id: int, name: str, expected: str) -> None:
    received = own_id(name, "Broker id")
    if received != node_id:
        raise InvalidRequestError(f"Unexpected broker id, expected {expected} but received {name}")


def _encoded(
    context: RequestContext, request: DescribeConfigsRequest, entry: ConfigEntry
) -> ResultEntry:
    encoded = ResultEntry(
        name=entry.name,
        value=entry.value,
        read_only=entry.is_read_only,
        config_source=entry.source,
        is_sensitive=entry.is_sensitive,
        config_type=entry.kind.value,
    )
    if not has_sources(context.api_version):
        # Brokers with KRaft forgot what the oldest version calls a default.
        is_default = entry.source is ConfigSource.DEFAULT
        encoded.is_default = is_default and not context.cluster.release.kraft
    encoded.documentation = entry.documentation if request.include_documentation else None
    if request.include_synonyms:
        encoded.synonyms = [
            DescribeConfigsResponse.DescribeConfigsSynonym(
                name=synonym.name,
                value=None if entry.is_sensitive else synonym.value,
                source=synonym.source,
            )
            for synonym in entry.synonyms
        ]
    return encoded
