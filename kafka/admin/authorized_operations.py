"""What the caller may do with a resource, as responses tell it (KIP-430).  Pure."""

from __future__ import annotations

from typing import Final

from kafka.admin.acl_resource import ACLOperation

_NOT_TOLD: Final = -(2**31)


def operation_names(bits: int) -> list[str] | None:
    """Return the operations in a bit field by name, in Kafka's order.

    Args:
        bits: as a response has it.

    Returns:
        Names of `ACLOperation`; ``None`` if the broker has not told. Operations that this release
        does not know are left out.
    """
    if bits == _NOT_TOLD:
        return None
    return [
        operation.name
        for operation in ACLOperation
        if operation > ACLOperation.ALL and bits >> operation & 1
    ]
