"""CreateTopics (19).

- Counts of -1 ask for the brokers' defaults; a manual assignment excludes both counts. Each topic
  fails for itself; one named twice is INVALID_REQUEST.
- A broker of a ZooKeeper cluster that is not the controller answers NOT_CONTROLLER.
- From v5 on the answer describes the topic: partitions, replicas and all its configs (never null,
  which breaks Java's admin client), if the client may describe configs. v7 adds the topic id.
- validate_only creates nothing, and shows an id that no topic gets.
- A policy (KIP-108) may refuse with POLICY_VIOLATION; see `ConfigStore.create_policy`.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    InvalidRequestError,
    NotControllerError,
    TopicAuthorizationFailedError,
)
from kafka.protocol.messages.create_topics import CreateTopicsRequest, CreateTopicsResponse
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.config_describe import describe_topic
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Topic
    from kafka.testing.broker.context import RequestContext

Creatable = CreateTopicsRequest.CreatableTopic
Result = CreateTopicsResponse.CreatableTopicResult


@handles(CreateTopicsRequest, by_topic=True)
async def create_topics(
    context: RequestContext, request: CreateTopicsRequest
) -> CreateTopicsResponse:
    """Create each topic that can be created."""
    times = Counter(topic.name for topic in request.topics)
    seen: dict[str, Creatable] = {topic.name: topic for topic in request.topics}
    return CreateTopicsResponse(
        topics=[
            _result(context, request, topic, is_duplicate=times[name] > 1)
            for name, topic in seen.items()
        ]
    )


def _result(
    context: RequestContext,
    request: CreateTopicsRequest,
    wanted: Creatable,
    *,
    is_duplicate: bool,
) -> Result:
    try:
        _check(context, wanted, is_duplicate=is_duplicate)
        topic = context.cluster.create_topic(
            wanted.name,
            partitions=wanted.num_partitions,
            replication_factor=wanted.replication_factor,
            assignments={entry.partition_index: entry.broker_ids for entry in wanted.assignments},
            config={config.name: config.value for config in wanted.configs},
            validate_only=request.validate_only,
        )
    except BrokerResponseError as error:
        return Result(
            name=wanted.name,
            error_code=error.errno,
            error_message=", ".join(map(str, error.args)) or error.description,
            configs=[],
        )
    return _described(context, topic)


def _check(context: RequestContext, wanted: Creatable, *, is_duplicate: bool) -> None:
    cluster = context.cluster
    refusal = context.refusal(wanted.name)
    if refusal is not None:
        raise refusal.error
    if not cluster.release.kraft and cluster.controller_id != context.broker.node_id:
        raise NotControllerError
    if is_duplicate:
        raise InvalidRequestError("Duplicate topic name.")
    if not context.allows(
        Operation.CREATE, ResourceType.CLUSTER, CLUSTER_NAME
    ) and not context.allows(Operation.CREATE, ResourceType.TOPIC, wanted.name):
        raise TopicAuthorizationFailedError("Authorization failed.")
    if wanted.assignments:
        if wanted.replication_factor != -1:
            raise InvalidRequestError(
                "A manual partition assignment was specified, but replication factor was not set "
                "to -1."
            )
        if wanted.num_partitions != -1:
            raise InvalidRequestError(
                "A manual partition assignment was specified, but numPartitions was not set to -1."
            )
    policy = cluster.component(ConfigStore).create_policy
    if policy is not None:
        configs = {config.name: config.value or "" for config in wanted.configs}
        policy(wanted.name, wanted.num_partitions, wanted.replication_factor, configs)


def _described(context: RequestContext, topic: Topic) -> Result:
    if not context.allows(Operation.DESCRIBE_CONFIGS, ResourceType.TOPIC, topic.name):
        return Result(
            name=topic.name,
            topic_id=topic.topic_id,
            error_message=None,
            topic_config_error_code=TopicAuthorizationFailedError.errno,
            configs=[],
        )
    return Result(
        name=topic.name,
        topic_id=topic.topic_id,
        error_message=None,
        num_partitions=len(topic.partitions),
        replication_factor=len(topic.partitions[0].replicas),
        configs=_configs(context, topic),
    )


def _configs(
    context: RequestContext, topic: Topic
) -> list[CreateTopicsResponse.CreatableTopicConfigs]:
    store = context.cluster.component(ConfigStore)
    return [
        CreateTopicsResponse.CreatableTopicConfigs(
            name=entry.name, value=entry.value, config_source=entry.source
        )
        for entry in describe_topic(store, context.broker.node_id, topic.config)
    ]
