"""The way to the coordinators of groups.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from kafka.admin.lookups import GROUP, to_coordinator

if TYPE_CHECKING:
    from collections.abc import Hashable

    from kafka.admin.operation import Lookup
    from kafka.cluster import ClusterSnapshot

K = TypeVar("K", bound="Hashable")


def each_group(node_id: int | None = None) -> Lookup[str]:
    """Return the way to the coordinators of groups that are keys.

    Args:
        node_id: where the caller believes the coordinator of all to be.
    """
    return _first(node_id, to_coordinator(GROUP, str))


def one_group(group_id: str, node_id: int | None = None) -> Lookup[Any]:
    """Return the way to the coordinator of one group, whatever the keys are.

    Any: partitions or members, which are not looked at.

    Args:
        group_id: the group.
        node_id: where the caller believes its coordinator to be.
    """
    return _first(node_id, to_coordinator(GROUP, lambda _: group_id))


def _first(node_id: int | None, lookup: Lookup[K]) -> Lookup[K]:
    """Return *lookup*, but that a broker of the cluster is asked first without one."""

    def believed(_: K, snapshot: ClusterSnapshot) -> int | None:
        return node_id if node_id in snapshot.brokers else None

    return lookup._replace(cached=believed)
