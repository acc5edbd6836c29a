"""The bytes that members of a classic group exchange, as values of `strategy`.  Pure.

Java's clients write topics and owned partitions in order, and so do we: members that say the same
send the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from kafka.coordinator.assignors.strategy import Member, MemberAssignment
from kafka.protocol.consumer_protocol import (
    decode_assignment,
    decode_subscription,
    encode_assignment,
    encode_subscription,
)
from kafka.protocol.messages.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.protocol.primitives import Buffer


class _OfTopic(Protocol):
    topic: str
    partitions: list[int]


G = TypeVar("G", bound=_OfTopic)


def subscription_bytes(
    topics: Iterable[str],
    user_data: bytes | None,
    *,
    owned: Iterable[TopicPartition] = (),
    generation: int,
    rack: str | None,
) -> bytes:
    """Return what a member tells the leader of itself, for one of its assignors.

    Args:
        topics: what it subscribes to.
        user_data: of the assignor; see `AssignmentStrategy.subscription_user_data`.
        owned: partitions that it holds on to while it joins.
        generation: in which it got them; -1 for none.
        rack: where it runs; ``None`` if that is not known.
    """
    of_topic = ConsumerProtocolSubscription.TopicPartition
    return encode_subscription(
        ConsumerProtocolSubscription(
            topics=sorted(topics),
            user_data=user_data,
            owned_partitions=[
                of_topic(topic=topic, partitions=numbers)
                for topic, numbers in by_topic(sorted(owned)).items()
            ],
            generation_id=generation,
            rack_id=rack,
        )
    )


def read_member(member_id: str, instance_id: str | None, data: Buffer) -> Member:
    """Return the member whose subscription is *data*.

    Raises:
        KafkaProtocolError: *data* is not a subscription.
    """
    told = decode_subscription(data)
    return Member(
        member_id,
        tuple(told.topics),
        instance_id=instance_id,
        user_data=told.user_data,
        owned=_partitions(told.owned_partitions),
        generation=told.generation_id,
        rack=told.rack_id or None,
    )


def assignment_bytes(assignment: MemberAssignment) -> bytes:
    """Return what the leader sends one member in SyncGroup."""
    of_topic = ConsumerProtocolAssignment.TopicPartition
    return encode_assignment(
        ConsumerProtocolAssignment(
            assigned_partitions=[
                of_topic(topic=topic, partitions=numbers)
                for topic, numbers in by_topic(assignment.partitions).items()
            ],
            user_data=assignment.user_data,
        )
    )


def read_assignment(data: Buffer) -> MemberAssignment:
    """Return what SyncGroup has answered; no bytes at all are an empty assignment.

    Raises:
        KafkaProtocolError: *data* is not an assignment.
    """
    told = decode_assignment(data)
    return MemberAssignment(_partitions(told.assigned_partitions), told.user_data)


def by_topic(partitions: Iterable[TopicPartition]) -> dict[str, list[int]]:
    """Return the numbers of *partitions* by topic; topics and numbers keep their order."""
    found: dict[str, list[int]] = {}
    for topic, number in partitions:
        found.setdefault(topic, []).append(number)
    return found


def _partitions(groups: Iterable[G]) -> tuple[TopicPartition, ...]:
    return tuple(
        TopicPartition(group.topic, number) for group in groups for number in group.partitions
    )
