"""Groups whose members are replaced one by one: from the classic protocol to the new and back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    FencedInstanceIdError,
    GroupIdNotFoundError,
    InconsistentGroupProtocolError,
    RebalanceInProgressError,
    UnknownMemberIdError,
    UnreleasedInstanceIdError,
)
from kafka.protocol.consumer_protocol import (
    decode_assignment,
    encode_assignment,
    encode_subscription,
)
from kafka.protocol.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from kafka.protocol.messages.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)
from kafka.testing import EmbeddedCluster
from test.support.groups import GROUP, ClassicMember, ConsumerMember
from test.support.raw_client import RawClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PARTITIONS = 4
CLASSIC, NEW = 0, 1


@asynccontextmanager
async def running(**config: str) -> AsyncIterator[EmbeddedCluster]:
    named = {name.replace("_", "."): value for name, value in config.items()}
    async with EmbeddedCluster(topics={"t": PARTITIONS}, config=named) as cluster:
        yield cluster


class Old(ClassicMember):
    """A classic member that says what it has when it joins."""

    owned: tuple[int, ...] = ()

    async def enter(self, *, topic: str = "t", owned: tuple[int, ...] | None = None) -> int:
        """Join and return the error code."""
        self.owned = self.owned if owned is None else owned
        part = ConsumerProtocolSubscription.TopicPartition(topic=topic, partitions=self.owned)
        subscription = ConsumerProtocolSubscription(topics=[topic], owned_partitions=[part])
        metadata = encode_subscription(subscription, 1)
        response = await self.join(protocols={"range": metadata}, version=9)
        return response.error_code

    async def lead(self, *others: Old) -> None:
        """Hand in an assignment that gives this member all partitions, and take it."""
        shares = {self.member_id: tuple(range(PARTITIONS)), **{o.member_id: () for o in others}}
        await self.sync({member: assignment(share) for member, share in shares.items()})
        self.owned = tuple(range(PARTITIONS))

    async def take(self) -> int:
        """Ask for what is assigned; return the error code."""
        response = await self.sync()
        assigned = decode_assignment(response.assignment).assigned_partitions
        if not response.error_code:
            self.owned = tuple(index for entry in assigned for index in entry.partitions)
        return response.error_code


def assignment(partitions: tuple[int, ...]) -> bytes:
    part = ConsumerProtocolAssignment.TopicPartition(topic="t", partitions=partitions)
    return encode_assignment(ConsumerProtocolAssignment(assigned_partitions=[part]), 1)


async def old_member(cluster: EmbeddedCluster, instance_id: str | None = None) -> Old:
    client = await RawClient.connect(cluster.bootstrap_servers[0])
    return Old(client, instance_id)


async def new_member(
    cluster: EmbeddedCluster, name: str = "new", instance_id: str | None = None
) -> ConsumerMember:
    client = await RawClient.connect(cluster.bootstrap_servers[0])
    return ConsumerMember(client, name, instance_id)


async def stable_classic(cluster: EmbeddedCluster, instance_id: str | None = None) -> Old:
    member = await old_member(cluster, instance_id)
    await member.enter()
    await member.lead()
    return member


async def kinds(client: RawClient) -> dict[str, int]:
    request = ConsumerGroupDescribeRequest(group_ids=[GROUP])
    (group,) = (await client.send(request, 1)).groups
    return {member.member_id: member.member_type for member in group.members}


def partitions_of(member: ConsumerMember) -> set[int]:
    return {index for _, index in member.assigned}


async def test_members_are_replaced_one_by_one() -> None:
    async with running() as cluster:
        first = await stable_classic(cluster)
        before = first.generation_id
        successor = await new_member(cluster)
        joined = await successor.join("t")
        assert (joined.error_code, partitions_of(successor)) == (0, set())
        assert joined.member_epoch == before + 1
        assert await kinds(successor.client) == {first.member_id: CLASSIC, "new": NEW}

        # The classic member hears of it, gives up what it has to and comes back for the rest.
        assert await first.heartbeat() == RebalanceInProgressError.errno
        assert await first.enter() == 0
        assert await first.take() == 0
        assert len(first.owned) == PARTITIONS // 2
        assert await first.heartbeat() == RebalanceInProgressError.errno
        assert await first.enter() == 0
        assert first.generation_id == joined.member_epoch
        assert await first.take() == 0
        assert await first.heartbeat() == 0
        await successor.beat()
        assert partitions_of(successor) | set(first.owned) == set(range(PARTITIONS))
        assert not partitions_of(successor) & set(first.owned)

        await first.leave()
        await successor.beat()
        assert partitions_of(successor) == set(range(PARTITIONS))
        assert cluster.group(GROUP).protocol == "consumer"


async def test_the_last_member_of_the_consumer_protocol_leaves_a_classic_group() -> None:
    async with running() as cluster:
        new = await new_member(cluster)
        await new.join("t")
        old = await old_member(cluster)
        assert await old.enter() == 0
        assert await old.take() == 0
        assert old.owned == ()
        await new.beat(epoch=-1)
        assert cluster.group(GROUP).protocol == "classic"
        assert await old.heartbeat() == RebalanceInProgressError.errno
        assert await old.enter() == 0
        await old.lead()
        assert (await old.heartbeat(), cluster.group(GROUP).state) == (0, "Stable")


async def test_a_silent_member_of_the_consumer_protocol_leaves_a_classic_group() -> None:
    async with running(group_consumer_session_timeout_ms="1000") as cluster:
        new = await new_member(cluster)
        await new.join("t")
        old = await old_member(cluster)
        await old.enter()
        await old.take()
        cluster.advance(1.0)
        assert cluster.group(GROUP).protocol == "classic"


async def test_who_waits_for_a_classic_rebalance_is_told_to_join_again() -> None:
    async with running() as cluster:
        leader, follower = await old_member(cluster), await old_member(cluster)
        await leader.enter()
        await leader.lead()
        entering = asyncio.create_task(follower.enter())
        await cluster.wait_for_group(GROUP, state="PreparingRebalance")
        await (await new_member(cluster)).join("t")
        assert await entering == RebalanceInProgressError.errno


@pytest.mark.parametrize("policy", ["disabled", "downgrade"])
async def test_a_classic_group_stays_one_where_it_may_not_be_upgraded(policy: str) -> None:
    async with running(group_consumer_migration_policy=policy) as cluster:
        await stable_classic(cluster)
        response = await (await new_member(cluster)).join("t")
        assert response.error_code == GroupIdNotFoundError.errno


@pytest.mark.parametrize("policy", ["disabled", "upgrade"])
async def test_a_group_stays_as_it_is_where_it_may_not_be_downgraded(policy: str) -> None:
    async with running(group_consumer_migration_policy=policy) as cluster:
        new, old = await new_member(cluster), await old_member(cluster)
        await new.join("t")
        entered = await old.enter()
        if policy == "disabled":
            assert entered == InconsistentGroupProtocolError.errno
            return
        await old.take()
        await new.beat(epoch=-1)
        assert cluster.group(GROUP).protocol == "consumer"
        assert await old.heartbeat() == RebalanceInProgressError.errno


async def test_what_classic_members_say_must_be_readable_for_an_upgrade() -> None:
    async with running() as cluster:
        old = await old_member(cluster)
        await old.join(protocols={"range": b""})
        await old.sync({old.member_id: b"all"})
        response = await (await new_member(cluster)).join("t")
        assert response.error_code == GroupIdNotFoundError.errno
        assert cluster.group(GROUP).protocol == "classic"


async def test_a_newer_static_classic_member_wins_and_an_older_one_is_fenced() -> None:
    async with running() as cluster:
        keeper, old = await new_member(cluster), await old_member(cluster, "i")
        await keeper.join("t")
        await old.enter()
        newer = await old_member(cluster, "i")
        assert await newer.enter() == 0
        assert newer.member_id != old.member_id
        assert await old.heartbeat() == FencedInstanceIdError.errno
        static = await new_member(cluster, "other", "i")
        assert (await static.join("t")).error_code == UnreleasedInstanceIdError.errno


async def test_a_classic_member_that_does_not_come_back_in_time_is_given_up() -> None:
    async with running() as cluster:
        old = await stable_classic(cluster)
        new = await new_member(cluster)
        await new.join("t")
        assert await old.heartbeat() == RebalanceInProgressError.errno
        for _ in range(12):
            cluster.advance(5.0)
            await old.heartbeat()
            await new.beat()
        assert await old.heartbeat() == UnknownMemberIdError.errno
        await new.beat()
        assert partitions_of(new) == set(range(PARTITIONS))
