"""ConsumerGroupDescribe (69): state, members and assignments of KIP-848 groups.

- Each group has its own error: GROUP_ID_NOT_FOUND, for classic groups as well, NOT_COORDINATOR,
  GROUP_AUTHORIZATION_FAILED; TOPIC_AUTHORIZATION_FAILED, without members, if a member has to do
  with a topic that the client may not describe.
- v1 tells which protocol a member speaks (KIP-1099): classic ones are there during a migration.
- UNSUPPORTED_VERSION for every group while the feature group.version is 0.
- Control hooks: an error without topic is for every group, one with a "topic" for that group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError, InvalidGroupIdError, TopicAuthorizationFailedError
from kafka.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
)
from kafka.testing.broker.apis.consumer_group_heartbeat import check_feature
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.groups.requests import coordinator_of
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.assignors import TopicPartitionId
    from kafka.testing.broker.groups.consumer import ConsumerGroup
    from kafka.testing.broker.groups.consumer_member import ConsumerMember

Described = ConsumerGroupDescribeResponse.DescribedGroup
Assignment = ConsumerGroupDescribeResponse.Assignment
DescribedMember = ConsumerGroupDescribeResponse.Member

SPEAKS_CLASSIC_PROTOCOL, SPEAKS_CONSUMER_PROTOCOL = 0, 1


@handles(ConsumerGroupDescribeRequest, by_topic=True)
async def consumer_group_describe(
    context: RequestContext, request: ConsumerGroupDescribeRequest
) -> ConsumerGroupDescribeResponse:
    """Describe groups."""
    described = []
    for group_id in request.group_ids:
        entry = _described(context, group_id)
        if request.include_authorized_operations and entry.error_code == 0:
            entry.authorized_operations = context.allowed_operations(ResourceType.GROUP, group_id)
        described.append(entry)
    return ConsumerGroupDescribeResponse(groups=described)


def _described(context: RequestContext, group_id: str) -> Described:
    refusal = context.refusal(group_id)
    if refusal is not None:
        return Described(group_id=group_id, error_code=refusal.code)
    try:
        check_feature(context)
        coordinator = coordinator_of(context, group_id, Operation.DESCRIBE)
        if not group_id:
            raise InvalidGroupIdError
        group = coordinator.consumer(group_id)
        _check_topics(context, group)
    except BrokerResponseError as error:
        return Described(
            group_id=group_id,
            error_code=error.errno,
            error_message=", ".join(map(str, error.args)) or None,
        )
    return Described(
        group_id=group_id,
        group_state=group.state.value,
        group_epoch=group.epoch,
        assignment_epoch=group.target_epoch,
        assignor_name=group.assignor,
        members=[_member(context, group, member) for member in group.members.values()],
    )


def _check_topics(context: RequestContext, group: ConsumerGroup) -> None:
    for member in group.members.values():
        for topic in group.topics_of(member):
            if not context.allows(Operation.DESCRIBE, ResourceType.TOPIC, topic):
                raise TopicAuthorizationFailedError(
                    "The group has described topic(s) that the client is not authorized to "
                    "describe."
                )


def _member(
    context: RequestContext, group: ConsumerGroup, member: ConsumerMember
) -> DescribedMember:
    return DescribedMember(
        member_id=member.member_id,
        instance_id=member.instance_id,
        rack_id=member.rack_id,
        member_epoch=member.epoch,
        client_id=member.client_id,
        client_host=member.client_host,
        subscribed_topic_names=sorted(member.names),
        subscribed_topic_regex=member.regex or "",
        # What it has been told to give up is still its own.
        assignment=_assignment(context, member.assigned.keys() | member.revoking),
        target_assignment=_assignment(context, group.targets.get(member.member_id, ())),
        member_type=SPEAKS_CONSUMER_PROTOCOL if member.classic is None else SPEAKS_CLASSIC_PROTOCOL,
    )


def _assignment(context: RequestContext, partitions: Iterable[TopicPartitionId]) -> Assignment:
    by_topic: dict[UUID, list[int]] = {}
    for topic_id, index in sorted(partitions):
        by_topic.setdefault(topic_id, []).append(index)
    topics = context.cluster.topics_by_id
    return Assignment(
        topic_partitions=[
            ConsumerGroupDescribeResponse.TopicPartitions(
                topic_id=topic_id, topic_name=topics[topic_id].name, partitions=found
            )
            for topic_id, found in by_topic.items()
            if topic_id in topics
        ]
    )
