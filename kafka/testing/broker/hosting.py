"""Find the partition that a request names, or the error if this broker cannot serve it.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    FencedLeaderEpochError,
    NotLeaderForPartitionError,
    UnknownLeaderEpochError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)

if TYPE_CHECKING:
    from uuid import UUID

    from kafka.testing.broker.cluster import Cluster, Node, Partition
    from kafka.testing.broker.context import RequestContext

NO_EPOCH = -1


def topic_name(cluster: Cluster, topic_id: UUID) -> str:
    """Return the name of a topic id.

    Raises:
        UnknownTopicIdError: no topic has it.
    """
    topic = cluster.topics_by_id.get(topic_id)
    if topic is None:
        raise UnknownTopicIdError(f"no topic has the id {topic_id}")
    return topic.name


def served_partition(
    context: RequestContext,
    topic: str,
    index: int,
    *,
    current_leader_epoch: int = NO_EPOCH,
    leader_only: bool = True,
) -> Partition:
    """Return a partition that the broker of this request serves.

    Args:
        context: of the request.
        topic: name.
        index: of the partition.
        current_leader_epoch: the leader epoch that the client knows, -1 for none (KIP-320).
        leader_only: the broker must lead the partition; otherwise a follower will do, too.

    Raises:
        UnknownTopicOrPartitionError: there is no such partition.
        FencedLeaderEpochError: the client's epoch is over.
        UnknownLeaderEpochError: the client's epoch is not known yet.
        NotLeaderForPartitionError: this broker does not lead it.
    """
    where = f"{topic}-{index}"
    partition = context.cluster.partition(topic, index)
    if partition is None:
        raise UnknownTopicOrPartitionError(f"there is no partition {where}")
    node_id = context.broker.node_id
    if node_id not in partition.replicas:
        raise NotLeaderForPartitionError(f"node {node_id} has no replica of {where}")
    if current_leader_epoch != NO_EPOCH:
        if current_leader_epoch < partition.leader_epoch:
            raise FencedLeaderEpochError(
                f"{where}: epoch {current_leader_epoch} is before {partition.leader_epoch}"
            )
        if current_leader_epoch > partition.leader_epoch:
            raise UnknownLeaderEpochError(
                f"{where}: epoch {current_leader_epoch} is after {partition.leader_epoch}"
            )
    if leader_only and partition.leader != node_id:
        raise NotLeaderForPartitionError(f"node {node_id} does not lead {where}")
    return partition


def leader_hint(context: RequestContext, topic: str, index: int) -> tuple[Partition, Node] | None:
    """Return a partition and the node that leads it, for the hints of KIP-951."""
    partition = context.cluster.partition(topic, index)
    if partition is None or partition.leader not in context.cluster.nodes:
        return None
    return partition, context.cluster.nodes[partition.leader]
