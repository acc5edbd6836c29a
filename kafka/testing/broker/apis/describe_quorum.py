"""DescribeQuorum (55): the controllers and how far they are (KIP-595, KIP-836).

- There is partition 0 of __cluster_metadata; others are UNKNOWN_TOPIC_OR_PARTITION.
- Every broker is a voter; one that was removed from the voters observes. Nodes that are up are
  caught up, others have been told nothing.
- v2 names directories and listeners (KIP-853); the listener is the one for clients, as there is no
  other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import ClusterAuthorizationFailedError, UnknownTopicOrPartitionError
from kafka.protocol.messages.describe_quorum import DescribeQuorumRequest, DescribeQuorumResponse
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.quorum import LEADER_EPOCH, METADATA_TOPIC, Quorum

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Cluster, Node
    from kafka.testing.broker.context import RequestContext

TopicData = DescribeQuorumResponse.TopicData
PartitionData = DescribeQuorumResponse.PartitionData


def names_directories(version: int) -> bool:
    """Return whether replicas are named with their directories (KIP-853)."""
    return version >= 2


@handles(DescribeQuorumRequest)
async def describe_quorum(
    context: RequestContext, request: DescribeQuorumRequest
) -> DescribeQuorumResponse:
    """Describe the metadata partition."""
    if not context.allows(Operation.DESCRIBE, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    response = DescribeQuorumResponse()
    for topic in request.topics:
        answer = TopicData(topic_name=topic.topic_name)
        response.topics.append(answer)
        for partition in topic.partitions:
            if (topic.topic_name, partition.partition_index) == (METADATA_TOPIC, 0):
                answer.partitions.append(_metadata_partition(context))
                response.nodes = _nodes(context)
            else:
                answer.partitions.append(
                    PartitionData(
                        partition_index=partition.partition_index,
                        error_code=UnknownTopicOrPartitionError.errno,
                        error_message="This server does not host this topic-partition.",
                    )
                )
    return response


def _metadata_partition(context: RequestContext) -> PartitionData:
    cluster = context.cluster
    quorum = cluster.component(Quorum)
    return PartitionData(
        partition_index=0,
        leader_id=cluster.controller_id,
        leader_epoch=LEADER_EPOCH,
        high_watermark=quorum.end_offset,
        current_voters=[_state(context, cluster, node) for node in quorum.voters],
        observers=[_state(context, cluster, node) for node in quorum.observers],
    )


def _state(
    context: RequestContext, cluster: Cluster, node: Node
) -> DescribeQuorumResponse.ReplicaState:
    quorum = cluster.component(Quorum)
    at = cluster.clock.wall_ms() if node.alive else -1
    state = DescribeQuorumResponse.ReplicaState(
        replica_id=node.node_id,
        log_end_offset=quorum.end_offset if node.alive else -1,
        last_fetch_timestamp=at,
        last_caught_up_timestamp=at,
    )
    if names_directories(context.api_version):
        state.replica_directory_id = quorum.directory_id(node.node_id)
    return state


def _nodes(context: RequestContext) -> list[DescribeQuorumResponse.Node]:
    if not names_directories(context.api_version):
        return []
    return [
        DescribeQuorumResponse.Node(
            node_id=node.node_id,
            listeners=[
                DescribeQuorumResponse.Listener(name="CONTROLLER", host=node.host, port=node.port)
            ],
        )
        for node in context.cluster.component(Quorum).voters
    ]
