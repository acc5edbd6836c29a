"""ElectLeaders (43): preferred and unclean elections (KIP-183, KIP-460).

- Null asks for every partition, and then those that need no election are left out, while their
  topics are listed.
- Preferred: the first replica, if it is up and in sync, else PREFERRED_LEADER_NOT_AVAILABLE.
- Unclean: only without a leader; the first replica that is up becomes the only one in sync, else
  ELIGIBLE_LEADERS_NOT_AVAILABLE. What leads already is ELECTION_NOT_NEEDED.
- An unknown election type is INVALID_REQUEST, at the top and for each partition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    ElectionNotNeededError,
    EligibleLeadersNotAvailableError,
    InvalidRequestError,
    NotControllerError,
    PreferredLeaderNotAvailableError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.cluster import NO_LEADER
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.testing.broker.cluster import Cluster, Partition
    from kafka.testing.broker.context import RequestContext

TopicResult = ElectLeadersResponse.ReplicaElectionResult
PartitionResult = ElectLeadersResponse.PartitionResult
_PREFERRED, _UNCLEAN = 0, 1


def has_error_at_the_top(version: int) -> bool:
    """Return whether the answer has an error code of its own besides those of partitions."""
    return version >= 1


@handles(ElectLeadersRequest, by_topic=True)
async def elect_leaders(
    context: RequestContext, request: ElectLeadersRequest
) -> ElectLeadersResponse:
    """Hold the elections asked for."""
    cluster = context.cluster
    response = ElectLeadersResponse()
    if has_error_at_the_top(context.api_version):
        try:
            _check(context, request.election_type)
        except BrokerResponseError as error:
            response.error_code = error.errno
    asked: Iterable[tuple[str, list[int]]]
    if request.topic_partitions is None:
        asked = [(name, list(range(len(t.partitions)))) for name, t in cluster.topics.items()]
    else:
        asked = [(entry.topic, entry.partitions) for entry in request.topic_partitions]
    for name, indexes in asked:
        results = [_held(context, request.election_type, name, index) for index in indexes]
        if request.topic_partitions is None:
            unneeded = ElectionNotNeededError.errno
            results = [result for result in results if result.error_code != unneeded]
        response.replica_election_results.append(TopicResult(topic=name, partition_result=results))
    cluster.metadata_changed.fire()
    return response


def _held(context: RequestContext, kind: int, topic: str, index: int) -> PartitionResult:
    try:
        _hold(context, kind, topic, index)
    except BrokerResponseError as error:
        message = ", ".join(map(str, error.args)) or error.description
        return PartitionResult(partition_id=index, error_code=error.errno, error_message=message)
    return PartitionResult(partition_id=index, error_message=None)


def _check(context: RequestContext, kind: int) -> None:
    cluster = context.cluster
    if not context.allows(Operation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    if not cluster.release.kraft and cluster.controller_id != context.broker.node_id:
        raise NotControllerError
    if kind not in {_PREFERRED, _UNCLEAN}:
        raise InvalidRequestError(f"Unknown election type {kind}")


def _hold(context: RequestContext, kind: int, topic: str, index: int) -> None:
    cluster = context.cluster
    refusal = context.refusal(topic, index)
    if refusal is not None:
        raise refusal.error
    _check(context, kind)
    if topic not in cluster.topics:
        raise UnknownTopicOrPartitionError(f"No such topic as {topic}")
    partition = cluster.partition(topic, index)
    if partition is None:
        raise UnknownTopicOrPartitionError(f"No such partition as {topic}-{index}")
    if kind == _PREFERRED:
        _elect_preferred(cluster, partition)
    else:
        _elect_unclean(cluster, partition)


def _elect_preferred(cluster: Cluster, partition: Partition) -> None:
    preferred = partition.replicas[0]
    if partition.leader == preferred:
        raise ElectionNotNeededError("Leader election not needed for topic partition.")
    if preferred not in partition.isr or not cluster.nodes[preferred].alive:
        raise PreferredLeaderNotAvailableError
    partition.lead(preferred)


def _elect_unclean(cluster: Cluster, partition: Partition) -> None:
    if partition.leader != NO_LEADER:
        raise ElectionNotNeededError("Leader election not needed for topic partition.")
    alive = [replica for replica in partition.replicas if cluster.nodes[replica].alive]
    if not alive:
        raise EligibleLeadersNotAvailableError
    partition.isr = alive[:1]
    partition.lead(alive[0])
