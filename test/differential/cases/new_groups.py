"""Groups of KIP-848, by their own requests and by those of classic groups."""

from __future__ import annotations

import asyncio
import uuid

from kafka.protocol.consumer_protocol import encode_assignment, encode_subscription
from kafka.protocol.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from kafka.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from kafka.protocol.messages.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest
from test.differential.case import Talk, case
from test.differential.cases.configs import GROUP, SET, adjusting
from test.differential.cases.groups import joining, leaving, settled, syncing
from test.differential.cases.offsets import committing

MEMBER = "member-of-a-new-group"
NEW = ("4.4.0",)


def beating(group: str, epoch: int = 0, **options: object) -> ConsumerGroupHeartbeatRequest:
    defaults: dict[str, object] = {
        "group_id": group,
        "member_id": MEMBER,
        "member_epoch": epoch,
        "rebalance_timeout_ms": 30_000 if epoch == 0 else -1,
    }
    if epoch == 0:
        defaults |= {"subscribed_topic_names": ["t"], "topic_partitions": []}
    return ConsumerGroupHeartbeatRequest(**(defaults | options))  # type: ignore[arg-type] # by name


async def scouted(talk: Talk, topic: str) -> None:
    """Wait until the group coordinator knows a topic: brokers know it a moment earlier."""

    async def is_assigned() -> bool:
        scout = f"scout-{uuid.uuid4()}"
        answer = await talk.quiet(beating(scout, subscribed_topic_names=[topic]), 1)
        await talk.quiet(beating(scout, -1), 1)
        return answer.assignment is not None and bool(answer.assignment.topic_partitions)

    async with asyncio.timeout(10):
        while not await is_assigned():  # noqa: ASYNC110 - only the coordinator knows
            await asyncio.sleep(0.05)


async def at_once(talk: Talk, group: str) -> None:
    """Have each assignment of a group computed at once, as in the embedded cluster."""
    change = ("consumer.assignment.interval.ms", SET, "0")
    await talk.quiet(adjusting(GROUP, group, change), 1)


async def entered(talk: Talk, group: str, topic: str) -> ConsumerGroupHeartbeatResponse:
    """Join a new group and take what is assigned."""
    await scouted(talk, topic)
    joined = await talk.quiet(beating(group, subscribed_topic_names=[topic]), 1)
    part = ConsumerGroupHeartbeatRequest.TopicPartitions
    owned = [part(topic_id=await talk.topic_id(topic), partitions=[0])]
    request = beating(group, joined.member_epoch, topic_partitions=owned)
    return await talk.quiet(request, 1)


OF_CONSUMERS: dict[str, object] = {"protocol_type": "consumer", "protocol_name": "range"}


def rejoining(group: str, member: str, topic: str, owned: list[int]) -> JoinGroupRequest:
    """Return the JoinGroup of a classic member that has partitions of *topic*."""
    part = ConsumerProtocolSubscription.TopicPartition(topic=topic, partitions=owned)
    parts = [part] if owned else []
    subscription = ConsumerProtocolSubscription(topics=[topic], owned_partitions=parts)
    metadata = encode_subscription(subscription, 1)
    protocol = JoinGroupRequest.JoinGroupRequestProtocol(name="range", metadata=metadata)
    request = joining(group, member)
    request.protocols = [protocol]
    return request


async def classic_member_with_all(talk: Talk, group: str, topic: str) -> JoinGroupResponse:
    """Make a stable classic group whose only member has both partitions of *topic*."""
    first = await talk.quiet(rejoining(group, "", topic, []), 9)
    joined = await talk.quiet(rejoining(group, first.member_id, topic, []), 9)
    part = ConsumerProtocolAssignment.TopicPartition(topic=topic, partitions=[0, 1])
    everything = encode_assignment(ConsumerProtocolAssignment(assigned_partitions=[part]), 1)
    entry = SyncGroupRequest.SyncGroupRequestAssignment
    assignments = [entry(member_id=joined.member_id, assignment=everything)]
    await talk.quiet(syncing(group, joined, assignments=assignments, **OF_CONSUMERS), 5)
    return joined


@case(ConsumerGroupHeartbeatRequest)
async def member_of_a_new_group(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic(2)
    if talk.release in NEW:
        await scouted(talk, topic)
    joined = await talk.send(beating(group, subscribed_topic_names=[topic]))
    now = joined.member_epoch or 1
    await talk.send(beating(group, now))
    part = ConsumerGroupHeartbeatRequest.TopicPartitions
    owned = [part(topic_id=await talk.topic_id(topic), partitions=[0, 1])]
    await talk.send(beating(group, now, topic_partitions=owned))
    await talk.send(beating(group, now))
    await talk.send(beating(group, now - 1))
    await talk.send(beating(group, now + 5))
    await talk.send(beating(group, -1))
    await talk.send(beating(group, now))


@case(ConsumerGroupHeartbeatRequest, releases=NEW)
async def heartbeats_of_new_groups_refused(talk: Talk) -> None:
    group = talk.name()
    for request in (
        beating(""),
        beating(" "),
        beating(group, rebalance_timeout_ms=-1),
        beating(group, topic_partitions=None),
        beating(group, subscribed_topic_names=None),
        beating(group, server_assignor="nobody"),
        beating(group, -5),
        beating(group, -2),
        beating(group, 4),
        beating(group, -1),
        beating(group, member_id="" if talk.version else " "),
        beating(group, instance_id=""),
        beating(group, rack_id=""),
        beating(group, server_assignor=""),
    ):
        await talk.send(request)


@case(ConsumerGroupHeartbeatRequest, lowest=1)
async def patterns(talk: Talk) -> None:
    group = talk.name()
    more = {"subscribed_topic_names": None}
    await talk.send(beating(group, subscribed_topic_regex="no-such-.*", **more))
    await talk.send(beating(group, subscribed_topic_regex="(", **more))


@case(ConsumerGroupHeartbeatRequest, releases=NEW)
async def static_member_of_a_new_group(talk: Talk) -> None:
    group = talk.name()
    await talk.send(beating(group, instance_id="i"))
    await talk.send(beating(group, instance_id="i", member_id="other"))
    await talk.send(beating(group, -2, instance_id="i"))
    await talk.send(beating(group, instance_id="i", member_id="other"))
    await talk.send(beating(group, 1, instance_id="i"))
    await talk.send(beating(group, 1, instance_id="j", member_id="other"))


@case(ConsumerGroupDescribeRequest)
async def new_groups_described(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    if talk.release in NEW:
        await entered(talk, group, topic)
    await talk.send(ConsumerGroupDescribeRequest(group_ids=[group]))
    await talk.send(ConsumerGroupDescribeRequest(group_ids=[talk.name(), ""]))
    await settled(talk, classic := talk.name())
    await talk.send(ConsumerGroupDescribeRequest(group_ids=[classic]))
    everything = {"include_authorized_operations": True}
    await talk.send(ConsumerGroupDescribeRequest(group_ids=[group], **everything))


@case(releases=NEW)
async def new_group_through_old_requests(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    await entered(talk, group, topic)
    await talk.send(DescribeGroupsRequest(groups=[group]), 5)
    await talk.send(DescribeGroupsRequest(groups=[group]), 6)
    beat = HeartbeatRequest(group_id=group, member_id=MEMBER, generation_id=2)
    await talk.send(beat, 4)
    await talk.send(DeleteGroupsRequest(groups_names=[group]), 2)

    def only(answer: ListGroupsResponse) -> None:
        answer.groups = [found for found in answer.groups if found.group_id == group]

    await talk.send(ListGroupsRequest(), 5, only=only)
    await talk.send(ListGroupsRequest(), 4, only=only)


@case(releases=NEW)
async def classic_member_of_a_new_group(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    await at_once(talk, group)
    await entered(talk, group, topic)
    await talk.send(joining(group, "x"), 9)


@case(OffsetCommitRequest, releases=NEW)
async def commits_of_new_groups(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    now = (await entered(talk, group, topic)).member_epoch
    for member, epoch in ((MEMBER, now), (MEMBER, now + 1), (MEMBER, 0), ("nobody", 1), ("", -1)):
        more = {"member_id": member, "generation_id_or_member_epoch": epoch}
        await talk.send(await committing(talk, group, topic, **more))


@case(releases=NEW)
async def offsets_of_new_groups_read(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    now = (await entered(talk, group, topic)).member_epoch
    one = OffsetFetchRequest.OffsetFetchRequestGroup
    for member, epoch in ((MEMBER, now), (MEMBER, now + 1), ("nobody", 1), (None, -1)):
        asked = one(group_id=group, member_id=member, member_epoch=epoch, topics=None)
        await talk.send(OffsetFetchRequest(groups=[asked]), 9)


@case(releases=NEW)
async def old_group_through_new_requests(talk: Talk) -> None:
    group = talk.name()
    await settled(talk, group)
    await talk.send(beating(group), 1)
    await talk.send(beating(group, 1), 1)


@case(releases=NEW)
async def classic_group_upgraded_and_downgraded(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic(2)
    await at_once(talk, group)
    await scouted(talk, topic)
    old = await classic_member_with_all(talk, group, topic)
    await talk.send(beating(group, subscribed_topic_names=[topic]), 1)
    beat = HeartbeatRequest(
        group_id=group, member_id=old.member_id, generation_id=old.generation_id
    )
    await talk.send(beat, 4)
    await talk.send(ConsumerGroupDescribeRequest(group_ids=[group]), 1)
    again = await talk.send(rejoining(group, old.member_id, topic, [0, 1]), 9)
    await talk.send(syncing(group, again, **OF_CONSUMERS), 5)
    more = {"member_id": old.member_id, "generation_id_or_member_epoch": again.generation_id}
    await talk.send(await committing(talk, group, topic, **more), 8)
    await talk.send(rejoining(group, old.member_id, topic, [0]), 9)
    await talk.send(beating(group, -1), 1)
    await talk.send(DescribeGroupsRequest(groups=[group]), 6)
    joined = await talk.send(rejoining(group, old.member_id, topic, [0]), 9)
    await talk.send(leaving(group, old.member_id), 5)
    assert joined.error_code == 0


@case(releases=NEW)
async def classic_members_of_a_new_group_refused(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    await at_once(talk, group)
    await entered(talk, group, topic)
    await talk.send(joining(group, protocol_type="connect"), 9)
    joined = await talk.send(joining(group), 9)
    joined = await talk.send(joining(group, joined.member_id), 9)
    beat = HeartbeatRequest(group_id=group, member_id=joined.member_id, generation_id=77)
    await talk.send(beat, 4)
    await talk.send(syncing(group, joined, protocol_type="connect", protocol_name="range"), 5)
    await talk.send(syncing(group, joined, protocol_type="consumer", protocol_name="other"), 5)
    await talk.send(joining(group, protocols=("other",)), 3)
    await talk.send(leaving(group, MEMBER), 5)
    await talk.send(leaving(group, joined.member_id), 5)
