"""Offsets of groups, and what is told about groups."""

from __future__ import annotations

from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_delete import OffsetDeleteRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.schema import ZERO_UUID
from test.differential.case import Talk, case
from test.differential.cases.groups import settled


async def committing(
    talk: Talk, group: str, topic: str, offset: int = 7, **options: object
) -> OffsetCommitRequest:
    version = options.pop("version", talk.version)
    assert isinstance(version, int)
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
    await talk.quiet(await committing(talk, group, topic, version=8), 8)
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


@case(OffsetFetchRequest, lowest=8)
async def offsets_of_groups_read(talk: Talk) -> None:
    first, second, topic = talk.name(), talk.name(), await talk.topic(2)
    await talk.quiet(await committing(talk, first, topic, version=8), 8)
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
    await talk.quiet(await committing(talk, group, topic, version=8), 8)
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
    await talk.quiet(await committing(talk, empty, topic, version=8), 8)
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
    await talk.quiet(await committing(talk, empty, topic, version=8), 8)

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
    await talk.quiet(await committing(talk, empty, topic, version=8), 8)
    await talk.send(DeleteGroupsRequest(groups_names=[stable, empty, talk.name()]))
    await talk.send(DeleteGroupsRequest(groups_names=[empty]))
    await talk.send(DeleteGroupsRequest(groups_names=[""]))
    await talk.send(DeleteGroupsRequest(groups_names=[]))


@case()
async def group_without_name(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(await committing(talk, "", topic, version=8), 8)
    wanted = reading("", topic)
    await talk.send(wanted, 8)
    await talk.send(DeleteGroupsRequest(groups_names=[""]), 2)
