"""Consumers in a group: joining, rebalances, leaving; the async face, both protocols."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    IllegalStateError,
)
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.structs import ConsumerGroupMetadata, TopicPartition
from kafka.testing import Delay
from test.support.group_stories import (
    ALL,
    AsyncNoting,
    Noting,
    Polling,
    both_protocols,
    member,
    numbers,
    poll_until,
    until,
    with_records,
)
from test.support.stage import asked, cluster_of

if TYPE_CHECKING:
    pass


@both_protocols
async def test_a_member_alone_reads_everything(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            found: list[object] = []
            while len(found) < 20:
                for records in (await reader.poll(60_000)).values():
                    found += records
            assert reader.assignment() == ALL


@both_protocols
async def test_nothing_is_joined_before_the_first_poll(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            await asyncio.sleep(10)
            assert cluster.count(FindCoordinatorRequest) == 0
            health = reader.group_health()
            assert health is not None
            assert health.waiting_for == "the first poll"


@both_protocols
async def test_two_members_share_the_partitions_and_the_rest_gets_those_of_one_that_goes(
    protocol: str,
) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        first, second = Noting(), AsyncNoting()
        async with member(cluster, protocol) as a, member(cluster, protocol) as b:
            a.subscribe(["t"], listener=first)
            b.subscribe(["t"], listener=second)
            async with Polling(a):
                await until(lambda: a.assignment() == ALL)
                async with Polling(b):
                    await until(lambda: len(a.assignment()) == len(b.assignment()) == 2)
                    assert a.assignment() | b.assignment() == ALL
                shared = numbers(b.assignment())
                await b.close()
                await until(lambda: a.assignment() == ALL)
        assert first.heard[0] == "assigned 0 1 2 3"
        assert second.heard[-1] == " ".join(["revoked", *map(str, shared)])


@both_protocols
async def test_poll_zero_in_a_loop_gets_through_a_rebalance(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol) as a, member(cluster, protocol) as b:
            for reader in (a, b):
                reader.subscribe(["t"], listener=Noting())
            while not len(a.assignment()) == len(b.assignment()) == 2:
                await a.poll(0)
                await b.poll(0)
                await asyncio.sleep(0.001)


@both_protocols
async def test_partitions_stay_until_the_application_comes_back(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol) as a, member(cluster, protocol) as b:
            a.subscribe(["t"])
            b.subscribe(["t"])
            await poll_until(a, lambda: a.assignment() == ALL)
            async with Polling(b):
                # It works on records for a minute.
                await asyncio.sleep(60)
                assert a.assignment() == ALL
                assert b.assignment() == set()
                await poll_until(a, lambda: len(a.assignment()) == 2)
                await until(lambda: len(b.assignment()) == 2)


@both_protocols
async def test_unsubscribe_leaves_and_a_later_subscription_joins_again(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"], listener=listener)
            await poll_until(reader, lambda: reader.assignment() == ALL)
            await reader.unsubscribe()
            assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]
            assert (reader.assignment(), reader.subscription()) == (set(), None)
            assert reader.group_health() is None
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)


@both_protocols
async def test_unsubscribe_that_nobody_awaits_is_finished_by_polls(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"], listener=listener)
            await poll_until(reader, lambda: reader.assignment() == ALL)
            reader.unsubscribe()  # as aiokafka's users write it
            reader.subscribe(["t"])
            await poll_until(reader, lambda: listener.heard[-1] == "revoked 0 1 2 3")
            await poll_until(reader, lambda: reader.assignment() == ALL)


@both_protocols
async def test_a_listener_that_is_used_again_hears_of_both_subscriptions(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"], listener=listener)
            await poll_until(reader, lambda: reader.assignment() == ALL)
            reader.unsubscribe()
            reader.subscribe(["t"], listener=listener)
            await poll_until(reader, lambda: listener.heard[-1] == "revoked 0 1 2 3")
            await poll_until(reader, lambda: reader.assignment() == ALL)
        assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"] * 2


@both_protocols
async def test_assign_after_unsubscribe_reads_without_the_group(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            await reader.unsubscribe()
            reader.assign([TopicPartition("t", 1)])
            cluster.append("t", b"new", partition=1)
            assert await reader.poll(60_000)
            assert numbers(reader.assignment()) == [1]


@both_protocols
async def test_a_topic_that_appears_is_picked_up(protocol: str) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("a-1")
        async with member(cluster, protocol, metadata_max_age_ms=5000) as reader:
            reader.subscribe(pattern="a-.*")
            await poll_until(reader, lambda: len(reader.assignment()) == 1)
            cluster.create_topic("a-2", 2)
            await poll_until(reader, lambda: len(reader.assignment()) == 3)


@pytest.mark.parametrize(
    ("protocol", "beat"),
    [("classic", HeartbeatRequest), ("consumer", ConsumerGroupHeartbeatRequest)],
)
async def test_heartbeats_go_on_while_the_application_works(protocol: str, beat: type) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            before = cluster.count(beat)
            await asyncio.sleep(120)
            # Every 3 s with the classic protocol, every 5 s with the other one.
            assert cluster.count(beat) - before >= 20


@both_protocols
async def test_an_application_that_stays_away_loses_its_partitions_and_comes_back(
    protocol: str,
) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        listener = Noting()
        async with member(cluster, protocol, max_poll_interval_ms=20_000) as a:
            a.subscribe(["t"], listener=listener)
            await poll_until(a, lambda: a.assignment() == ALL)
            async with member(cluster, protocol) as b:
                b.subscribe(["t"])
                async with Polling(b):
                    await asyncio.sleep(30)
                    await until(lambda: b.assignment() == ALL)
                    await poll_until(a, lambda: len(a.assignment()) == 2)
        assert listener.heard[:2] == ["assigned 0 1 2 3", "lost 0 1 2 3"]


@both_protocols
async def test_a_poll_that_waits_for_long_is_a_poll(protocol: str) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 4)
        listener = Noting()
        async with member(cluster, protocol, max_poll_interval_ms=20_000) as reader:
            reader.subscribe(["t"], listener=listener)
            await poll_until(reader, lambda: reader.assignment() == ALL)
            assert await reader.poll(100_000) == {}
            assert listener.heard == ["assigned 0 1 2 3"]


async def test_enforced_rebalance_tells_its_reason() -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, "classic") as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            reader.enforce_rebalance("a deployment")
            before = cluster.count(JoinGroupRequest)
            await poll_until(reader, lambda: cluster.count(JoinGroupRequest) > before)
            await poll_until(reader, lambda: reader.assignment() == ALL)
            assert "a deployment" in str(asked(cluster, JoinGroupRequest)[-1].reason)


async def test_rebalance_needs_a_group_and_a_subscription() -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, "classic", group_id=None) as reader:
            with pytest.raises(IllegalStateError, match="Requires group_id"):
                reader.enforce_rebalance()
            assert reader.group_health() is None
        async with member(cluster, "classic") as reader:
            with pytest.raises(IllegalStateError, match="needs a subscription"):
                reader.enforce_rebalance()


async def test_lag_is_what_is_left_to_read() -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, "classic") as reader:
            tp = TopicPartition("t", 0)
            reader.assign([tp])
            assert reader.current_lag(tp) is None
            while not (await reader.poll(1000, max_records=2)):
                pass
            assert reader.current_lag(tp) == 3


async def test_auto_takes_what_the_cluster_offers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, "auto", session_timeout_ms=45_000) as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            health = reader.group_health()
            assert health is not None
            assert health.protocol == "consumer"
    assert "joins with the consumer protocol: group_protocol is 'auto'" in caplog.text
    assert "session_timeout_ms has no effect with the consumer protocol" in caplog.text


@both_protocols
async def test_one_of_two_tasks_that_poll_may_stop_while_the_other_one_waits(
    protocol: str,
) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 4)
        async with member(cluster, protocol, max_poll_interval_ms=10_000) as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            one = asyncio.create_task(reader.poll(120_000))
            await reader.poll(1000)
            await asyncio.sleep(60)
            # Nobody has taken the application for dead.
            assert reader.assignment() == ALL
            health = reader.group_health()
            assert health is not None
            assert health.last_poll == 0
            cluster.append("t", b"x")
            assert await one


@both_protocols
async def test_group_metadata_of_a_member_can_be_copied_and_pickled(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol, group_instance_id="i") as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            found = reader.group_metadata()
            assert (found.group_id, found.group_instance_id) == ("g", "i")
            assert found.generation_id >= 1
            assert found.member_id
            assert copy.deepcopy(found) == pickle.loads(pickle.dumps(found)) == found
            assert type(pickle.loads(pickle.dumps(found))) is ConsumerGroupMetadata


async def test_a_member_that_waits_says_for_what() -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        cluster.inject(JoinGroupRequest, Delay(5.0), times=None)
        async with member(cluster, "classic") as reader:
            reader.subscribe(["t"])
            await reader.poll(2000)
            health = reader.group_health()
            assert health is not None
            assert health.waiting_for is not None
            assert (health.group_id, health.protocol, health.coordinator) == ("g", "classic", 0)


@both_protocols
async def test_subscription_while_another_task_polls_joins_every_time(protocol: str) -> None:
    async with cluster_of() as cluster:
        cluster.create_topic("t", 4)
        async with member(cluster, protocol) as reader, Polling(reader):
            for _ in range(3):
                await asyncio.sleep(10)
                reader.subscribe(["t"])
                await until(lambda: reader.assignment() == ALL)
                await reader.unsubscribe()
