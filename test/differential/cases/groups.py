"""Groups: FindCoordinator, both protocols, offsets, and what is told about groups."""

from __future__ import annotations

from kafka.protocol.consumer_protocol import encode_subscription
from kafka.protocol.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from kafka.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolSubscription
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_delete import OffsetDeleteRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest
from kafka.protocol.schema import ZERO_UUID
from test.differential.case import Talk, case

# -- FindCoordinator --------------------------------------------------------------------------


@case(FindCoordinatorRequest, highest=3)
async def coordinator(talk: Talk) -> None:
    for kind in (0, 1) if talk.version else (0,):
        await talk.send(FindCoordinatorRequest(key=talk.name(), key_type=kind))


@case(FindCoordinatorRequest, lowest=4)
async def coordinators(talk: Talk) -> None:
    for kind in (0, 1):
        keys = [talk.name(), talk.name()]
        await talk.send(FindCoordinatorRequest(coordinator_keys=keys, key_type=kind))


@case(FindCoordinatorRequest, lowest=1, highest=3)
async def coordinator_refused(talk: Talk) -> None:
    await talk.refused(FindCoordinatorRequest(key="x", key_type=9), talk.version)
    await talk.refused(FindCoordinatorRequest(key="x", key_type=2), talk.version)
    await talk.refused(FindCoordinatorRequest(key="", key_type=0), talk.version)


@case(FindCoordinatorRequest, lowest=4)
async def coordinators_refused(talk: Talk) -> None:
    await talk.refused(FindCoordinatorRequest(coordinator_keys=["x"], key_type=9), talk.version)
    await talk.refused(FindCoordinatorRequest(coordinator_keys=["x"], key_type=2), talk.version)
    await talk.refused(FindCoordinatorRequest(coordinator_keys=[""], key_type=0), talk.version)
    await talk.refused(FindCoordinatorRequest(coordinator_keys=[], key_type=0), talk.version)


# -- the classic protocol ---------------------------------------------------------------------


def joining(group: str, member: str = "", **options: object) -> JoinGroupRequest:
    subscription = encode_subscription(ConsumerProtocolSubscription(topics=["t"]), 0)
    names = options.pop("protocols", ("range",))
    assert isinstance(names, tuple)
    defaults = {
        "group_id": group,
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 10_000,
        "member_id": member,
        "protocol_type": "consumer",
        "protocols": [
            JoinGroupRequest.JoinGroupRequestProtocol(name=name, metadata=subscription)
            for name in names
        ],
    }
    return JoinGroupRequest(**(defaults | options))  # type: ignore[arg-type] # by name


async def join(talk: Talk, group: str, version: int, **options: object) -> JoinGroupResponse:
    """Join as the first member; write the last answer down."""
    answer = await talk.send(joining(group, **options), version)
    if answer.error_code == 79:
        answer = await talk.send(joining(group, answer.member_id, **options), version)
    return answer


def syncing(group: str, joined: JoinGroupResponse, **options: object) -> SyncGroupRequest:
    entry = SyncGroupRequest.SyncGroupRequestAssignment
    defaults = {
        "group_id": group,
        "generation_id": joined.generation_id,
        "member_id": joined.member_id,
        "assignments": [entry(member_id=joined.member_id, assignment=b"all")],
    }
    return SyncGroupRequest(**(defaults | options))  # type: ignore[arg-type] # by name


async def settled(talk: Talk, group: str, **options: object) -> JoinGroupResponse:
    """Make a stable group of one member, without a word."""
    answer = await talk.quiet(joining(group, **options), 5)
    if answer.error_code == 79:
        answer = await talk.quiet(joining(group, answer.member_id, **options), 5)
    assert (await talk.quiet(syncing(group, answer, **_static(options)), 3)).error_code == 0
    return answer


def _static(options: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in options.items() if key == "group_instance_id"}


def leaving(group: str, *members: str, instance: str | None = None) -> LeaveGroupRequest:
    identity = LeaveGroupRequest.MemberIdentity
    return LeaveGroupRequest(
        group_id=group,
        members=[identity(member_id=member, group_instance_id=instance) for member in members],
    )


@case(JoinGroupRequest)
async def one_member_joins(talk: Talk) -> None:
    group = talk.name()
    joined = await join(talk, group, talk.version)
    await talk.send(syncing(group, joined), 3)
    await talk.send(joining(group, joined.member_id))


@case(JoinGroupRequest)
async def join_refused(talk: Talk) -> None:
    group = talk.name()
    await talk.send(joining(""))
    await talk.send(joining(group, session_timeout_ms=1))
    await talk.send(joining(group, session_timeout_ms=10_000_000))
    await talk.send(joining(group, "nobody"))
    await talk.send(joining(group, protocols=()))
    await talk.send(joining(group, protocol_type=""))


@case(JoinGroupRequest)
async def protocols_do_not_match(talk: Talk) -> None:
    group = talk.name()
    await settled(talk, group)
    await talk.send(joining(group, protocols=("other",)))
    await talk.send(joining(group, protocol_type="connect"))


@case(JoinGroupRequest, lowest=5)
async def static_member_joins(talk: Talk) -> None:
    group = talk.name()
    first = await join(talk, group, talk.version, group_instance_id="i")
    await talk.send(syncing(group, first, group_instance_id="i"), 3)
    again = await join(talk, group, talk.version, group_instance_id="i")
    for member in (first, again):
        request = HeartbeatRequest(
            group_id=group,
            generation_id=member.generation_id,
            member_id=member.member_id,
            group_instance_id="i",
        )
        await talk.send(request, 3)
    await talk.send(joining(group, "wrong", group_instance_id="i"))
    await talk.send(leaving(group, "", instance="i"), 5)


@case(SyncGroupRequest)
async def group_synced(talk: Talk) -> None:
    group = talk.name()
    joined = await talk.quiet(joining(group), 3)
    more = {"protocol_type": "consumer", "protocol_name": "range"} if talk.version >= 5 else {}
    await talk.send(syncing(group, joined, generation_id=7, **more))
    await talk.send(syncing(group, joined, member_id="nobody", **more))
    await talk.send(syncing(talk.name(), joined, **more))
    await talk.send(syncing("", joined, **more))
    await talk.send(syncing(group, joined, **more))
    await talk.send(syncing(group, joined, assignments=[], **more))


@case(SyncGroupRequest, lowest=5)
async def protocol_of_a_sync_checked(talk: Talk) -> None:
    group = talk.name()
    joined = await talk.quiet(joining(group), 3)
    await talk.send(syncing(group, joined, protocol_type="connect", protocol_name="range"))
    await talk.send(syncing(group, joined, protocol_type="consumer", protocol_name="other"))
    await talk.send(syncing(group, joined))


@case(HeartbeatRequest)
async def heartbeats(talk: Talk) -> None:
    group = talk.name()
    joined = await settled(talk, group)
    for name, member, generation in (
        (group, joined.member_id, joined.generation_id),
        (group, joined.member_id, joined.generation_id + 1),
        (group, "nobody", joined.generation_id),
        (group, "", joined.generation_id),
        (talk.name(), joined.member_id, 1),
        ("", joined.member_id, 1),
    ):
        beat = HeartbeatRequest(group_id=name, member_id=member, generation_id=generation)
        await talk.send(beat)


@case(LeaveGroupRequest, highest=2)
async def member_leaves(talk: Talk) -> None:
    group = talk.name()
    joined = await settled(talk, group)
    for name, member in (
        (group, "nobody"),
        (group, joined.member_id),
        (group, joined.member_id),
        (talk.name(), "x"),
        ("", "x"),
    ):
        await talk.send(LeaveGroupRequest(group_id=name, member_id=member))


@case(LeaveGroupRequest, lowest=3)
async def members_leave(talk: Talk) -> None:
    group = talk.name()
    joined = await settled(talk, group)
    await talk.send(leaving(group, "nobody", joined.member_id))
    await talk.send(leaving(group, joined.member_id))
    await talk.send(leaving(talk.name(), "x"))
    await talk.send(leaving("", "x"))
    await talk.send(leaving(group))
    await talk.send(leaving(group, "", instance="nobody"))


# -- offsets ----------------------------------------------------------------------------------


async def committing(
    talk: Talk, group: str, topic: str, offset: int = 7, **options: object
) -> OffsetCommitRequest:
    version = talk.version if talk.version >= 0 else 8
    metadata = options.pop("metadata", "m")
    partitions = options.pop("partitions", (0,))
    topic_id = await talk.topic_id(topic) if version >= 10 else ZERO_UUID
    assert isinstance(partitions, tuple)
    entries = [
        OffsetCommitRequest.OffsetCommitRequestPartition(
            partition_index=index, committed_offset=offset, committed_metadata=metadata
        )
        for index in partitions
    ]
    named = OffsetCommitRequest.OffsetCommitRequestTopic(
        name=topic, topic_id=topic_id, partitions=entries
    )
    defaults = {"group_id": group, "generation_id_or_member_epoch": -1, "topics": [named]}
    return OffsetCommitRequest(**(defaults | options))  # type: ignore[arg-type] # by name


def reading(group: str, *topics: str, stable: bool = False) -> OffsetFetchRequest:
    """Return the request of version 8."""
    asked = OffsetFetchRequest.OffsetFetchRequestTopics
    entries = [asked(name=topic, partition_indexes=[0, 1]) for topic in topics] or None
    one = OffsetFetchRequest.OffsetFetchRequestGroup(group_id=group, topics=entries)
    return OffsetFetchRequest(groups=[one], require_stable=stable)


@case(OffsetCommitRequest)
async def offsets_committed_without_members(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    await talk.send(await committing(talk, group, topic))
    await talk.send(reading(group, topic), 8)
    await talk.send(await committing(talk, group, topic, 9, metadata=None))
    await talk.send(reading(group), 8)


@case(OffsetCommitRequest)
async def commits_refused(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    await talk.send(await committing(talk, group, topic, partitions=(0, 8)))
    await talk.send(await committing(talk, group, topic, metadata="x" * 5000))
    await talk.send(await committing(talk, group, topic, -1))
    if talk.version >= 1:
        await talk.send(await committing(talk, group, topic, member_id="nobody"))
        more = {"member_id": "nobody", "generation_id_or_member_epoch": 4}
        await talk.send(await committing(talk, group, topic, **more))
        await talk.send(await committing(talk, talk.name(), topic, **more))


@case(OffsetCommitRequest, lowest=1)
async def offsets_committed_by_members(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic()
    joined = await settled(talk, group)
    for member, generation in (
        (joined.member_id, joined.generation_id),
        (joined.member_id, joined.generation_id + 1),
        ("nobody", joined.generation_id),
        ("", -1),
    ):
        more = {"member_id": member, "generation_id_or_member_epoch": generation}
        await talk.send(await committing(talk, group, topic, **more))


@case(OffsetCommitRequest, highest=9)
async def commit_to_unknown_topics(talk: Talk) -> None:
    await talk.send(await committing(talk, talk.name(), talk.name()))


@case(OffsetCommitRequest, highest=9)
async def commit_of_nothing(talk: Talk) -> None:
    await talk.send(OffsetCommitRequest(group_id=talk.name(), topics=[]))


@case(OffsetFetchRequest, lowest=1, highest=7)
async def offsets_read(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic(2)
    await talk.quiet(await committing(_at(talk), group, topic), 8)
    asked = OffsetFetchRequest.OffsetFetchRequestTopic
    wanted = asked(name=topic, partition_indexes=[0, 1, 9])
    await talk.send(OffsetFetchRequest(group_id=group, topics=[wanted]))
    await talk.send(OffsetFetchRequest(group_id=talk.name(), topics=[wanted]))
    unknown = asked(name="no-such-topic", partition_indexes=[0])
    await talk.send(OffsetFetchRequest(group_id=group, topics=[unknown]))
    await talk.send(OffsetFetchRequest(group_id=group, topics=[]))
    if talk.version >= 2:
        await talk.send(OffsetFetchRequest(group_id=group, topics=None))
    if talk.version >= 7:
        await talk.send(OffsetFetchRequest(group_id=group, topics=[wanted], require_stable=True))


class _at:  # noqa: N801 - reads as a word
    """A talk whose version is that of OffsetCommit 8."""

    version = -1

    def __init__(self, talk: Talk) -> None:
        self.topic_id = talk.topic_id


@case(OffsetFetchRequest, lowest=8)
async def offsets_of_groups_read(talk: Talk) -> None:
    first, second, topic = talk.name(), talk.name(), await talk.topic(2)
    await talk.quiet(await committing(_at(talk), first, topic), 8)
    asked = OffsetFetchRequest.OffsetFetchRequestTopics
    by_id = talk.version >= 10
    topic_id = await talk.topic_id(topic) if by_id else ZERO_UUID
    wanted = asked(name=topic, topic_id=topic_id, partition_indexes=[0, 1, 9])
    group = OffsetFetchRequest.OffsetFetchRequestGroup
    for stable in (False, True):
        groups = [group(group_id=first, topics=[wanted]), group(group_id=second, topics=None)]
        await talk.send(OffsetFetchRequest(groups=groups, require_stable=stable))
    await talk.send(OffsetFetchRequest(groups=[group(group_id=first, topics=None)]))
    nothing, alone = OffsetFetchRequest(groups=[]), await talk.connect()
    await talk.refused(nothing, talk.version, on=alone, seconds=2)
    if talk.version >= 9:
        stranger = group(group_id=first, member_id="m", member_epoch=3, topics=None)
        await talk.send(OffsetFetchRequest(groups=[stranger]))


@case()
async def offsets_deleted(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic(2)

    def deleting(name: str, group_id: str = group) -> OffsetDeleteRequest:
        entry = OffsetDeleteRequest.OffsetDeleteRequestPartition
        one = OffsetDeleteRequest.OffsetDeleteRequestTopic(
            name=name, partitions=[entry(partition_index=index) for index in (0, 1, 9)]
        )
        return OffsetDeleteRequest(group_id=group_id, topics=[one])

    await talk.send(deleting(topic), 0)
    await talk.quiet(await committing(talk, group, topic), 8)
    await talk.send(deleting(topic), 0)
    await talk.send(reading(group, topic), 8)
    await talk.send(deleting("no-such-topic"), 0)
    await talk.send(deleting(topic, ""), 0)
    await settled(talk, busy := talk.name())
    await talk.send(deleting(topic, busy), 0)
    await talk.send(deleting("t", busy), 0)


# -- telling about groups ---------------------------------------------------------------------


@case(DescribeGroupsRequest)
async def groups_described(talk: Talk) -> None:
    group, empty, topic = talk.name(), talk.name(), await talk.topic()
    await settled(talk, group)
    await talk.quiet(await committing(_at(talk), empty, topic), 8)
    await talk.send(DescribeGroupsRequest(groups=[group, empty]))
    await talk.send(DescribeGroupsRequest(groups=[talk.name()]))
    await talk.send(DescribeGroupsRequest(groups=[""]))
    await talk.send(DescribeGroupsRequest(groups=[]))
    if talk.version >= 3:
        await talk.send(DescribeGroupsRequest(groups=[group], include_authorized_operations=True))


@case(ListGroupsRequest)
async def groups_listed(talk: Talk) -> None:
    stable, empty, topic = talk.name(), talk.name(), await talk.topic()
    await settled(talk, stable)
    await talk.quiet(await committing(_at(talk), empty, topic), 8)

    def only(answer: ListGroupsResponse) -> None:
        answer.groups = [group for group in answer.groups if group.group_id in {stable, empty}]

    await talk.send(ListGroupsRequest(), only=only)
    if talk.version >= 4:
        for states in (["Stable"], ["Empty"], ["stable"], ["Nonsense"], ["Stable", "Empty"]):
            await talk.send(ListGroupsRequest(states_filter=states), only=only)
    if talk.version >= 5:
        for types in (["classic"], ["consumer"], ["Classic"], ["nonsense"]):
            await talk.send(ListGroupsRequest(types_filter=types), only=only)


@case(DeleteGroupsRequest)
async def groups_deleted(talk: Talk) -> None:
    stable, empty, topic = talk.name(), talk.name(), await talk.topic()
    await settled(talk, stable)
    await talk.quiet(await committing(_at(talk), empty, topic), 8)
    await talk.send(DeleteGroupsRequest(groups_names=[stable, empty, talk.name()]))
    await talk.send(DeleteGroupsRequest(groups_names=[empty]))
    await talk.send(DeleteGroupsRequest(groups_names=[""]))
    await talk.send(DeleteGroupsRequest(groups_names=[]))


# -- KIP-848 ----------------------------------------------------------------------------------

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


async def entered(talk: Talk, group: str, topic: str) -> ConsumerGroupHeartbeatResponse:
    """Join a new group and take what is assigned."""
    joined = await talk.quiet(beating(group, subscribed_topic_names=[topic]), 1)
    part = ConsumerGroupHeartbeatRequest.TopicPartitions
    owned = [part(topic_id=await talk.topic_id(topic), partitions=[0])]
    request = beating(group, joined.member_epoch, topic_partitions=owned)
    return await talk.quiet(request, 1)


@case(ConsumerGroupHeartbeatRequest)
async def member_of_a_new_group(talk: Talk) -> None:
    group, topic = talk.name(), await talk.topic(2)
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


@case()
async def group_without_name(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(await committing(talk, "", topic), 8)
    wanted = reading("", topic)
    await talk.send(wanted, 8)
    await talk.send(DeleteGroupsRequest(groups_names=[""]), 2)
