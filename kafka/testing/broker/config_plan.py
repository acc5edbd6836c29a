"""The changes that a request asks for in the configs of a resource, and their result.  Pure."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import (
    InvalidConfigurationError,
    UnknownError,
)
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.config_values import Kind, split_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka.testing.broker.context import RequestContext


class ConfigResourceType(IntEnum):
    """The types of resources that have configs, by Kafka's numbers."""

    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8
    CLIENT_METRICS = 16
    GROUP = 32


class AlterOperation(IntEnum):
    """The ways to change a config (KIP-339)."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


class Change(NamedTuple):
    """One change of one config."""

    name: str
    operation: int
    value: str | None


class Plan(NamedTuple):
    """The changes of one resource; see `config_alter.alter`."""

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
            list_type: raises if a config is not a list; called with its name and the name of the
                operation, APPEND or SUBTRACT.
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


def require_list(kind: Kind | None, name: str, operation: str) -> None:
    """Check that a config is a list, as APPEND and SUBTRACT need.

    Raises:
        InvalidConfigurationError: *kind* is another type.
    """
    if kind is not Kind.LIST:
        raise InvalidConfigurationError(
            f"Can't {operation} to key {name} because its type is not LIST."
        )


def ask_policy(
    context: RequestContext, kind: ConfigResourceType, name: str, after: Mapping[str, str]
) -> None:
    """Ask the policy whether a resource may have the configs *after*.

    Raises:
        PolicyViolationError: it may not.
    """
    policy = context.cluster.component(ConfigStore).alter_policy
    if policy is not None:
        policy(kind, name, after)
