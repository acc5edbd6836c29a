"""Checks that the ACL APIs make before they read or change ACLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidRequestError,
    SecurityDisabledError,
    UnknownError,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.context import ConnectionRefusedByBroker
from kafka.testing.broker.security.acls import (
    ALL,
    ANY,
    AclBinding,
    AclFilter,
    PatternType,
    Permission,
)
from kafka.testing.broker.security.service import Security

if TYPE_CHECKING:
    from kafka.errors import BrokerResponseError
    from kafka.testing.broker.context import RequestContext

_TYPES = frozenset(ResourceType)
_OPERATIONS = frozenset(Operation) | {ALL}
_PERMISSIONS = frozenset((Permission.ALLOW, Permission.DENY))
_PATTERNS = frozenset((PatternType.LITERAL, PatternType.PREFIXED))


def require(context: RequestContext, operation: Operation) -> None:
    """Check that the sender of a request may do *operation* on the cluster.

    Raises:
        SecurityDisabledError: there is no authorizer.
        ClusterAuthorizationFailedError: the sender may not.
    """
    if not context.cluster.component(Security).has_authorizer:
        raise SecurityDisabledError("No Authorizer is configured.")
    if not context.allows(operation, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError(f"{operation.name} on the cluster is not allowed")


def checked_filter(wanted: AclFilter) -> AclFilter:
    """Return *wanted* if Kafka can read it; unknown values match nothing.

    Raises:
        ConnectionRefusedByBroker: a value is 0, with which Kafka cannot even read the request.
    """
    _check_read(wanted.resource_type, wanted.pattern_type, wanted.operation, wanted.permission)
    return wanted


def _check_read(*values: int) -> None:
    if 0 in values:
        raise ConnectionRefusedByBroker("the request has a value that stands for none")


def checked_binding(acl: AclBinding) -> AclBinding:
    """Return *acl* if it is valid.

    Raises:
        ConnectionRefusedByBroker: a value is 0, with which Kafka cannot even read the request.
        InvalidRequestError: it is not valid.
        UnknownError: a value is for filters only.
    """
    _check_read(acl.resource_type, acl.pattern_type, acl.operation, acl.permission)
    kind, _, name = acl.principal.partition(":")
    of_filters = (acl.resource_type, acl.operation, acl.permission, acl.pattern_type)
    if ANY in of_filters or acl.pattern_type == PatternType.MATCH:
        raise UnknownError
    wrong = {
        "resource type": acl.resource_type not in _TYPES,
        "pattern type": acl.pattern_type not in _PATTERNS,
        "operation": acl.operation not in _OPERATIONS,
        "permission type": acl.permission not in _PERMISSIONS,
        "resource name": not acl.resource_name,
        "principal": not kind or not name,
        "host": not acl.host,
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise InvalidRequestError(f"Invalid {what} in {acl}")
    if acl.resource_type == ResourceType.CLUSTER and acl.resource_name != CLUSTER_NAME:
        raise InvalidRequestError(f"The only valid name for the CLUSTER resource is {CLUSTER_NAME}")
    return acl


def text(error: BrokerResponseError) -> str:
    """Return what *error* says, for an answer's ``error_message``."""
    return ", ".join(map(str, error.args)) or error.description
