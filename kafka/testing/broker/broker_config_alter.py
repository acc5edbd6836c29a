"""Changes of the dynamic configs and log levels of brokers (KIP-226, KIP-412).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    InvalidConfigurationError,
    InvalidRequestError,
)
from kafka.testing.broker.broker_configs import BROKER_CONFIGS, Scope
from kafka.testing.broker.config_plan import (
    AlterOperation,
    Change,
    ConfigResourceType,
    Plan,
    ask_policy,
)
from kafka.testing.broker.config_store import LOGGERS, MIN_ISR, ROOT_LOGGER, ConfigStore
from kafka.testing.broker.config_values import Kind, parse_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.testing.broker.context import RequestContext


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


# -- brokers --------------------------------------------------------------------------------------


def alter_broker(context: RequestContext, name: str, plan: Plan) -> None:
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
    ask_policy(context, ConfigResourceType.BROKER, name, after)
    if plan.validate_only:
        return
    if name:
        store.set_broker(node_id, after)
    else:
        store.set_default(after)


def own_id(name: str, what: str) -> int:
    """Return the node id that the name of a resource is.

    Raises:
        InvalidRequestError: it is not a number.
    """
    try:
        return int(name)
    except ValueError:
        raise InvalidRequestError(f"{what} must be an integer, but it is: {name}") from None


def _check_scopes(plan: Plan, *, cluster_wide: bool) -> None:
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


def alter_loggers(context: RequestContext, name: str, plan: Plan) -> None:
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
