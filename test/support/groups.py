"""Members of groups, for tests that speak the protocol themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.consumer_protocol import encode_subscription
from kafka.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolSubscription
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
from kafka.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from test.support.raw_client import RawClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

GROUP = "g"


class ClassicMember:
    """One member of a classic group, on a connection of its own."""

    def __init__(
        self, client: RawClient, instance_id: str | None = None, group_id: str = GROUP
    ) -> None:
        self.client = client
        self.instance_id = instance_id
        self.group_id = group_id
        self.member_id = ""
        self.generation_id = -1

    @classmethod
    async def connect(
        cls, address: str, instance_id: str | None = None, *, client_id: str = "raw"
    ) -> ClassicMember:
        """Connect, without joining."""
        return cls(await RawClient.connect(address, client_id=client_id), instance_id)

    async def join(
        self,
        *topics: str,
        version: int = 7,
        protocols: Mapping[str, bytes] | None = None,
        session_timeout_ms: int = 10_000,
        rebalance_timeout_ms: int = 60_000,
    ) -> JoinGroupResponse:
        """Join, with a second request if a member id is required first."""
        subscription = encode_subscription(ConsumerProtocolSubscription(topics=list(topics)), 0)
        offered = protocols or {"range": subscription}
        request = JoinGroupRequest(
            group_id=self.group_id,
            session_timeout_ms=session_timeout_ms,
            rebalance_timeout_ms=rebalance_timeout_ms,
            member_id=self.member_id,
            group_instance_id=self.instance_id,
            protocol_type="consumer",
            protocols=[
                JoinGroupRequest.JoinGroupRequestProtocol(name=name, metadata=metadata)
                for name, metadata in offered.items()
            ],
        )
        response = await self.client.send(request, version, seconds=900)
        if response.error_code == 79:
            request.member_id = response.member_id
            response = await self.client.send(request, version, seconds=900)
        self.member_id = response.member_id
        self.generation_id = response.generation_id
        return response

    async def sync(
        self, assignments: Mapping[str, bytes] | None = None, *, version: int = 3
    ) -> SyncGroupResponse:
        """Hand in or ask for an assignment."""
        request = SyncGroupRequest(
            group_id=self.group_id,
            generation_id=self.generation_id,
            member_id=self.member_id,
            group_instance_id=self.instance_id,
            assignments=[
                SyncGroupRequest.SyncGroupRequestAssignment(member_id=member, assignment=data)
                for member, data in (assignments or {}).items()
            ],
        )
        return await self.client.send(request, version, seconds=900)

    async def heartbeat(self) -> int:
        """Return the error code of a heartbeat."""
        request = HeartbeatRequest(
            group_id=self.group_id,
            generation_id=self.generation_id,
            member_id=self.member_id,
            group_instance_id=self.instance_id,
        )
        return (await self.client.send(request, 4)).error_code

    async def leave(self) -> LeaveGroupResponse:
        """Leave."""
        identity = LeaveGroupRequest.MemberIdentity(
            member_id=self.member_id, group_instance_id=self.instance_id
        )
        request = LeaveGroupRequest(group_id=self.group_id, members=[identity])
        return await self.client.send(request, 5)


class ConsumerMember:
    """One member of a KIP-848 group."""

    def __init__(self, client: RawClient, member_id: str, instance_id: str | None = None) -> None:
        self.client = client
        self.member_id = member_id
        self.instance_id = instance_id
        self.epoch = 0
        self.assigned: set[tuple[UUID, int]] = set()

    async def join(
        self, *topics: str, regex: str | None = None, assignor: str | None = None
    ) -> ConsumerGroupHeartbeatResponse:
        """Join, or join again."""
        self.epoch = 0
        self.assigned = set()
        return await self.beat(
            rebalance_timeout_ms=30_000,
            topics=topics or (None if regex else ()),
            regex=regex,
            assignor=assignor,
            owned=(),
        )

    async def beat(
        self,
        *,
        epoch: int | None = None,
        rebalance_timeout_ms: int = -1,
        topics: Iterable[str] | None = None,
        regex: str | None = None,
        assignor: str | None = None,
        owned: Iterable[tuple[UUID, int]] | None = None,
    ) -> ConsumerGroupHeartbeatResponse:
        """Send a heartbeat and take over what it answers."""
        part = ConsumerGroupHeartbeatRequest.TopicPartitions
        request = ConsumerGroupHeartbeatRequest(
            group_id=GROUP,
            member_id=self.member_id,
            instance_id=self.instance_id,
            member_epoch=self.epoch if epoch is None else epoch,
            rebalance_timeout_ms=rebalance_timeout_ms,
            subscribed_topic_names=topics,
            subscribed_topic_regex=regex,
            server_assignor=assignor,
            topic_partitions=None
            if owned is None
            else [part(topic_id=topic, partitions=[index]) for topic, index in owned],
        )
        response = await self.client.send(request, 1)
        if response.error_code == 0:
            self.epoch = response.member_epoch
        if response.assignment is not None:
            self.assigned = {
                (found.topic_id, index)
                for found in response.assignment.topic_partitions
                for index in found.partitions
            }
        return response

    async def acknowledge(self) -> ConsumerGroupHeartbeatResponse:
        """Say that what is assigned is what there is."""
        return await self.beat(owned=set(self.assigned))


async def commit(
    client: RawClient,
    offsets: Mapping[tuple[str, int], int],
    *,
    version: int = 8,
    member: ClassicMember | None = None,
    group_id: str = GROUP,
    metadata: str = "",
    ids: Mapping[str, UUID] | None = None,
    epoch: int | None = None,
    member_id: str | None = None,
) -> list[int]:
    """Commit offsets and return the error codes."""
    request = OffsetCommitRequest(
        group_id=group_id,
        generation_id_or_member_epoch=member.generation_id if member else -1,
        member_id=member.member_id if member else "",
        topics=[
            OffsetCommitRequest.OffsetCommitRequestTopic(
                name=topic,
                **({"topic_id": ids[topic]} if ids else {}),
                partitions=[
                    OffsetCommitRequest.OffsetCommitRequestPartition(
                        partition_index=partition,
                        committed_offset=offset,
                        committed_leader_epoch=3,
                        committed_metadata=metadata,
                    )
                ],
            )
            for (topic, partition), offset in offsets.items()
        ],
    )
    if epoch is not None:
        request.generation_id_or_member_epoch = epoch
    if member_id is not None:
        request.member_id = member_id
    response = await client.send(request, version)
    return [part.error_code for topic in response.topics for part in topic.partitions]


async def committed(
    client: RawClient,
    *topics: str,
    group_id: str = GROUP,
    partitions: Iterable[int] = (0,),
    require_stable: bool = False,
) -> OffsetFetchResponse.OffsetFetchResponseGroup:
    """Return what a group has committed; without topics, all of it."""
    asked = [
        OffsetFetchRequest.OffsetFetchRequestTopics(name=topic, partition_indexes=list(partitions))
        for topic in topics
    ]
    group = OffsetFetchRequest.OffsetFetchRequestGroup(group_id=group_id, topics=asked or None)
    request = OffsetFetchRequest(groups=[group], require_stable=require_stable)
    return (await client.send(request, 9)).groups[0]
