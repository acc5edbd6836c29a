"""Looking at topics, records and groups, and changing them, without a client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from kafka.errors import (
    GroupIdNotFoundError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.consumer_protocol import encode_assignment
from kafka.protocol.messages.consumer_protocol import ConsumerProtocolAssignment
from kafka.structs import TopicPartition
from kafka.testing import Disconnect, EmbeddedCluster, Listener
from kafka.testing.broker.quotas import ClientQuotas
from test.support.embedded import batch, cluster_and_client, fetch, fetch_request, produce, values
from test.support.groups import GROUP, ClassicMember, ConsumerMember, commit
from test.support.raw_client import RawClient
from test.support.sasl import log_in

T0, T1 = TopicPartition("t", 0), TopicPartition("t", 1)


# -- topics and records ----------------------------------------------------------------------------


async def test_records_are_appended_with_key_headers_and_time() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
        cluster.append("t", b"v", partition=1, key=b"k", headers=[("h", b"1")], timestamp=noon)
        (record,) = cluster.records("t", 1)
        assert (record.key, record.headers) == (b"k", [("h", b"1")])
        assert record.timestamp == 1_767_268_800_000
        assert values(await fetch(client, "t", 0, partition=1)) == [b"v"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda cluster: cluster.append("t", "text"), r"a value is bytes, not text: write 'text'"),
        (lambda cluster: cluster.append("t", 1), "a value is bytes or None, not 1"),
        (lambda cluster: cluster.append("t", b"v", key="k"), "the key is bytes, not text"),
        (
            lambda cluster: cluster.append("t", b"v", headers=[("h", "x")]),
            "the header 'h' is bytes",
        ),
        (lambda cluster: cluster.append("t", b"v", headers=[(b"h", b"x")]), "name of a header"),
        (lambda cluster: cluster.append("t", b"v", timestamp="now"), "a timestamp is a datetime"),
    ],
)
async def test_text_in_place_of_bytes_is_refused_by_name(
    call: Callable[[EmbeddedCluster], object], words: str
) -> None:
    async with EmbeddedCluster(topics={"t": 1}) as cluster:
        with pytest.raises(TypeError, match=words):
            call(cluster)
        assert not cluster.records("t")


async def test_a_time_without_zone_is_refused() -> None:
    async with EmbeddedCluster(topics={"t": 1}) as cluster:
        with pytest.raises(ValueError, match="has no time zone"):
            cluster.append("t", b"v", timestamp=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake


async def test_records_come_from_all_partitions_and_know_theirs() -> None:
    async with EmbeddedCluster(topics={"t": 3}) as cluster:
        for partition in (2, 0, 2):
            cluster.append("t", b"%d" % partition, partition=partition)
        places = [
            (record.topic, record.partition, record.offset) for record in cluster.records("t")
        ]
        assert places == [("t", 0, 0), ("t", 2, 0), ("t", 2, 1)]
        assert [record.value for record in cluster.records("t", 2)] == [b"2", b"2"]


@pytest.mark.parametrize(
    "call",
    [
        lambda cluster: cluster.records("tee"),
        lambda cluster: cluster.topic("tee"),
        lambda cluster: cluster.append("tee", b"v"),
        lambda cluster: cluster.compact("tee", 0),
        lambda cluster: cluster.move_leader("tee", 0, 0),
        lambda cluster: cluster.remove_leader("tee", 0),
        lambda cluster: cluster.configure_topic("tee", {}),
    ],
)
async def test_a_topic_that_is_not_there_is_named_with_those_that_are(
    call: Callable[[EmbeddedCluster], object],
) -> None:
    async with EmbeddedCluster(topics={"t": 1}) as cluster:
        with pytest.raises(UnknownTopicOrPartitionError, match=r"no topic 'tee'.*\['t'\]"):
            call(cluster)


async def test_consuming_waits_for_records() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        found = cluster.consume("t", 2, timeout=60)
        await produce(client, "t", batch(b"a"))
        cluster.append("t", b"b", b"c", partition=1)
        assert [record.value for record in await found] == [b"a", b"b"]
        assert [record.value for record in await cluster.consume("t", 2, partition=1)] == [
            b"b",
            b"c",
        ]


@pytest.mark.virtual_time
async def test_consuming_in_vain_says_what_there_is() -> None:
    async with EmbeddedCluster(topics={"t": 1}) as cluster:
        cluster.append("t", b"a")
        with pytest.raises(TimeoutError, match="t has 1 of 3 records after 5 s"):
            await cluster.consume("t", 3, timeout=5)


def test_consuming_blocks_without_a_loop() -> None:
    with EmbeddedCluster(topics={"t": 1}) as cluster:
        cluster.append("t", b"a")
        assert [record.value for record in cluster.consume("t", 1)] == [b"a"]
        with pytest.raises(TimeoutError, match="there is no topic 'u'"):
            cluster.consume("u", 1, timeout=0.05)


@pytest.mark.virtual_time
async def test_records_above_the_high_watermark_are_not_consumed() -> None:
    async with EmbeddedCluster(topics={"t": 1}) as cluster:
        cluster.hold_high_watermark("t", 0)
        cluster.append("t", b"a")
        assert len(cluster.records("t")) == 1
        with pytest.raises(TimeoutError):
            await cluster.consume("t", 1, timeout=5)
        cluster.hold_high_watermark("t", 0, hold=False)
        assert len(await cluster.consume("t", 1)) == 1


async def test_a_topic_shows_its_partitions() -> None:
    async with EmbeddedCluster(2) as cluster:
        cluster.create_topic("t", 2, replication_factor=2, config={"retention.ms": 1000})
        cluster.append("t", b"a", b"b", partition=1)
        cluster.delete_records("t", 1, 1)
        cluster.move_leader("t", 1, 1)
        cluster.set_in_sync("t", 1, [1])
        topic = cluster.topic("t")
        assert (topic.name, topic.config) == ("t", {"retention.ms": "1000"})
        assert topic.end_offsets == {0: 0, 1: 2}
        view = topic.partitions[1]
        assert (view.leader, view.in_sync, sorted(view.replicas)) == (1, (1,), [0, 1])
        assert (view.start_offset, view.high_watermark, view.last_stable_offset) == (1, 2, 2)
        cluster.remove_leader("t", 1)
        assert cluster.topic("t").partitions[1].leader == -1
        assert cluster.topics() == ["t"]


async def test_replicas_that_are_none_cannot_be_in_sync() -> None:
    async with EmbeddedCluster(2) as cluster:
        cluster.create_topic("t")
        with pytest.raises(ValueError, match=r"\[7\] have no replica of t-0"):
            cluster.set_in_sync("t", 0, [7])


async def test_a_topic_is_compacted_and_configured_by_name() -> None:
    async with EmbeddedCluster(topics={"t": 1}) as cluster:
        cluster.append("t", b"1", key=b"k")
        cluster.append("t", b"2", key=b"k")
        cluster.compact("t", 0)
        assert [record.value for record in cluster.records("t")] == [b"2"]
        cluster.configure_topic("t", {"cleanup.policy": "compact"})
        assert cluster.topic("t").config == {"cleanup.policy": "compact"}


@pytest.mark.parametrize("port", [0, 65536])
async def test_a_port_that_is_none_is_not_advertised(port: int) -> None:
    async with EmbeddedCluster() as cluster:
        with pytest.raises(ValueError, match="a port is a number"):
            cluster.advertise(0, "elsewhere", port)
        with pytest.raises(ValueError, match="there is no broker 4"):
            cluster.advertise(4, "elsewhere", 9092)


# -- groups ----------------------------------------------------------------------------------------


async def stable_group(cluster: EmbeddedCluster, client: RawClient) -> ClassicMember:
    member = ClassicMember(client)
    await member.join("t")
    assigned = ConsumerProtocolAssignment.TopicPartition(topic="t", partitions=[0, 1])
    assignment = ConsumerProtocolAssignment(assigned_partitions=[assigned])
    await member.sync({member.member_id: encode_assignment(assignment)})
    return member


async def test_a_classic_group_shows_members_offsets_and_lag() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        cluster.append("t", b"a", b"b", b"c")
        cluster.append("t", b"d", partition=1)
        member = await stable_group(cluster, client)
        await commit(client, {("t", 0): 2}, member=member)
        group = cluster.group(GROUP)
        assert (group.protocol, group.state, group.generation) == ("classic", "Stable", 1)
        assert group.assignor == "range"
        (shown,) = group.members
        assert (shown.member_id, shown.client_id) == (member.member_id, "raw")
        assert shown.assignment == (T0, T1)
        assert group.offsets == {T0: 2}
        # What was never committed is still to be read from its start.
        assert (group.lags, group.lag) == ({T0: 1, T1: 1}, 2)
        assert cluster.groups() == [GROUP]


async def test_a_consumer_group_shows_members_and_lag() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        cluster.append("t", b"a")
        await ConsumerMember(client, "m1").join("t")
        group = cluster.group(GROUP)
        assert (group.protocol, group.state, group.generation) == ("consumer", "Stable", 2)
        assert group.members[0].assignment == (T0, T1)
        assert group.lags == {T0: 1, T1: 0}


async def test_a_group_that_is_not_there_is_named_with_those_that_are() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        await commit(client, {("t", 0): 2})
        for call in (cluster.group, cluster.rebalance, lambda name: cluster.expel(name, "m")):
            with pytest.raises(GroupIdNotFoundError, match=r"no group 'gee'.*\['g'\]"):
                call("gee")


async def test_waiting_for_a_group_ends_when_it_is_as_wanted() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        cluster.append("t", b"a")
        member = await stable_group(cluster, client)
        await cluster.wait_for_group(GROUP)
        await cluster.wait_for_group(GROUP, members=1)
        with pytest.raises(TimeoutError, match=r"(?s)not at members=1 lag=0.*lag=1"):
            await cluster.wait_for_group(GROUP, members=1, lag=0, timeout=1)
        await commit(client, {("t", 0): 1}, member=member)
        await cluster.wait_for_group(GROUP, members=1, lag=0)
        await member.leave()
        await cluster.wait_for_group(GROUP, members=0)


@pytest.mark.virtual_time
async def test_a_session_that_ends_wakes_who_waits_for_the_group() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        await stable_group(cluster, client)
        await cluster.wait_for_group(GROUP, members=0, timeout=60)


@pytest.mark.parametrize("name", ["id", "raw"])
async def test_a_member_is_expelled(name: str) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        member = await stable_group(cluster, client)
        cluster.expel(GROUP, member.member_id if name == "id" else name)
        assert await member.heartbeat() == UnknownMemberIdError.errno
        assert cluster.group(GROUP).state == "Empty"


async def test_a_member_of_a_consumer_group_is_expelled() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        member = ConsumerMember(client, "m1")
        await member.join("t")
        cluster.expel(GROUP, "m1")
        assert (await member.beat()).error_code == UnknownMemberIdError.errno


async def test_a_member_that_is_not_there_is_not_expelled() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        member = await stable_group(cluster, client)
        with pytest.raises(
            ValueError, match=f"0 members of 'g' are called 'x'.*{member.member_id}"
        ):
            cluster.expel(GROUP, "x")


async def test_a_rebalance_is_forced() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        member = await stable_group(cluster, client)
        cluster.rebalance(GROUP)
        assert await member.heartbeat() == 27
        await member.join("t")
        assert member.generation_id == 2


async def test_a_rebalance_of_a_consumer_group_is_forced() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        member = ConsumerMember(client, "m1")
        before = (await member.join("t")).member_epoch
        cluster.rebalance(GROUP)
        assert (await member.beat()).member_epoch == before + 1


async def test_a_group_without_members_has_nothing_to_rebalance() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        await commit(client, {("t", 0): 2})
        with pytest.raises(ValueError, match="no members that could rebalance"):
            cluster.rebalance(GROUP)


# -- quotas, users, ACLs ---------------------------------------------------------------------------


async def test_a_quota_is_set_and_removed() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.append("t", bytes(100_000))
        cluster.set_quota("consumer_byte_rate", None)
        assert (await client.send(fetch_request("t", 0), 12)).throttle_time_ms == 0
        cluster.set_quota("consumer_byte_rate", 1000)
        assert (await client.send(fetch_request("t", 0), 12)).throttle_time_ms > 0


async def test_a_quota_of_one_client_spares_others() -> None:
    async with EmbeddedCluster() as cluster:
        cluster.set_quota("producer_byte_rate", 10, client_id="slow")
        cluster.set_quota("producer_byte_rate", 20, user="alice")
        quotas = cluster.control.state.component(ClientQuotas)
        assert quotas.in_force("producer_byte_rate", "bob", "fast") is None
        found = quotas.in_force("producer_byte_rate", "bob", "slow")
        assert found is not None
        assert found.limit == 10


async def test_users_and_acls_are_added_by_name() -> None:
    cluster = EmbeddedCluster(
        topics={"orders": 1},
        listeners=[Listener("SASL", mechanisms=("PLAIN",))],
        config={"authorizer.class.name": "StandardAuthorizer", "super.users": "User:ANONYMOUS"},
    )
    async with cluster_and_client(cluster) as (_, client):
        cluster.add_user("alice", "secret")
        assert (await log_in(client, "alice", "secret")).error_code == 0
        assert (await produce(client, "orders", batch(b"v"))).error_code == 29
        cluster.allow("User:alice", "WRITE", "topic:ord*")
        assert (await produce(client, "orders", batch(b"v"))).error_code == 0
        cluster.deny("User:*", "all", "topic:orders")
        assert (await produce(client, "orders", batch(b"v"))).error_code == 29


async def test_an_acl_that_nobody_checks_is_refused() -> None:
    async with EmbeddedCluster() as cluster:
        with pytest.raises(ValueError, match=r"authorizer\.class\.name"):
            cluster.allow("User:alice", "WRITE", "topic:orders")


# -- the report ------------------------------------------------------------------------------------


async def test_the_report_tells_topics_groups_requests_and_idle_faults() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        cluster.append("t", b"a")
        member = await stable_group(cluster, client)
        cluster.fail("Produce", "NOT_LEADER_OR_FOLLOWER", topic="t", optional=True)
        rule = cluster.inject("Fetch", Disconnect())
        text = cluster.report()
        cluster.clear_faults()
        assert rule.hits == 0
        assert "t: [0] 0..1 leader=0, [1] 0..0 leader=0" in text
        assert "g: Stable (classic) lag=1" in text
        assert f"member {member.member_id}: t-0 t-1" in text
        assert "SyncGroup v3  from 'raw'" in text
        assert "Fetch Disconnect" in text
        assert "NotLeader" not in text
