"""Groups that change their protocol while they have members (KIP-848).  Pure.

A classic consumer group becomes a KIP-848 group when a member of that protocol joins it, and a
KIP-848 group becomes a classic one when the last such member has left. Members keep their ids,
their partitions and the generation, which is the epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import GroupIdNotFoundError, KafkaProtocolError
from kafka.protocol.consumer_protocol import (
    PROTOCOL_TYPE,
    decode_assignment,
    decode_subscription,
)
from kafka.testing.broker.groups.classic_member import Join
from kafka.testing.broker.groups.classic_states import State
from kafka.testing.broker.groups.consumer_member import ClassicSide, ConsumerMember
from kafka.testing.broker.groups.embedded_protocol import encoded_assignment, partition_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.testing.broker.groups.classic import ClassicGroup
    from kafka.testing.broker.groups.classic_member import Member
    from kafka.testing.broker.groups.consumer import ConsumerGroup
    from kafka.testing.broker.groups.subscription import TopicInfo


def upgrade(
    old: ClassicGroup, new: ConsumerGroup, topics: Mapping[str, TopicInfo], now: float
) -> None:
    """Take the members of a classic group over into a KIP-848 group without any.

    Args:
        old: is left as it is.
        new: gets the members.
        topics: all topics there are, by name.
        now: seconds.

    Raises:
        GroupIdNotFoundError: the members do not speak the protocol of consumers, or what they said
            cannot be read.
    """
    if old.protocol_type != PROTOCOL_TYPE:
        raise GroupIdNotFoundError(f"Group {old.group_id} is not a consumer group.")
    new.epoch = new.target_epoch = old.generation_id
    for known in old.roster.members.values():
        try:
            member = _upgraded(known, old, topics)
        except KafkaProtocolError as exc:
            raise GroupIdNotFoundError(
                f"Cannot upgrade classic group {old.group_id} to consumer group because the "
                "embedded consumer protocol is malformed."
            ) from exc
        member.session_deadline = now + known.session_timeout
        new.members[member.member_id] = member
        new.targets[member.member_id] = frozenset(member.assigned)
        if member.instance_id is not None:
            new.static[member.instance_id] = member.member_id


def _upgraded(known: Member, old: ClassicGroup, topics: Mapping[str, TopicInfo]) -> ConsumerMember:
    protocol = old.protocol_name or known.protocols[0][0]
    subscription = decode_subscription(known.metadata(protocol))
    assigned = decode_assignment(known.assignment).assigned_partitions
    member = ConsumerMember(known.member_id)
    member.instance_id = known.instance_id
    member.rack_id = subscription.rack_id
    member.client_id, member.client_host = known.client_id, known.client_host
    member.rebalance_timeout = known.rebalance_timeout
    member.names = frozenset(subscription.topics)
    member.epoch = member.previous_epoch = old.generation_id
    member.assigned = dict.fromkeys(partition_ids(assigned, topics), old.generation_id)
    member.classic = ClassicSide(known.session_timeout, known.protocols)
    return member


def downgrade(
    old: ConsumerGroup, new: ClassicGroup, topics: Mapping[str, TopicInfo], now: float
) -> None:
    """Take the members of a KIP-848 group over into a classic group without any.

    The new group makes all of them join again.

    Args:
        old: all its members speak the classic protocol.
        new: gets the members.
        topics: all topics there are, by name.
        now: seconds.
    """
    new.state = State.STABLE
    # The member that has gone has ended an epoch; Apache Kafka does not count that one.
    new.generation_id = max(old.epoch - 1, *(member.epoch for member in old.members.values()))
    new.protocol_type = PROTOCOL_TYPE
    for known in old.members.values():
        assert known.classic is not None
        member = new.roster.add(known.member_id, _join(known, known.classic))
        target = old.targets.get(known.member_id, frozenset())
        member.assignment = encoded_assignment(target, topics, known.classic.version)
        member.is_new = False
        member.heard(now)
    new.protocol_name = new.roster.select_protocol()
    new.rebalance(now)


def _join(known: ConsumerMember, side: ClassicSide) -> Join:
    """Return the JoinGroup that such a member would send."""
    return Join(
        known.member_id,
        known.instance_id,
        known.client_id,
        known.client_host,
        side.session_timeout,
        known.rebalance_timeout,
        PROTOCOL_TYPE,
        side.protocols,
    )
