"""Changes of configs, as AlterConfigs and IncrementalAlterConfigs ask for them.  Pure.

The order of the checks and their messages are those of a KRaft cluster of Apache Kafka 4.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    InvalidRequestError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.broker_config_alter import alter_broker, alter_loggers
from kafka.testing.broker.config_plan import (
    AlterOperation,
    Change,
    ConfigResourceType,
    Plan,
    ask_policy,
    require_list,
)
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.configs import TOPIC_CONFIGS, topic_overrides
from kafka.testing.broker.group_configs import (
    GROUP_CONFIGS,
    checked_client_metrics,
    checked_group_configs,
)
from kafka.testing.broker.placement import check_topic_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.testing.broker.context import RequestContext

    _Alterer = Callable[[RequestContext, str, Plan], None]


class Altered(Protocol):
    """A resource in a request."""

    resource_type: int
    resource_name: str


def may(context: RequestContext, operation: Operation, kind: int, name: str) -> None:
    """Check that the client may describe or alter the configs of a resource.

    Raises:
        BrokerResponseError: it may not.
    """
    if kind == ConfigResourceType.TOPIC:
        if not context.allows(operation, ResourceType.TOPIC, name):
            raise TopicAuthorizationFailedError("Topic authorization failed.")
    elif kind == ConfigResourceType.GROUP:
        if not context.allows(operation, ResourceType.GROUP, name):
            raise GroupAuthorizationFailedError("Group authorization failed.")
    elif not context.allows(operation, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError("Cluster authorization failed.")


def outcome(
    context: RequestContext,
    resource: Altered,
    changes: Sequence[Change],
    *,
    replace: bool,
    validate_only: bool,
    is_duplicate: bool,
) -> tuple[int, str | None]:
    """Do what `alter` does and return its error code and message."""
    try:
        refusal = context.refusal(resource.resource_name)
        if refusal is not None and not refusal.applied:
            raise refusal.error
        if is_duplicate:
            raise InvalidRequestError("Each resource must appear at most once.")
        alter(
            context,
            resource.resource_type,
            resource.resource_name,
            changes,
            replace=replace,
            validate_only=validate_only,
        )
        if refusal is not None:
            raise refusal.error
    except BrokerResponseError as error:
        return error.errno, ", ".join(map(str, error.args)) or None
    return 0, None


def alter(
    context: RequestContext,
    kind: int,
    name: str,
    changes: Sequence[Change],
    *,
    replace: bool,
    validate_only: bool,
) -> None:
    """Change the configs of one resource.

    Args:
        context: of the request.
        kind: number of a `ConfigResourceType`.
        name: of the resource.
        changes: in order.
        replace: *changes* are all the configs of the resource (AlterConfigs); the others go back to
            their defaults.
        validate_only: check and change nothing.

    Raises:
        BrokerResponseError: the request is not valid; nothing was changed.
    """
    alterers: dict[int, _Alterer] = {
        ConfigResourceType.TOPIC: _alter_topic,
        ConfigResourceType.BROKER: alter_broker,
        ConfigResourceType.GROUP: _alter_group,
        ConfigResourceType.CLIENT_METRICS: _alter_client_metrics,
    }
    if not replace:
        alterers[ConfigResourceType.BROKER_LOGGER] = alter_loggers
    alterer = alterers.get(kind)
    if alterer is None:
        raise InvalidRequestError(f"Unknown resource type {kind}")
    if len({change.name for change in changes}) != len(changes):
        raise InvalidRequestError("Error due to duplicate config keys")
    nulls = [
        change.name
        for change in changes
        if change.value is None and change.operation != AlterOperation.DELETE
    ]
    if nulls:
        raise InvalidRequestError(f"Null value not supported for : {','.join(nulls)}")
    may(context, Operation.ALTER_CONFIGS, kind, name)
    alterer(context, name, Plan(changes, replace, validate_only))


# -- topics ---------------------------------------------------------------------------------------


def _alter_topic(context: RequestContext, name: str, plan: Plan) -> None:
    if not name:
        raise InvalidRequestError("Default topic resources are not allowed.")
    check_topic_name(name)
    topic = context.cluster.topics.get(name)
    if topic is None:
        raise UnknownTopicOrPartitionError(f"The topic '{name}' does not exist.")
    config = topic.config

    def check_list(key: str, operation: str) -> None:
        row = TOPIC_CONFIGS.get(key)
        require_list(row.kind if row else None, key, operation)

    after = topic_overrides(plan.applied(config.overrides, config.text, check_list))
    ask_policy(context, ConfigResourceType.TOPIC, name, after)
    if not plan.validate_only:
        config.overrides.clear()
        config.overrides.update(after)
        config.changed()


# -- groups and client metrics --------------------------------------------------------------------


def _alter_group(context: RequestContext, name: str, plan: Plan) -> None:
    if not name:
        raise InvalidRequestError("Default group resources are not allowed.")
    store = context.cluster.component(ConfigStore)

    def check_list(key: str, operation: str) -> None:
        row = GROUP_CONFIGS.get(key)
        require_list(row.kind if row else None, key, operation)

    before = store.groups.get(name, {})
    after = checked_group_configs(
        plan.applied(before, lambda key: store.group_value(name, key), check_list)
    )
    ask_policy(context, ConfigResourceType.GROUP, name, after)
    if not plan.validate_only:
        _replace(store.groups, name, after)


def _alter_client_metrics(context: RequestContext, name: str, plan: Plan) -> None:
    if not name:
        raise InvalidRequestError("Subscription name can't be empty")
    store = context.cluster.component(ConfigStore)

    def check_list(key: str, operation: str) -> None:
        # The controller takes none of these configs for a list, although they are described so.
        require_list(None, key, operation)

    before = store.client_metrics.get(name, {})
    after = checked_client_metrics(plan.applied(before, lambda _: "", check_list))
    if not plan.validate_only:
        _replace(store.client_metrics, name, after)


def _replace(resources: dict[str, dict[str, str]], name: str, after: dict[str, str]) -> None:
    if after:
        resources[name] = after
    else:
        resources.pop(name, None)
