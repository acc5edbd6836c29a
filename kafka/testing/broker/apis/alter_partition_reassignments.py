"""AlterPartitionReassignments (45): move partitions to other brokers (KIP-455).

- Null replicas cancel a move; NO_REASSIGNMENT_IN_PROGRESS if there is none. Naming other replicas
  replaces the move.
- A move ends at once if its new replicas are up; see `kafka.testing.broker.reassignments`.
- v1: allow_replication_factor_change=false refuses another number of replicas than before with
  INVALID_REPLICATION_FACTOR (KIP-860).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    NoReassignmentInProgressError,
    NotControllerError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.placement import check_replicas
from kafka.testing.broker.reassignments import Reassignments

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Asked = AlterPartitionReassignmentsRequest.ReassignablePartition
TopicResult = AlterPartitionReassignmentsResponse.ReassignableTopicResponse
PartitionResult = AlterPartitionReassignmentsResponse.ReassignablePartitionResponse


@handles(AlterPartitionReassignmentsRequest, by_topic=True)
async def alter_partition_reassignments(
    context: RequestContext, request: AlterPartitionReassignmentsRequest
) -> AlterPartitionReassignmentsResponse:
    """Begin or cancel each move."""
    cluster = context.cluster
    if not context.allows(Operation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    if not cluster.release.kraft and cluster.controller_id != context.broker.node_id:
        raise NotControllerError
    may_change_factor = request.allow_replication_factor_change
    return AlterPartitionReassignmentsResponse(
        error_message=None if request.topics else "",
        allow_replication_factor_change=may_change_factor,
        responses=[
            TopicResult(
                name=topic.name,
                partitions=[
                    _result(context, topic.name, partition, may_change_factor)
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ],
    )


def _result(
    context: RequestContext, topic: str, asked: Asked, may_change_factor: bool
) -> PartitionResult:
    result = PartitionResult(partition_index=asked.partition_index, error_message=None)
    try:
        _move(context, topic, asked, may_change_factor)
    except BrokerResponseError as error:
        result.error_code = error.errno
        result.error_message = ", ".join(map(str, error.args)) or None
    return result


def _move(context: RequestContext, topic: str, asked: Asked, may_change_factor: bool) -> None:
    cluster = context.cluster
    refusal = context.refusal(topic, asked.partition_index)
    if refusal is not None:
        raise refusal.error
    if topic not in cluster.topics:
        raise UnknownTopicOrPartitionError(f"Unable to find a topic named {topic}.")
    partition = cluster.partition(topic, asked.partition_index)
    if partition is None:
        raise UnknownTopicOrPartitionError(
            f"Unable to find partition {topic}:{asked.partition_index}."
        )
    moves = cluster.component(Reassignments)
    target = asked.replicas
    if target is None:
        if not moves.cancel(partition):
            raise NoReassignmentInProgressError
        return
    check_replicas(target, len(target), cluster.nodes)
    move = moves.ongoing.get(partition)
    factor = len(move.before if move is not None else partition.replicas)
    if not may_change_factor and len(target) != factor:
        raise InvalidReplicationFactorError(
            f"The replication factor is changed from {factor} to {len(target)}"
        )
    moves.start(partition, target)
