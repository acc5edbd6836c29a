"""ConsumerGroupHeartbeat (68): join, stay in and leave a group whose assignments the broker makes.

- KIP-848. Epoch 0 joins, -1 leaves, -2 is a static member that will be back; the answer's
  assignment is null if it is as the client knows it.
- v0 clients may leave the member id to the broker when they join; v1 makes it themselves
  (KIP-1082) and may subscribe by a pattern that the broker resolves: here with each heartbeat of
  a member that has it, in Kafka a moment later and again every ten minutes.
- A classic consumer group with members becomes a KIP-848 group when a member joins it like this,
  if group.consumer.migration.policy lets it; otherwise GROUP_ID_NOT_FOUND.
- INVALID_REQUEST for what contradicts itself; GROUP_ID_NOT_FOUND, UNKNOWN_MEMBER_ID,
  FENCED_MEMBER_EPOCH, FENCED_INSTANCE_ID, UNRELEASED_INSTANCE_ID, UNSUPPORTED_ASSIGNOR,
  INVALID_REGULAR_EXPRESSION, GROUP_MAX_SIZE_REACHED; TOPIC_AUTHORIZATION_FAILED for a named topic
  that the client may not describe, while a pattern just does not find it.
- UNSUPPORTED_VERSION while the feature group.version is 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    InvalidRequestError,
    TopicAuthorizationFailedError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.groups.consumer_member import (
    JOINING_EPOCH,
    LEAVING_STATIC_EPOCH,
    Beat,
)
from kafka.testing.broker.groups.requests import client_of, coordinator_of
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from uuid import UUID

    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.assignors import TopicPartitionId
    from kafka.testing.broker.groups.consumer import BeatOutcome

FEATURE = "group.version"
UNCHANGED = -1


def makes_member_id(version: int) -> bool:
    """Return whether the client makes its member id (KIP-1082)."""
    return version >= 1


@handles(ConsumerGroupHeartbeatRequest)
async def consumer_group_heartbeat(
    context: RequestContext, request: ConsumerGroupHeartbeatRequest
) -> ConsumerGroupHeartbeatResponse:
    """Take a heartbeat."""
    try:
        check_feature(context)
    except UnsupportedVersionError as error:
        return ConsumerGroupHeartbeatResponse(error_code=error.errno)
    coordinator = coordinator_of(context, request.group_id)
    _check(context, request)

    def may_see(topic: str) -> bool:
        return context.allows(Operation.DESCRIBE, ResourceType.TOPIC, topic)

    if not all(map(may_see, request.subscribed_topic_names or ())):
        raise TopicAuthorizationFailedError
    group = coordinator.consumer_to_join(request.group_id, request.member_epoch)
    beat = _beat(context, request, request.member_id or coordinator.new_member_id())
    outcome = group.heartbeat(beat, coordinator.topics(), coordinator.now, may_see=may_see)
    coordinator.keep(group)
    return _response(outcome)


def check_feature(context: RequestContext) -> None:
    """Let KIP-848 be used.

    Raises:
        UnsupportedVersionError: the cluster's group.version is 0.
    """
    feature = context.cluster.features.get(FEATURE)
    if feature is None or feature.finalized < 1:
        # Without a message, as Kafka.
        raise UnsupportedVersionError


def _check(context: RequestContext, request: ConsumerGroupHeartbeatRequest) -> None:
    joins = request.member_epoch == JOINING_EPOCH
    needs_id = makes_member_id(context.api_version) or not joins
    rules = (
        (bool(request.group_id.strip()), "GroupId can't be empty."),
        (bool(request.member_id.strip()) or not needs_id, "MemberId can't be empty."),
        (
            request.instance_id is None or bool(request.instance_id.strip()),
            "InstanceId can't be empty.",
        ),
        (request.rack_id is None or bool(request.rack_id.strip()), "RackId can't be empty."),
        (request.member_epoch >= LEAVING_STATIC_EPOCH, "MemberEpoch is invalid."),
        (
            request.member_epoch != LEAVING_STATIC_EPOCH or request.instance_id is not None,
            "InstanceId can't be null.",
        ),
        (
            not joins or request.rebalance_timeout_ms != UNCHANGED,
            "RebalanceTimeoutMs must be provided in first request.",
        ),
        (
            not joins or request.topic_partitions == [],
            "TopicPartitions must be empty when (re-)joining.",
        ),
        (
            not joins
            or request.subscribed_topic_names is not None
            or request.subscribed_topic_regex is not None,
            (
                "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when "
                "(re-)joining."
            ),
        ),
    )
    for holds, complaint in rules:
        if not holds:
            raise InvalidRequestError(complaint)


def _beat(context: RequestContext, request: ConsumerGroupHeartbeatRequest, member_id: str) -> Beat:
    client_id, client_host = client_of(context)
    names = request.subscribed_topic_names
    rebalance_ms = request.rebalance_timeout_ms
    return Beat(
        member_id=member_id,
        member_epoch=request.member_epoch,
        instance_id=request.instance_id,
        rack_id=request.rack_id,
        rebalance_timeout=None if rebalance_ms == UNCHANGED else rebalance_ms / 1000,
        names=None if names is None else frozenset(names),
        regex=request.subscribed_topic_regex,
        assignor=request.server_assignor,
        owned=_owned(request),
        client_id=client_id,
        client_host=client_host,
    )


def _owned(request: ConsumerGroupHeartbeatRequest) -> frozenset[TopicPartitionId] | None:
    if request.topic_partitions is None:
        return None
    return frozenset(
        (topic.topic_id, index) for topic in request.topic_partitions for index in topic.partitions
    )


def _response(outcome: BeatOutcome) -> ConsumerGroupHeartbeatResponse:
    assignment = None
    if outcome.assignment is not None:
        by_topic: dict[UUID, list[int]] = {}
        for topic_id, index in sorted(outcome.assignment):
            by_topic.setdefault(topic_id, []).append(index)
        assignment = ConsumerGroupHeartbeatResponse.Assignment(
            topic_partitions=[
                ConsumerGroupHeartbeatResponse.TopicPartitions(topic_id=topic_id, partitions=found)
                for topic_id, found in by_topic.items()
            ]
        )
    return ConsumerGroupHeartbeatResponse(
        member_id=outcome.member_id,
        member_epoch=outcome.member_epoch,
        heartbeat_interval_ms=int(outcome.heartbeat_interval * 1000),
        assignment=assignment,
    )
