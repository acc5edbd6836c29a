"""ACLs in the words of a test or a command line: ``User:alice``, ``topic:orders``.  Pure."""

from __future__ import annotations

from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.names import instead
from kafka.testing.broker.security.acls import ALL, AclBinding, PatternType, Permission

_OPERATIONS: dict[str, int] = {"ALL": ALL, **{entry.name: entry.value for entry in Operation}}


def acl(
    principal: str, operation: str, resource: str, *, host: str = "*", permission: Permission
) -> AclBinding:
    """Return an ACL.

    Args:
        principal: ``User:alice``, or ``User:*`` for everybody.
        operation: Kafka's name, e.g. ``READ``, or ``ALL``.
        resource: kind and name, e.g. ``topic:orders``, ``group:*`` or ``topic:ord*``: a name that
            ends with a star stands for all that begin like it.
        host: address of the client, or ``*``.
        permission: allow or deny.

    Raises:
        ValueError: a word is not one of Kafka's.
    """
    kind, colon, who = principal.partition(":")
    if not (kind and colon and who):
        raise ValueError(f"a principal is like User:alice, not {principal!r}")
    number = _OPERATIONS.get(operation.upper().replace("-", "_"))
    if number is None:
        raise ValueError(f"there is no operation {operation!r}{_choice(operation, _OPERATIONS)}")
    word, colon, name = resource.partition(":")
    kinds = {entry.name: entry.value for entry in ResourceType}
    resource_type = kinds.get(word.upper().replace("-", "_"))
    if resource_type is None or not (colon and name):
        raise ValueError(f"a resource is like topic:orders, not {resource!r}{_choice(word, kinds)}")
    is_prefix = name.endswith("*") and name != "*"
    return AclBinding(
        resource_type,
        name[:-1] if is_prefix else name,
        PatternType.PREFIXED if is_prefix else PatternType.LITERAL,
        principal,
        host,
        number,
        permission,
    )


def _choice(word: str, known: dict[str, int]) -> str:
    return instead(word.upper(), known) or f"; there are {', '.join(known)}"
