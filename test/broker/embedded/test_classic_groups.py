"""Classic groups, as the embedded cluster coordinates them."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    FencedInstanceIdError,
    GroupIdNotFoundError,
    GroupMaxSizeReachedError,
    IllegalGenerationError,
    InconsistentGroupProtocolError,
    InvalidGroupIdError,
    InvalidSessionTimeoutError,
    MemberIdRequiredError,
    NotCoordinatorError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.testing import EmbeddedCluster
from test.support.embedded import cluster_and_client
from test.support.groups import GROUP, ClassicMember, commit
from test.support.raw_client import RawClient

Member = ClassicMember


async def member(cluster: EmbeddedCluster, instance_id: str | None = None) -> Member:
    return await Member.connect(cluster.bootstrap_servers[0], instance_id)


async def joining(
    cluster: EmbeddedCluster, member: Member, session_timeout_ms: int = 10_000
) -> asyncio.Task[JoinGroupResponse]:
    """Let a member join; its request waits at the coordinator when this returns."""
    # A dynamic member asks twice: first for its id.
    expected = cluster.count(JoinGroupRequest) + (1 if member.instance_id else 2)
    task = asyncio.create_task(member.join("t", session_timeout_ms=session_timeout_ms))
    await cluster.until(lambda control: control.count(JoinGroupRequest) >= expected)
    return task


async def pair(cluster: EmbeddedCluster, *instance_ids: str) -> tuple[Member, Member]:
    """Return the leader and the follower of a stable group, with assignments b"0" and b"1"."""
    ids = instance_ids or (None, None)
    first, second = await member(cluster, ids[0]), await member(cluster, ids[1])
    await first.join("t")
    await first.sync({first.member_id: b""})
    waiting = await joining(cluster, second)
    await first.join("t")
    await waiting
    await asyncio.gather(first.sync({first.member_id: b"0", second.member_id: b"1"}), second.sync())
    return first, second


async def described(client: RawClient, version: int = 6) -> DescribeGroupsResponse.DescribedGroup:
    return (await client.send(DescribeGroupsRequest(groups=[GROUP]), version)).groups[0]


@pytest.mark.parametrize("version", range(10))
async def test_every_version_joins_alone(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        alone = Member(client)
        response = await alone.join("t", version=version)
        assert (response.error_code, response.generation_id) == (0, 1)
        assert response.leader == response.member_id == response.members[0].member_id
        assert response.protocol_name == "range"


async def test_a_new_member_has_to_come_back_with_its_id() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        request = JoinGroupRequest(
            group_id=GROUP,
            session_timeout_ms=10_000,
            rebalance_timeout_ms=10_000,
            protocol_type="consumer",
            protocols=[JoinGroupRequest.JoinGroupRequestProtocol(name="range")],
        )
        response = await client.send(request, 4)
        assert response.error_code == MemberIdRequiredError.errno
        assert response.member_id.startswith("raw-")


async def test_a_second_member_makes_the_first_join_again() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        first, second = await member(cluster), await member(cluster)
        await first.join("t")
        assert (await first.sync({first.member_id: b"all"})).assignment == b"all"
        entering = await joining(cluster, second)
        assert await first.heartbeat() == RebalanceInProgressError.errno
        led = await first.join("t")
        followed = await entering
        assert {entry.member_id for entry in led.members} == {first.member_id, second.member_id}
        assert followed.members == []
        assert led.generation_id == followed.generation_id == 2
        waiting = asyncio.create_task(second.sync())
        await first.sync({first.member_id: b"0", second.member_id: b"1"})
        assert (await waiting).assignment == b"1"
        assert await second.heartbeat() == 0


async def test_a_member_that_leaves_makes_the_other_join_again() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        first, second = await pair(cluster)
        assert (await first.leave()).members[0].error_code == 0
        assert await second.heartbeat() == RebalanceInProgressError.errno
        response = await second.join("t")
        assert response.leader == second.member_id
        assert await first.heartbeat() == UnknownMemberIdError.errno


async def test_a_silent_member_is_given_up_when_its_session_is_over() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        _, second = await pair(cluster)
        cluster.advance(9.0)
        assert await second.heartbeat() == 0
        cluster.advance(2.0)
        assert await second.heartbeat() == RebalanceInProgressError.errno
        await second.join("t")
        await second.sync({second.member_id: b"both"})
        assert len((await described(client)).members) == 1


async def test_who_does_not_join_again_is_left_behind_at_the_rebalance_timeout() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        first, second = await pair(cluster)
        third = await member(cluster)
        entering = await joining(cluster, third, session_timeout_ms=100_000)
        again = asyncio.create_task(first.join("t"))
        for _ in range(13):
            await second.heartbeat()
            cluster.advance(5.0)
            await asyncio.sleep(0)
        await asyncio.gather(entering, again)
        assert await second.heartbeat() == UnknownMemberIdError.errno


async def test_who_joins_and_never_syncs_is_given_up() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        alone = await member(cluster)
        await alone.join("t", rebalance_timeout_ms=8_000)
        cluster.advance(8.0)
        await asyncio.sleep(0)
        assert await alone.heartbeat() == UnknownMemberIdError.errno
        assert (await described(client)).group_state == "Empty"


@pytest.mark.parametrize("version", [5, 9])
@pytest.mark.parametrize("who", ["leader", "follower"])
async def test_a_static_member_restarts_without_a_rebalance(version: int, who: str) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        leader, follower = await pair(cluster, "a", "b")
        old, other = (leader, follower) if who == "leader" else (follower, leader)
        again = await member(cluster, old.instance_id)
        response = await again.join("t", version=version)
        assert (response.error_code, response.generation_id) == (0, leader.generation_id)
        assert again.member_id != old.member_id
        assert response.skip_assignment == (version == 9 and who == "leader")
        leads = response.leader == again.member_id
        assert leads == (version == 9 and who == "leader")
        expected = b"0" if who == "leader" else b"1"
        assert (await again.sync()).assignment == expected
        assert await other.heartbeat() == 0
        assert await old.heartbeat() == FencedInstanceIdError.errno


async def test_a_static_member_with_a_new_subscription_rebalances_when_it_joins_again() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        leader, _ = await pair(cluster, "a", "b")
        again = await member(cluster, "b")
        await again.join(protocols={"range": b"", "sticky": b""}, version=9)
        assert await leader.heartbeat() == 0
        asking = asyncio.create_task(again.join(protocols={"range": b"new"}))
        await cluster.until(lambda control: control.count(JoinGroupRequest) >= 5)
        assert await leader.heartbeat() == RebalanceInProgressError.errno
        await leader.join("t")
        assert (await asking).generation_id == leader.generation_id == 3


async def test_a_static_member_is_removed_by_its_instance_id() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        leader, _ = await pair(cluster, "a", "b")
        identities = [
            LeaveGroupRequest.MemberIdentity(member_id="", group_instance_id=name)
            for name in ("b", "nobody")
        ]
        request = LeaveGroupRequest(group_id=GROUP, members=identities)
        response = await client.send(request, 4)
        assert [entry.error_code for entry in response.members] == [0, UnknownMemberIdError.errno]
        assert await leader.heartbeat() == RebalanceInProgressError.errno


async def test_old_generations_and_strangers_are_refused() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        first, _ = await pair(cluster)
        first.generation_id -= 1
        assert await first.heartbeat() == IllegalGenerationError.errno
        assert (await first.sync()).error_code == IllegalGenerationError.errno
        first.member_id = "stranger"
        assert await first.heartbeat() == UnknownMemberIdError.errno
        assert (await first.leave()).members[0].error_code == UnknownMemberIdError.errno
        assert (await first.join("t")).error_code == UnknownMemberIdError.errno


async def test_requests_that_make_no_sense_are_refused() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        nameless = Member(client, group_id="")
        assert (await nameless.join("t")).error_code == InvalidGroupIdError.errno
        hasty = Member(client)
        response = await hasty.join("t", session_timeout_ms=100)
        assert response.error_code == InvalidSessionTimeoutError.errno
        await pair(cluster)
        other = Member(client)
        response = await other.join(protocols={"mine": b""})
        assert response.error_code == InconsistentGroupProtocolError.errno


async def test_a_full_group_takes_nobody() -> None:
    async with cluster_and_client(EmbeddedCluster(config={"group.max.size": "1"})) as (
        cluster,
        client,
    ):
        first = await member(cluster)
        await first.join("t")
        await first.sync()
        response = await Member(client).join("t")
        assert response.error_code == GroupMaxSizeReachedError.errno


@pytest.mark.virtual_time
async def test_the_first_rebalance_waits_for_more_members() -> None:
    async with cluster_and_client(
        EmbeddedCluster(config={"group.initial.rebalance.delay.ms": "3000"})
    ) as (cluster, _):
        first, second = await member(cluster), await member(cluster)
        start = asyncio.get_running_loop().time()
        answers = await asyncio.gather(first.join("t"), second.join("t"))
        assert [answer.generation_id for answer in answers] == [1, 1]
        assert asyncio.get_running_loop().time() - start >= 3.0


async def test_groups_are_described_listed_and_deleted() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        first, second = await pair(cluster)
        found = await described(client)
        assert (found.group_state, found.protocol_type, found.protocol_data) == (
            "Stable",
            "consumer",
            "range",
        )
        assert {entry.member_assignment for entry in found.members} == {b"0", b"1"}
        assert {entry.client_host for entry in found.members} == {"/127.0.0.1"}
        delete = DeleteGroupsRequest(groups_names=[GROUP, "none"])
        codes = [entry.error_code for entry in (await client.send(delete, 2)).results]
        assert codes == [68, GroupIdNotFoundError.errno]
        await first.leave()
        await second.leave()
        listed = await client.send(ListGroupsRequest(states_filter=["empty"]), 5)
        assert [(entry.group_id, entry.group_type) for entry in listed.groups] == [
            (GROUP, "classic")
        ]
        assert (await client.send(ListGroupsRequest(types_filter=["consumer"]), 5)).groups == []
        codes = [entry.error_code for entry in (await client.send(delete, 2)).results]
        assert codes == [0, GroupIdNotFoundError.errno]
        assert (await described(client)).error_code == GroupIdNotFoundError.errno
        old = await described(client, version=5)
        assert (old.error_code, old.group_state) == (0, "Dead")


@pytest.mark.parametrize("version", range(7))
async def test_every_version_finds_the_coordinator(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(3)) as (cluster, client):
        cluster.move_coordinator("group", GROUP, 2)
        if version >= 4:
            request = FindCoordinatorRequest(coordinator_keys=[GROUP])
            found = (await client.send(request, version)).coordinators[0]
            assert (found.error_code, found.node_id) == (0, 2)
        else:
            old = await client.send(FindCoordinatorRequest(key=GROUP), version)
            assert (old.error_code, old.node_id) == (0, 2)


async def test_a_coordinator_that_moves_says_so_to_who_waits() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, _):
        cluster.move_coordinator("group", GROUP, 0)
        _, second = await pair(cluster)
        third = await member(cluster)
        entering = await joining(cluster, third)
        cluster.move_coordinator("group", GROUP, 1)
        assert (await entering).error_code == NotCoordinatorError.errno
        assert await second.heartbeat() == NotCoordinatorError.errno


async def test_an_injected_error_meets_a_heartbeat() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        first, _ = await pair(cluster)
        cluster.fail(HeartbeatRequest, RebalanceInProgressError)
        assert await first.heartbeat() == RebalanceInProgressError.errno
        assert await first.heartbeat() == 0


@pytest.mark.parametrize("release", ["0.11", "1.1", "2.8", "3.9"])
async def test_older_releases_coordinate_groups_too(release: str) -> None:
    async with cluster_and_client(EmbeddedCluster(version=release, topics={"t": 1})) as (_, client):
        alone = Member(client)
        assert (await alone.join("t", version=0)).generation_id == 1
        synced = await alone.sync({alone.member_id: b"all"}, version=0)
        assert synced.assignment == b"all"
        assert await commit(client, {("t", 0): 3}, version=2, member=alone) == [0]
