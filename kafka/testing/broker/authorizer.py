"""Who may do what: the seam between API handlers and ACLs.  Pure."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Operation(IntEnum):
    """The operations that ACLs allow or deny, by Kafka's numbers."""

    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    CLUSTER_ACTION = 9
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12
    CREATE_TOKENS = 13
    DESCRIBE_TOKENS = 14
    TWO_PHASE_COMMIT = 15


class ResourceType(IntEnum):
    """The types of resources that ACLs protect, by Kafka's numbers."""

    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5
    DELEGATION_TOKEN = 6
    USER = 7


CLUSTER_NAME = "kafka-cluster"

# What AclEntry.supportedOperations lists for each resource; DescribeCluster, Metadata and the
# group descriptions send the allowed ones as a bit field.
SUPPORTED_OPERATIONS: dict[ResourceType, tuple[Operation, ...]] = {
    ResourceType.TOPIC: (
        Operation.READ,
        Operation.WRITE,
        Operation.CREATE,
        Operation.DELETE,
        Operation.ALTER,
        Operation.DESCRIBE,
        Operation.DESCRIBE_CONFIGS,
        Operation.ALTER_CONFIGS,
    ),
    ResourceType.GROUP: (
        Operation.READ,
        Operation.DELETE,
        Operation.DESCRIBE,
        Operation.DESCRIBE_CONFIGS,
        Operation.ALTER_CONFIGS,
    ),
    ResourceType.CLUSTER: (
        Operation.CREATE,
        Operation.ALTER,
        Operation.DESCRIBE,
        Operation.CLUSTER_ACTION,
        Operation.DESCRIBE_CONFIGS,
        Operation.ALTER_CONFIGS,
        Operation.IDEMPOTENT_WRITE,
    ),
}


def supported_operations(kind: ResourceType, *, group_configs: bool) -> Iterator[Operation]:
    """Return the operations there are on a kind of resource.

    Args:
        kind: of resource.
        group_configs: groups have configs (KIP-848), as releases from 4.0 on let them.
    """
    of_configs = (Operation.DESCRIBE_CONFIGS, Operation.ALTER_CONFIGS)
    for operation in SUPPORTED_OPERATIONS[kind]:
        if group_configs or kind is not ResourceType.GROUP or operation not in of_configs:
            yield operation


class Principal(NamedTuple):
    """The authenticated user of a connection."""

    kind: str
    name: str


ANONYMOUS = Principal("User", "ANONYMOUS")


class Authorizer(Protocol):
    """Decides from principal, host, operation and resource."""

    def allows(
        self, who: Principal, host: str, operation: Operation, kind: ResourceType, name: str
    ) -> bool:
        """Return whether *who* may do *operation* on the resource *name* of type *kind*."""

    def allows_some(
        self, who: Principal, host: str, operation: Operation, kind: ResourceType
    ) -> bool:
        """Return whether there may be a resource of type *kind* that *who* may use (KIP-679)."""


class _AllowAll:
    __slots__ = ()

    def allows(
        self,
        who: Principal,  # noqa: ARG002 - the protocol's parameters
        host: str,  # noqa: ARG002
        operation: Operation,  # noqa: ARG002
        kind: ResourceType,  # noqa: ARG002
        name: str,  # noqa: ARG002
    ) -> bool:
        return True

    def allows_some(
        self,
        who: Principal,  # noqa: ARG002 - the protocol's parameters
        host: str,  # noqa: ARG002
        operation: Operation,  # noqa: ARG002
        kind: ResourceType,  # noqa: ARG002
    ) -> bool:
        return True


ALLOW_ALL = _AllowAll()


def bit_field(operations: Iterable[Operation]) -> int:
    """Return *operations* as the ``authorized_operations`` field of a response."""
    return sum(1 << operation for operation in operations)
