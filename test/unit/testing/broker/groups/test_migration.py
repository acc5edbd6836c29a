"""What members take with them when their group changes its protocol."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import GroupIdNotFoundError, RebalanceInProgressError
from kafka.protocol.consumer_protocol import (
    decode_assignment,
    encode_assignment,
    encode_subscription,
)
from kafka.protocol.messages.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)
from kafka.testing.broker.groups.classic import ClassicGroup
from kafka.testing.broker.groups.classic_member import Join
from kafka.testing.broker.groups.classic_states import State
from kafka.testing.broker.groups.consumer import ConsumerGroup, ConsumerState
from kafka.testing.broker.groups.migration import downgrade, upgrade
from kafka.testing.broker.groups.subscription import TopicInfo

TOPIC = UUID(int=1)
TOPICS = {"t": TopicInfo(TOPIC, 2)}
METADATA = encode_subscription(ConsumerProtocolSubscription(topics=["t"], rack_id="r"))
PART = ConsumerProtocolAssignment.TopicPartition(topic="t", partitions=[0, 1])
ALL = encode_assignment(ConsumerProtocolAssignment(assigned_partitions=[PART]))


def classic(
    *, metadata: bytes = METADATA, assignment: bytes = ALL, protocol_type: str = "consumer"
) -> ClassicGroup:
    """Return a stable group of the static member ``i-1``, which has all partitions."""
    group = new_classic()
    join = Join("", "i", "c", "/h", 10.0, 60.0, protocol_type, (("range", metadata),))
    joined = group.join(join, 0.0).outcome
    assert joined is not None
    group.sync(
        joined.member_id,
        "i",
        joined.generation_id,
        protocol=(None, None),
        assignments={joined.member_id: assignment},
        now=0.0,
    )
    return group


def new_classic() -> ClassicGroup:
    return ClassicGroup("g", new_id=lambda: "1")


def upgraded(old: ClassicGroup, now: float = 5.0) -> ConsumerGroup:
    group = ConsumerGroup("g")
    upgrade(old, group, TOPICS, now)
    return group


def test_an_upgraded_member_keeps_all_that_it_has() -> None:
    group = upgraded(classic())
    member = group.members["i-1"]
    assert (group.epoch, group.target_epoch, group.state) == (1, 1, ConsumerState.STABLE)
    assert (member.epoch, member.assigned) == (1, {(TOPIC, 0): 1, (TOPIC, 1): 1})
    assert group.targets == {"i-1": {(TOPIC, 0), (TOPIC, 1)}}
    assert (member.names, member.rack_id, member.instance_id) == ({"t"}, "r", "i")
    assert (member.client_id, member.client_host, member.rebalance_timeout) == ("c", "/h", 60.0)
    assert (group.static, group.is_classic) == ({"i": "i-1"}, True)
    assert group.next_wakeup() == 15.0


def test_a_member_that_has_never_synced_has_nothing() -> None:
    assert upgraded(classic(assignment=b"")).members["i-1"].assigned == {}


@pytest.mark.parametrize(
    "old",
    [classic(protocol_type="connect"), classic(metadata=b""), classic(assignment=b"\0")],
    ids=["another protocol type", "no subscription", "no assignment"],
)
def test_what_cannot_be_read_is_not_upgraded(old: ClassicGroup) -> None:
    with pytest.raises(GroupIdNotFoundError):
        upgraded(old)


def test_a_downgraded_group_makes_its_members_join_again() -> None:
    old = upgraded(classic())
    group = new_classic()
    downgrade(old, group, TOPICS, 7.0)
    member = group.roster.members["i-1"]
    assert (group.state, group.generation_id) == (State.PREPARING_REBALANCE, 1)
    assert (group.protocol_type, group.protocol_name) == ("consumer", "range")
    assert group.roster.static == {"i": "i-1"}
    assert decode_assignment(member.assignment).assigned_partitions[0].partitions == [0, 1]
    with pytest.raises(RebalanceInProgressError):
        group.heartbeat("i-1", "i", 1, 7.0)


def test_a_downgraded_member_is_given_up_when_its_session_is_over() -> None:
    group = new_classic()
    downgrade(upgraded(classic()), group, TOPICS, 7.0)
    assert group.next_wakeup() == 17.0
