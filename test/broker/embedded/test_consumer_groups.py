"""KIP-848 groups, as the embedded cluster coordinates them."""

from __future__ import annotations

import pytest

from kafka.errors import (
    FencedInstanceIdError,
    FencedMemberEpochError,
    GroupIdNotFoundError,
    GroupMaxSizeReachedError,
    InconsistentGroupProtocolError,
    InvalidRegularExpressionError,
    InvalidRequestError,
    UnknownMemberIdError,
    UnreleasedInstanceIdError,
    UnsupportedAssignorError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
)
from kafka.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.testing import EmbeddedCluster
from test.support.embedded import cluster_and_client
from test.support.groups import GROUP, ClassicMember, ConsumerMember
from test.support.raw_client import RawClient

Member = ConsumerMember


async def described(client: RawClient) -> ConsumerGroupDescribeResponse.DescribedGroup:
    return (await client.send(ConsumerGroupDescribeRequest(group_ids=[GROUP]), 1)).groups[0]


def partitions(member: Member) -> list[int]:
    return sorted(index for _, index in member.assigned)


async def test_the_first_member_gets_all() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 4})) as (_, client):
        member = Member(client, "m1")
        response = await member.join("t")
        assert (response.error_code, response.member_id, response.member_epoch) == (0, "m1", 2)
        assert response.heartbeat_interval_ms == 5000
        assert partitions(member) == [0, 1, 2, 3]
        assert (await member.beat()).assignment is None
        found = await described(client)
        assert (found.group_state, found.group_epoch, found.assignment_epoch) == ("Stable", 2, 2)
        assert found.assignor_name == "uniform"
        assert found.members[0].assignment.topic_partitions[0].topic_name == "t"


async def test_a_second_member_gets_what_the_first_gives_up() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 4})) as (_, client):
        first, second = Member(client, "m1"), Member(client, "m2")
        await first.join("t")
        response = await second.join("t")
        assert (response.member_epoch, second.assigned) == (3, set())
        response = await first.beat()
        assert (response.member_epoch, len(first.assigned)) == (2, 2)
        found = await described(client)
        assert found.group_state == "Reconciling"
        assert found.members[0].assignment.topic_partitions[0].partitions == [0, 1, 2, 3]
        await second.beat()
        assert second.assigned == set()
        response = await first.acknowledge()
        assert response.member_epoch == 3
        await second.beat()
        assert len(second.assigned) == 2
        assert not first.assigned & second.assigned
        assert (await described(client)).group_state == "Stable"


async def test_what_a_member_had_is_free_when_it_leaves() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 4})) as (_, client):
        first, second = Member(client, "m1"), Member(client, "m2")
        await first.join("t")
        await second.join("t")
        response = await first.beat(epoch=-1)
        assert (response.error_code, response.member_epoch) == (0, -1)
        await second.beat()
        assert partitions(second) == [0, 1, 2, 3]
        first.epoch = 2
        assert (await first.beat()).error_code == UnknownMemberIdError.errno


async def test_a_silent_member_is_given_up_when_its_session_is_over() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 4})) as (cluster, client):
        first, second = Member(client, "m1"), Member(client, "m2")
        await first.join("t")
        await second.join("t")
        cluster.advance(44.0)
        await second.beat()
        cluster.advance(2.0)
        await second.beat()
        assert partitions(second) == [0, 1, 2, 3]
        assert (await first.beat()).error_code == UnknownMemberIdError.errno


async def test_who_does_not_revoke_in_time_is_given_up() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 4})) as (cluster, client):
        first, second = Member(client, "m1"), Member(client, "m2")
        await first.join("t")
        await second.join("t")
        await first.beat()
        cluster.advance(29.0)
        assert (await first.beat()).error_code == 0
        cluster.advance(2.0)
        assert (await first.beat()).error_code == UnknownMemberIdError.errno


async def test_a_pattern_finds_topics_made_later() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"orders": 1, "unborders": 1})) as (
        cluster,
        client,
    ):
        member = Member(client, "m1")
        await member.join(regex="or.*")
        assert len(member.assigned) == 1
        cluster.create_topic("orders-2", partitions=2)
        cluster.create_topic("for-others")
        await member.beat()
        assert len(member.assigned) == 3
        found = await described(client)
        assert found.members[0].subscribed_topic_regex == "or.*"
        await member.beat(regex="", topics=["for-others"], owned=member.assigned)
        await member.acknowledge()
        assert len(member.assigned) == 1


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", r"(a)\1", "a++", "[z-a]"])
async def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        response = await Member(client, "m1").join(regex=pattern)
        assert response.error_code == InvalidRegularExpressionError.errno
        assert (await described(client)).error_code == GroupIdNotFoundError.errno


async def test_new_partitions_are_assigned() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        member = Member(client, "m1")
        await member.join("t", "later")
        assert len(member.assigned) == 1
        cluster.create_topic("later", partitions=2)
        assert (await member.beat()).member_epoch == 3
        assert len(member.assigned) == 3
        cluster.delete_topic("t")
        await member.beat()
        await member.acknowledge()
        assert len(member.assigned) == 2


async def test_the_range_assignor_gives_runs() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 5})) as (_, client):
        first, second = Member(client, "m1"), Member(client, "m2")
        await first.join("t", assignor="range")
        await second.join("t", assignor="range")
        await first.beat()
        await first.acknowledge()
        await second.beat()
        assert (partitions(first), partitions(second)) == ([0, 1, 2], [3, 4])
        assert (await described(client)).assignor_name == "range"
        response = await Member(client, "m3").join("t", assignor="mine")
        assert response.error_code == UnsupportedAssignorError.errno


async def test_a_static_member_comes_back_to_what_it_had() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 4})) as (_, client):
        old, other = Member(client, "m1", "a"), Member(client, "m2", "b")
        await old.join("t")
        await other.join("t")
        await old.beat()
        await old.acknowledge()
        await other.beat()
        again = Member(client, "m3", "a")
        assert (await again.join("t")).error_code == UnreleasedInstanceIdError.errno
        assert (await old.beat(epoch=-2)).member_epoch == -2
        response = await again.join("t")
        assert (response.error_code, response.member_epoch) == (0, 3)
        assert again.assigned == old.assigned
        assert (await described(client)).group_epoch == 3
        old.epoch = 3
        assert (await old.beat()).error_code == FencedInstanceIdError.errno
        assert (await other.beat()).assignment is None


async def test_a_static_member_that_stays_away_is_given_up() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        away, other = Member(client, "m1", "a"), Member(client, "m2")
        await away.join("t")
        await away.beat(epoch=-2)
        cluster.advance(46.0)
        await other.join("t")
        assert partitions(other) == [0, 1]


async def test_wrong_epochs_are_fenced_and_lost_answers_are_not() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1, "u": 1})) as (_, client):
        member, other = Member(client, "m1"), Member(client, "m2")
        await member.join("t")
        await other.join("u")
        fenced = FencedMemberEpochError.errno
        assert (await member.beat(epoch=7)).error_code == fenced
        assert (await member.beat()).member_epoch == 3
        assert (await member.beat(epoch=2)).error_code == fenced
        response = await member.beat(epoch=2, owned=member.assigned)
        assert (response.error_code, response.member_epoch) == (0, 3)


async def test_a_member_that_has_lost_everything_joins_again() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        member = Member(client, "m1")
        await member.join("t")
        response = await member.join("t")
        assert response.member_epoch == 2
        assert partitions(member) == [0]


Beat = ConsumerGroupHeartbeatRequest


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (Beat(group_id=" ", member_id="m"), InvalidRequestError),
        (Beat(group_id=GROUP, member_id=""), InvalidRequestError),
        (Beat(group_id=GROUP, member_id="m", member_epoch=-3), InvalidRequestError),
        (Beat(group_id=GROUP, member_id="m", member_epoch=-2), InvalidRequestError),
        (Beat(group_id=GROUP, member_id="m", instance_id=""), InvalidRequestError),
        (Beat(group_id=GROUP, member_id="m", rack_id=""), InvalidRequestError),
        (Beat(group_id=GROUP, member_id="m"), InvalidRequestError),
        (Beat(group_id=GROUP, member_id="m", rebalance_timeout_ms=1), InvalidRequestError),
        (
            Beat(group_id=GROUP, member_id="m", rebalance_timeout_ms=1, topic_partitions=[]),
            InvalidRequestError,
        ),
        (Beat(group_id=GROUP, member_id="m", member_epoch=1), GroupIdNotFoundError),
        (Beat(group_id=GROUP, member_id="m", member_epoch=-1), GroupIdNotFoundError),
    ],
)
async def test_requests_that_make_no_sense_are_refused(
    request_: Beat, error: type[InvalidRequestError]
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        response: ConsumerGroupHeartbeatResponse = await client.send(request_, 1)
        assert response.error_code == error.errno


async def test_the_broker_names_members_of_version_0() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        request = Beat(
            group_id=GROUP,
            rebalance_timeout_ms=1000,
            subscribed_topic_names=["t"],
            topic_partitions=[],
        )
        response = await client.send(request, 0)
        assert response.error_code == 0
        assert response.member_id


async def test_a_full_group_takes_nobody() -> None:
    async with cluster_and_client(EmbeddedCluster(config={"group.consumer.max.size": "1"})) as (
        _,
        client,
    ):
        await Member(client, "m1").join("t")
        response = await Member(client, "m2").join("t")
        assert response.error_code == GroupMaxSizeReachedError.errno


async def test_the_protocols_share_groups_without_members_only_where_that_is_configured() -> None:
    config = {"group.consumer.migration.policy": "disabled"}
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1}, config=config)) as (
        cluster,
        client,
    ):
        classic = await ClassicMember.connect(cluster.bootstrap_servers[0])
        await classic.join("t")
        member = Member(client, "m1")
        assert (await member.join("t")).error_code == GroupIdNotFoundError.errno
        await classic.leave()
        assert (await member.join("t")).error_code == 0
        listed = (await client.send(ListGroupsRequest(types_filter=["Consumer"]), 5)).groups
        assert [(group.group_id, group.protocol_type) for group in listed] == [(GROUP, "consumer")]
        classic.member_id = ""
        response = await classic.join("t")
        assert response.error_code == InconsistentGroupProtocolError.errno
        await member.beat(epoch=-1)
        assert (await classic.join("t")).error_code == 0


async def test_a_cluster_without_the_feature_refuses() -> None:
    async with cluster_and_client(EmbeddedCluster(version="3.9")) as (_, client):
        request = Beat(group_id=GROUP, member_id="m1", member_epoch=1)
        response = await client.send(request, 0)
        assert response.error_code == UnsupportedVersionError.errno


async def test_a_target_is_not_computed_more_often_than_configured() -> None:
    async with cluster_and_client(
        EmbeddedCluster(topics={"t": 2}, config={"group.consumer.assignment.interval.ms": "1000"})
    ) as (cluster, client):
        first, second = Member(client, "m1"), Member(client, "m2")
        await first.join("t")
        await second.join("t")
        assert (await described(client)).group_state == "Assigning"
        assert (await first.beat()).assignment is None
        cluster.advance(1.0)
        assert (await first.beat()).assignment is not None
