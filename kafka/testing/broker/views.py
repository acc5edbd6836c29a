"""What a test sees of topics and groups: values that stay as they were when they were asked for.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import GroupIdNotFoundError, KafkaProtocolError, UnknownTopicOrPartitionError
from kafka.protocol.consumer_protocol import PROTOCOL_TYPE, decode_assignment
from kafka.structs import TopicPartition
from kafka.testing.broker.groups.classic import ClassicGroup
from kafka.testing.broker.groups.coordinator import GroupCoordinator

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from kafka.testing.broker.cluster import Cluster, Partition, Topic
    from kafka.testing.broker.groups.classic_member import Member
    from kafka.testing.broker.groups.consumer import ConsumerGroup
    from kafka.testing.broker.groups.consumer_member import ConsumerMember


class PartitionView(NamedTuple):
    """One partition.

    Attributes:
        leader: node id, -1 for none.
        start_offset: the first record that may be read.
        end_offset: the offset that the next record gets.
        high_watermark: consumers see offsets below it.
        last_stable_offset: those that read committed records only see offsets below it.
    """

    partition: int
    leader: int
    leader_epoch: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]
    start_offset: int
    end_offset: int
    high_watermark: int
    last_stable_offset: int


class TopicView(NamedTuple):
    """One topic.

    Attributes:
        config: the configs that were set for it.
        partitions: by number.
    """

    name: str
    topic_id: UUID
    config: Mapping[str, str]
    partitions: tuple[PartitionView, ...]

    @property
    def end_offsets(self) -> dict[int, int]:
        """The offset that the next record of each partition gets."""
        return {view.partition: view.end_offset for view in self.partitions}


class MemberView(NamedTuple):
    """One member of a group.

    Attributes:
        instance_id: of a static member.
        assignment: its partitions, sorted.
    """

    member_id: str
    client_id: str
    client_host: str
    instance_id: str | None
    assignment: tuple[TopicPartition, ...]


class GroupView(NamedTuple):
    """One group.

    Attributes:
        protocol: ``"classic"`` or ``"consumer"`` (KIP-848).
        state: by Kafka's name, e.g. ``"Stable"``.
        generation: of a classic group; the epoch of another.
        assignor: name of the assignment strategy, or ``None``.
        offsets: what it has committed.
        lags: how many records of each partition it has to process: of those it has committed, and
            of those that are assigned, counted from the first record.
    """

    group_id: str
    protocol: str
    state: str
    generation: int
    assignor: str | None
    members: tuple[MemberView, ...]
    offsets: Mapping[TopicPartition, int]
    lags: Mapping[TopicPartition, int]

    @property
    def lag(self) -> int:
        """How many records it has to process, over all partitions."""
        return sum(self.lags.values())


def find_topic(cluster: Cluster, name: str) -> Topic:
    """Return a topic.

    Raises:
        UnknownTopicOrPartitionError: there is none; the message names those that there are.
    """
    topic = cluster.topics.get(name)
    if topic is None:
        raise UnknownTopicOrPartitionError(
            f"there is no topic {name!r}; the cluster has {topic_names(cluster)}"
        )
    return topic


def topic_names(cluster: Cluster) -> list[str]:
    """Return the names of the topics, without Kafka's own, sorted."""
    return sorted(name for name, topic in cluster.topics.items() if not topic.is_internal)


def topic_view(cluster: Cluster, name: str) -> TopicView:
    """Return what there is of a topic."""
    topic = find_topic(cluster, name)
    return TopicView(
        name,
        topic.topic_id,
        dict(topic.config.overrides),
        tuple(_partition_view(partition) for partition in topic.partitions),
    )


def _partition_view(partition: Partition) -> PartitionView:
    log = partition.log
    return PartitionView(
        partition.index,
        partition.leader,
        partition.leader_epoch,
        tuple(partition.replicas),
        tuple(partition.isr),
        log.start_offset,
        log.end_offset,
        log.high_watermark,
        log.last_stable_offset,
    )


def group_names(cluster: Cluster) -> list[str]:
    """Return the ids of the groups, sorted."""
    return sorted(cluster.component(GroupCoordinator).groups)


def group_view(cluster: Cluster, group_id: str) -> GroupView:
    """Return what there is of a group.

    Raises:
        GroupIdNotFoundError: there is none; the message names those that there are.
    """
    coordinator = cluster.component(GroupCoordinator)
    group = coordinator.groups.get(group_id)
    if group is None:
        raise GroupIdNotFoundError(
            f"there is no group {group_id!r}; the cluster has {group_names(cluster)}"
        )
    view = _classic(group) if isinstance(group, ClassicGroup) else _consumer(cluster, group)
    store = coordinator.offsets.of(group_id)
    # A partition may be known only by what an open transaction would commit.
    committed = {
        TopicPartition(*key): found.offset
        for key in store.keys()  # noqa: SIM118 - a sorted list of its own, not a mapping
        if (found := store.get(key)) is not None
    }
    return view._replace(offsets=committed, lags=_lags(cluster, committed, view.members))


def _classic(group: ClassicGroup) -> GroupView:
    members = tuple(
        MemberView(
            member.member_id,
            member.client_id,
            member.client_host,
            member.instance_id,
            _classic_assignment(group, member),
        )
        for member in group.roster.members.values()
    )
    return GroupView(
        group.group_id,
        "classic",
        group.state.value,
        group.generation_id,
        group.protocol_name,
        members,
        {},
        {},
    )


def _classic_assignment(group: ClassicGroup, member: Member) -> tuple[TopicPartition, ...]:
    if group.protocol_type != PROTOCOL_TYPE:
        return ()
    try:
        assignment = decode_assignment(member.assignment)
    except KafkaProtocolError:
        return ()  # what a client made up; the broker does not look at it either
    return tuple(
        sorted(
            TopicPartition(entry.topic, partition)
            for entry in assignment.assigned_partitions
            for partition in entry.partitions
        )
    )


def _consumer(cluster: Cluster, group: ConsumerGroup) -> GroupView:
    members = tuple(
        MemberView(
            member.member_id,
            member.client_id,
            member.client_host,
            member.instance_id,
            _consumer_assignment(cluster, member),
        )
        for member in group.members.values()
    )
    return GroupView(
        group.group_id,
        "consumer",
        group.state.value,
        group.epoch,
        group.assignor,
        members,
        {},
        {},
    )


def _consumer_assignment(cluster: Cluster, member: ConsumerMember) -> tuple[TopicPartition, ...]:
    topics = cluster.topics_by_id
    return tuple(
        sorted(
            TopicPartition(topics[topic_id].name, partition)
            for topic_id, partition in member.assigned.keys() | member.revoking
            if topic_id in topics
        )
    )


def _lags(
    cluster: Cluster, committed: Mapping[TopicPartition, int], members: tuple[MemberView, ...]
) -> dict[TopicPartition, int]:
    assigned = {found for member in members for found in member.assignment}
    lags = {}
    for key in sorted(assigned | committed.keys()):
        partition = cluster.partition(key.topic, key.partition)
        if partition is not None:
            position = max(committed.get(key, 0), partition.log.start_offset)
            lags[key] = max(partition.log.high_watermark - position, 0)
    return lags


def is_settled(
    cluster: Cluster, group_id: str, *, members: int | None, lag: int | None, state: str | None
) -> bool:
    """Return whether a group is as a test waits for it.

    Args:
        cluster: that has the group, or will.
        group_id: of the group.
        members: how many it has, at rest; ``None`` for at least one.
        lag: records it has at most to process; ``None`` for any number.
        state: by Kafka's name; ``None`` for Stable, or Empty with no members.
    """
    if group_id not in cluster.component(GroupCoordinator).groups:
        return False
    view = group_view(cluster, group_id)
    wanted = state or ("Empty" if members == 0 else "Stable")
    return (
        view.state == wanted
        and (members is None or len(view.members) == members)
        and (lag is None or view.lag <= lag)
    )
