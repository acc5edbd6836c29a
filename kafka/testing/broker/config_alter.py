"""Changes of configs, as AlterConfigs and IncrementalAlterConfigs ask for them.

The order of the checks and their messages are those of a KRaft cluster of Apache Kafka 4.4.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    InvalidConfigurationError,
    InvalidRequestError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownTopicOrPartitionError,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.broker_configs import BROKER_CONFIGS, Scope
from kafka.testing.broker.config_store import LOGGERS, MIN_ISR, ROOT_LOGGER, ConfigStore
from kafka.testing.broker.config_values import Kind, parse_value, split_list
from kafka.testing.broker.configs import TOPIC_CONFIGS, topic_overrides
from kafka.testing.broker.group_configs import (
    GROUP_CONFIGS,
    checked_client_metrics,
    checked_group_configs,
)
from kafka.testing.broker.placement import check_topic_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka.testing.broker.handlers import RequestContext

    _Alterer = Callable[[RequestContext, str, "_Plan"], None]


class ConfigResourceType(IntEnum):
    """What has configs, by Kafka's numbers."""

    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


class AlterOperation(IntEnum):
    """What is done to a config (KIP-339)."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


class Altered(Protocol):
    """A resource in a request."""

    resource_type: int
    resource_name: str


class Change(NamedTuple):
    """One change of one config."""

    name: str
    operation: int
    value: str | None


_LEVELS = ("DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN")
# A thread pool may at most double or halve in one step.
_THREAD_POOLS = frozenset(
    (
        "background.threads",
        "num.io.threads",
        "num.network.threads",
        "num.recovery.threads.per.data.dir",
        "num.replica.fetchers",
    )
)


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
        changes: what to do.
        replace: *changes* are all the configs it is to have (AlterConfigs); whatever is not named
            goes back to its default.
        validate_only: check and change nothing.

    Raises:
        BrokerResponseError: nothing was changed, and why.
    """
    alterers: dict[int, _Alterer] = {
        ConfigResourceType.TOPIC: _alter_topic,
        ConfigResourceType.BROKER: _alter_broker,
        ConfigResourceType.GROUP: _alter_group,
        ConfigResourceType.CLIENT_METRICS: _alter_client_metrics,
    }
    if not replace:
        alterers[ConfigResourceType.BROKER_LOGGER] = _alter_loggers
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
    alterer(context, name, _Plan(changes, replace, validate_only))


class _Plan(NamedTuple):
    changes: Sequence[Change]
    replace: bool
    validate_only: bool

    def applied(
        self,
        before: Mapping[str, str],
        default_of: Callable[[str], str],
        list_type: Callable[[str, str], None],
    ) -> dict[str, str]:
        """Return the configs after the changes.

        Args:
            before: the configs there are.
            default_of: the value of a list config that is not set.
            list_type: refuses APPEND and SUBTRACT (named by its second argument) for what is not a
                list.
        """
        after = {} if self.replace else dict(before)
        for name, operation, value in self.changes:
            if operation == AlterOperation.SET:
                after[name] = value or ""
            elif operation == AlterOperation.DELETE:
                after.pop(name, None)
            elif operation in {AlterOperation.APPEND, AlterOperation.SUBTRACT}:
                list_type(name, AlterOperation(operation).name)
                entries = split_list(after.get(name, default_of(name)))
                after[name] = _combined(entries, split_list(value or ""), operation)
            else:
                raise UnknownError
        return after


def _combined(entries: list[str], named: list[str], operation: int) -> str:
    if operation == AlterOperation.SUBTRACT:
        return ",".join(entry for entry in entries if entry not in named)
    return ",".join(dict.fromkeys([*entries, *named]))


def _require_list(kind: Kind | None, name: str, operation: str) -> None:
    if kind is not Kind.LIST:
        raise InvalidConfigurationError(
            f"Can't {operation} to key {name} because its type is not LIST."
        )


# -- topics ---------------------------------------------------------------------------------------


def _alter_topic(context: RequestContext, name: str, plan: _Plan) -> None:
    if not name:
        raise InvalidRequestError("Default topic resources are not allowed.")
    check_topic_name(name)
    topic = context.cluster.topics.get(name)
    if topic is None:
        raise UnknownTopicOrPartitionError(f"The topic '{name}' does not exist.")
    config = topic.config

    def check_list(key: str, operation: str) -> None:
        row = TOPIC_CONFIGS.get(key)
        _require_list(row.kind if row else None, key, operation)

    after = topic_overrides(plan.applied(config.overrides, config.text, check_list))
    _ask_policy(context, ConfigResourceType.TOPIC, name, after)
    if not plan.validate_only:
        config.overrides.clear()
        config.overrides.update(after)
        config.changed()


def _ask_policy(
    context: RequestContext, kind: ConfigResourceType, name: str, after: Mapping[str, str]
) -> None:
    policy = context.cluster.component(ConfigStore).alter_policy
    if policy is not None:
        policy(kind, name, after)


# -- brokers --------------------------------------------------------------------------------------


def _alter_broker(context: RequestContext, name: str, plan: _Plan) -> None:
    store = context.cluster.component(ConfigStore)
    node_id = context.broker.node_id
    if name and own_id(name, "Node id") != node_id:
        raise InvalidRequestError(f"Unexpected broker id, expected {node_id}, but received {name}")
    before = store.by_broker.get(node_id, {}) if name else store.default

    def default_of(key: str) -> str:
        return store.broker_value(node_id, key) or ""

    _check_scopes(plan, cluster_wide=not name)
    after = plan.applied(before, default_of, _check_broker_list)
    try:
        after = {key: _broker_value(store, node_id, key, value) for key, value in after.items()}
    except InvalidConfigurationError as error:
        # A broker refuses its own dynamic configs before the controller sees them.
        raise InvalidRequestError(str(error.args[0])) from error
    _check_min_isr(store, before, after, cluster_wide=not name)
    _ask_policy(context, ConfigResourceType.BROKER, name, after)
    if plan.validate_only:
        return
    if name:
        store.set_broker(node_id, after)
    else:
        store.set_default(after)


def own_id(name: str, what: str) -> int:
    """Return the node id that the name of a resource is.

    Raises:
        InvalidRequestError: it is none.
    """
    try:
        return int(name)
    except ValueError:
        raise InvalidRequestError(f"{what} must be an integer, but it is: {name}") from None


def _check_scopes(plan: _Plan, *, cluster_wide: bool) -> None:
    complaints = {
        Scope.READ_ONLY: "Cannot update these configs dynamically",
        Scope.PER_LISTENER: "These security configs can be dynamically updated only per-listener "
        "using the listener prefix",
    }
    if cluster_wide:
        complaints[Scope.PER_BROKER] = (
            "Cannot update these configs at default cluster level, broker id must be specified"
        )
    for scope, complaint in complaints.items():
        names = [
            change.name
            for change in plan.changes
            if change.operation != AlterOperation.DELETE
            and change.name in BROKER_CONFIGS
            and BROKER_CONFIGS[change.name].scope is scope
        ]
        if names:
            raise InvalidRequestError(f"{complaint}: [{', '.join(names)}]")


def _check_broker_list(name: str, operation: str) -> None:
    row = BROKER_CONFIGS.get(name)
    if row is None or row.kind is not Kind.LIST:
        raise InvalidConfigurationError(
            f"Config value {operation.lower()} is not allowed for config key: {name}"
        )


def _broker_value(store: ConfigStore, node_id: int, name: str, value: str) -> str:
    row = BROKER_CONFIGS.get(name)
    if row is None:
        return value
    value = parse_value(
        name, value, row.kind, lowest=row.lowest, highest=row.highest, allowed=row.allowed
    )
    if name in _THREAD_POOLS:
        current = int(store.broker_value(node_id, name) or value)
        for outside, bound in (
            (int(value) > current * 2, "greater than double"),
            (int(value) < current / 2, "less than half"),
        ):
            if outside:
                raise InvalidConfigurationError(
                    f"Dynamic thread count update validation failed for {name}={value}, value "
                    f"should not be {bound} the current value {current}"
                )
    return value


def _check_min_isr(
    store: ConfigStore, before: Mapping[str, str], after: Mapping[str, str], *, cluster_wide: bool
) -> None:
    if not store.replicas_are_eligible:
        return
    if cluster_wide and MIN_ISR in before and MIN_ISR not in after:
        raise InvalidConfigurationError(
            "Cluster-level min.insync.replicas cannot be removed while ELR is enabled."
        )
    if not cluster_wide and after.get(MIN_ISR) != before.get(MIN_ISR):
        raise InvalidConfigurationError(
            "Broker-level min.insync.replicas cannot be altered while ELR is enabled."
        )


# -- loggers --------------------------------------------------------------------------------------


def _alter_loggers(context: RequestContext, name: str, plan: _Plan) -> None:
    node_id = context.broker.node_id
    if own_id(name, "Node id") != node_id:
        raise InvalidRequestError(f"Unexpected node id. Expected {node_id}, but received {name}")
    for change in plan.changes:
        _check_logger(change)
    if plan.validate_only:
        return
    levels = context.cluster.component(ConfigStore).loggers.setdefault(node_id, {})
    for logger, operation, value in plan.changes:
        # Without a level of its own a logger has that of the root.
        levels[logger] = "" if operation == AlterOperation.DELETE else (value or "")


def _check_logger(change: Change) -> None:
    logger, operation, value = change
    if operation in {AlterOperation.APPEND, AlterOperation.SUBTRACT}:
        raise InvalidRequestError(
            f"{AlterOperation(operation).name} operation is not allowed for the BROKER_LOGGER "
            "resource"
        )
    if operation not in {AlterOperation.SET, AlterOperation.DELETE}:
        raise InvalidRequestError(f"Unknown operation type {operation} is not allowed")
    if logger not in LOGGERS:
        raise InvalidConfigurationError(f"Logger {logger} does not exist!")
    if operation == AlterOperation.DELETE:
        if logger == ROOT_LOGGER:
            raise InvalidRequestError("Removing the log level of the root logger is not allowed")
    elif value not in _LEVELS:
        raise InvalidConfigurationError(
            f"Cannot set the log level of {logger} to {value} as it is not a supported log level. "
            f"Valid log levels are {', '.join(_LEVELS)}"
        )


# -- groups and client metrics --------------------------------------------------------------------


def _alter_group(context: RequestContext, name: str, plan: _Plan) -> None:
    if not name:
        raise InvalidRequestError("Default group resources are not allowed.")
    store = context.cluster.component(ConfigStore)

    def check_list(key: str, operation: str) -> None:
        row = GROUP_CONFIGS.get(key)
        _require_list(row.kind if row else None, key, operation)

    before = store.groups.get(name, {})
    after = checked_group_configs(
        plan.applied(before, lambda key: store.group_value(name, key), check_list)
    )
    _ask_policy(context, ConfigResourceType.GROUP, name, after)
    if not plan.validate_only:
        _replace(store.groups, name, after)


def _alter_client_metrics(context: RequestContext, name: str, plan: _Plan) -> None:
    if not name:
        raise InvalidRequestError("Subscription name can't be empty")
    store = context.cluster.component(ConfigStore)

    def check_list(key: str, operation: str) -> None:
        # The controller takes none of these configs for a list, although they are described so.
        _require_list(None, key, operation)

    before = store.client_metrics.get(name, {})
    after = checked_client_metrics(plan.applied(before, lambda _: "", check_list))
    if not plan.validate_only:
        _replace(store.client_metrics, name, after)


def _replace(resources: dict[str, dict[str, str]], name: str, after: dict[str, str]) -> None:
    if after:
        resources[name] = after
    else:
        resources.pop(name, None)
