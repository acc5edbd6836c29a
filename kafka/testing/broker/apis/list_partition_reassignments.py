"""ListPartitionReassignments (46): the moves that are going on (KIP-455).

- Null asks for all; partitions that are named and do not move are left out, unknown ones too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import ClusterAuthorizationFailedError, NotControllerError
from kafka.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.reassignments import Reassignments

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

OngoingTopic = ListPartitionReassignmentsResponse.OngoingTopicReassignment
OngoingPartition = ListPartitionReassignmentsResponse.OngoingPartitionReassignment


@handles(ListPartitionReassignmentsRequest)
async def list_partition_reassignments(
    context: RequestContext, request: ListPartitionReassignmentsRequest
) -> ListPartitionReassignmentsResponse:
    """List the moves asked for."""
    cluster = context.cluster
    if not context.allows(Operation.DESCRIBE, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    if not cluster.release.kraft and cluster.controller_id != context.broker.node_id:
        raise NotControllerError
    wanted = None
    if request.topics is not None:
        wanted = {
            (topic.name, index) for topic in request.topics for index in topic.partition_indexes
        }
    topics: dict[str, OngoingTopic] = {}
    for partition, move in cluster.component(Reassignments).ongoing.items():
        name = partition.topic.name
        if wanted is not None and (name, partition.index) not in wanted:
            continue
        topics.setdefault(name, OngoingTopic(name=name)).partitions.append(
            OngoingPartition(
                partition_index=partition.index,
                replicas=partition.replicas,
                adding_replicas=move.adding,
                removing_replicas=move.removing,
            )
        )
    return ListPartitionReassignmentsResponse(error_message=None, topics=list(topics.values()))
