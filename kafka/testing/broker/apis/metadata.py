"""Metadata (3): brokers, topics, leaders.

- Which topics: ``null`` asks for all, an empty list for none; in v0 an empty list asks for all.
- v12 may ask by topic id; one that is unknown is UNKNOWN_TOPIC_ID. Ids win over names.
- A topic without name and id is UNKNOWN_SERVER_ERROR, one with an id or without a name before v12
  INVALID_REQUEST; that is all such an answer says.
- An unknown name is created if the broker (auto.create.topics.enable) and the request (v4; earlier
  ones always want it) allow it; this first answer says UNKNOWN_TOPIC_OR_PARTITION, or
  LEADER_NOT_AVAILABLE from a ZooKeeper cluster.
- A partition without leader is LEADER_NOT_AVAILABLE with leader -1.
- Authorized operations (KIP-430) only if asked for; topics a client may not describe are left out
  of the answer to "all" and are TOPIC_AUTHORIZATION_FAILED when named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    InvalidRequestError,
    InvalidTopicError,
    LeaderNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.cluster import NO_LEADER
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.placement import check_topic_name

if TYPE_CHECKING:
    from uuid import UUID

    from kafka.testing.broker.cluster import Cluster, Partition, Topic
    from kafka.testing.broker.context import RequestContext

ResponseTopic = MetadataResponse.MetadataResponseTopic
NOT_ASKED = -(1 << 31)


def empty_means_all(version: int) -> bool:
    """Return whether an empty list of topics asks for all of them."""
    return version == 0


def may_ask_by_id(version: int) -> bool:
    """Return whether topics may be asked for by id (KIP-516)."""
    return version >= 12


@handles(MetadataRequest, by_topic=True)
async def metadata(context: RequestContext, request: MetadataRequest) -> MetadataResponse:
    """Describe the cluster and the topics asked for."""
    cluster = context.cluster
    refused = _refused(context, request)
    if refused is not None:
        return refused
    response = MetadataResponse(
        brokers=[
            MetadataResponse.MetadataResponseBroker(
                node_id=node.node_id,
                host=node.host,
                port=node.port_at(context.peer.listener),
                rack=node.rack,
            )
            for node in cluster.alive_nodes
        ],
        cluster_id=cluster.cluster_id,
        controller_id=cluster.controller_id,
        topics=_topics(context, request),
    )
    if request.include_cluster_authorized_operations:
        response.cluster_authorized_operations = context.allowed_operations(
            ResourceType.CLUSTER, CLUSTER_NAME
        )
    return response


def _refused(context: RequestContext, request: MetadataRequest) -> MetadataResponse | None:
    """Return the answer to a request that names topics as it may not; it tells nothing else."""
    wanted = request.topics or ()
    if may_ask_by_id(context.api_version):
        wrong = any(entry.name is None and entry.topic_id == ZERO_UUID for entry in wanted)
        code = UnknownError.errno
    else:
        wrong = any(entry.name is None or entry.topic_id != ZERO_UUID for entry in wanted)
        code = InvalidRequestError.errno
    if not wrong:
        return None
    return MetadataResponse(
        error_code=code,
        topics=[
            ResponseTopic(error_code=code, name=entry.name or "", topic_id=entry.topic_id)
            for entry in wanted
        ],
    )


def _topics(context: RequestContext, request: MetadataRequest) -> list[ResponseTopic]:
    wanted = request.topics
    if wanted is None or (not wanted and empty_means_all(context.api_version)):
        return [
            _described(context, request, topic)
            for _, topic in sorted(context.cluster.topics.items())
            if _may_describe(context, topic.name)
        ]
    by_id = [entry.topic_id for entry in wanted if entry.topic_id != ZERO_UUID]
    if by_id:
        return [_by_id(context, request, topic_id) for topic_id in dict.fromkeys(by_id)]
    names = dict.fromkeys(entry.name or "" for entry in wanted)
    return [_by_name(context, request, name) for name in names]


def _may_describe(context: RequestContext, name: str) -> bool:
    return context.allows(Operation.DESCRIBE, ResourceType.TOPIC, name)


def _by_id(context: RequestContext, request: MetadataRequest, topic_id: UUID) -> ResponseTopic:
    topic = context.cluster.topics_by_id.get(topic_id)
    if topic is None:
        return ResponseTopic(error_code=UnknownTopicIdError.errno, name=None, topic_id=topic_id)
    if not _may_describe(context, topic.name):
        # The name is not told to who may not see the topic.
        return ResponseTopic(
            error_code=TopicAuthorizationFailedError.errno, name=None, topic_id=topic_id
        )
    return _described(context, request, topic)


def _by_name(context: RequestContext, request: MetadataRequest, name: str) -> ResponseTopic:
    if not _may_describe(context, name):
        return ResponseTopic(error_code=TopicAuthorizationFailedError.errno, name=name)
    topic = context.cluster.topics.get(name)
    if topic is not None:
        return _described(context, request, topic)
    refusal = context.refusal(name)
    if refusal is not None:
        return ResponseTopic(error_code=refusal.code, name=name)
    return ResponseTopic(
        error_code=_create(context, request, name),
        name=name,
        topic_authorized_operations=_operations(context, request, name),
    )


def _create(context: RequestContext, request: MetadataRequest, name: str) -> int:
    """Create a topic if it may be, and return the error code for the first answer about it."""
    cluster = context.cluster
    if not (request.allow_auto_topic_creation and cluster.flag("auto.create.topics.enable")):
        return _unknown(name)
    if not context.allows(
        Operation.CREATE, ResourceType.CLUSTER, CLUSTER_NAME
    ) and not context.allows(Operation.CREATE, ResourceType.TOPIC, name):
        return TopicAuthorizationFailedError.errno
    try:
        cluster.create_topic(name)
    except BrokerResponseError as error:
        return error.errno
    if cluster.release.kraft:
        return UnknownTopicOrPartitionError.errno
    return LeaderNotAvailableError.errno


def _unknown(name: str) -> int:
    try:
        check_topic_name(name)
    except InvalidTopicError as error:
        return error.errno
    return UnknownTopicOrPartitionError.errno


def _described(context: RequestContext, request: MetadataRequest, topic: Topic) -> ResponseTopic:
    refusal = context.refusal(topic.name)
    if refusal is not None:
        return ResponseTopic(error_code=refusal.code, name=topic.name, topic_id=topic.topic_id)
    return ResponseTopic(
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        partitions=[_partition(context.cluster, partition) for partition in topic.partitions],
        topic_authorized_operations=_operations(context, request, topic.name),
    )


def _operations(context: RequestContext, request: MetadataRequest, name: str) -> int:
    if not request.include_topic_authorized_operations:
        return NOT_ASKED
    return context.allowed_operations(ResourceType.TOPIC, name)


def _partition(
    cluster: Cluster, partition: Partition
) -> MetadataResponse.MetadataResponsePartition:
    has_leader = partition.leader != NO_LEADER
    return MetadataResponse.MetadataResponsePartition(
        error_code=0 if has_leader else LeaderNotAvailableError.errno,
        partition_index=partition.index,
        leader_id=partition.leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=partition.replicas,
        isr_nodes=partition.isr,
        offline_replicas=[
            replica for replica in partition.replicas if not cluster.nodes[replica].alive
        ],
    )
