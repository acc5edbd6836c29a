"""OffsetDelete (47): forget what a group has committed for some partitions (KIP-496).

- GROUP_ID_NOT_FOUND for an unknown group; NON_EMPTY_GROUP if it has members that are no consumers.
- GROUP_SUBSCRIBED_TO_TOPIC for partitions of a topic that a member subscribes to. Where nothing was
  committed there is no error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    GroupIdNotFoundError,
    GroupSubscribedToTopicError,
    InvalidGroupIdError,
    KafkaProtocolError,
    NonEmptyGroupError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.consumer_protocol import PROTOCOL_TYPE, decode_subscription
from kafka.protocol.messages.offset_delete import OffsetDeleteRequest, OffsetDeleteResponse
from kafka.testing.broker.authorizer import Operation
from kafka.testing.broker.groups.consumer import ConsumerGroup
from kafka.testing.broker.groups.requests import coordinator_of
from kafka.testing.broker.groups.topics import check_allowed, existing_topic
from kafka.testing.broker.handlers import handles

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.classic import ClassicGroup
    from kafka.testing.broker.groups.coordinator import AnyGroup, GroupCoordinator


@handles(OffsetDeleteRequest, by_topic=True)
async def offset_delete(
    context: RequestContext, request: OffsetDeleteRequest
) -> OffsetDeleteResponse:
    """Forget offsets."""
    refusal = context.refusal("")
    if refusal is not None:
        return OffsetDeleteResponse(error_code=refusal.code)
    coordinator = coordinator_of(context, request.group_id, Operation.DELETE)
    if not request.group_id:
        raise InvalidGroupIdError
    group = coordinator.groups.get(request.group_id)
    if group is None:
        raise GroupIdNotFoundError(f"Group {request.group_id} not found.")
    if not isinstance(group, ConsumerGroup):
        _check_consumers(group)
    return OffsetDeleteResponse(
        topics=[
            OffsetDeleteResponse.OffsetDeleteResponseTopic(
                name=topic.name,
                partitions=[
                    OffsetDeleteResponse.OffsetDeleteResponsePartition(
                        partition_index=partition.partition_index,
                        error_code=_delete(
                            context, coordinator, group, (topic.name, partition.partition_index)
                        ),
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _check_consumers(group: ClassicGroup) -> None:
    if not group.is_empty and group.protocol_type != PROTOCOL_TYPE:
        raise NonEmptyGroupError


def _delete(
    context: RequestContext, coordinator: GroupCoordinator, group: AnyGroup, key: tuple[str, int]
) -> int:
    name, partition = key
    refusal = context.refusal(name, partition)
    if refusal is not None:
        return refusal.code
    try:
        check_allowed(context, Operation.READ, name)
        if not 0 <= partition < len(existing_topic(context, name).partitions):
            raise UnknownTopicOrPartitionError
    except BrokerResponseError as error:
        return error.errno
    if _is_subscribed(group, name):
        return GroupSubscribedToTopicError.errno
    coordinator.offsets.of(group.group_id).delete(key)
    return 0


def _is_subscribed(group: AnyGroup, topic: str) -> bool:
    if isinstance(group, ConsumerGroup):
        return group.is_subscribed(topic)
    for member in group.roster.members.values():
        for _, metadata in member.protocols:
            try:
                if topic in decode_subscription(metadata).topics:
                    return True
            except KafkaProtocolError:
                # A broker that cannot read a subscription takes it for one to every topic.
                return True
    return False
